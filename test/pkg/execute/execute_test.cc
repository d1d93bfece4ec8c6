#include "pkg/execute/execute.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "test/testing/fake_clock.h"
#include "test/testing/fake_docker.h"
#include "test/testing/scenario.h"
#include "test/testing/temporary.h"

namespace spacelet::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class Recorder : public execute::Listener {
 public:
  void StepStarted(const plan::Step& step) override {
    ++started;
    if (on_started) on_started(step);
  }
  void StepFinished(const plan::Step&, const absl::Status& status, absl::Duration) override {
    statuses.push_back(status);
  }
  void PullProgressed(const plan::Step&, const docker::PullProgress&) override {}
  int started = 0;
  std::vector<absl::Status> statuses;
  std::function<void(const plan::Step&)> on_started;
};

class Execute : public ::testing::Test {
 protected:
  Execute() {
    docker_.World([](FakeEngine& engine) { return engine.Publish("runner:1"); });
  }
  static plan::Step Step(plan::Operation operation, bool waits = false) {
    return {std::move(operation), "container/vm-runner", "test", {}, waits};
  }
  plan::CreateContainer Create() {
    docker::CreateContainerRequest request{"vm-runner", "", host_.containers[0].config};
    request.config.network_mode = "bridge";
    request.config.aliases.clear();
    return {request};
  }

  FakeDocker docker_;
  FakeClock clock_;
  secret::Redactor redactor_;
  secret::Store secrets_{clock_, redactor_};
  Recorder recorder_;
  execute::Executor executor_{docker_, execute::HostFiles(), secrets_, clock_, recorder_};
  desired::Host host_ = DesiredHost();
};

TEST_F(Execute, RunsTheStepsInOrder) {
  plan::Plan plan;
  plan.steps = {Step(plan::PullImage{"runner:1", "", std::nullopt}), Step(Create()),
                Step(plan::StartContainer{"vm-runner"})};
  const execute::Report report = executor_.Run(plan, {});
  EXPECT_TRUE(report.status.ok()) << report.status;
  EXPECT_EQ(report.steps_done, 3u);
  ASSERT_EQ(docker_.Containers().size(), 1u);
  EXPECT_EQ(docker_.Containers()[0].status, docker::ContainerStatus::kRunning);
}

TEST_F(Execute, StopsAtTheFirstFailureAndRetriesNothing) {
  plan::Plan plan;
  plan.steps = {Step(Create()), Step(plan::StartContainer{"vm-runner"})};  // the image was not pulled
  const execute::Report report = executor_.Run(plan, {});
  EXPECT_TRUE(absl::IsNotFound(report.status)) << report.status;
  EXPECT_THAT(std::string(report.status.message()), HasSubstr("CreateContainer vm-runner from runner:1: "));
  EXPECT_EQ(report.failed_step, 0u);
  EXPECT_EQ(report.failed_object, "container/vm-runner");
  EXPECT_EQ(docker_.mutating_calls(), 1);
}

TEST_F(Execute, StopsBeforeAStepThatWaits) {
  plan::Plan plan;
  plan.steps = {Step(plan::PullImage{"runner:1", "", std::nullopt}), Step(Create(), true)};
  const execute::Report report = executor_.Run(plan, {});
  EXPECT_TRUE(report.stopped_early);
  EXPECT_EQ(report.steps_done, 1u);
  EXPECT_TRUE(docker_.Containers().empty());
}

TEST_F(Execute, ANewerRevisionTakesEffectBetweenTwoSteps) {
  std::stop_source interrupt;
  recorder_.on_started = [&](const plan::Step& step) {
    if (std::holds_alternative<plan::CreateContainer>(step.operation)) interrupt.request_stop();
  };
  plan::Plan plan;
  plan.steps = {Step(plan::PullImage{"runner:1", "", std::nullopt}), Step(Create()),
                Step(plan::StartContainer{"vm-runner"})};
  const execute::Report report = executor_.Run(plan, interrupt.get_token());
  EXPECT_TRUE(report.stopped_early);
  EXPECT_TRUE(report.status.ok());
  ASSERT_EQ(docker_.Containers().size(), 1u);  // a call that was begun is seen through
  EXPECT_EQ(docker_.Containers()[0].status, docker::ContainerStatus::kCreated);
}

TEST_F(Execute, APullWithoutItsPasswordIsNotTriedAnonymously) {
  plan::PullImage pull{"runner:1", "", api::ImagePullSecret{"user", FileSecret("/nonexistent/password")}};
  plan::Plan plan;
  plan.steps = {Step(pull)};
  const execute::Report report = executor_.Run(plan, {});
  EXPECT_TRUE(absl::IsUnavailable(report.status));
  EXPECT_THAT(std::string(report.status.message()), HasSubstr("imagePullSecret.password"));
  EXPECT_EQ(docker_.mutating_calls(), 0);
}

TEST_F(Execute, APullOfAnotherPlatformThanWantedHasFailed) {
  plan::Plan plan;
  plan.steps = {Step(plan::PullImage{"runner:1", "linux/arm64", std::nullopt}), Step(Create())};
  const execute::Report report = executor_.Run(plan, {});
  EXPECT_EQ(report.steps_done, 0u);
  EXPECT_THAT(std::string(report.status.message()),
              AllOf(HasSubstr("PullImage runner:1: ImagePlatformMismatch: "), HasSubstr("linux/amd64"),
                    HasSubstr("check `platform`")));
  EXPECT_EQ(docker_.CountCalls("CreateContainer"), 0);
}

class Archive : public Execute {
 protected:
  Archive() {
    const absl::Status removed = docker_.World([&](FakeEngine& engine) {
      engine.Seed("runner:1");
      std::ofstream(path_) << *engine.Save("runner:1");
      return engine.RemoveImage("runner:1");
    });
    EXPECT_TRUE(removed.ok()) << removed;
  }
  ~Archive() override { unlink(path_.c_str()); }
  execute::Report Load(const std::string& archive, const std::string& reference,
                       const std::string& platform = "linux/amd64") {
    plan::Plan plan;
    plan.steps = {Step(plan::LoadImage{archive, reference, platform}), Step(Create())};
    return executor_.Run(plan, {});
  }

  const std::string path_ = testing::TemporaryPath("execute-archive.tar");
};

TEST_F(Archive, BringsItsImage) {
  const execute::Report report = Load(path_, "runner:1");
  EXPECT_TRUE(report.status.ok()) << report.status;
  EXPECT_EQ(report.steps_done, 2u);
}

TEST_F(Archive, ThatHoldsNoImageOfThatNameOrPlatformHasFailed) {
  for (const execute::Report& report : {Load(path_, "runner:2"), Load(path_, "runner:1", "linux/arm64")}) {
    EXPECT_TRUE(absl::IsFailedPrecondition(report.status)) << report.status;
    EXPECT_THAT(
        std::string(report.status.message()),
        AllOf(HasSubstr("ImageArchiveFailed: "), HasSubstr("holds no such image"), HasSubstr("docker save")));
    EXPECT_EQ(report.steps_done, 0u);
  }
  EXPECT_EQ(docker_.CountCalls("CreateContainer"), 0);
}

TEST_F(Archive, ThatIsNotThereIsNamed) {
  const execute::Report report = Load("/nonexistent/image.tar", "runner:1");
  EXPECT_THAT(std::string(report.status.message()),
              AllOf(HasSubstr("ImageArchiveFailed: "), HasSubstr("/nonexistent/image.tar: No such file")));
}

TEST(Remedy, IsSaidForKnownRefusals) {
  struct Case {
    plan::Operation operation;
    absl::Status status;
    const char* words;
  };
  const Case kCases[] = {
      {plan::StartContainer{"c"},
       absl::UnavailableError("Bind for 0.0.0.0:3000 failed: port is already allocated"), "change `ports`"},
      {plan::CreateContainer{}, absl::InvalidArgumentError("bind source path does not exist: /srv/x"),
       "create that directory"},
      {plan::PullImage{"runner:9", "", {}},
       absl::ResourceExhaustedError("write /var/lib/docker/tmp/x: no space left on device"),
       "the disk is full"},
      {plan::PullImage{"runner:9", "", {}},
       absl::NotFoundError("manifest for runner:9 not found: manifest unknown"), "no such tag"},
      {plan::PullImage{"runner:9", "", {}}, absl::DeadlineExceededError("no byte for 10m"),
       "network between"},
      {plan::PullImage{"runner:9", "", {}}, absl::UnavailableError("something new"), ""},
      {plan::StartContainer{"c"},
       absl::UnavailableError(
           "AppArmor enabled on system but the docker-default profile could not be loaded: "
           "exec: \"apparmor_parser\": executable file not found in $PATH"),
       "apt-get install apparmor"},
      {plan::CreateNetwork{},
       absl::NotFoundError("could not find an available, non-overlapping IPv4 address pool among the "
                           "defaults to assign to the network"),
       "docker network prune"},
      {plan::CreateNetwork{},
       absl::InvalidArgumentError("all predefined address pools have been fully subnetted"),
       "docker network prune"},
      {plan::RemoveContainer{"c"},
       absl::UnavailableError("driver \"overlay2\" failed to remove root filesystem: unlinkat /x: device or "
                              "resource busy"),
       "does without that container"},
      {plan::CreateContainer{}, absl::UnavailableError("something new"), ""},
  };
  for (const Case& c : kCases)
    EXPECT_THAT(execute::Remedy(c.operation, c.status), HasSubstr(c.words)) << c.status;
}

}  // namespace
}  // namespace spacelet::testing
