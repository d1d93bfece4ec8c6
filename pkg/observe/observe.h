// docker::Reader → plan::ObservedState. Lossless and sorted; a failed call is an error, never "nothing is
// there".
#pragma once

#include <map>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "pkg/base/clock.h"
#include "pkg/base/mutex.h"
#include "pkg/desired/desired.h"
#include "pkg/docker/client.h"
#include "pkg/plan/image.h"
#include "pkg/plan/observed.h"
#include "pkg/secret/secret.h"

namespace spacelet::observe {

// Thread-safety: thread-safe; calls run side by side.
class Observer {
 public:
  // `self`: id of the container that this process runs in. Whatever labels it carries, it is not ours.
  Observer(docker::Reader& docker, secret::Store& secrets, base::Clock& clock, std::string self = "");

  // Everything of the host: 1 list of our containers, 1 inspect per workload, 1 network look-up, 1 list of
  // their images.
  absl::StatusOr<plan::ObservedState> Snapshot(const desired::Host& desired, const std::stop_token& stop);
  // What one key's plan needs. For an owned key that is no longer desired too.
  absl::StatusOr<plan::ObservedState> ForKey(const std::string& key, const desired::Host& desired,
                                             const std::stop_token& stop);

  // What there is of `used` on this host, beside what is in use (plan::RemoveOldImages).
  absl::StatusOr<plan::ImageStore> LookForImages(const desired::Host& desired,
                                                 const std::vector<api::UsedImage>& used,
                                                 const std::stop_token& stop);
  // Where Docker keeps its images, as a path on this host; empty: it is elsewhere.
  void SetDataRoot(const std::string& path) ABSL_LOCKS_EXCLUDED(mu_);

  // Looks over every container of the host for those that stand in our way (SPEC 3): same port, hostname on
  // our network, DELEGATE_NAME, a rival manager. Each foreign container is inspected once, cached by id.
  // Called at (re)connect, at a new revision and every ten minutes, not at every resync: on a host with 500
  // containers the list is the cost. ForKey calls it where nobody has for this revision.
  absl::Status ScanRivals(const desired::Host& desired, const std::stop_token& stop) ABSL_LOCKS_EXCLUDED(mu_);

 private:
  using Stop = std::stop_token;
  absl::Status Containers(const desired::Host& desired, const std::set<std::string>& names,
                          plan::ObservedState& now, const Stop& stop);
  absl::StatusOr<docker::Container> Inspect(const std::string& id_or_name, const Stop& stop);
  absl::Status Networks(const desired::Host& desired, plan::ObservedState& now, const Stop& stop);
  absl::Status Images(const std::vector<const desired::Container*>& wanted, plan::ObservedState& now,
                      const Stop& stop);
  absl::Status ListImages(const std::set<std::string>& references, plan::ObservedState& now, const Stop& stop)
      ABSL_LOCKS_EXCLUDED(mu_);
  void Remember(const docker::Image& image) ABSL_LOCKS_EXCLUDED(mu_);
  absl::Status ImageRoom(const desired::Container& want, plan::ObservedState& now, const Stop& stop)
      ABSL_LOCKS_EXCLUDED(mu_);
  void Secrets(const desired::Container& want, bool fresh, plan::ObservedState& now, const Stop& stop);
  absl::Status SecretFiles(const desired::Container& want, plan::ObservedState& now, const Stop& stop)
      ABSL_LOCKS_EXCLUDED(mu_);
  std::vector<plan::Rival> Rivals(const std::string& key) ABSL_LOCKS_EXCLUDED(mu_);
  plan::ObservedState Begun() const;
  absl::StatusOr<plan::ObservedState> ForNetwork(const desired::Host& desired, const Stop& stop);
  absl::StatusOr<plan::ObservedState> Observe(const desired::Host& desired,
                                              const std::vector<const desired::Container*>& wanted,
                                              const std::set<std::string>& names, bool networks,
                                              std::vector<plan::Rival> rivals, const Stop& stop);
  absl::Status ToTakeOver(const desired::Host& desired, const std::set<std::string>& names,
                          plan::ObservedState& now, const Stop& stop) ABSL_LOCKS_EXCLUDED(mu_);
  bool IsScannedFor(const desired::Host& desired) ABSL_LOCKS_EXCLUDED(mu_);
  bool IsAlone(const std::string& name, const plan::ObservedState& now) ABSL_LOCKS_EXCLUDED(mu_);
  void SetAlone(const std::string& aside, bool found, const plan::ObservedState& now)
      ABSL_LOCKS_EXCLUDED(mu_);

  docker::Reader& docker_;
  secret::Store& secrets_;
  base::Clock& clock_;
  const std::string self_;
  base::Mutex mu_;
  std::string data_root_ ABSL_GUARDED_BY(mu_);
  std::map<std::string, std::pair<std::string, std::string>> platforms_
      ABSL_GUARDED_BY(mu_);  // image id -> os, architecture
  std::vector<plan::Rival> rivals_ ABSL_GUARDED_BY(mu_);
  std::optional<int64_t> scanned_for_ ABSL_GUARDED_BY(mu_);  // a document's generation
  // Workload with `takeover` -> the id of its container (empty: none) when nothing was put aside for it, so
  // that not every resync looks for that. Putting one aside gives the name to another id.
  std::map<std::string, std::string> alone_ ABSL_GUARDED_BY(mu_);
  std::map<std::string, docker::Container> foreign_ ABSL_GUARDED_BY(mu_);  // suspects, inspected once, by id
  // "<container id>/<path>" -> digest of the secret it was compared with, and whether it was the same.
  std::map<std::string, std::pair<std::string, bool>> compared_files_ ABSL_GUARDED_BY(mu_);
};

}  // namespace spacelet::observe
