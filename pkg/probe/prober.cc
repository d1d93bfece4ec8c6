#include "pkg/probe/prober.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "pkg/base/thread.h"

namespace spacelet::probe {
namespace {

// The same process, asked the same questions.
bool IsSameLife(const Target& known, const Target& target) {
  if (known.started_at != target.started_at) return false;
  return target.outdated || (known.startup == target.startup && known.readiness == target.readiness &&
                             known.liveness == target.liveness);
}

}  // namespace

Prober::Prober(Checker& checker, base::Clock& clock) : checker_(checker), clock_(clock) {}

void Prober::OnResult(std::function<void(const std::string&, const Result&)> listener) {
  on_result_ = std::move(listener);
}

void Prober::Watch(const std::string& workload, const std::vector<Target>& targets) {
  base::MutexLock lock(mu_);
  std::erase_if(watched_, [&](const auto& entry) {
    return entry.second.workload == workload &&
           std::none_of(targets.begin(), targets.end(), [&](const Target& t) { return t.id == entry.first; });
  });
  for (const Target& target : targets) WatchOne(workload, target, &target == targets.data());
}

void Prober::WatchOne(const std::string& workload, const Target& target, bool serves) {
  auto known = watched_.find(target.id);
  if (known == watched_.end()) return Begin(workload, target, serves);
  Watched& watched = known->second;
  watched.workload = workload;
  watched.serves = serves;
  // A look that began before a restart may come in after it. (The times of the starts do not tell: between
  // them the clock may have been set back.)
  if (target.seen_at < watched.target.seen_at) return;
  watched.target.seen_at = target.seen_at;
  if (!IsSameLife(watched.target, target)) return Begin(workload, target, serves);
  Drain(watched, target.drain);
  if (watched.target.ip == target.ip) return;
  watched.target.ip = target.ip;
  watched.round = ++rounds_;
  watched.in_flight = false;
  watched.schedule.AskAgain(clock_.Monotonic());
  changed_.NotifyAll();
}

// Begins to read its work, or leaves off.
void Prober::Drain(Watched& watched, const std::optional<DrainMetric>& metric) {
  if (watched.meter.has_value() == metric.has_value() && (!metric || watched.meter->metric() == *metric))
    return;
  watched.meter.reset();
  if (metric) watched.meter.emplace(*metric, clock_.Monotonic());
  watched.result.work.reset();
  changed_.NotifyAll();
}

void Prober::Begin(const std::string& workload, const Target& target, bool serves) {
  const base::Instant now = clock_.Monotonic();
  const absl::Duration runs = std::max(clock_.Now() - target.started_at, absl::ZeroDuration());
  Watched watched{.workload = workload,
                  .serves = serves,
                  .target = target,
                  .schedule = Schedule(target, {now.since_epoch - runs}, now),
                  .meter = std::nullopt,
                  .result = {.ready_since = now, .watched_since = now, .started = {now.since_epoch - runs}},
                  .round = ++rounds_};
  Drain(watched, target.drain);
  Judge(watched);
  watched_.insert_or_assign(target.id, std::move(watched));
  changed_.NotifyAll();
}

std::optional<Result> Prober::ResultOf(const std::string& container_id) const {
  base::MutexLock lock(mu_);
  auto known = watched_.find(container_id);
  if (known == watched_.end()) return std::nullopt;
  return known->second.result;
}

std::optional<bool> Prober::IsReady(const std::string& workload) const {
  base::MutexLock lock(mu_);
  for (const auto& [id, watched] : watched_)
    if (watched.serves && watched.workload == workload) return watched.result.ready;
  return std::nullopt;
}

absl::Status Prober::Run(const std::stop_token& stop) {
  std::stop_callback wake(stop, [this] {
    base::MutexLock lock(mu_);
    changed_.NotifyAll();
  });
  std::vector<std::jthread> others;
  for (int i = 1; i < kWorkers; ++i)  // fewer where no more can be had
    if (auto other = base::StartThread([this, &stop] { Work(stop); }); other.ok())
      others.push_back(*std::move(other));
  Work(stop);
  return absl::OkStatus();
}

void Prober::Work(const std::stop_token& stop) {
  while (std::optional<Job> job = TakeDue(stop)) Do(*job, stop);
}

base::Instant Prober::DueOf(const Watched& watched) {
  const std::optional<Schedule::Due> question = watched.schedule.Next();
  const base::Instant probe = question ? question->at : base::InfiniteFuture();
  return watched.meter ? std::min(probe, watched.meter->due()) : probe;
}

// Whichever is due sooner.
Prober::Job Prober::JobOf(const Watched& watched) {
  const std::optional<Schedule::Due> question = watched.schedule.Next();
  if (!question || (watched.meter && watched.meter->due() < question->at))
    return {watched.target, watched.round, watched.meter->metric()};
  return {watched.target, watched.round, ProbeJob{question->question, *question->probe}};
}

Prober::Watched* Prober::NextDue(base::Instant& due) {
  Watched* next = nullptr;
  due = base::InfiniteFuture();
  for (auto& [id, watched] : watched_) {
    if (watched.in_flight || DueOf(watched) >= due) continue;
    next = &watched;
    due = DueOf(watched);
  }
  return next;
}

std::optional<Prober::Job> Prober::TakeDue(const std::stop_token& stop) {
  base::MutexLock lock(mu_);
  while (!stop.stop_requested()) {
    base::Instant due;
    Watched* next = NextDue(due);
    if (due <= clock_.Monotonic()) {
      next->in_flight = true;
      return JobOf(*next);
    }
    clock_.WaitUntil(mu_, changed_, due);
  }
  return std::nullopt;
}

void Prober::Do(const Job& job, const std::stop_token& stop) {
  if (const auto* metric = std::get_if<DrainMetric>(&job.what)) {
    const absl::StatusOr<double> sample = checker_.Sample(job.target, *metric, stop);
    return Finish(job, [&](Watched& watched, base::Instant now) {
      if (watched.meter && watched.meter->metric() == *metric) watched.meter->Record(sample, now);
    });
  }
  const ProbeJob& probe = std::get<ProbeJob>(job.what);
  const absl::Status answer = checker_.Check(job.target, probe.probe, stop);
  Finish(job, [&](Watched& watched, base::Instant now) {
    watched.schedule.Record(probe.question, answer, now);
    watched.answered = true;
  });
}

// Takes over what schedule and meter say. Returns whether it is something new.
bool Prober::Judge(Watched& watched) {
  Result result = watched.result;
  const Schedule& schedule = watched.schedule;
  if (schedule.ready() && !result.ready) result.ready_since = clock_.Monotonic();
  result.ready = schedule.ready();
  result.was_ready = result.was_ready || result.ready;
  result.message = schedule.why_not_ready();
  result.unalive = schedule.unalive();
  result.work = watched.meter ? watched.meter->work() : std::nullopt;
  if (watched.meter) result.asked_since = watched.meter->begun();
  return !(std::exchange(watched.result, result) == result);
}

void Prober::Finish(const Job& job, const std::function<void(Watched&, base::Instant)>& record) {
  std::string workload;
  Result result;
  {
    base::MutexLock lock(mu_);
    auto known = watched_.find(job.target.id);
    // Forgotten or begun afresh meanwhile: the answer is about something that is gone.
    if (known == watched_.end() || known->second.round != job.round) return;
    Watched& watched = known->second;
    const bool answered = watched.answered;
    watched.in_flight = false;
    record(watched, clock_.Monotonic());
    changed_.NotifyAll();
    if (!Judge(watched) && watched.answered == answered) return;
    workload = watched.workload;
    result = watched.result;
  }
  if (on_result_) on_result_(workload, result);
}

}  // namespace spacelet::probe
