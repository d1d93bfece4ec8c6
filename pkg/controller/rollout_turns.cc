#include "pkg/controller/rollout_turns.h"

#include "absl/strings/str_cat.h"
#include "pkg/api/reasons.h"

namespace spacelet::controller {
namespace {

using Result = api::RolloutRecord::Result;

const char* NameOf(Result result) { return api::kRolloutResults[static_cast<size_t>(result)]; }

std::string Describe(const api::RolloutRecord& record) {
  const std::string way = record.from == record.to ? record.to : absl::StrCat(record.from, " -> ", record.to);
  return record.message.empty() ? way : absl::StrCat(way, ": ", record.message);
}

// The same rollout, looked at twice.
bool IsSame(const api::RolloutRecord& a, const api::RolloutRecord& b) {
  return a.started_at == b.started_at && a.to_hash == b.to_hash;
}

}  // namespace

std::optional<report::LastRollout> LastRolloutOf(const api::RolloutHistory& history) {
  if (!history.last) return std::nullopt;
  const api::RolloutRecord& r = *history.last;
  return report::LastRollout{NameOf(r.result), r.from,       r.to,          r.from_hash,
                             r.to_hash,        r.started_at, r.finished_at, r.message};
}

void TellTurn(const std::string& object, const api::RolloutHistory& before, const api::RolloutHistory& after,
              report::EventLog& events, report::Metrics& metrics) {
  using report::Event;
  if (!after.last) return;
  const api::RolloutRecord& now = *after.last;
  const bool same = before.last && IsSame(*before.last, now);
  if (after.failed.size() > before.failed.size() ||
      (!after.failed.empty() && after.failed.back().attempts > 1 && before.failed != after.failed))
    events.Record(Event::Type::kWarning, object, api::reason::kRollingBack,
                  absl::StrCat(after.failed.back().image, " failed: ", after.failed.back().message));
  if (same && before.last->result == now.result) return;
  if (now.result == Result::kInProgress)
    return events.Record(Event::Type::kNormal, object, api::reason::kRollingOut, Describe(now));
  const bool good = now.result == Result::kSucceeded;
  events.Record(good ? Event::Type::kNormal : Event::Type::kWarning, object, NameOf(now.result),
                Describe(now));
  metrics.RolloutEnded(object, NameOf(now.result), now.finished_at - now.started_at);
}

}  // namespace spacelet::controller
