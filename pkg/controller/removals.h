// The prune delay: a workload that a document from a file dropped is removed only after the drop has stood
// for a while, since a half-edited file may be a valid document.
#pragma once

#include <map>
#include <set>
#include <string>

#include "absl/time/time.h"
#include "pkg/base/clock.h"
#include "pkg/desired/desired.h"

namespace spacelet::controller {

// Thread-safety: thread-compatible. Pure.
class Removals {
 public:
  explicit Removals(absl::Duration delay) : delay_(delay) {}

  // `host` is in force from `now` on. `at_once`: its source does not wait (apply, git).
  void Document(const desired::Host& host, bool at_once, base::Instant now);

  // How long the removal of a container that is owned and not desired has still to wait; zero: not at all.
  // Adding the container to the document again cancels the wait; one that was never in a document of this
  // process waits from the first document on.
  absl::Duration Remaining(const std::string& container, base::Instant now) const;

 private:
  absl::Duration delay_;
  bool at_once_ = false;
  std::set<std::string> desired_;
  base::Instant first_document_ = base::InfiniteFuture();
  std::map<std::string, base::Instant> dropped_;  // container -> since when no document has it
};

}  // namespace spacelet::controller
