#include "pkg/plan/diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pkg/plan/container.h"
#include "test/pkg/plan/plan_case.h"

namespace spacelet::testing {
namespace {

using ::testing::Contains;
using ::testing::Field;
using ::testing::Not;

// A delegate under StartFirst: the hostname ends with a part of the spec hash, the alias is the document's.
class SuffixedHostname : public ::testing::Test {
 protected:
  SuffixedHostname() {
    want().config.hostname = "docker-delegate-11111111";
    want().spare_hostname = "docker-delegate-22222222";
    now_ = Converged(host_);
  }

  desired::Container& want() { return host_.containers[1]; }
  docker::Container& have() { return Find(now_, "docker-delegate"); }
  plan::FieldView Explained() {
    for (const plan::FieldView& view : plan::Explain(want(), &have(), now_))
      if (view.field == "hostname") return view;
    return {};
  }
  // Of the container that is made beside the one that is there.
  std::string HostnameOfTheNext() {
    want().rollout.strategy = api::Rollout::Strategy::kStartFirst;
    SetSpec(want(), "v1:delegate-2");
    for (const plan::Step& step : plan::ComputeFor("container/docker-delegate", host_, now_).steps)
      if (const auto* create = std::get_if<plan::CreateContainer>(&step.operation))
        return create->request.config.hostname;
    return "none";
  }

  desired::Host host_ = DesiredHost();
  plan::ObservedState now_;
};

TEST_F(SuffixedHostname, IsNoDriftOfAContainerThatWasMadeWithoutIt) {
  have().hostname = "docker-delegate";
  EXPECT_TRUE(plan::Compute(host_, now_).in_sync());
  EXPECT_EQ(Explained().decision, "in sync");
  EXPECT_EQ(Explained().desired, "docker-delegate");
}

TEST_F(SuffixedHostname, IsNoDriftWhenTheDocumentHasGoneBackToRecreate) {
  want().config.hostname = "docker-delegate";
  want().spare_hostname = "";
  EXPECT_TRUE(plan::Compute(host_, now_).in_sync());
  EXPECT_EQ(Explained().decision, "in sync");
}

TEST_F(SuffixedHostname, IsNoReasonBesideOthersForANewContainer) {
  SetSpec(want(), "v1:delegate-2");
  want().config.hostname = "docker-delegate-33333333";
  EXPECT_THAT(plan::ReplaceReasons(want(), have(), now_),
              Not(Contains(Field(&plan::Change::field, "hostname"))));
  EXPECT_EQ(Explained().decision, "in sync");
}

TEST_F(SuffixedHostname, AnotherNameIsAReason) {
  SetSpec(want(), "v1:delegate-2");
  want().config.hostname = "other-33333333";
  want().config.aliases = {"other"};
  EXPECT_THAT(plan::ReplaceReasons(want(), have(), now_),
              Contains(plan::Change{"hostname", "docker-delegate-11111111", "other"}));
  EXPECT_EQ(Explained().decision, "replace");
}

TEST_F(SuffixedHostname, IsThatOfTheNextContainer) {
  have().hostname = "docker-delegate";
  EXPECT_EQ(HostnameOfTheNext(), "docker-delegate-11111111");
}

// A secret's new value or a moved tag: the same spec, and so the same suffix.
TEST_F(SuffixedHostname, TheNextContainerNeverSharesItWithTheOneThatRuns) {
  have().hostname = "docker-delegate-11111111";
  EXPECT_EQ(HostnameOfTheNext(), "docker-delegate-22222222");
}

}  // namespace
}  // namespace spacelet::testing
