// What Docker answers → values. Every field may be null, absent or of another type: it then has its empty
// value. An answer that is not JSON, nested deeper than 64, or lacks the field that names the object is an
// Internal error: a torn list must never look like an empty one. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pkg/docker/types.h"

namespace spacelet::docker {

absl::StatusOr<Container> DecodeContainer(absl::string_view body);
absl::StatusOr<std::vector<ContainerSummary>> DecodeContainerList(absl::string_view body);
absl::StatusOr<Network> DecodeNetwork(absl::string_view body);
absl::StatusOr<std::vector<Network>> DecodeNetworkList(absl::string_view body);  // without members
absl::StatusOr<Image> DecodeImage(absl::string_view body);
absl::StatusOr<std::vector<Image>> DecodeImageList(absl::string_view body);  // without os and architecture
absl::StatusOr<std::string> DecodeId(absl::string_view body);                // of what was created
absl::StatusOr<Event> DecodeEvent(absl::string_view line);

// The text of an error answer: its "message", else the body's first line.
std::string DecodeMessage(absl::string_view body);

// GET /distribution/{name}/json
absl::StatusOr<std::string> DecodeDistributionDigest(absl::string_view body);

struct ExecState {
  bool running = false;
  int exit_code = 0;
};
absl::StatusOr<ExecState> DecodeExec(absl::string_view body);

struct PullLine {  // one object of the stream of POST /images/create or /images/load
  std::string id, status, error;
  int64_t current = 0, total = 0;
};
absl::StatusOr<PullLine> DecodePullLine(absl::string_view line);

struct DockerConfig {  // config.json of the docker command line
  struct Auth {
    std::string auth;  // standard base64 of user:password
    std::string identity_token;
  };
  std::map<std::string, Auth> auths;
  std::map<std::string, std::string> cred_helpers;
  std::string creds_store;
};
absl::StatusOr<DockerConfig> DecodeDockerConfig(absl::string_view text);
// The answer of `docker-credential-X get`. A user name of "<token>" makes the secret an identity token.
absl::StatusOr<RegistryCredential> DecodeHelperAnswer(absl::string_view text);

}  // namespace spacelet::docker
