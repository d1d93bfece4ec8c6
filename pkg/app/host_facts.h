// What documents may say of this host: its name, and what its cloud knows.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "pkg/app/options.h"
#include "pkg/base/mutex.h"
#include "pkg/cloud/instance.h"
#include "pkg/config/host_facts.h"

namespace spacelet::app {

// --host-name, else the machine's name as it is.
std::string NameOf(const HostOptions& options);

// The machine's name up to the first dot, in lower case. Errors: Unavailable it has none yet (localhost), or
// one that is no DNS label.
absl::StatusOr<std::string> MachineName();

// Asks the metadata service of the cloud that the firmware names; GCE_METADATA_HOST and
// AWS_EC2_METADATA_SERVICE_ENDPOINT name another, as for the clouds' own tools. At most 3 s. Errors:
// Unavailable this is no machine of either; as cloud::ReadGoogleInstance.
absl::StatusOr<cloud::Instance> InstanceHere();

// Nobody is asked before somebody wants to know, and no more once it was answered.
// Thread-safety: thread-safe; of two askers at once both may ask the service.
class HostFacts {
 public:
  using ReadInstance = std::function<absl::StatusOr<cloud::Instance>()>;

  explicit HostFacts(HostOptions options, ReadInstance read_instance = InstanceHere);

  // One of config::kFactNames. Errors: Unavailable, and what to do.
  absl::StatusOr<std::string> Get(const std::string& name) ABSL_LOCKS_EXCLUDED(mu_);
  config::AskFact asker() {
    return [this](const std::string& name) { return Get(name); };
  }
  // Fact → where it comes from, for people.
  std::map<std::string, std::string> Origins() const;

 private:
  absl::StatusOr<cloud::Instance> Instance() ABSL_LOCKS_EXCLUDED(mu_);

  const HostOptions options_;
  const ReadInstance read_instance_;
  base::Mutex mu_;
  std::optional<cloud::Instance> instance_ ABSL_GUARDED_BY(mu_);
};

}  // namespace spacelet::app
