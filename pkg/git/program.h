// The git program, so run that nothing reaches it but what the flags say: no file of a user or of the system,
// no variable, no prompt, no hook, one protocol, no other host.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "pkg/base/subprocess.h"
#include "pkg/git/access.h"
#include "pkg/git/location.h"

namespace spacelet::git {

inline constexpr absl::Duration kDefaultTimeout = absl::Minutes(2);
inline constexpr int64_t kDefaultMaxBytes = 100 << 20;

struct Options {
  Location location = {};
  Access access = {};
  std::string directory = {};                // absolute, ours alone: what is in it may go at any time
  absl::Duration timeout = kDefaultTimeout;  // of one run of git
  int64_t max_bytes = kDefaultMaxBytes;      // of the repository on this disk
};

// The configuration that takes the place of the user's and the system's. No secret is in it.
std::string ConfigText(const Location& location, const Access& access);

// Thread-safety: thread-safe.
class Program {
 public:
  explicit Program(Options options);

  // Makes the directory and the configuration in it, where they are not there yet. Errors: as
  // base::WriteFileAtomically.
  absl::Status Prepare() const;

  // Runs `git WORDS`, on the repository. Each file that it writes is limited to max_bytes, its memory too.
  // Errors: as TroubleOf, whose words are git's own; Cancelled.
  absl::StatusOr<std::string> Run(const std::vector<std::string>& words, const std::stop_token& stop) const;
  // The same, for who wants to look at the exit code by himself.
  absl::StatusOr<base::ProgramEnd> RunToEnd(const std::vector<std::string>& words,
                                            const std::stop_token& stop) const;

  const Options& options() const { return options_; }
  const std::string& repository() const { return repository_; }  // the bare repository's directory

 private:
  base::Environment Variables() const;

  const Options options_;
  const std::string repository_;
};

}  // namespace spacelet::git
