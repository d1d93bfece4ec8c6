#include "pkg/app/dependencies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <latch>
#include <set>

#include "pkg/base/mutex.h"
#include "test/testing/scenario.h"

namespace spacelet::app {
namespace {

using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

// A checker that is never asked for work under way.
class ReadinessOnly : public probe::Checker {
 public:
  absl::StatusOr<double> Sample(const probe::Target&, const probe::DrainMetric&,
                                const std::stop_token&) override {
    ADD_FAILURE() << "a plan asks for readiness only";
    return absl::UnimplementedError("");
  }
};

// Answers by container id, and remembers who was asked.
class Answers : public ReadinessOnly {
 public:
  explicit Answers(std::set<std::string> failing = {}) : failing_(std::move(failing)) {}
  absl::Status Check(const probe::Target& target, const api::Probe&, const std::stop_token&) override {
    base::MutexLock lock(mu_);
    asked_.insert(target.id);
    return failing_.contains(target.id) ? absl::UnavailableError("GET :3000/healthz: 503") : absl::OkStatus();
  }
  std::set<std::string> asked() const {
    base::MutexLock lock(mu_);
    return asked_;
  }

 private:
  const std::set<std::string> failing_;
  mutable base::Mutex mu_;
  std::set<std::string> asked_;
};

api::Probe SomeProbe() { return api::Probe{api::Probe::HttpGet{"/healthz", 3000}}; }

// The runner and an exporter run, and the delegate depends on both.
struct Scene {
  Scene() {
    host = testing::DesiredHost();
    host.containers.push_back(testing::DesiredContainer("exporter", "exporter", "exporter:1"));
    Container("docker-delegate").depends_on = {"vm-runner", "exporter"};
    for (const char* name : {"vm-runner", "exporter", "docker-delegate"})
      Container(name).readiness = SomeProbe();
    now = testing::Converged(host);
    now.facts.ready.clear();
    now.facts.probes.clear();
  }
  desired::Container& Container(const std::string& name) {
    for (desired::Container& c : host.containers)
      if (c.name == name) return c;
    std::abort();
  }
  void Ask(probe::Checker& checker) { AskDependencies(host, checker, {}, now); }

  desired::Host host;
  plan::ObservedState now;
};

TEST(AskDependencies, AsksWhatSomebodyDependsOnAndNobodyElse) {
  Scene scene;
  Answers answers({testing::FakeId("exporter")});
  scene.Ask(answers);
  EXPECT_THAT(answers.asked(),
              UnorderedElementsAre(testing::FakeId("vm-runner"), testing::FakeId("exporter")));
  EXPECT_TRUE(scene.now.facts.ready.at("vm-runner"));
  EXPECT_FALSE(scene.now.facts.ready.at("exporter"));
  EXPECT_EQ(scene.now.facts.probes.at(testing::FakeId("exporter")).message, "GET :3000/healthz: 503");
  EXPECT_EQ(scene.now.facts.ready.count("docker-delegate"), 0u);
}

TEST(AskDependencies, WhatDoesNotRunIsNotAsked) {
  Scene scene;
  for (docker::Container& c : scene.now.containers) c.status = docker::ContainerStatus::kExited;
  Answers answers;
  scene.Ask(answers);
  EXPECT_THAT(answers.asked(), IsEmpty());
  EXPECT_THAT(scene.now.facts.ready, IsEmpty());
}

TEST(AskDependencies, WithoutAReadinessProbeTheStartupProbeIsAskedAndWithoutEitherItIsReady) {
  Scene scene;
  scene.Container("exporter").readiness.reset();
  scene.Container("vm-runner").readiness.reset();
  scene.Container("vm-runner").startup = SomeProbe();
  Answers answers({testing::FakeId("vm-runner")});
  scene.Ask(answers);
  EXPECT_THAT(answers.asked(), UnorderedElementsAre(testing::FakeId("vm-runner")));
  EXPECT_TRUE(scene.now.facts.ready.at("exporter"));
  EXPECT_FALSE(scene.now.facts.ready.at("vm-runner"));
}

// Each answers only once the other was asked.
class Meeting : public ReadinessOnly {
 public:
  absl::Status Check(const probe::Target&, const api::Probe&, const std::stop_token&) override {
    both_.arrive_and_wait();
    return absl::OkStatus();
  }

 private:
  std::latch both_{2};
};

TEST(AskDependencies, AllAreAskedSideBySide) {
  Scene scene;
  Meeting meeting;
  scene.Ask(meeting);
  EXPECT_TRUE(scene.now.facts.ready.at("vm-runner"));
  EXPECT_TRUE(scene.now.facts.ready.at("exporter"));
}

}  // namespace
}  // namespace spacelet::app
