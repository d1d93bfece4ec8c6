// The known keys of a pool, as data (drone-runner-aws 1.0.0-rc.310, command/config).
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace spacelet::pool {

enum class Type { kAny, kText, kInt, kBool, kTexts, kTextMap, kObject, kObjects };

struct Field {
  absl::string_view name;
  Type type = Type::kAny;
  absl::Span<const Field> fields = {};  // of kObject and kObjects
};

struct Driver {
  absl::string_view type;
  bool known_keys = false;  // false: the spec's keys are not checked
  absl::Span<const Field> spec = {};
};

absl::Span<const Field> RootFields();
absl::Span<const Field> InstanceFields();          // but for each `spec`, which is the driver's
const Driver* FindDriver(absl::string_view type);  // null: the runner has no such driver
std::vector<std::string> DriverTypes();

// What people write by mistake where guides and other tools use another word: "zones" → "zone". Empty: no
// such mistake.
absl::string_view CommonMistake(absl::string_view key);

}  // namespace spacelet::pool
