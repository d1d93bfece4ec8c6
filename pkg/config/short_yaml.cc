// The document in as few words as possible.
#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "pkg/config/grammar.h"
#include "pkg/config/load.h"

namespace spacelet::config {
namespace {

// Maps whose members have defaults of their own; every other value is written whole or not at all.
constexpr std::array kLevels = {"spec", "network", "runner", "delegate", "resources", "rollout"};

bool AreEqual(const yaml::Node& a, const yaml::Node& b) { return yaml::Emit(a) == yaml::Emit(b); }

// Takes out of a map what is the same in `silent`.
void Subtract(yaml::Node& node, const yaml::Node& silent);

void SubtractItems(yaml::Node& list, const yaml::Node& silent) {
  for (size_t i = 0; i < list.items.size(); ++i) {
    yaml::Entry name = list.items[i].entries.front();  // by which people find it
    Subtract(list.items[i], silent.items[i]);
    list.items[i].entries.insert(list.items[i].entries.begin(), std::move(name));
  }
}

void Subtract(yaml::Node& node, const yaml::Node& silent) {
  std::vector<yaml::Entry> rest;
  for (yaml::Entry& entry : node.entries) {
    const yaml::Node* there = silent.Find(entry.key);
    if (there != nullptr && AreEqual(entry.value, *there)) continue;
    const bool level = std::find(kLevels.begin(), kLevels.end(), entry.key) != kLevels.end();
    if (level && there != nullptr && there->is_map()) Subtract(entry.value, *there);
    if (entry.key == "containers" && there != nullptr) SubtractItems(entry.value, *there);
    rest.push_back(std::move(entry));
  }
  node.entries = std::move(rest);
}

// What defaults depend on.
void CopyGrounds(const api::Workload& from, api::Workload& to) {
  to.image = from.image;
  to.env = from.env;
  to.host_network = from.host_network;
  to.liveness_probe = from.liveness_probe;
}
void ForgetGrounds(api::Workload& workload) {
  workload.image.clear();
  workload.env.clear();
  workload.host_network = false;
  workload.liveness_probe.reset();
}

// The same workloads with their defaults, of which nothing else is said.
api::Document SilentAbout(const api::Document& document) {
  api::Document silent;
  std::vector<api::Workload*> workloads;
  if (document.runner) {
    workloads.push_back(&silent.runner.emplace().workload);
    CopyGrounds(document.runner->workload, *workloads.back());
    workloads.back()->rollout.drain_timeout = kRunnerDrainTimeout;
  }
  if (document.delegate) {
    workloads.push_back(&silent.delegate.emplace().workload);
    silent.delegate->name = document.delegate->name;
    CopyGrounds(document.delegate->workload, *workloads.back());
  }
  silent.containers.resize(document.containers.size());
  for (size_t i = 0; i < document.containers.size(); ++i) {
    workloads.push_back(&silent.containers[i].workload);
    silent.containers[i].name = document.containers[i].name;
    CopyGrounds(document.containers[i].workload, *workloads.back());
  }
  ApplyDefaults(silent);
  for (api::Workload* workload : workloads) ForgetGrounds(*workload);
  // The profile's own probe takes a 404 for ready, which the same one in a document does not.
  if (silent.runner && silent.runner->workload.readiness_probe != document.runner->workload.readiness_probe)
    silent.runner->workload.readiness_probe.reset();
  if (silent.delegate) silent.delegate->name = api::Delegate().name;
  return silent;
}

}  // namespace

std::string ToShortYaml(api::Document document) {
  ApplyDefaults(document);
  yaml::Node node = DocumentRecord().Encode(document);
  const yaml::Node silent = DocumentRecord().Encode(SilentAbout(document));
  for (yaml::Entry& entry : node.entries)
    if (entry.key == "spec") Subtract(entry.value, *silent.Find("spec"));
  return yaml::Emit(EscapedReferences(std::move(node)));
}

}  // namespace spacelet::config
