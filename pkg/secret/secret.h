// Secret values: read from their sources, kept in memory only, refreshed, and known to the redactor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "pkg/api/types.h"
#include "pkg/base/clock.h"
#include "pkg/base/mutex.h"

namespace spacelet::secret {

// What is done about a secret's file that group or others may read: a warning, or no reading (SPEC 1,
// --strict-permissions).
enum class Permissions { kWarn, kStrict };

// Reads a secret now. One trailing newline ("\n" or "\r\n") is trimmed; an empty value is an error.
// kFile: regular file, at most 64 KiB. kEnv: the agent's environment. kCommand: no shell, 10 s, 64 KiB of
// stdout, its stderr's first line goes into the message. Errors: NotFound, PermissionDenied,
// DeadlineExceeded, FailedPrecondition (also: others may read the file, with the remedy)…; no message holds a
// byte of the secret.
absl::StatusOr<std::string> Read(const api::SecretSource& source, const std::stop_token& stop,
                                 Permissions permissions = Permissions::kWarn);

// For people and for hashes: "file /etc/spacelet/token", "env NAME", "command gcloud", "value". Never a
// value.
std::string Describe(const api::SecretSource& source);

// What is wrong with the permissions of a secret's file: group or others may read it. With the remedy, for
// people. nullopt when nothing is, when the source is no file, or when the file is absent.
std::optional<std::string> PermissionWarning(const api::SecretSource& source);

// Replaces every known secret by "***": plain, base64 (both alphabets, padded or not, also inside a longer
// base64 text), URL-encoded, escaped as in JSON or by base::OneLine; of a secret of several lines also each
// line of 12 bytes or more. Secrets shorter than 4 bytes are ignored: they would blank out half of every
// text. A secret stays known when its source gives another one; the newest kMaxSecrets are kept, so that a
// token that changes hourly does not fill the memory. Thread-safety: thread-safe.
class Redactor {
 public:
  static constexpr size_t kMinBytes = 4;
  static constexpr size_t kMaxSecrets = 256;

  Redactor();
  ~Redactor();
  void Add(const std::string& secret) ABSL_LOCKS_EXCLUDED(mu_);
  std::string Redact(std::string text) const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  class Needles;
  struct Known {
    uint64_t added = 0;              // the last time, counted in calls of Add
    std::vector<std::string> forms;  // plain, base64, …
  };
  void ForgetOldest() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  mutable base::Mutex mu_;
  std::map<std::string, Known> known_ ABSL_GUARDED_BY(mu_);  // by secret
  uint64_t calls_ ABSL_GUARDED_BY(mu_) = 0;
  std::shared_ptr<const Needles> needles_ ABSL_GUARDED_BY(mu_);
};

// The last good value of each source in use. A failed refresh keeps the last value. Every value it reads
// becomes known to the redactor before it is returned. Thread-safety: thread-safe; a source is read outside
// the lock.
class Store {
 public:
  struct Entry {
    std::string value;       // empty when never read
    bool available = false;  // a value was read at least once
    std::string error;       // of the last attempt; empty when it was good
    uint64_t version = 0;    // +1 each time the value changed
  };

  Store(base::Clock& clock, Redactor& redactor, Permissions permissions = Permissions::kWarn);
  ~Store();

  // The value. Files and variables are cheap and read each time; a command runs when it never gave a value,
  // when its refresh interval is over (after a failure: one minute), or when `fresh` (before a create, at a
  // new revision).
  Entry Get(const api::SecretSource& source, bool fresh, const std::stop_token& stop)
      ABSL_LOCKS_EXCLUDED(mu_);

  // Refreshes `sources` as Get and returns a number that grows whenever a value of one of them has changed.
  // Who remembers it per workload (the secret watcher) sees each change, whoever read it first.
  uint64_t Version(const std::vector<api::SecretSource>& sources, const std::stop_token& stop)
      ABSL_LOCKS_EXCLUDED(mu_);

 private:
  struct Slot;
  Entry Keep(const std::string& identity, uint64_t attempt, absl::StatusOr<std::string> value)
      ABSL_LOCKS_EXCLUDED(mu_);

  base::Clock& clock_;
  Redactor& redactor_;
  const Permissions permissions_;
  base::Mutex mu_;
  uint64_t attempts_ ABSL_GUARDED_BY(mu_) = 0;
  std::map<std::string, Slot> slots_ ABSL_GUARDED_BY(mu_);  // by identity of the source
};

}  // namespace spacelet::secret
