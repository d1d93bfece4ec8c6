// How long Harness supports a delegate image, by the yy.mm of its tag.
#pragma once

#include <optional>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace spacelet::report {

// "…/delegate:25.03.85504" → 2025-03-01 UTC; nullopt for a tag of another form (latest, a digest).
std::optional<absl::Time> DelegateReleaseMonth(absl::string_view image);

// Six months after the release (Harness's delegate support policy); two more until end of life.
absl::Time DelegateEndOfSupport(absl::Time release_month);

}  // namespace spacelet::report
