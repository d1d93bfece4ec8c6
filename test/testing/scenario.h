// A small desired host and what can be seen of it: the base that plan tests mutate.
#pragma once

#include <string>

#include "absl/strings/str_cat.h"
#include "pkg/api/labels.h"
#include "pkg/desired/desired.h"
#include "pkg/plan/observed.h"

namespace spacelet::testing {

inline std::string FakeId(const std::string& name) {
  std::string id;
  for (const char c : name) absl::StrAppend(&id, absl::Hex(static_cast<unsigned char>(c), absl::kZeroPad2));
  id.resize(64, '0');
  return id;
}

inline api::SecretSource FileSecret(const std::string& path) {
  api::SecretSource source;
  source.file = path;
  return source;
}

inline desired::Container DesiredContainer(const std::string& component, const std::string& name,
                                           const std::string& image) {
  desired::Container c;
  c.component = component;
  c.name = name;
  c.network = "harness";
  c.spec_hash = absl::StrCat("v1:", component, "-1");
  c.config.image = image;
  c.config.hostname = name;
  c.config.aliases = {name};
  c.config.network_mode = "harness";
  c.config.restart_policy.name = "unless-stopped";
  c.config.labels = {
      {api::kLabelManaged, "true"}, {api::kLabelComponent, component}, {api::kLabelSpecHash, c.spec_hash}};
  return c;
}

inline void SetSpec(desired::Container& c, const std::string& hash) {
  c.spec_hash = hash;
  c.config.labels[api::kLabelSpecHash] = hash;
}

// Network harness, runner vm-runner, and a delegate that depends on it.
inline desired::Host DesiredHost() {
  desired::Host host;
  host.name = "test";
  host.network.emplace();
  host.network->config.name = "harness";
  host.network->config.driver = "bridge";
  host.network->spec_hash = "v1:net-1";
  host.network->config.labels = {
      {api::kLabelManaged, "true"}, {api::kLabelComponent, "network"}, {api::kLabelSpecHash, "v1:net-1"}};
  host.containers.push_back(DesiredContainer("runner", "vm-runner", "runner:1"));
  host.containers.push_back(DesiredContainer("delegate", "docker-delegate", "delegate:1"));
  host.containers[1].depends_on = {"vm-runner"};
  return host;
}

// When the scenario is looked at; everything in it runs since an hour.
inline absl::Time ScenarioTime() { return absl::FromUnixSeconds(1'767'312'000); }  // 2026-01-02T00:00:00Z

// What inspect would say of `want`, running.
inline docker::Container Running(const desired::Container& want) {
  docker::Container c;
  c.id = FakeId(want.name);
  c.name = want.name;
  c.image = want.image();
  c.image_id = absl::StrCat("sha256:", want.image());
  c.labels = want.config.labels;
  c.hostname = want.config.hostname;
  c.status = docker::ContainerStatus::kRunning;
  c.started_ever = true;
  c.created_at = c.started_at = ScenarioTime() - absl::Hours(1);
  c.restart_policy = want.config.restart_policy;
  c.resources = want.config.resources;
  if (c.resources.memory && !c.resources.memory_swap) c.resources.memory_swap = *c.resources.memory * 2;
  c.network_mode = want.config.network_mode;
  if (!want.network.empty())
    c.networks[want.network] = {FakeId(want.network), "172.18.0.2", want.config.aliases};
  c.ports = want.config.ports;
  c.mounts = want.config.mounts;
  if (want.config.cmd) c.cmd = *want.config.cmd;
  for (const auto& [name, variable] : want.config.env) c.env[name] = variable.value;
  c.stop_timeout = want.config.stop_timeout;
  return c;
}

inline docker::Network Existing(const desired::Network& want) {
  docker::Network n;
  n.id = FakeId(want.config.name);
  n.config = want.config;
  return n;
}

// Everything of `host` runs and is in sync.
inline plan::ObservedState Converged(const desired::Host& host) {
  plan::ObservedState now;
  now.taken_at = ScenarioTime();
  if (host.network) now.networks.push_back(Existing(*host.network));
  for (const desired::Container& c : host.containers) {
    now.containers.push_back(Running(c));
    if (host.network) now.networks[0].members.push_back({FakeId(c.name), c.name});
    now.images[c.image()] =
        docker::Image{absl::StrCat("sha256:", c.image()), {c.image()}, {}, "linux", "amd64"};
    now.facts.ready[c.name] = true;
    now.facts.probes[FakeId(c.name)] = {.ready = true,
                                        .was_ready = true,
                                        .ready_for = absl::Hours(1),
                                        .watched_for = absl::Hours(1),
                                        .message = "",
                                        .unalive = ""};
  }
  now.facts.host_cpus = 2;
  return now;
}

}  // namespace spacelet::testing
