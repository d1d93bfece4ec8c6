// One container against its desired form, field by field: what Docker can change in place, what needs a new
// container, what is only reported. The daemon fills in defaults everywhere, so inspect is never compared as
// a whole: a change of the document shows in the spec hash, and only the live fields are compared one by one.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pkg/desired/desired.h"
#include "pkg/plan/ownership.h"
#include "pkg/plan/plan.h"

namespace spacelet::plan {

// Why a container cannot stay as it is: empty when it can. Covers the spec hash, the image that the reference
// resolves to, secrets' values, secret files, and limits that the document dropped (Docker cannot take them
// away in place).
std::vector<Change> ReplaceReasons(const desired::Container& want, const docker::Container& have,
                                   const ObservedState& now);

struct LiveUpdate {
  UpdateContainer operation;
  std::vector<Change> changes;  // empty: nothing to update
  std::vector<Notice> notices;  // LimitNotRemovable
};
LiveUpdate CompareLive(const desired::Container& want, const docker::Container& have,
                       const ObservedState& now);

// How the container hangs on its network.
enum class Attachment { kGood, kDetached, kStale, kAliasLost };
Attachment CompareAttachment(const desired::Container& want, const docker::Container& have,
                             const docker::Network& network);

// For `explain`: every field that is compared, whether it differs or not.
struct FieldView {
  std::string field, desired, actual;
  std::string decision;  // "in sync", "update in place", "replace", "ignored", "reported", "repair"
};
std::vector<FieldView> Explain(const desired::Container& want, const docker::Container* have,
                               const ObservedState& now);

// "2g", "1.5", "unless-stopped", "on-failure:3": live values as the document writes them.
std::string MemoryText(std::optional<int64_t> bytes);
std::string CpusText(std::optional<int64_t> nano_cpus);
std::string RestartText(const docker::RestartPolicy& policy);

}  // namespace spacelet::plan
