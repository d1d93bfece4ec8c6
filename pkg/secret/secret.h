// Secret values: read from their sources, kept in memory only, refreshed, and known to the redactor.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "pkg/api/types.h"
#include "pkg/base/clock.h"
#include "pkg/base/mutex.h"

namespace spacelet::secret {

// Reads a secret now. One trailing newline ("\n" or "\r\n") is trimmed; an empty value is an error.
// kFile: regular file, at most 64 KiB. kEnv: the agent's environment. kCommand: no shell, 10 s, 64 KiB of stdout, its
// stderr's first line goes into the message. Errors: NotFound, PermissionDenied, DeadlineExceeded, FailedPrecondition…;
// no message holds a byte of the secret.
absl::StatusOr<std::string> Read(const api::SecretSource& source, const std::stop_token& stop);

// For people and for hashes: "file /etc/spacelet/token", "env NAME", "command gcloud", "value". Never a value.
std::string Describe(const api::SecretSource& source);

// Replaces every known secret (plain, base64, URL-encoded; at least 4 bytes long) by "***".
// Thread-safety: thread-safe.
class Redactor {
 public:
  void Add(const std::string& secret) ABSL_LOCKS_EXCLUDED(mu_);
  std::string Redact(std::string text) const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  mutable base::Mutex mu_;
  std::vector<std::string> needles_ ABSL_GUARDED_BY(mu_);  // longest first
};

// The last good value of each source in use. A failed refresh keeps the last value.
// Thread-safety: thread-safe; a source is read outside the lock.
class Store {
 public:
  struct Entry {
    std::string value;       // empty when never read
    bool available = false;
    std::string error;       // of the last attempt; empty when it was good
  };

  Store(base::Clock& clock, Redactor& redactor);

  // The value, reading the source when it was never read, when a command's refresh interval is over, when a file's stamp
  // changed, or when `fresh` (before a create, at a new revision).
  Entry Get(const api::SecretSource& source, bool fresh, const std::stop_token& stop) ABSL_LOCKS_EXCLUDED(mu_);

  // Whether any of `sources` would give another value than the kept one (files by stamp and bytes, commands when due).
  // The secret watcher polls it and queues the workloads concerned.
  bool Changed(const std::vector<api::SecretSource>& sources, const std::stop_token& stop) ABSL_LOCKS_EXCLUDED(mu_);

 private:
  struct Slot;
  base::Clock& clock_;
  Redactor& redactor_;
  base::Mutex mu_;
  std::map<std::string, std::shared_ptr<Slot>> slots_ ABSL_GUARDED_BY(mu_);  // by identity of the source
};

}  // namespace spacelet::secret
