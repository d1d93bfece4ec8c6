// plan → docker::Writer. Carries no decision: in order, one step one call, stops at the first failure and
// retries nothing (the next round observes afresh).
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "pkg/base/clock.h"
#include "pkg/docker/client.h"
#include "pkg/plan/plan.h"
#include "pkg/secret/secret.h"

namespace spacelet::execute {

// Told about each step; for metrics, events, progress. Called from the executing thread.
class Listener {
 public:
  virtual ~Listener() = default;
  virtual void StepStarted(const plan::Step& step) = 0;
  virtual void StepFinished(const plan::Step& step, const absl::Status& status, absl::Duration took) = 0;
  virtual void PullProgressed(const plan::Step& step, const docker::PullProgress& progress) = 0;
};

struct Report {
  size_t steps_done = 0;       // of those that were begun and ended well
  bool stopped_early = false;  // a step that waits, or `interrupt`
  absl::Status status;         // of the failed step, with "CreateContainer vm-runner.next: …" in front
  absl::Status cause;          // the same as it came, without words of our own
  std::string failed_object;
  std::optional<size_t> failed_step;
};

// Local operations (CreateDirectory, WritePoolFile, …); behind an interface so that tests need no root.
class LocalFiles {
 public:
  virtual ~LocalFiles() = default;
  virtual absl::Status CreateDirectory(const plan::CreateDirectory& op) = 0;
  virtual absl::Status WritePoolFile(const plan::WritePoolFile& op) = 0;
  virtual absl::Status RemovePoolFile(const plan::RemovePoolFile& op) = 0;
  virtual absl::Status WriteFile(const std::string& path, const std::string& content) = 0;
  virtual absl::Status PutBack(const plan::PutBackFile& op) = 0;
  // Removes the oldest of the files beside `path` that have its name up to the last '-'.
  virtual absl::Status KeepNewest(const std::string& path, int count) = 0;
};
LocalFiles& HostFiles();

// Thread-safety: thread-safe.
class Executor {
 public:
  Executor(docker::Client& docker, LocalFiles& files, secret::Store& secrets, base::Clock& clock,
           Listener& listener);
  // Stops before the first step that waits. `interrupt` (a newer revision, shutdown) ends a pull at once and
  // otherwise takes effect between two steps: a stop or a rename that was begun is always seen through,
  // unless `shutdown` ends the call (the daemon finishes a stop that it has begun).
  Report Run(const plan::Plan& plan, const std::stop_token& interrupt, const std::stop_token& shutdown = {});

 private:
  docker::Client& docker_;
  LocalFiles& files_;
  secret::Store& secrets_;
  base::Clock& clock_;
  Listener& listener_;
};

// The credential of an imagePullSecret, its password read afresh; none without a secret. Errors: Unavailable
// when the password has no value.
absl::StatusOr<std::optional<docker::RegistryCredential>> CredentialFor(
    const std::optional<api::ImagePullSecret>& secret, secret::Store& secrets, const std::stop_token& stop);

// The image that the operation brings to this host; empty when it does something else.
std::string ReferenceOf(const plan::Operation& operation);
// Why that failed, as an api::reason. Requires: it brings one, and !status.ok().
const char* FetchReason(const plan::Operation& operation, const absl::Status& status);

// What a person can do about a refused step, from the daemon's words; "" when nothing better than these is
// known.
std::string Remedy(const plan::Operation& operation, const absl::Status& status);

}  // namespace spacelet::execute
