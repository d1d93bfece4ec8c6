// A shallow copy of one ref of a repository, in a directory of our own. A cache: it is made anew whenever it
// is broken, of another place, or too large.
#pragma once

#include <cstddef>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pkg/git/program.h"

namespace spacelet::git {

// What a ref names.
struct Tip {
  std::string name = {};    // in full: "refs/heads/main", "HEAD"; of a commit id the id
  std::string object = {};  // of an annotated tag its own id, else the commit's
  std::string commit = {};  // the id
  bool operator==(const Tip&) const = default;
};

struct Fetched {
  Tip tip;                // as it was fetched, which may be newer than what was asked for
  bool descends = false;  // from the commit that was in force; false too when that cannot be known
};

// Errors of all: as git/trouble.h, with the host before the cause; Cancelled. One git at a time is meant to
// fetch; reading goes on beside it. Thread-safety: Read from any thread, the rest from one.
class Repository {
 public:
  // How many commits back the one in force is looked for: what a minute's pushes are, then what a branch that
  // was forked months ago brings along. Beyond it history counts as rewritten.
  static constexpr int kDepths[] = {50, 1000};

  explicit Repository(Options options);

  // What the ref names now, by one question that transfers no object. A branch and a tag of one name are an
  // error.
  absl::StatusOr<Tip> Ask(const std::stop_token& stop);

  // Brings the commit here, and with it as much history as tells whether it descends from `in_force` (empty:
  // none does). What was here stays readable, unless the repository had to be made anew.
  absl::StatusOr<Fetched> Fetch(const Tip& tip, const std::string& in_force, const std::stop_token& stop);

  // OK when the commit, or the annotated tag that names it, has a good signature of an allowed signer.
  // Errors: DataLoss.
  absl::Status Verify(const Tip& tip, const std::stop_token& stop);

  // A regular file of a commit that was fetched. Errors: NotFound when the commit has no such file;
  // FailedPrecondition when it is a symlink, a submodule, a directory, a pointer of Git LFS or larger than
  // `max_bytes`, or one of the parts above it is no directory; Internal when the commit is not here (any
  // more).
  absl::StatusOr<std::string> Read(const std::string& commit, const std::string& path, size_t max_bytes,
                                   const std::stop_token& stop) const;

  // The newest commit that was taken, over restarts; empty when none is known.
  std::string Taken(const std::stop_token& stop);
  absl::Status SetTaken(const std::string& commit, const std::stop_token& stop);

  // Forgets everything: the next Fetch brings it anew.
  void StartAnew();

 private:
  absl::Status Prepare(const std::stop_token& stop);
  absl::Status FetchAt(int depth, const Tip& tip, const std::stop_token& stop);
  absl::StatusOr<Tip> Seen(const std::string& name, const std::stop_token& stop);
  absl::StatusOr<bool> Descends(const std::string& commit, const std::string& from,
                                const std::stop_token& stop);
  absl::StatusOr<Fetched> FetchDeeper(const Tip& tip, const std::string& in_force,
                                      const std::stop_token& stop);
  absl::StatusOr<Fetched> FetchTip(const Tip& tip, const std::stop_token& stop);
  absl::Status VerifyTag(const Tip& tip, const std::stop_token& stop);
  absl::Status VerifyCommit(const Tip& tip, const std::stop_token& stop);
  bool HasAllHistory() const;
  absl::Status WithHost(const absl::Status& trouble) const;

  Program program_;
};

}  // namespace spacelet::git
