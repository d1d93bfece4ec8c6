// Who a container belongs to, and which part it plays: the live one, its successor or its predecessor.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "pkg/desired/desired.h"
#include "pkg/plan/observed.h"

namespace spacelet::plan {

// Both ownership labels are there (SPEC 3). Anything else is foreign and is never touched.
bool IsOwned(const std::map<std::string, std::string>& labels);
std::string ComponentOf(const std::map<std::string, std::string>& labels);  // "" when foreign

// Ours, and of no use to the document: none of its workloads is this component, or it is dead and has given
// its name away.
bool IsDropped(const desired::Host& desired, const docker::Container& container);

// The docker compose project that made it and will make it again; "" when none did.
std::string ComposeProject(const std::map<std::string, std::string>& labels);

std::string NextName(absl::string_view name);  // "<name>.next": created beside the live one, not started yet
std::string PreviousName(
    absl::string_view name);  // "<name>.previous": kept until its successor has proved itself
std::string BaseName(absl::string_view name);  // without either suffix
// "<name>.dead-<12 digits of the id>": Docker failed to remove it, and the name was needed. An object of its
// own, so that no workload waits for its removal.
std::string DeadName(absl::string_view name, absl::string_view id);
bool IsDeadName(absl::string_view name);
bool IsDeadAside(const docker::Container& container);  // dead, and under such a name

// The containers of one workload. Pointers into the observed state.
struct Parts {
  const docker::Container* current = nullptr;
  const docker::Container* next = nullptr;
  const docker::Container* previous = nullptr;
  std::vector<const docker::Container*> strays;   // ours by label under another name, best to keep first
  std::vector<const docker::Container*> foreign;  // not ours, but under one of the three names
  // Docker failed to remove them: they can be renamed and removed, and nothing else. Ours, and, with
  // `takeover`, who holds one of the names.
  std::vector<const docker::Container*> dead;
  std::string not_taken;  // why `takeover` leaves what was started by hand; empty: it does not
};
// With `takeover` the container that was started by hand and does this work is `current`, whatever its name,
// as long as it is one and nothing of ours has been in its place; stopped and put aside it is `previous`. A
// container that runs under the name of a previous one was not put there by us.
Parts PartsOf(const desired::Container& container, const ObservedState& now);

// Of the networks with the desired name the one to use: owned before foreign, with members before empty, then
// by id.
const docker::Network* NetworkToUse(const std::string& name, const ObservedState& now);

}  // namespace spacelet::plan
