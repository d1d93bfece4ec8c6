#include "pkg/observe/rivals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/testing/scenario.h"

namespace spacelet::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Rivals : public ::testing::Test {
 protected:
  Rivals() {
    host_.containers[0].config.ports = {{"127.0.0.1", 3000, 3000, "tcp"}};
    host_.containers[1].config.env["DELEGATE_NAME"] = {"docker-delegate", false};
    foreign_.id = FakeId("web");
    foreign_.name = "web";
    foreign_.image = "web:1";
    foreign_.state = "running";
  }

  // "<object> <blocks>: <reason>" each.
  std::vector<std::string> Find(const docker::Container* inspected = nullptr) {
    std::map<std::string, docker::Container> known;
    if (inspected) known[foreign_.id] = *inspected;
    std::vector<std::string> texts;
    for (const plan::Rival& r : observe::FindRivals(host_, {foreign_}, known))
      texts.push_back(absl::StrCat(r.object, r.blocks ? " blocks: " : ": ", r.reason));
    return texts;
  }

  desired::Host host_ = DesiredHost();
  docker::ContainerSummary foreign_;
};

TEST_F(Rivals, AContainerThatHoldsThePortBlocks) {
  foreign_.ports = {{"0.0.0.0", 3000, 80, "tcp"}};
  EXPECT_THAT(Find(), ElementsAre(HasSubstr("container/vm-runner blocks: container web")));
}

TEST_F(Rivals, WhoIsAdvisedToRemoveAContainerIsToldHowItIsNotKilled) {
  foreign_.ports = {{"0.0.0.0", 3000, 3000, "tcp"}};
  EXPECT_THAT(Find(), ElementsAre(HasSubstr("(docker stop web && docker rm web)")));
  foreign_.image = "drone/drone-runner-aws:latest";
  EXPECT_THAT(Find(), ElementsAre(HasSubstr("(docker stop -t 300 web && docker rm web)")));
  foreign_.image = "harness/delegate:25.03.85504";
  EXPECT_THAT(Find(), ElementsAre(HasSubstr("(docker stop -t 600 web && docker rm web)")));
}

TEST_F(Rivals, OneOfDockerComposeIsTakenOutOfItsProject) {
  foreign_.ports = {{"0.0.0.0", 3000, 80, "tcp"}};
  foreign_.labels["com.docker.compose.project"] = "gitspaces";
  EXPECT_THAT(Find(), ElementsAre(AllOf(HasSubstr("of docker compose project gitspaces, holds port"),
                                        HasSubstr("(docker compose -p gitspaces down)"))));
}

TEST_F(Rivals, OnAPortOnlyTheSameProgramDoesTheSameWork) {
  foreign_.ports = {{"0.0.0.0", 3000, 80, "tcp"}};
  EXPECT_FALSE(observe::FindRivals(host_, {foreign_}, {})[0].same_work);
  foreign_.image = "runner:0.9";
  EXPECT_TRUE(observe::FindRivals(host_, {foreign_}, {})[0].same_work);
}

TEST_F(Rivals, AnotherAddressOrProtocolIsNoRival) {
  foreign_.ports = {{"10.0.0.1", 3000, 80, "tcp"}, {"127.0.0.1", 3000, 80, "udp"}};
  EXPECT_THAT(Find(), IsEmpty());
}

TEST_F(Rivals, AStoppedContainerHoldsNothing) {
  foreign_.state = "exited";
  foreign_.ports = {{"0.0.0.0", 3000, 80, "tcp"}};
  EXPECT_THAT(Find(), IsEmpty());
}

TEST_F(Rivals, OneThatAnswersToOurHostnameIsNamed) {
  docker::Container inspected;
  inspected.hostname = "vm-runner";
  inspected.networks["harness"] = {};
  EXPECT_THAT(Find(&inspected), ElementsAre(HasSubstr("answers to vm-runner on network harness")));
  inspected.networks = {{"bridge", {}}};
  EXPECT_THAT(Find(&inspected), IsEmpty());
}

TEST_F(Rivals, OfAHostnameWithASuffixTheNameThatOthersUseIsMeant) {
  host_.containers[0].config.hostname = "vm-runner-11111111";
  host_.containers[0].spare_hostname = "vm-runner-22222222";
  docker::Container inspected;
  inspected.hostname = "vm-runner";
  inspected.networks["harness"] = {};
  EXPECT_THAT(Find(&inspected), ElementsAre(HasSubstr("answers to vm-runner on network harness")));
}

TEST_F(Rivals, OneOfTheSameDelegateNameIsNamed) {
  docker::Container inspected;
  inspected.env["DELEGATE_NAME"] = "docker-delegate";
  EXPECT_THAT(Find(&inspected), ElementsAre(HasSubstr("container/docker-delegate: container web")));
}

TEST_F(Rivals, TheUpgraderOfOurDelegateIsNamedAndThatOfAnotherIsNot) {
  docker::Container inspected;
  foreign_.image = "harness/upgrader:latest";
  inspected.env["UPGRADER_WORKLOAD_NAME"] = "docker-delegate";
  EXPECT_THAT(Find(&inspected), ElementsAre(HasSubstr("upgrader")));
  inspected.env["UPGRADER_WORKLOAD_NAME"] = "another";
  EXPECT_THAT(Find(&inspected), IsEmpty());
}

TEST_F(Rivals, OnlySuspectsAreInspected) {
  EXPECT_FALSE(observe::IsSuspect(host_, foreign_));
  foreign_.networks = {"harness"};
  EXPECT_TRUE(observe::IsSuspect(host_, foreign_));
  foreign_.networks.clear();
  foreign_.image = "drone/drone-runner-aws:latest";
  EXPECT_TRUE(observe::IsSuspect(host_, foreign_));
}

}  // namespace
}  // namespace spacelet::testing
