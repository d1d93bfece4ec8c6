// Named threads that start in order and stop in reverse order.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "pkg/log/log.h"

namespace spacelet::lifecycle {

// Blocks SIGTERM, SIGINT and SIGHUP for the whole process and ignores SIGPIPE. Call in main before any thread starts.
void BlockSignals();
// Waits for one of them (sigtimedwait); returns its number, or 0 after `timeout`.
int WaitForSignal(absl::Duration timeout);

class RunGroup {
 public:
  explicit RunGroup(log::Logger logger);
  ~RunGroup();  // stops
  // `run` blocks until its token is stopped and then returns OK; an error is fatal to the group.
  void Start(std::string name, std::function<absl::Status(std::stop_token)> run);
  // The first error of a thread, if one has failed.
  absl::Status FirstError() const;
  // Stops in reverse order of start, each thread joined before the next is told, within `grace` in all; a thread that does not
  // come back is named in the log and left.
  void Stop(absl::Duration grace);

 private:
  struct Thread;
  log::Logger logger_;
  std::vector<std::shared_ptr<Thread>> threads_;
};

// sd_notify; does nothing outside systemd.
void NotifyReady(const std::string& status);
void NotifyStatus(const std::string& status);
void NotifyStopping();
void NotifyWatchdog();

}  // namespace spacelet::lifecycle
