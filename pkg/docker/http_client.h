// Client over HTTP: the real one.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pkg/docker/client.h"
#include "pkg/docker/deadlines.h"
#include "pkg/docker/engine.h"
#include "pkg/docker/engine_settings.h"
#include "pkg/docker/recipe.h"
#include "pkg/docker/reference.h"
#include "pkg/http/client.h"

namespace spacelet::docker {

struct HttpClientOptions {
  std::string docker_config;  // path of config.json with registry credentials; empty: anonymous pulls
  absl::Duration pull_inactivity = kPullInactivity;
  RequestListener listener;                           // may be null
  int activator_pid = SocketActivation::kSystemdPid;  // as Engine's
};

// Names and ids that hold other characters than Docker allows are InvalidArgument before anything is sent.
class HttpClient : public Client {
 public:
  HttpClient(http::Endpoint endpoint, HttpClientOptions options);

  using Client::Ping;
  absl::StatusOr<EngineInfo> Ping(const std::function<void()>& on_starting,
                                  const std::stop_token& stop) override;
  absl::StatusOr<EngineSettings> ReadSettings(const std::stop_token& stop) override;
  absl::StatusOr<std::vector<ContainerSummary>> ListContainers(const std::string& label,
                                                               const std::stop_token& stop) override;
  absl::StatusOr<Container> InspectContainer(const std::string& id_or_name,
                                             const std::stop_token& stop) override;
  // What a container was made with. Errors: as InspectContainer.
  absl::StatusOr<Recipe> ReadRecipe(const std::string& id, const std::stop_token& stop);
  // What the daemon says of one object, as it says it. A container's holds secrets in clear: never print it
  // as it is. `kind`: "containers", "networks", "images". Errors: as InspectContainer.
  absl::StatusOr<std::string> ReadInspectJson(const std::string& kind, const std::string& id,
                                              const std::stop_token& stop);
  absl::StatusOr<std::vector<Network>> FindNetworks(const std::string& name,
                                                    const std::stop_token& stop) override;
  absl::StatusOr<std::vector<Network>> ListNetworks(const std::string& label,
                                                    const std::stop_token& stop) override;
  absl::StatusOr<Image> InspectImage(const std::string& reference, const std::stop_token& stop) override;
  absl::StatusOr<std::map<std::string, Image>> FindImages(const std::vector<std::string>& references,
                                                          const std::stop_token& stop) override;
  absl::StatusOr<std::string> DistributionDigest(const std::string& reference,
                                                 const std::optional<RegistryCredential>& credential,
                                                 const std::stop_token& stop) override;
  absl::StatusOr<std::vector<std::string>> TailLogs(const std::string& id, int lines,
                                                    const std::stop_token& stop) override;
  absl::StatusOr<std::string> ReadContainerFile(const std::string& id, const std::string& path,
                                                const std::stop_token& stop) override;

  absl::Status PullImage(const std::string& reference, const std::string& platform,
                         const std::optional<RegistryCredential>& credential,
                         const std::function<void(const PullProgress&)>& on_progress,
                         const std::stop_token& stop) override;
  absl::Status LoadImage(const std::string& archive_path, const std::stop_token& stop) override;
  absl::StatusOr<std::string> CreateContainer(const CreateContainerRequest& request,
                                              const std::stop_token& stop) override;
  absl::Status CopyFiles(const std::string& id_or_name, const std::vector<FileToCopy>& files,
                         const std::stop_token& stop) override;
  absl::Status StartContainer(const std::string& id_or_name, const std::stop_token& stop) override;
  absl::Status StopContainer(const std::string& id, absl::Duration grace,
                             const std::stop_token& stop) override;
  absl::Status KillContainer(const std::string& id, const std::stop_token& stop) override;
  absl::Status RestartContainer(const std::string& id, absl::Duration grace,
                                const std::stop_token& stop) override;
  absl::Status UnpauseContainer(const std::string& id, const std::stop_token& stop) override;
  absl::Status RenameContainer(const std::string& id_or_name, const std::string& new_name,
                               const std::stop_token& stop) override;
  absl::Status UpdateContainer(const std::string& id, const LiveResources& resources,
                               const std::optional<RestartPolicy>& restart_policy,
                               const std::stop_token& stop) override;
  absl::Status RemoveContainer(const std::string& id, const Removal& how,
                               const std::stop_token& stop) override;
  absl::StatusOr<std::string> CreateNetwork(const NetworkConfig& config,
                                            const std::stop_token& stop) override;
  absl::Status RemoveNetwork(const std::string& id, const std::stop_token& stop) override;
  absl::Status ConnectNetwork(const std::string& network_id, const std::string& container_id_or_name,
                              const std::vector<std::string>& aliases, const std::stop_token& stop) override;
  absl::Status DisconnectNetwork(const std::string& network_id, const std::string& container_id_or_name,
                                 bool force, const std::stop_token& stop) override;
  absl::Status RemoveImage(const std::string& reference_or_id, const std::stop_token& stop) override;

  absl::Status Stream(int64_t since_nano, const std::function<void()>& on_open,
                      const std::function<void(const Event&)>& on_event,
                      const std::stop_token& stop) override;
  absl::StatusOr<std::string> Health(const std::string& id, const std::stop_token& stop) override;
  absl::StatusOr<int> Exec(const std::string& id, const std::vector<std::string>& argv,
                           absl::Duration timeout, const std::stop_token& stop) override;

 private:
  // Gives `call` the credential for the registry of `reference`. Returns why a configured helper gave none.
  std::string Authorize(EngineCall& call, const Reference& reference,
                        const std::optional<RegistryCredential>& credential,
                        const std::stop_token& stop) const;
  // A request about one container: METHOD /containers/{id}{action}.
  absl::StatusOr<http::Response> OnContainer(EngineCall call, const std::string& id,
                                             const std::string& action, const std::stop_token& stop);
  absl::StatusOr<http::Response> ReadImage(const std::string& reference, const std::stop_token& stop);
  absl::StatusOr<http::Response> OnNetwork(EngineCall call, const std::string& id, const std::string& action,
                                           const std::stop_token& stop);
  absl::StatusOr<std::vector<Network>> ListNetworkRows(const std::string& filters,
                                                       const std::stop_token& stop);
  absl::StatusOr<std::vector<Network>> InspectNetworks(const std::string& filters,
                                                       const std::string& exact_name,
                                                       const std::stop_token& stop);

  const HttpClientOptions options_;
  Engine engine_;
};

}  // namespace spacelet::docker
