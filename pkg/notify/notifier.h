// Tells a receiver of what is wrong on this host and when it is over. Off the reconcile path: it reads the
// status board and holds nobody up.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "absl/status/status.h"
#include "pkg/base/clock.h"
#include "pkg/log/log.h"
#include "pkg/notify/receivers.h"
#include "pkg/notify/troubles.h"
#include "pkg/report/metrics.h"
#include "pkg/report/status_board.h"
#include "pkg/workqueue/queue.h"

namespace spacelet::notify {

inline constexpr size_t kMostQueued = 100;                      // then the oldest is dropped
inline constexpr absl::Duration kGiveUpAfter = absl::Hours(1);  // from when there was something to tell

struct Options {
  std::string host;  // the machine's name: the beginning of every key
  Told told;         // by agents before this one
  // Called whenever that changes, from Run; may be null.
  std::function<void(const Told&)> keep;
};

// Thread-safety: Run from one thread, once.
class Notifier {
 public:
  // Everything referred to must outlive it.
  Notifier(std::unique_ptr<Receiver> receiver, const report::StatusBoard& board, report::Metrics& metrics,
           base::Clock& clock, log::Logger logger, Options options);

  // Until `stop`, then OK; an attempt under way is ended. One notification at a time, in order; a failed one
  // is tried again after 1 s ×2 to 5 min ±20 %, and holds back those after it.
  absl::Status Run(const std::stop_token& stop);

 private:
  struct Pending {
    Notification notification;
    base::Instant since;
    bool failed = false;
  };
  void Collect();
  void Try(const std::stop_token& stop);
  void Failed(const absl::Status& status);
  void Ended(const char* result);
  void Done(const char* result);

  const std::unique_ptr<Receiver> receiver_;
  const report::StatusBoard& board_;
  report::Metrics& metrics_;
  base::Clock& clock_;
  const log::Logger logger_;
  const Options options_;
  Troubles troubles_;
  Told delivered_;
  std::deque<Pending> queue_;
  base::Instant next_try_{-absl::InfiniteDuration()};
  workqueue::BackOff back_off_;
};

}  // namespace spacelet::notify
