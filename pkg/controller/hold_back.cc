#include "pkg/controller/hold_back.h"

#include <algorithm>
#include <variant>

#include "absl/strings/str_cat.h"
#include "pkg/api/reasons.h"
#include "pkg/controller/crash.h"

namespace spacelet::controller {
namespace {

std::string FieldOf(const plan::Step& step, const plan::Change& change) {
  return absl::StrCat(step.object, "/", change.field);
}

// The container that this step starts again, when it had ended early.
bool RestartsCrashed(const plan::Step& step, const plan::ObservedState& observed) {
  const auto* start = std::get_if<plan::StartContainer>(&step.operation);
  return start != nullptr &&
         std::any_of(observed.containers.begin(), observed.containers.end(),
                     [&](const auto& c) { return c.id == start->container && EndedEarly(c); });
}

bool IsRestart(const plan::Step& step) {
  return std::holds_alternative<plan::RestartContainer>(step.operation);
}

// Memory and memory + swap go together or not at all.
void DropField(const std::string& field, plan::UpdateContainer& update) {
  if (field == "resources.cpus") update.resources.nano_cpus.reset();
  if (field == "resources.pids") update.resources.pids_limit.reset();
  if (field == "resources.cpuShares") update.resources.cpu_shares.reset();
  if (field == "restartPolicy") update.restart_policy.reset();
  if (field == "resources.memory" || field == "resources.memorySwap") {
    update.resources.memory.reset();
    update.resources.memory_swap.reset();
  }
}

class Holder {
 public:
  Holder(plan::Plan& plan, const plan::ObservedState& observed, const Doings& doings, base::Instant now)
      : plan_(plan), observed_(observed), doings_(doings), now_(now) {}

  absl::Duration Run() {
    for (plan::Step& step : plan_.steps) HoldFields(step);
    std::erase_if(plan_.steps, [&](const plan::Step& s) {
      return IsEmptyUpdate(s) || HoldsStart(s) || HoldsRestart(s) || HoldsAct(s);
    });
    return soonest_;
  }

 private:
  bool Held(absl::Duration remaining) {
    if (remaining <= absl::ZeroDuration()) return false;
    soonest_ = std::min(soonest_, remaining);
    return true;
  }

  void HoldFields(plan::Step& step) {
    auto* update = std::get_if<plan::UpdateContainer>(&step.operation);
    if (update == nullptr) return;
    std::erase_if(step.changes, [&](const plan::Change& change) {
      const std::string name = FieldOf(step, change);
      const absl::Duration remaining = doings_.fields.Remaining(name, now_);
      if (!Held(remaining)) return false;
      DropField(change.field, *update);
      plan_.conflicts.push_back(
          {step.object, absl::StrCat(change.field, " was changed back ", doings_.fields.Count(name, now_),
                                     " times in 10 minutes by somebody else (now ", change.from, ", wanted ",
                                     change.to, "): find out who, or name it in ignoreDrift; next repair in ",
                                     absl::FormatDuration(absl::Ceil(remaining, absl::Seconds(1))))});
      return true;
    });
  }

  static bool IsEmptyUpdate(const plan::Step& step) {
    return std::holds_alternative<plan::UpdateContainer>(step.operation) && step.changes.empty();
  }

  bool HoldsStart(const plan::Step& step) {
    if (!RestartsCrashed(step, observed_) || !Held(doings_.starts.Remaining(step.object, now_))) return false;
    Wait({step.object, "its next start", "after the back-off", api::reason::kCrashLoopBackOff});
    return true;
  }

  bool HoldsRestart(const plan::Step& step) {
    if (!IsRestart(step) || !Held(doings_.restarts.Remaining(step.object, now_))) return false;
    Wait({step.object, absl::StrCat("its next restart (", step.cause, ")"), "after the back-off",
          api::reason::kCrashLoopBackOff});
    return true;
  }

  bool HoldsAct(const plan::Step& step) {
    if (!Held(doings_.acts.Remaining(step.object, now_))) return false;
    Wait({step.object, "its next repair", "after the back-off", api::reason::kBackOff});
    return true;
  }

  void Wait(plan::Waiting waiting) {
    if (std::find(plan_.waiting.begin(), plan_.waiting.end(), waiting) == plan_.waiting.end())
      plan_.waiting.push_back(std::move(waiting));
  }

  plan::Plan& plan_;
  const plan::ObservedState& observed_;
  const Doings& doings_;
  const base::Instant now_;
  absl::Duration soonest_ = absl::InfiniteDuration();
};

}  // namespace

void Doings::Record(const plan::Plan& plan, size_t done, const plan::ObservedState& observed,
                    base::Instant now) {
  if (done == 0) return;
  acts.Record(plan.steps.front().object, now);
  for (size_t i = 0; i < done; ++i) {
    const plan::Step& step = plan.steps[i];
    if (RestartsCrashed(step, observed)) starts.Record(step.object, now);
    if (IsRestart(step)) restarts.Record(step.object, now);
    if (!std::holds_alternative<plan::UpdateContainer>(step.operation)) continue;
    for (const plan::Change& change : step.changes) fields.Record(FieldOf(step, change), now);
  }
}

void Doings::Forget(const std::string& object) {
  fields.ForgetPrefix(absl::StrCat(object, "/"));
  starts.Forget(object);
  restarts.Forget(object);
  acts.Forget(object);
}

absl::Duration HoldBack(plan::Plan& plan, const plan::ObservedState& observed, const Doings& doings,
                        base::Instant now) {
  return Holder(plan, observed, doings, now).Run();
}

}  // namespace spacelet::controller
