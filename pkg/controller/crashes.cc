#include "pkg/controller/crashes.h"

#include <algorithm>
#include <utility>

namespace spacelet::controller {

using docker::ContainerStatus;

Crashes::Crashes(docker::Reader& docker, base::Clock& clock, report::Redact redact)
    : docker_(docker), clock_(clock), redact_(std::move(redact)) {}

Crash Crashes::Of(const std::string& key, const std::string& component, const docker::Container& live,
                  absl::Duration ran_for, Logs logs, const std::stop_token& stop) {
  const absl::Duration settles_in = SettlesIn(live, ran_for);
  const bool loops = KeepsEnding(key, live) || settles_in > absl::ZeroDuration();
  const bool ended = live.status == ContainerStatus::kExited || live.status == ContainerStatus::kRestarting;
  if (!ended && !loops) return {};
  {
    base::MutexLock lock(mu_);
    const Seen& seen = seen_[key];
    if (!seen.message.empty() && seen.finished_at == live.finished_at)
      return {seen.message, loops, settles_in};
  }
  const bool failed = live.exit_code != 0 || loops;
  if (failed && logs == Logs::kKnown) return {CrashMessage(component, live, {}), loops, settles_in, true};
  std::string message =
      CrashMessage(component, live, failed ? Tail(live.id, stop) : std::vector<std::string>());
  base::MutexLock lock(mu_);
  Seen& seen = seen_[key];
  seen.finished_at = live.finished_at;
  seen.message = std::move(message);
  return {seen.message, loops, settles_in};
}

// The restarts of a container that is seen for the first time are history.
bool Crashes::KeepsEnding(const std::string& key, const docker::Container& live) {
  base::MutexLock lock(mu_);
  Seen& seen = seen_[key];
  if (seen.container_id != live.id) {
    seen = Seen();
    seen.container_id = live.id;
    seen.restarts = live.restart_count;
  }
  const base::Instant now = clock_.Monotonic();
  const auto more = static_cast<size_t>(std::max<int64_t>(live.restart_count - seen.restarts, 0));
  seen.restarts = live.restart_count;  // `docker start` sets it back to 0
  seen.ends.insert(seen.ends.end(), std::min(more, kEndsOfALoop), now);
  while (seen.ends.size() > kEndsOfALoop) seen.ends.pop_front();
  return live.status == ContainerStatus::kRunning && seen.ends.size() == kEndsOfALoop &&
         now - seen.ends.front() <= kWindow;
}

std::vector<std::string> Crashes::Tail(const std::string& id, const std::stop_token& stop) const {
  absl::StatusOr<std::vector<std::string>> lines = docker_.TailLogs(id, kLogTail, stop);
  if (!lines.ok()) return {};
  // Before anything is cut: a part of a secret is not recognised any more.
  if (redact_)
    for (std::string& line : *lines) line = redact_(std::move(line));
  return *std::move(lines);
}

std::string Crashes::LastWords(const std::string& component, const docker::Container& container,
                               const std::stop_token& stop) const {
  return QuoteLog(component, container.oom_killed ? 0 : container.exit_code, Tail(container.id, stop));
}

void Crashes::Forget(const std::string& key) {
  base::MutexLock lock(mu_);
  seen_.erase(key);
}

}  // namespace spacelet::controller
