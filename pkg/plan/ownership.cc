#include "pkg/plan/ownership.h"

#include <algorithm>
#include <iterator>
#include <tuple>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "pkg/api/labels.h"
#include "pkg/plan/plan.h"

namespace spacelet::plan {
namespace {

constexpr char kNext[] = ".next";
constexpr char kPrevious[] = ".previous";
constexpr char kDead[] = ".dead-";
constexpr size_t kShortId = 12;

std::string Label(const std::map<std::string, std::string>& labels, const char* key) {
  auto it = labels.find(key);
  return it == labels.end() ? "" : it->second;
}

bool Runs(const docker::Container& c) {
  return c.status == docker::ContainerStatus::kRunning || c.status == docker::ContainerStatus::kRestarting ||
         c.status == docker::ContainerStatus::kPaused;
}

bool IsDead(const docker::Container* c) { return c->status == docker::ContainerStatus::kDead; }

std::vector<const docker::Container*> StartedByHand(const desired::Container& want,
                                                    const ObservedState& now) {
  const auto does_its_work = [&](const docker::Container& c) {
    return c.name == want.name || std::any_of(now.rivals.begin(), now.rivals.end(), [&](const Rival& r) {
             return r.same_work && r.container.id == c.id && r.object == ContainerKey(want.name);
           });
  };
  std::vector<const docker::Container*> found;
  for (const docker::Container& c : now.containers)
    if (!IsOwned(c.labels) && c.id != now.self && !IsDead(&c) && does_its_work(c)) found.push_back(&c);
  return found;
}

std::string WhyNotTaken(const std::vector<const docker::Container*>& by_hand) {
  if (by_hand.size() == 1)
    return by_hand[0]->auto_remove
               ? absl::StrCat(
                     "takeover leaves ", by_hand[0]->name,
                     ": it was started with --rm, so Docker would not keep it to go back to. Stop it "
                     "by hand (docker stop ",
                     by_hand[0]->name, ")")
               : "";
  return absl::StrCat("takeover replaces one container, and each of ",
                      absl::StrJoin(by_hand, ", ", [](std::string* out, const auto* c) { *out += c->name; }),
                      " does this work: stop and remove all but one");
}

void TakeOver(const desired::Container& want, const ObservedState& now, Parts& parts) {
  std::copy_if(parts.foreign.begin(), parts.foreign.end(), std::back_inserter(parts.dead), IsDead);
  std::erase_if(parts.foreign, IsDead);
  if (parts.previous || !parts.strays.empty()) return;
  const auto take = [&](const docker::Container* c, const docker::Container*& part) {
    part = c;
    std::erase(parts.foreign, c);
  };
  const std::vector<const docker::Container*> by_hand = StartedByHand(want, now);
  if (!parts.current && !by_hand.empty()) {
    parts.not_taken = WhyNotTaken(by_hand);
    if (parts.not_taken.empty()) take(by_hand[0], parts.current);
    return;
  }
  const auto aside = std::find_if(parts.foreign.begin(), parts.foreign.end(), [&](const auto* c) {
    return c->name == PreviousName(want.name) && !Runs(*c);
  });
  if (aside != parts.foreign.end()) take(*aside, parts.previous);
}

}  // namespace

bool IsOwned(const std::map<std::string, std::string>& labels) {
  return Label(labels, api::kLabelManaged) == "true" && !Label(labels, api::kLabelComponent).empty();
}

std::string ComponentOf(const std::map<std::string, std::string>& labels) {
  return IsOwned(labels) ? Label(labels, api::kLabelComponent) : "";
}

bool IsDropped(const desired::Host& desired, const docker::Container& container) {
  const std::string component = ComponentOf(container.labels);
  if (component.empty()) return false;
  return IsDeadAside(container) || std::none_of(desired.containers.begin(), desired.containers.end(),
                                                [&](const auto& c) { return c.component == component; });
}

// The Compose Specification reserves com.docker.compose.* for the tool.
std::string ComposeProject(const std::map<std::string, std::string>& labels) {
  return Label(labels, "com.docker.compose.project");
}

std::string NextName(absl::string_view name) { return absl::StrCat(name, kNext); }
std::string PreviousName(absl::string_view name) { return absl::StrCat(name, kPrevious); }
std::string BaseName(absl::string_view name) {
  if (absl::ConsumeSuffix(&name, kNext)) return std::string(name);
  absl::ConsumeSuffix(&name, kPrevious);
  return std::string(name);
}
std::string DeadName(absl::string_view name, absl::string_view id) {
  return absl::StrCat(name, kDead, id.substr(0, kShortId));
}
bool IsDeadName(absl::string_view name) {
  const size_t dead = name.rfind(kDead);
  if (dead == absl::string_view::npos) return false;
  const absl::string_view id = name.substr(dead + absl::string_view(kDead).size());
  return id.size() == kShortId && std::all_of(id.begin(), id.end(), absl::ascii_isxdigit);
}
bool IsDeadAside(const docker::Container& container) {
  return IsDead(&container) && IsDeadName(container.name);
}

Parts PartsOf(const desired::Container& container, const ObservedState& now) {
  Parts parts;
  const std::string next = NextName(container.name), previous = PreviousName(container.name);
  for (const docker::Container& c : now.containers) {
    const bool ours = ComponentOf(c.labels) == container.component;
    const bool named = c.name == container.name || c.name == next || c.name == previous;
    if (named && !ours) parts.foreign.push_back(&c);
    if (!ours || IsDeadAside(c)) continue;
    if (IsDead(&c)) {
      parts.dead.push_back(&c);
    } else if (c.name == container.name) {
      parts.current = &c;
    } else if (c.name == next) {
      parts.next = &c;
    } else if (c.name == previous) {
      parts.previous = &c;
    } else {
      parts.strays.push_back(&c);
    }
  }
  std::stable_sort(parts.strays.begin(), parts.strays.end(), [&](const auto* a, const auto* b) {
    auto rank = [&](const docker::Container& c) {
      return std::tuple(!Runs(c), Label(c.labels, api::kLabelSpecHash) != container.spec_hash);
    };
    return rank(*a) < rank(*b);
  });
  if (container.takeover) TakeOver(container, now, parts);
  return parts;
}

const docker::Network* NetworkToUse(const std::string& name, const ObservedState& now) {
  const docker::Network* best = nullptr;
  auto rank = [](const docker::Network& n) {
    return std::tuple(!IsOwned(n.config.labels), n.members.empty(), n.id);
  };
  for (const docker::Network& n : now.networks)
    if (n.config.name == name && (best == nullptr || rank(n) < rank(*best))) best = &n;
  return best;
}

}  // namespace spacelet::plan
