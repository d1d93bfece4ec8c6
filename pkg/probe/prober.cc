#include "pkg/probe/prober.h"

#include <thread>
#include <utility>
#include <vector>

namespace spacelet::probe {
namespace {

// Before the first answer.
constexpr char kNotAsked[] = "not probed yet";

}  // namespace

Prober::Prober(Checker& checker, base::Clock& clock) : checker_(checker), clock_(clock) {}

void Prober::OnResult(std::function<void(const std::string&, const Result&)> listener) {
  on_result_ = std::move(listener);
}

void Prober::Watch(const Target& target) {
  base::MutexLock lock(mu_);
  auto known = watched_.find(target.name);
  if (known != watched_.end() && known->second.target == target) return;
  Watched watched{.target = target, .schedule = Schedule(target, clock_.Monotonic()), .result = {}};
  const bool ready = watched.schedule.ready();
  watched.result = {ready, ready, ready ? "" : kNotAsked};
  watched_.insert_or_assign(target.name, std::move(watched));
  changed_.NotifyAll();
}

void Prober::Forget(const std::string& container) {
  base::MutexLock lock(mu_);
  watched_.erase(container);
}

std::map<std::string, Result> Prober::Results() const {
  base::MutexLock lock(mu_);
  std::map<std::string, Result> results;
  for (const auto& [name, watched] : watched_) results[name] = watched.result;
  return results;
}

std::optional<Result> Prober::ResultOf(const std::string& container) const {
  base::MutexLock lock(mu_);
  auto known = watched_.find(container);
  if (known == watched_.end()) return std::nullopt;
  return known->second.result;
}

absl::Status Prober::Run(const std::stop_token& stop) {
  std::stop_callback wake(stop, [this] {
    base::MutexLock lock(mu_);
    changed_.NotifyAll();
  });
  std::vector<std::jthread> others;
  for (int i = 1; i < kWorkers; ++i) others.emplace_back([this, &stop] { Work(stop); });
  Work(stop);
  return absl::OkStatus();
}

void Prober::Work(const std::stop_token& stop) {
  while (std::optional<Job> job = TakeDue(stop)) Finish(*job, checker_.Check(job->target, job->probe, stop));
}

std::optional<Prober::Job> Prober::TakeDue(const std::stop_token& stop) {
  base::MutexLock lock(mu_);
  while (!stop.stop_requested()) {
    Watched* next = nullptr;
    for (auto& [name, watched] : watched_)
      if (!watched.in_flight && (next == nullptr || watched.schedule.due() < next->schedule.due()))
        next = &watched;
    const base::Instant due = next == nullptr ? base::InfiniteFuture() : next->schedule.due();
    if (due <= clock_.Monotonic()) {
      next->in_flight = true;
      return Job{next->target, *next->schedule.probe()};
    }
    clock_.WaitUntil(mu_, changed_, due);
  }
  return std::nullopt;
}

void Prober::Finish(const Job& job, const absl::Status& answer) {
  Result result;
  {
    base::MutexLock lock(mu_);
    auto known = watched_.find(job.target.name);
    // Forgotten or begun afresh meanwhile: the answer is about something that is gone.
    if (known == watched_.end() || !(known->second.target == job.target)) return;
    Watched& watched = known->second;
    watched.in_flight = false;
    watched.schedule.Record(answer.ok(), clock_.Monotonic());
    const bool ready = watched.schedule.ready();
    result = {ready, ready || watched.result.was_ready, ready ? "" : std::string(answer.message())};
    changed_.NotifyAll();
    if (std::exchange(watched.answered, true) && result == watched.result) return;
    watched.result = result;
  }
  if (on_result_) on_result_(job.target.name, result);
}

}  // namespace spacelet::probe
