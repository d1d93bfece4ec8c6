// Properties of the whole middle (observe, plan, execute) over random hosts, random hands and random deaths.
// A failure prints its seed; SPACELET_PROPERTY_SEED=<seed> runs that one alone, SPACELET_PROPERTY_RUNS=<n>
// more of them.
#include <gtest/gtest.h>

#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "pkg/api/labels.h"
#include "pkg/desired/compile.h"
#include "pkg/plan/ownership.h"
#include "test/property/world.h"
#include "test/testing/scenario.h"

namespace spacelet::testing {
namespace {

using Status = docker::ContainerStatus;

std::vector<uint32_t> Seeds() {
  uint32_t seed = 0, runs = 150;
  if (const char* text = std::getenv("SPACELET_PROPERTY_SEED"); text && absl::SimpleAtoi(text, &seed))
    return {seed};
  if (const char* text = std::getenv("SPACELET_PROPERTY_RUNS")) (void)absl::SimpleAtoi(text, &runs);
  std::vector<uint32_t> seeds;
  for (uint32_t i = 1; i <= runs; ++i) seeds.push_back(i);
  return seeds;
}

void Publish(FakeDocker& docker) {
  docker
      .World([](FakeEngine& engine) {
        for (const char* image :
             {"runner:1", "runner:2", "delegate:1", "delegate:2", "exporter:1", "exporter:2", "stranger:1"})
          engine.Publish(image);
        return engine.Pull("stranger:1");
      })
      .IgnoreError();
}

std::string AddStranger(FakeDocker& docker) {
  docker::CreateContainerRequest request;
  request.name = "stranger";
  request.config.image = "stranger:1";
  request.config.restart_policy.name = "always";  // a restarted daemon brings it back
  const std::string id = docker.CreateContainer(request, {}).value();
  EXPECT_TRUE(docker.StartContainer(id, {}).ok());
  return id;
}

// I1, I4: between any two calls.
void ExpectInvariants(FakeDocker& docker, const std::string& stranger) {
  std::map<std::string, int> running;
  bool stranger_runs = false;
  for (const docker::Container& c : docker.Containers()) {
    const bool runs =
        c.status == Status::kRunning || c.status == Status::kPaused || c.status == Status::kRestarting;
    if (runs && plan::IsOwned(c.labels)) ++running[plan::ComponentOf(c.labels)];
    stranger_runs = stranger_runs || (c.id == stranger && runs && c.name == "stranger");
  }
  for (const auto& [component, count] : running) EXPECT_LE(count, 1) << component;
  EXPECT_TRUE(stranger_runs);
}

// The next try will succeed.
void FailToRemove(const std::string& name, FakeDocker& docker) {
  docker.World([&](FakeEngine& engine) { return engine.KeepFromRemoval(name, 1); }).IgnoreError();
  docker.RemoveContainer(name, {.force = true}, {}).IgnoreError();
}

// The part as another agent may have left it: of this spec or an older one, created, running, stopped, ended
// or dead.
void AddPart(std::mt19937& random, const desired::Container& want, const std::string& name,
             FakeDocker& docker) {
  docker.World([&](FakeEngine& engine) { return engine.Remove(name, true); }).IgnoreError();
  docker::CreateContainerRequest request{name, "", want.config};
  request.config.image = "stranger:1";  // there in any case
  if (random() % 2) request.config.labels[api::kLabelSpecHash] = "v1:older";
  ASSERT_TRUE(docker.CreateContainer(request, {}).ok());
  const int state = static_cast<int>(random() % 5);
  if (state > 0) docker.StartContainer(name, {}).IgnoreError();  // refused where another one holds its port
  if (state > 1) docker.StopContainer(name, absl::Seconds(1), {}).IgnoreError();
  if (state == 4) FailToRemove(name, docker);
}

// As somebody may have started it by hand, named or not.
std::string StartByHand(std::mt19937& random, const desired::Container& want, FakeDocker& docker) {
  docker::CreateContainerRequest request;
  request.name = random() % 2 ? want.name : absl::StrCat("silly_", want.component);
  request.config.image = absl::StrCat(want.component, ":1");
  request.config.hostname = want.config.hostname;
  request.config.network_mode = want.config.network_mode;
  request.config.ports = want.config.ports;
  request.config.restart_policy.name = random() % 2 ? "always" : "";
  docker.World([&](FakeEngine& engine) { return engine.Pull(request.config.image); }).IgnoreError();
  const std::string id = docker.CreateContainer(request, {}).value();
  EXPECT_TRUE(docker.StartContainer(id, {}).ok());
  return id;
}

// Of each workload one runs, whoever started it, or one is there that can be started; never two run.
void ExpectOneOfEach(const desired::Host& host, const std::map<std::string, std::string>& by_hand,
                     FakeDocker& docker) {
  for (const desired::Container& want : host.containers) {
    int running = 0, there = 0;
    for (const docker::Container& c : docker.Containers()) {
      if (plan::ComponentOf(c.labels) != want.component && c.id != by_hand.at(want.component)) continue;
      running += c.status == Status::kRunning;
      ++there;
    }
    EXPECT_LE(running, 1) << want.component;
    EXPECT_GE(there, 1) << want.component;
  }
}

class Property : public ::testing::TestWithParam<uint32_t> {};

TEST_P(Property, AnyMeddledHostConvergesAndASecondPassDoesNothing) {
  std::mt19937 random(GetParam());
  World world;
  Publish(world.docker);
  desired::Host host = RandomHost(random, 1);
  for (int revision = 1; revision <= 4; ++revision) {
    if (random() % 2) host = RandomHost(random, revision);
    ASSERT_TRUE(world.Converge(host)) << world.last_plan;
    world.docker.ClearCalls();
    EXPECT_TRUE(world.Reconcile(host).in_sync()) << world.last_plan;
    EXPECT_EQ(world.docker.mutating_calls(), 0) << world.last_plan;
    for (unsigned hands = random() % 4; hands > 0; --hands) Meddle(random, host, world.docker);
  }
  ASSERT_TRUE(world.Converge(host)) << world.last_plan;
}

TEST_P(Property, DeathAfterAnyCallEndsInTheSameState) {
  std::string expected;
  for (int die_after = 1; die_after < 60; ++die_after) {
    std::mt19937 random(GetParam());
    World world;
    Publish(world.docker);
    const std::string stranger = AddStranger(world.docker);
    const desired::Host before = RandomHost(random, 1), after = RandomHost(random, 2);
    ASSERT_TRUE(world.Converge(before)) << world.last_plan;
    Meddle(random, before, world.docker);
    if (expected.empty()) {  // the undisturbed run, first
      std::mt19937 same(GetParam());
      World undisturbed;
      Publish(undisturbed.docker);
      AddStranger(undisturbed.docker);
      const desired::Host b = RandomHost(same, 1), a = RandomHost(same, 2);
      ASSERT_TRUE(undisturbed.Converge(b));
      Meddle(same, b, undisturbed.docker);
      ASSERT_TRUE(undisturbed.Converge(a)) << undisturbed.last_plan;
      expected = undisturbed.EndState();
    }
    world.docker.SetHook([&](const Call& call) {
      if (call.mutating) ExpectInvariants(world.docker, stranger);
    });
    world.docker.ClearCalls();
    world.docker.CutAfter(die_after);
    world.Converge(after, 3);
    const bool died = world.docker.mutating_calls() > die_after;
    world.docker.Revive();
    ASSERT_TRUE(world.Converge(after)) << "died after " << die_after << "\n" << world.last_plan;
    EXPECT_EQ(world.EndState(), expected) << "died after " << die_after;
    if (!died || HasFailure()) break;
  }
}

// I2: whatever fails (and however often), a workload that ran has a container that runs or could be started.
TEST_P(Property, NoFailureLeavesAWorkloadWithoutAContainer) {
  std::mt19937 random(GetParam());
  World world;
  Publish(world.docker);
  desired::Host before = RandomHost(random, 1), after = RandomHost(random, 2);
  ASSERT_TRUE(world.Converge(before)) << world.last_plan;
  std::set<std::string> kept;  // in both documents
  for (const desired::Container& c : before.containers)
    if (after.Find(c.name)) kept.insert(c.component);
  world.docker.SetHook([&](const Call&) {
    for (const std::string& component : kept) {
      const std::vector<docker::Container> containers = world.docker.Containers();
      EXPECT_TRUE(std::any_of(containers.begin(), containers.end(), [&](const docker::Container& c) {
        return plan::ComponentOf(c.labels) == component && c.status != Status::kDead &&
               c.status != Status::kRemoving;
      })) << component;
    }
  });
  for (int round = 0; round < 6; ++round) {
    const auto kind = random() % 3 == 0 ? Fault::Kind::kLoseReply : Fault::Kind::kFail;
    world.docker.Inject({"", 1 + static_cast<int>(random() % 6), kind, absl::UnavailableError("fault"), 1});
    world.Reconcile(after);
  }
  ASSERT_TRUE(world.Converge(after, 20)) << world.last_plan;
}

// The same containers as before, wherever the agent died: nothing new stays, nothing old is lost.
TEST_P(Property, ABadDocumentEndsWithTheContainersThatRanBeforeWhereverTheAgentDies) {
  for (int die_after = 1; die_after < 60; ++die_after) {
    std::mt19937 random(GetParam());
    World world;
    Publish(world.docker);
    const std::string stranger = AddStranger(world.docker);
    desired::Host before = RandomHost(random, 1), after = before;
    ASSERT_TRUE(world.Converge(before)) << world.last_plan;
    for (desired::Container& c : after.containers) {
      if (&c != &after.containers.front() && random() % 2) continue;
      c.config.env["BAD"] = {"1", false};
      SetSpec(c, desired::SpecHash(c));
      world.bad.insert(c.spec_hash);
      if (c.config.ports.empty() && random() % 2) c.rollout.strategy = api::Rollout::Strategy::kStartFirst;
    }
    const std::string expected = world.EndState();
    std::set<std::string> ids;
    for (const docker::Container& c : world.docker.Containers()) ids.insert(c.id);
    world.docker.ClearCalls();
    world.docker.CutAfter(die_after);
    world.Settle(after, 8);
    const bool died = world.docker.mutating_calls() > die_after;
    world.docker.Revive();
    ASSERT_TRUE(world.Settle(after)) << "died after " << die_after << "\n" << world.last_plan;
    EXPECT_EQ(world.EndState(), expected) << "died after " << die_after;
    for (const docker::Container& c : world.docker.Containers()) EXPECT_TRUE(ids.contains(c.id)) << c.name;
    if (!died || HasFailure()) break;
  }
}

TEST_P(Property, WhatWasStartedByHandIsTakenOverOrComesBackWhereverTheAgentDies) {
  std::string expected;
  for (int die_after = 0; die_after < 80; ++die_after) {
    std::mt19937 random(GetParam());
    World world;
    Publish(world.docker);
    const std::string stranger = AddStranger(world.docker);
    desired::Host host = RandomHost(random, 1);
    docker::NetworkConfig network;
    network.name = "harness";
    network.driver = "bridge";
    ASSERT_TRUE(world.docker.CreateNetwork(network, {}).ok());
    std::map<std::string, std::string> by_hand;  // component -> id
    for (desired::Container& c : host.containers) {
      c.takeover = true;
      by_hand[c.component] = StartByHand(random, c, world.docker);
    }
    const bool fails = random() % 2;
    if (fails) world.bad.insert(host.containers.front().spec_hash);
    world.docker.SetHook([&](const Call& call) {
      if (!call.mutating) return;
      ExpectInvariants(world.docker, stranger);
      ExpectOneOfEach(host, by_hand, world.docker);
    });
    world.docker.ClearCalls();
    if (die_after > 0) {  // the undisturbed run first
      world.docker.CutAfter(die_after);
      world.Settle(host, 8);
    }
    const bool died = die_after == 0 || world.docker.mutating_calls() > die_after;
    world.docker.Revive();
    ASSERT_TRUE(world.Settle(host)) << "died after " << die_after << "\n" << world.last_plan;
    if (expected.empty()) expected = world.EndState();
    EXPECT_EQ(world.EndState(), expected) << "died after " << die_after;
    for (const docker::Container& c : world.docker.Containers()) {
      EXPECT_EQ(c.status, Status::kRunning) << c.name;
      if (c.name == host.containers.front().name) {
        EXPECT_EQ(c.id == by_hand[host.containers.front().component], fails);
      }
    }
    if (!died || HasFailure()) break;
  }
}

// The network is there as it was, under the very containers that ran before.
TEST_P(Property, ANetworkThatDockerRefusesEndsWithTheOldOneWhereverTheAgentDies) {
  for (int die_after = 0; die_after < 30; ++die_after) {
    std::mt19937 random(GetParam());
    World world;
    Publish(world.docker);
    desired::Host before = RandomHost(random, 1);
    docker::NetworkConfig config{"harness", "bridge", random() % 2 ? "10.78.0.0/24" : "", "", false, false,
                                 {},        {}};
    before.network = desired::LabelledNetwork(config, before.name, "1");
    ASSERT_TRUE(world.Converge(before)) << world.last_plan;
    docker::NetworkConfig others{"others", "bridge", "10.79.0.0/24", "", false, false, {}, {}};
    ASSERT_TRUE(world.docker.CreateNetwork(others, {}).ok());
    desired::Host after = before;
    config.subnet = others.subnet;
    after.network = desired::LabelledNetwork(config, before.name, "2");
    std::map<std::string, absl::Time> started;
    for (const docker::Container& c : world.docker.Containers()) started[c.id] = c.started_at;
    world.docker.ClearCalls();
    world.docker.CutAfter(die_after);
    world.Settle(after, 3);
    const bool died = world.docker.mutating_calls() > die_after;
    world.docker.Revive();
    ASSERT_TRUE(world.Settle(after)) << "died after " << die_after << "\n" << world.last_plan;
    for (const docker::Network& n : world.docker.Networks())
      if (n.config.name == "harness") {
        EXPECT_EQ(n.config.labels.at(api::kLabelSpecHash), before.network->spec_hash) << die_after;
      }
    std::map<std::string, absl::Time> still;
    for (const docker::Container& c : world.docker.Containers()) {
      still[c.id] = c.started_at;
      EXPECT_TRUE(c.networks.contains("harness")) << c.name << " after " << die_after;
    }
    EXPECT_EQ(still, started) << "died after " << die_after;
    if (!died || HasFailure()) break;
  }
}

// Any mixture of current, next and previous, whoever made it: it settles, and what is not bad runs.
TEST_P(Property, AnyMixtureOfPartsSettles) {
  std::mt19937 random(GetParam());
  World world;
  Publish(world.docker);
  const desired::Host host = RandomHost(random, 1);
  ASSERT_TRUE(world.Converge(host)) << world.last_plan;
  for (const desired::Container& want : host.containers)
    for (const std::string& name : {want.name, plan::NextName(want.name), plan::PreviousName(want.name)})
      if (random() % 2) AddPart(random, want, name, world.docker);
  if (random() % 2) world.bad.insert(host.containers.front().spec_hash);
  ASSERT_TRUE(world.Settle(host)) << world.last_plan;
  std::map<std::string, int> runs, there;
  for (const docker::Container& c : world.docker.Containers()) {
    ++there[plan::ComponentOf(c.labels)];
    if (c.status == Status::kRunning) ++runs[plan::ComponentOf(c.labels)];
  }
  for (const desired::Container& want : host.containers) {
    // One of which nothing was left to be started waits for another one that never gets ready.
    const bool waits = there[want.component] == 0 && !world.bad.empty();
    EXPECT_EQ(runs[want.component], waits ? 0 : 1) << world.last_plan;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, Property, ::testing::ValuesIn(Seeds()));

}  // namespace
}  // namespace spacelet::testing
