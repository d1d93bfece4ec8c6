#include "pkg/plan/pool_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/pkg/plan/plan_case.h"

namespace spacelet::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kOne[] = "/srv/runner/.spacelet/pool-1111111111111111.yaml";
constexpr char kTwo[] = "/srv/runner/.spacelet/pool-2222222222222222.yaml";
constexpr char kThree[] = "/srv/runner/.spacelet/pool-3333333333333333.yaml";

class OldPoolFiles : public ::testing::Test {
 protected:
  OldPoolFiles() {
    host_.containers[0].pool = desired::PoolFile{kTwo, "", "", ""};
    now_ = Converged(host_);
    StartedWith(Find(now_, "vm-runner"), kTwo);
    now_.facts.pool_files_found = {kOne, kTwo, kThree};
  }

  // The container sees it elsewhere than the host.
  static void StartedWith(docker::Container& c, std::string file) {
    c.cmd = {"delegate", "--pool", "/runner" + file.substr(file.find("/.spacelet"))};
  }
  std::vector<std::string> Removed() {
    std::vector<std::string> paths;
    for (const plan::Step& step : plan::RemoveOldPoolFiles(host_.containers[0], now_))
      paths.push_back(std::get<plan::RemovePoolFile>(step.operation).path);
    return paths;
  }

  desired::Host host_ = DesiredHost();
  plan::ObservedState now_;
};

TEST_F(OldPoolFiles, AreThoseThatNobodyNames) { EXPECT_THAT(Removed(), ElementsAre(kOne, kThree)); }

TEST_F(OldPoolFiles, AContainerToGoBackToKeepsItsOwn) {
  StartedWith(
      AddPart(now_, host_.containers[0], "vm-runner.previous", "v1:old", docker::ContainerStatus::kExited),
      kOne);
  EXPECT_THAT(Removed(), ElementsAre(kThree));
}

TEST_F(OldPoolFiles, OneThatIsNamedByAVariableOrMountedIsInUse) {
  Find(now_, "vm-runner").env["POOL"] = kOne;
  Find(now_, "docker-delegate").mounts = {{kThree, "/pool.yaml", true}};
  EXPECT_THAT(Removed(), IsEmpty());
}

TEST_F(OldPoolFiles, TheWantedOneStaysAlsoBeforeAnybodyWasStartedWithIt) {
  StartedWith(Find(now_, "vm-runner"), kOne);
  EXPECT_THAT(Removed(), ElementsAre(kThree));
}

TEST_F(OldPoolFiles, WhileThePoolIsBlockedNothingIsOld) {
  host_.containers[0].pool.reset();
  EXPECT_THAT(Removed(), IsEmpty());
}

}  // namespace
}  // namespace spacelet::testing
