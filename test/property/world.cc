#include "test/property/world.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "pkg/api/labels.h"
#include "pkg/desired/compile.h"
#include "pkg/plan/ownership.h"
#include "pkg/plan/text.h"
#include "test/testing/scenario.h"

namespace spacelet::testing {
namespace {

using Status = docker::ContainerStatus;

int Below(std::mt19937& random, int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); }

}  // namespace

plan::Plan World::Reconcile(const desired::Host& host) {
  auto now = observer_.Snapshot(host, {});
  if (!now.ok()) return {};
  for (const docker::Container& c : now->containers)
    if (c.status == Status::kRunning) now->facts.ready[c.name] = true;
  plan::Plan all = plan::Compute(host, *now);
  last_plan = plan::ToText(all);
  for (const std::string& key : plan::Keys(host, *now)) executor_.Run(plan::ComputeFor(key, host, *now), {});
  return all;
}

bool World::Converge(const desired::Host& host, int rounds) {
  for (int i = 0; i < rounds; ++i)
    if (Reconcile(host).in_sync()) return true;
  return false;
}

std::string World::EndState() {
  std::vector<std::string> lines;
  for (const docker::Container& c : docker.Containers()) {
    std::vector<std::string> env, networks;
    for (const auto& [name, value] : c.env) env.push_back(absl::StrCat(name, "=", value));
    for (const auto& [name, attachment] : c.networks) networks.push_back(name);
    auto hash = c.labels.find(api::kLabelSpecHash);
    lines.push_back(absl::StrCat(c.name, " ", c.image, " ", hash == c.labels.end() ? "foreign" : hash->second,
                                 " ", c.status == Status::kRunning, " ", absl::StrJoin(env, ","), " ",
                                 absl::StrJoin(networks, ","), " ", c.resources.memory.value_or(0)));
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
        switch (Below(random, 12)) {
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
          default:
            return engine.Exit(name, 1);
        }
      })
      .IgnoreError();
}

}  // namespace spacelet::testing
