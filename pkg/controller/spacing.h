// Spaces out what happens too often: repairs of a field that somebody else keeps changing back, starts of a
// container that keeps exiting.
#pragma once

#include <deque>
#include <map>
#include <string>

#include "absl/time/time.h"
#include "pkg/base/clock.h"

namespace spacelet::controller {

struct SpacingLimits {
  int free = 5;  // this many within `window` are not spaced
  absl::Duration window = absl::Minutes(10);
  absl::Duration first = absl::Seconds(30);  // then that far apart, doubling
  absl::Duration longest = absl::Minutes(10);
};

// Thread-safety: thread-compatible. Pure.
class Spacing {
 public:
  explicit Spacing(SpacingLimits limits) : limits_(limits) {}

  // It happens once more, now.
  void Record(const std::string& what, base::Instant now);
  // How long it has to wait before it may happen again; zero: it may.
  absl::Duration Remaining(const std::string& what, base::Instant now) const;
  // How often it happened within the window.
  int Count(const std::string& what, base::Instant now) const;
  void Forget(const std::string& what) { entries_.erase(what); }
  void ForgetPrefix(const std::string& prefix);

 private:
  struct Entry {
    std::deque<base::Instant> times;  // within the window
    absl::Duration delay;             // zero: not spaced
  };
  // A window without any, after the delay, ends the spacing.
  bool Quiet(const Entry& entry, base::Instant now) const;

  SpacingLimits limits_;
  std::map<std::string, Entry> entries_;
};

}  // namespace spacelet::controller
