#include "pkg/controller/event_keys.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "pkg/api/labels.h"
#include "pkg/plan/ownership.h"
#include "pkg/plan/plan.h"

namespace spacelet::controller {
namespace {

constexpr char kKilledExitCode[] = "137";

std::string Attribute(const docker::Event& event, const char* key) {
  auto it = event.attributes.find(key);
  return it == event.attributes.end() ? "" : std::string(absl::StripPrefix(it->second, "/"));
}

// Whether the action can have changed what a plan looks at.
bool Matters(const docker::Event& event) {
  static constexpr const char* kNoise[] = {"exec_",  "attach", "detach",      "top",
                                           "resize", "export", "archive-path"};
  return std::none_of(std::begin(kNoise), std::end(kNoise),
                      [&](const char* noise) { return absl::StartsWith(event.action, noise); });
}

void AddOnce(std::vector<std::string>& keys, std::string key) {
  if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(std::move(key));
}

const desired::Container* ByComponent(const desired::Host& host, const std::string& component) {
  for (const desired::Container& c : host.containers)
    if (c.component == component) return &c;
  return nullptr;
}

std::vector<std::string> ContainerKeys(const docker::Event& event, const desired::Host& host) {
  std::vector<std::string> keys;
  const desired::Container* container = ByComponent(host, plan::ComponentOf(event.attributes));
  const bool dropped = plan::IsOwned(event.attributes) && container == nullptr;
  for (const char* attribute : {"name", "oldName"}) {
    const std::string name = plan::BaseName(Attribute(event, attribute));
    const bool dead = plan::IsOwned(event.attributes) && plan::IsDeadName(name);
    if (!name.empty() && (dropped || dead || host.Find(name) != nullptr))
      AddOnce(keys, plan::ContainerKey(name));
  }
  if (container != nullptr) AddOnce(keys, plan::ContainerKey(container->name));
  return keys;
}

std::vector<std::string> NetworkKeys(const docker::Event& event, const desired::Host& host,
                                     const KeyOfId& key_of_id) {
  std::vector<std::string> keys;
  const std::string name = Attribute(event, "name");
  if (!host.network || host.network->config.name != name) return keys;
  keys.push_back(plan::NetworkKey(name));
  const bool joins = event.action == "connect";
  if (joins || event.action == "disconnect") {
    std::string member = key_of_id(Attribute(event, "container"));
    const bool known = !member.empty();
    if (known) keys.push_back(std::move(member));
    // One that starts and was not looked at yet has events of its own; one that has left may be anybody.
    if (known || joins) return keys;
  }
  for (const desired::Container& c : host.containers)
    if (c.network == name) keys.push_back(plan::ContainerKey(c.name));
  return keys;
}

}  // namespace

std::vector<std::string> KeysFor(const docker::Event& event, const desired::Host& host,
                                 const KeyOfId& key_of_id) {
  if (event.type == "network") return NetworkKeys(event, host, key_of_id);
  if (event.type != "container" || !Matters(event)) return {};
  return ContainerKeys(event, host);
}

bool ListLagsBehind(const docker::Event& event) {
  return event.type == "container" && (event.action == "die" || event.action == "destroy");
}

bool IsUncleanRunnerStop(const docker::Event& event, const desired::Host& host) {
  if (event.type != "container" || event.action != "die" || Attribute(event, "exitCode") != kKilledExitCode)
    return false;
  const desired::Container* runner = ByComponent(host, "runner");
  return plan::ComponentOf(event.attributes) == "runner" ||
         (runner != nullptr && plan::BaseName(Attribute(event, "name")) == runner->name);
}

}  // namespace spacelet::controller
