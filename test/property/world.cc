#include "test/property/world.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "pkg/api/labels.h"
#include "pkg/api/reasons.h"
#include "pkg/desired/compile.h"
#include "pkg/docker/errors.h"
#include "pkg/plan/ownership.h"
#include "pkg/plan/partition.h"
#include "pkg/plan/text.h"
#include "test/testing/scenario.h"

namespace spacelet::testing {
namespace {

using Status = docker::ContainerStatus;

int Below(std::mt19937& random, int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); }

bool AllGivenUp(const plan::Plan& plan) {
  const auto given_up = [](const plan::Notice& n) {
    return n.reason == api::reason::kRolledBack || n.reason == api::reason::kInconclusive;
  };
  return std::all_of(plan.notices.begin(), plan.notices.end(), given_up) &&
         std::all_of(plan.waiting.begin(), plan.waiting.end(),
                     [](const plan::Waiting& w) { return w.reason == api::reason::kWaitingForDependency; });
}

}  // namespace

plan::Plan World::Reconcile(const desired::Host& host) {
  if (!observer_.ScanRivals(host, {}).ok()) return {};
  auto now = observer_.Snapshot(host, {});
  if (!now.ok()) return {};
  for (const docker::Container& c : now->containers) Probe(c, now->facts);
  now->facts.rollouts = histories;
  networks.FillFacts(host, now->facts);
  plan::Plan all = plan::Compute(host, *now);
  last_plan = plan::ToText(all);
  now->facts.rolling = all.rolling;
  for (const std::string& key : plan::Keys(host, *now)) {
    const plan::Plan plan = plan::ComputeFor(key, host, *now);
    EXPECT_EQ(plan::ComputeFor(key, host, plan::Partition(host, *now).For(key)), plan) << key;
    for (const auto& [container, history] : plan.histories) histories[container] = history;
    for (const auto& [network, history] : plan.networks) networks.Keep(network, history);
    const execute::Report report = executor_.Run(plan, {});
    if (docker::HttpStatusOf(report.cause) == 403)  // only of a network: its addresses are taken
      networks.Refused(*host.network, "refused", /*error=*/false);
    networks.FillFacts(host, now->facts);
  }
  return all;
}

// What runs is ready since long, but for what is bad: its startup probe has given it up.
void World::Probe(const docker::Container& c, plan::Facts& facts) const {
  if (c.status != Status::kRunning) return;
  auto hash = c.labels.find(api::kLabelSpecHash);
  const bool good = hash == c.labels.end() || !bad.contains(hash->second);
  plan::ProbeFact& probe = facts.probes[c.id];
  facts.ready[c.name] = probe.ready = probe.was_ready = good;
  probe.ready_for = good ? absl::Hours(1) : absl::ZeroDuration();
  probe.watched_for = absl::Hours(1);
  if (!good) probe.unalive = "bad";
}

// In sync, or nothing left to do but to say that what is wanted has failed.
bool World::Settle(const desired::Host& host, int rounds) {
  for (int i = 0; i < rounds; ++i) {
    const plan::Plan plan = Reconcile(host);
    // What nothing else can take the place of is restarted for ever.
    const bool acts = std::any_of(plan.steps.begin(), plan.steps.end(), [](const plan::Step& s) {
      return !s.waits && !std::holds_alternative<plan::RestartContainer>(s.operation);
    });
    if (plan.in_sync() || (!acts && plan.histories.empty() && AllGivenUp(plan))) return true;
  }
  return false;
}

bool World::Converge(const desired::Host& host, int rounds) {
  for (int i = 0; i < rounds; ++i)
    if (Reconcile(host).in_sync()) return true;
  return false;
}

std::string World::EndState() {
  std::vector<std::string> lines;
  for (const docker::Container& c : docker.Containers()) {
    std::vector<std::string> env, attached;
    for (const auto& [name, value] : c.env) env.push_back(absl::StrCat(name, "=", value));
    for (const auto& [name, attachment] : c.networks) attached.push_back(name);
    auto hash = c.labels.find(api::kLabelSpecHash);
    lines.push_back(absl::StrCat(c.name, " ", c.image, " ", hash == c.labels.end() ? "foreign" : hash->second,
                                 " ", c.status == Status::kRunning, " ", absl::StrJoin(env, ","), " ",
                                 absl::StrJoin(attached, ","), " ", c.resources.memory.value_or(0)));
  }
  for (const docker::Network& n : docker.Networks())
    lines.push_back(absl::StrCat("network ", n.config.name, " ", n.config.subnet));
  std::sort(lines.begin(), lines.end());
  return absl::StrJoin(lines, "\n");
}

desired::Host RandomHost(std::mt19937& random, int revision) {
  desired::Host host = DesiredHost();
  if (Below(random, 3) == 0) {
    host.containers.push_back(DesiredContainer("exporter", "exporter", "exporter:1"));
    host.containers.back().config.ports = {{"127.0.0.1", 9100, 9100, "tcp"}};
  }
  if (Below(random, 4) == 0) host.containers.erase(host.containers.begin() + 1);
  for (desired::Container& c : host.containers) {
    if (Below(random, 2) == 0) c.config.image = absl::StrCat(c.component, ":", 1 + Below(random, 2));
    if (Below(random, 2) == 0) c.config.env["REVISION"] = {absl::StrCat(revision), false};
    if (Below(random, 2) == 0) c.config.resources.memory = int64_t{256 + 256 * Below(random, 2)} << 20;
    c.config.labels[api::kLabelLimits] = c.config.resources.memory ? "memory" : "";
    SetSpec(c, desired::SpecHash(c));
  }
  if (Below(random, 4) == 0) {
    host.network->config.subnet = "10.77.0.0/24";
    host.network->spec_hash = host.network->config.labels[api::kLabelSpecHash] = "v1:net-2";
  }
  return host;
}

void Meddle(std::mt19937& random, const desired::Host& host, FakeDocker& docker) {
  const desired::Container& target =
      host.containers[static_cast<size_t>(Below(random, static_cast<int>(host.containers.size())))];
  const std::string name = target.name;
  docker
      .World([&](FakeEngine& engine) {
        switch (Below(random, 13)) {
          case 0:
            return engine.Kill(name);
          case 1:
            return engine.Stop(name).status();
          case 2:
            return engine.Remove(name, true);
          case 3:
            return engine.Rename(name, absl::StrCat(name, "-by-hand"));
          case 4:
            return engine.Pause(name);
          case 5:
            return engine.Disconnect("harness", name, true);
          case 6:
            return engine.Update(name,
                                 {std::nullopt, int64_t{64} << 20, int64_t{128} << 20, 17, std::nullopt},
                                 docker::RestartPolicy{"no", 0});
          case 7:
            return engine.Rename(name, plan::PreviousName(name));
          case 8:
            return engine.Rename(name, plan::NextName(name));
          case 9:
            engine.Seed(target.image());
            return absl::OkStatus();  // the tag moves
          case 10:
            engine.RestartDaemon();
            return absl::OkStatus();
          case 11:
            if (engine.KeepFromRemoval(name, 1).ok()) return engine.Remove(name, true);
            return absl::OkStatus();
          default:
            return engine.Exit(name, 1);
        }
      })
      .IgnoreError();
}

}  // namespace spacelet::testing
