#include "pkg/plan/image.h"

#include <gtest/gtest.h>

#include "pkg/plan/text.h"
#include "test/pkg/plan/plan_case.h"

namespace spacelet::testing {
namespace {

using api::PullPolicy;

TEST(LocalImage, IsOneOfTheWantedPlatform) {
  struct Case {
    const char *platform, *os, *architecture;
    bool local;
  };
  const Case cases[] = {
      {"", "linux", "arm64", true},
      {"linux/amd64", "linux", "amd64", true},
      {"linux/amd64", "linux", "arm64", false},
      {"linux/amd64", "windows", "amd64", false},
      {"linux/x86_64", "linux", "amd64", true},
      {"linux/arm64/v8", "linux", "arm64", true},
      {"linux/aarch64", "linux", "arm64", true},
      {"linux/amd64", "", "", true},  // the daemon does not say
  };
  for (const Case& c : cases) {
    desired::Host host = DesiredHost();
    plan::ObservedState now = Converged(host);
    host.containers[0].platform = c.platform;
    now.images["runner:1"]->os = c.os;
    now.images["runner:1"]->architecture = c.architecture;
    EXPECT_EQ(plan::LocalImage(host.containers[0], now) != nullptr, c.local)
        << c.platform << " " << c.os << "/" << c.architecture;
  }
}

struct PrepareCase {
  std::string name;
  PullPolicy policy;
  std::function<void(desired::Container& want, plan::ObservedState& now)> mutate;
  std::string text;
  bool blocked = false;
};
std::ostream& operator<<(std::ostream& out, const PrepareCase& c) { return out << c.name; }

class PrepareImage : public ::testing::TestWithParam<PrepareCase> {};

TEST_P(PrepareImage, IsWhatTheTableSays) {
  desired::Host host = DesiredHost();
  plan::ObservedState now = Converged(host);
  desired::Container& want = host.containers[0];
  want.pull_policy = GetParam().policy;
  GetParam().mutate(want, now);
  const plan::ImagePlan plan = plan::PrepareImage(want, now, "not found");
  plan::Plan whole;
  whole.steps = plan.steps;
  whole.waiting = plan.waiting;
  whole.notices = plan.notices;
  EXPECT_EQ(plan::ToText(whole), GetParam().text);
  EXPECT_EQ(plan.blocked(), GetParam().blocked);
}

constexpr auto kAsIs = [](auto&, auto&) {};
constexpr auto kAbsent = [](auto&, auto& now) { now.images["runner:1"] = std::nullopt; };
constexpr auto kOtherPlatform = [](auto& want, auto&) { want.platform = "linux/arm64"; };

const PrepareCase kPrepare[] = {
    {"AlwaysPullsWhatIsHere", PullPolicy::kAlways, kAsIs,
     "container/vm-runner  PullImage runner:1  (not found, pull policy Always)\n"},
    {"AlwaysPullsWhatIsNotHere", PullPolicy::kAlways, kAbsent,
     "container/vm-runner  PullImage runner:1  (image not on this host)\n"},
    {"IfNotPresentTakesWhatIsHere", PullPolicy::kIfNotPresent, kAsIs, ""},
    {"IfNotPresentPullsWhatIsNotHere", PullPolicy::kIfNotPresent, kAbsent,
     "container/vm-runner  PullImage runner:1  (image not on this host)\n"},
    {"IfNotPresentPullsWhatIsOfAnotherPlatform", PullPolicy::kIfNotPresent, kOtherPlatform,
     "container/vm-runner  PullImage runner:1  (image not on this host)\n"},
    {"NeverTakesWhatIsHere", PullPolicy::kNever, kAsIs, ""},
    {"NeverIsBlockedWithoutIt", PullPolicy::kNever, kAbsent,
     "container/vm-runner  ImageNeverPulled: image runner:1 is not on this host and imagePullPolicy is "
     "Never: "
     "load it (docker load), or choose IfNotPresent\n",
     true},
    {"NeverIsBlockedByAnotherPlatform", PullPolicy::kNever, kOtherPlatform,
     "container/vm-runner  ImageNeverPulled: image runner:1 is not on this host and imagePullPolicy is "
     "Never: "
     "load it (docker load), or choose IfNotPresent\n",
     true},
    {"AFailedPullIsWaitedFor", PullPolicy::kIfNotPresent,
     [](auto&, auto& now) {
       now.images["runner:1"] = std::nullopt;
       now.facts.pulls_backing_off.insert("runner:1");
     },
     "container/vm-runner  PullImage runner:1  (image not on this host; waits)\n"
     "container/vm-runner  waits for image runner:1 to be the next try to pull it  (ImagePullBackOff)\n"},
    {"AFailedPullOfWhatIsHereIsOfNoConcern", PullPolicy::kIfNotPresent,
     [](auto&, auto& now) { now.facts.pulls_backing_off.insert("runner:1"); }, ""},
};
INSTANTIATE_TEST_SUITE_P(Policy, PrepareImage, ::testing::ValuesIn(kPrepare),
                         [](const auto& test) { return test.param.name; });

TEST(Plan, ALocalImageOfAnotherPlatformIsNoReasonToReplace) {
  desired::Host host = DesiredHost();
  plan::ObservedState now = Converged(host);
  host.containers[0].platform = "linux/amd64";
  now.images["runner:1"]->id = "sha256:other";
  now.images["runner:1"]->architecture = "arm64";
  EXPECT_EQ(plan::ToText(plan::Compute(host, now)), "");
}

}  // namespace
}  // namespace spacelet::testing
