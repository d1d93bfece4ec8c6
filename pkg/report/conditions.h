// Conditions as Kubernetes means them: a type, True/False/Unknown, a CamelCase reason for machines, a
// sentence for people, and when the status last changed. Types and reasons are the constants of
// pkg/api/reasons.h.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace spacelet::report {

enum class Truth { kTrue, kFalse, kUnknown };

absl::string_view Name(Truth truth);  // "True", "False", "Unknown"
Truth TruthOf(bool value);

struct Condition {
  std::string type;
  Truth status = Truth::kUnknown;
  std::string reason;   // never empty once it is on the board
  std::string message;  // may be empty
  absl::Time last_transition = absl::InfinitePast();
  bool operator==(const Condition&) const = default;
};

// The condition of that type, or null.
const Condition* Find(const std::vector<Condition>& conditions, absl::string_view type);
bool IsTrue(const std::vector<Condition>& conditions, absl::string_view type);

// Puts `next` in the place of the condition of its type, or at the end. `last_transition` becomes `now` when
// the status is another than before, and otherwise stays what it was, whatever reason and message do.
void Set(std::vector<Condition>& conditions, Condition next, absl::Time now);

}  // namespace spacelet::report
