#include "test/testing/invariants.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace spacelet::testing {
namespace {

using docker::ContainerSummary;

struct Workload {
  std::vector<std::string> up;  // Docker starts a restarting one at any moment
  bool good = false;            // one of them serves, or would if it were started
  bool good_up = false;
};

std::string WorkloadOf(const std::string& name) {
  for (const char* suffix : {".next", ".previous"}) {
    if (absl::EndsWith(name, suffix)) return name.substr(0, name.size() - std::string(suffix).size());
  }
  return name.substr(0, name.find(".dead-"));
}

std::map<std::string, Workload> Workloads(const FakeEngine& engine) {
  std::map<std::string, Workload> workloads;
  for (const ContainerSummary& row : engine.List()) {
    Workload& workload = workloads[WorkloadOf(row.name)];
    const bool up = row.state == "running" || row.state == "paused" || row.state == "restarting";
    const bool there = row.state != "dead" && row.state != "removing";
    const bool good = there && engine.Serves(row.image_id);
    if (up) workload.up.push_back(row.name);
    workload.good = workload.good || good;
    workload.good_up = workload.good_up || (up && good);
  }
  return workloads;
}

std::string Portrait(const FakeEngine& engine, const std::string& name) {
  std::string portrait;
  if (const auto container = engine.Inspect(name); container.ok()) {
    absl::StrAppend(&portrait, "container ", container->id, " in state ", static_cast<int>(container->status),
                    " since ", absl::FormatTime(container->started_at));
    for (const auto& [network, attachment] : container->networks)
      absl::StrAppend(&portrait, " on ", network, " ", attachment.network_id);
  }
  if (const auto network = engine.InspectNetwork(name); network.ok())
    absl::StrAppend(&portrait, "network ", network->id);
  return portrait;
}

}  // namespace

void Invariants::Allow(const std::string& workload, int running) {
  base::MutexLock lock(mu_);
  allowed_[workload] = running;
}

void Invariants::Forgive(const std::string& container) {
  base::MutexLock lock(mu_);
  ran_.erase(WorkloadOf(container));
}

void Invariants::Guard(const FakeEngine& engine, const std::string& stranger) {
  base::MutexLock lock(mu_);
  strangers_[stranger] = Portrait(engine, stranger);
}

void Invariants::GuardAnew(const FakeEngine& engine) {
  base::MutexLock lock(mu_);
  for (auto& [stranger, portrait] : strangers_) portrait = Portrait(engine, stranger);
}

void Invariants::Check(const FakeEngine& engine, const std::string& after) {
  base::MutexLock lock(mu_);
  std::map<std::string, Workload> workloads = Workloads(engine);
  for (const auto& [name, workload] : workloads) {
    if (workload.good_up) ran_.insert(name);
    const auto allowed = allowed_.find(name);
    const size_t most = allowed == allowed_.end() ? 1 : static_cast<size_t>(allowed->second);
    if (most > 0 && workload.up.size() > most)
      violations_.push_back(absl::StrCat("after ", after, ": ", absl::StrJoin(workload.up, ", "), " run"));
  }
  for (const std::string& name : ran_) {
    const auto allowed = allowed_.find(name);
    const bool watched = allowed == allowed_.end() || allowed->second > 0;
    if (watched && !workloads[name].good)
      violations_.push_back(absl::StrCat("after ", after, ": nothing of ", name, " runs or can be started"));
  }
  for (const auto& [name, portrait] : strangers_) {
    const std::string now = Portrait(engine, name);
    if (now != portrait)
      violations_.push_back(absl::StrCat("after ", after, ": the stranger ", name, " is \"", now,
                                         "\" and was \"", portrait, "\""));
  }
}

std::vector<std::string> Invariants::violations() {
  base::MutexLock lock(mu_);
  return violations_;
}

}  // namespace spacelet::testing
