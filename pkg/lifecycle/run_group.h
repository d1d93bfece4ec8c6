// Named threads that start in order and stop in reverse order.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "pkg/base/clock.h"
#include "pkg/log/log.h"

namespace spacelet::lifecycle {

// Thread-safety: Start, Stop and the destructor from one thread; FirstError from any.
class RunGroup {
 public:
  static constexpr absl::Duration kDefaultGrace = absl::Seconds(10);

  explicit RunGroup(log::Logger logger);
  ~RunGroup();  // stops, within kDefaultGrace
  RunGroup(const RunGroup&) = delete;
  RunGroup& operator=(const RunGroup&) = delete;

  // `run` blocks until its token is stopped and then returns OK; an error (or an exception) is fatal to the
  // group: who owns it sees it in FirstError and stops. So is that no thread can be had for it.
  void Start(std::string name, std::function<absl::Status(std::stop_token)> run);
  // The first error of a thread, if one has failed; its message begins with the thread's name.
  absl::Status FirstError() const;
  // Stops in reverse order of start, each thread joined before the next is told, within `grace` in all. A
  // thread that does not come back is named in the log and left: what it uses must outlive it, so leave the
  // process by _exit then. Returns whether all came back. A second call does nothing and returns true.
  bool Stop(absl::Duration grace);

 private:
  class Errors;
  struct Thread;
  bool StopOne(Thread& thread, base::Instant deadline) const;

  log::Logger logger_;
  std::shared_ptr<Errors> errors_;
  std::vector<std::unique_ptr<Thread>> threads_;  // in the order of their start
};

}  // namespace spacelet::lifecycle
