// The policy of this host: the file that --policy names, and what it says of a document.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pkg/base/file.h"
#include "pkg/base/mutex.h"
#include "pkg/policy/policy.h"
#include "pkg/source/store.h"

namespace spacelet::app {

// Reads and loads. Errors: as base::ReadFile; InvalidArgument with every diagnostic, one a line.
absl::StatusOr<policy::Policy> ReadPolicy(const std::string& path);

// What `policy` (null: none) has against a loaded document. `guarded` as in policy::Host.
std::vector<config::Diagnostic> Objections(const config::Loaded& loaded, const policy::Policy* policy,
                                           policy::Origin origin, std::vector<std::string> guarded = {});

// The policy in force while the agent runs. Thread-safety: Load and HasChanged from one thread, Objections
// from any.
class LocalPolicy {
 public:
  // An empty path: there is no policy, and Load does nothing.
  LocalPolicy(std::string path, std::vector<std::string> guarded);

  // Puts the file in force. On an error the policy before stays. Errors: as ReadPolicy and CheckWhoseFile.
  absl::Status Load() ABSL_LOCKS_EXCLUDED(mu_);
  // Whether the file is another one than Load saw last, and was that also at the last call: nobody is just
  // writing it.
  bool HasChanged();
  // For source::Store, which it must outlive.
  source::Admit Admission() const;

  const std::string& path() const { return path_; }

 private:
  std::shared_ptr<const policy::Policy> Get() const ABSL_LOCKS_EXCLUDED(mu_);

  const std::string path_;
  const std::vector<std::string> guarded_;
  std::optional<base::FileStamp> loaded_, seen_;  // nothing: it could not be looked at
  mutable base::Mutex mu_;
  std::shared_ptr<const policy::Policy> policy_ ABSL_GUARDED_BY(mu_);
};

}  // namespace spacelet::app
