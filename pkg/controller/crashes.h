// What is remembered of containers that end: each end is read from the log once, and how often they did.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <stop_token>
#include <string>

#include "absl/time/time.h"
#include "pkg/base/clock.h"
#include "pkg/base/mutex.h"
#include "pkg/controller/crash.h"
#include "pkg/docker/client.h"
#include "pkg/report/redact.h"

namespace spacelet::controller {

// Thread-safety: thread-safe.
class Crashes {
 public:
  // Ends within this time that make a loop of slow crashes, which Docker's back-off does not show.
  static constexpr absl::Duration kWindow = absl::Minutes(10);
  static constexpr size_t kEndsOfALoop = 3;

  // Both must outlive it; `redact` may be null.
  Crashes(docker::Reader& docker, base::Clock& clock, report::Redact redact);

  // `live`, which runs since `ran_for`. With kRead blocks for a look into the log when it has ended since the
  // last such call for `key`.
  Crash Of(const std::string& key, const std::string& component, const docker::Container& live,
           absl::Duration ran_for, Logs logs, const std::stop_token& stop) ABSL_LOCKS_EXCLUDED(mu_);
  // QuoteLog of a container; empty when it has said nothing. Blocks.
  std::string LastWords(const std::string& component, const docker::Container& container,
                        const std::stop_token& stop) const;
  void Forget(const std::string& key) ABSL_LOCKS_EXCLUDED(mu_);

 private:
  struct Seen {
    std::string container_id;
    int64_t restarts = 0;
    std::deque<base::Instant> ends;  // the last kEndsOfALoop
    absl::Time finished_at = absl::InfinitePast();
    std::string message;  // of the end at finished_at
  };
  bool KeepsEnding(const std::string& key, const docker::Container& live) ABSL_LOCKS_EXCLUDED(mu_);
  std::vector<std::string> Tail(const std::string& id, const std::stop_token& stop) const;

  docker::Reader& docker_;
  base::Clock& clock_;
  const report::Redact redact_;
  base::Mutex mu_;
  std::map<std::string, Seen> seen_ ABSL_GUARDED_BY(mu_);  // by key
};

}  // namespace spacelet::controller
