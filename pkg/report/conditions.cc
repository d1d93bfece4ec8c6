#include "pkg/report/conditions.h"

#include <algorithm>
#include <utility>

namespace spacelet::report {

absl::string_view Name(Truth truth) {
  switch (truth) {
    case Truth::kTrue:
      return "True";
    case Truth::kFalse:
      return "False";
    case Truth::kUnknown:
      break;
  }
  return "Unknown";
}

Truth TruthOf(bool value) { return value ? Truth::kTrue : Truth::kFalse; }

const Condition* Find(const std::vector<Condition>& conditions, absl::string_view type) {
  for (const Condition& condition : conditions)
    if (condition.type == type) return &condition;
  return nullptr;
}

bool IsTrue(const std::vector<Condition>& conditions, absl::string_view type) {
  const Condition* condition = Find(conditions, type);
  return condition != nullptr && condition->status == Truth::kTrue;
}

void Set(std::vector<Condition>& conditions, Condition next, absl::Time now) {
  auto same_type = [&](const Condition& c) { return c.type == next.type; };
  auto old = std::find_if(conditions.begin(), conditions.end(), same_type);
  if (old == conditions.end()) {
    next.last_transition = now;
    conditions.push_back(std::move(next));
    return;
  }
  next.last_transition = old->status == next.status ? old->last_transition : now;
  *old = std::move(next);
}

}  // namespace spacelet::report
