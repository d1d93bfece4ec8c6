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

std::string TextOf(const plan::ImagePlan& plan) {
  plan::Plan part;
  part.steps = plan.steps;
  part.waiting = plan.waiting;
  part.notices = plan.notices;
  return plan::ToText(part);
}

class PrepareImage : public ::testing::TestWithParam<PrepareCase> {};

TEST_P(PrepareImage, IsWhatTheTableSays) {
  desired::Host host = DesiredHost();
  plan::ObservedState now = Converged(host);
  desired::Container& want = host.containers[0];
  want.pull_policy = GetParam().policy;
  GetParam().mutate(want, now);
  const plan::ImagePlan plan = plan::PrepareImage(want, now, "not found");
  EXPECT_EQ(TextOf(plan), GetParam().text);
  EXPECT_EQ(plan.blocked(), GetParam().blocked);
}

constexpr int64_t kGiB = int64_t{1} << 30;

void Remove(plan::ObservedState& now) { now.images["runner:1"] = std::nullopt; }
void BackOff(plan::ObservedState& now) { now.facts.pulls_backing_off.insert("runner:1"); }
void TakeRegistryAway(plan::ObservedState& now) {
  BackOff(now);
  now.facts.registries_away.insert("runner:1");
}
void GiveArchive(desired::Container& want) { want.image_archive = "/srv/runner.tar"; }
// Pulled as sha256:old; the registry now has sha256:new.
void MoveTag(desired::Container& want, plan::ObservedState& now) {
  want.auto_update_interval = absl::Minutes(5);
  now.images["runner:1"]->repo_digests = {"runner@sha256:older", "runner@sha256:old"};
  now.facts.remote_digests["runner:1"].digest = "sha256:new";
}

constexpr auto kAsIs = [](auto&, auto&) {};
constexpr auto kAbsent = [](auto&, auto& now) { Remove(now); };
constexpr auto kOtherPlatform = [](auto& want, auto&) { want.platform = "linux/arm64"; };

const PrepareCase kPolicies[] = {
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
    {"NeverLoadsItsArchive", PullPolicy::kNever,
     [](auto& want, auto& now) {
       Remove(now);
       GiveArchive(want);
     },
     "container/vm-runner  LoadImage runner:1 from /srv/runner.tar  (image not on this host, pull policy "
     "Never)\n"},
    {"AnArchiveThatFailedIsWaitedFor", PullPolicy::kNever,
     [](auto& want, auto& now) {
       Remove(now);
       BackOff(now);
       GiveArchive(want);
     },
     "container/vm-runner  LoadImage runner:1 from /srv/runner.tar  (image not on this host, pull policy "
     "Never; waits)\n"
     "container/vm-runner  waits for image runner:1 to be the next try to load it  (ImagePullBackOff)\n"},
    {"AFailedPullIsWaitedFor", PullPolicy::kIfNotPresent,
     [](auto&, auto& now) {
       Remove(now);
       BackOff(now);
     },
     "container/vm-runner  PullImage runner:1  (image not on this host; waits)\n"
     "container/vm-runner  waits for image runner:1 to be the next try to pull it  (ImagePullBackOff)\n"},
    {"AFailedPullOfWhatIsHereIsOfNoConcern", PullPolicy::kIfNotPresent,
     [](auto&, auto& now) { BackOff(now); }, ""},
};
INSTANTIATE_TEST_SUITE_P(Policy, PrepareImage, ::testing::ValuesIn(kPolicies),
                         [](const auto& test) { return test.param.name; });

const PrepareCase kArchives[] = {
    {"TheArchiveIsLoadedWhenTheRegistryIsAway", PullPolicy::kIfNotPresent,
     [](auto& want, auto& now) {
       Remove(now);
       TakeRegistryAway(now);
       GiveArchive(want);
     },
     "container/vm-runner  LoadImage runner:1 from /srv/runner.tar  (the registry is out of reach)\n"},
    {"NotWhenTheRegistrySaidNo", PullPolicy::kIfNotPresent,
     [](auto& want, auto& now) {
       Remove(now);
       BackOff(now);
       GiveArchive(want);
     },
     "container/vm-runner  PullImage runner:1  (image not on this host; waits)\n"
     "container/vm-runner  waits for image runner:1 to be the next try to pull it  (ImagePullBackOff)\n"},
    {"NorBeforeItWasAsked", PullPolicy::kIfNotPresent,
     [](auto& want, auto& now) {
       Remove(now);
       GiveArchive(want);
     },
     "container/vm-runner  PullImage runner:1  (image not on this host)\n"},
    {"WithoutAnArchiveTheRegistryIsWaitedFor", PullPolicy::kIfNotPresent,
     [](auto&, auto& now) {
       Remove(now);
       TakeRegistryAway(now);
     },
     "container/vm-runner  PullImage runner:1  (image not on this host; waits)\n"
     "container/vm-runner  waits for image runner:1 to be the next try to pull it  (ImagePullBackOff)\n"},
    {"WhatTheArchiveGaveDoesForAlways", PullPolicy::kAlways,
     [](auto& want, auto& now) {
       TakeRegistryAway(now);
       GiveArchive(want);
     },
     "container/vm-runner  RegistryUnreachable: image runner:1 is taken as it is on this host, from "
     "imageArchive or an earlier pull: its registry is out of reach\n"},
};
INSTANTIATE_TEST_SUITE_P(Archive, PrepareImage, ::testing::ValuesIn(kArchives),
                         [](const auto& test) { return test.param.name; });

const PrepareCase kDisks[] = {
    {"AFullDiskGetsNothingMore", PullPolicy::kAlways,
     [](auto&, auto& now) {
       now.facts.image_disk = {"/var/lib/docker", 90 * kGiB, 10 * kGiB};
     },
     "container/vm-runner  DiskPressure: image runner:1 is not fetched: with it the disk of /var/lib/docker "
     "(10.0 GiB free) would be 90 % full, and the limit is 90 %: free space (docker system df shows where it "
     "went), or enlarge the disk\n",
     true},
    {"NorDoesOneThatWouldBecomeFull", PullPolicy::kAlways,
     [](auto&, auto& now) {
       now.facts.image_disk = {"/var/lib/docker", 80 * kGiB, 20 * kGiB};
       now.facts.bytes_needed["runner:1"] = 15 * kGiB;
     },
     "container/vm-runner  DiskPressure: image runner:1 is not fetched: with it the disk of /var/lib/docker "
     "(20.0 GiB free) would be 95 % full, and the limit is 90 %: free space (docker system df shows where it "
     "went), or enlarge the disk\n",
     true},
    {"BelowTheLimitIsPulled", PullPolicy::kAlways,
     [](auto&, auto& now) {
       now.facts.image_disk = {"/var/lib/docker", 80 * kGiB, 20 * kGiB};
       now.facts.bytes_needed["runner:1"] = 9 * kGiB;
     },
     "container/vm-runner  PullImage runner:1  (not found, pull policy Always)\n"},
    {"AFullDiskDoesNotConcernWhatIsHere", PullPolicy::kIfNotPresent,
     [](auto&, auto& now) {
       now.facts.image_disk = {"/var/lib/docker", 99 * kGiB, kGiB};
     },
     ""},
    {"AnArchiveNeedsRoomToo", PullPolicy::kNever,
     [](auto& want, auto& now) {
       Remove(now);
       GiveArchive(want);
       now.facts.image_disk = {"/var/lib/docker", 80 * kGiB, 20 * kGiB};
       now.facts.bytes_needed["/srv/runner.tar"] = 11 * kGiB;
     },
     "container/vm-runner  DiskPressure: image runner:1 is not fetched: with it the disk of /var/lib/docker "
     "(20.0 GiB free) would be 91 % full, and the limit is 90 %: free space (docker system df shows where it "
     "went), or enlarge the disk\n",
     true},
};
INSTANTIATE_TEST_SUITE_P(Disk, PrepareImage, ::testing::ValuesIn(kDisks),
                         [](const auto& test) { return test.param.name; });

const PrepareCase kMoved[] = {
    {"AMovedTagIsPulledBeforeACreate", PullPolicy::kIfNotPresent, MoveTag,
     "container/vm-runner  PullImage runner:1  (the registry has a newer one)\n"},
    {"ATagThatIsNotFollowedIsNot", PullPolicy::kIfNotPresent,
     [](auto& want, auto& now) {
       MoveTag(want, now);
       want.auto_update_interval.reset();
     },
     ""},
    {"NorOneThatMustNotBePulled", PullPolicy::kNever, MoveTag, ""},
    {"TheDigestThatIsHereIsNoNewOne", PullPolicy::kIfNotPresent,
     [](auto& want, auto& now) {
       MoveTag(want, now);
       now.facts.remote_digests["runner:1"].digest = "sha256:older";
     },
     ""},
};
INSTANTIATE_TEST_SUITE_P(AutoUpdate, PrepareImage, ::testing::ValuesIn(kMoved),
                         [](const auto& test) { return test.param.name; });

const PlanCase kKept[] = {
    {"AMovedTagIsPulledBesideWhatRuns", [](auto& host, auto& now) { MoveTag(host.containers[0], now); },
     "container/vm-runner  PullImage runner:1  (the registry has a newer one)\n"},
    {"ItsFailureIsWaitedFor",
     [](auto& host, auto& now) {
       MoveTag(host.containers[0], now);
       BackOff(now);
     },
     "container/vm-runner  PullImage runner:1  (the registry has a newer one; waits)\n"
     "container/vm-runner  waits for image runner:1 to be the next try to pull it  (ImagePullBackOff)\n"},
    {"OncePulledItIsARollout",
     [](auto& host, auto& now) {
       MoveTag(host.containers[0], now);
       now.images["runner:1"]->id = "sha256:pulled";
       now.images["runner:1"]->repo_digests = {"runner@sha256:new"};
     },
     "container/vm-runner  CreateContainer vm-runner.next from runner:1  (spec changed)\n"
     "    image: runner:1 (runner:1) -> runner:1 (pulled)\n"},
    {"ARegistryThatDoesNotAnswerIsToldAndNothingElse",
     [](auto& host, auto& now) {
       host.containers[0].auto_update_interval = absl::Minutes(5);
       now.facts.remote_digests["runner:1"].error = "asked in vain";
     },
     "container/vm-runner  AutoUpdateFailed: asked in vain\n"},
    {"ACrashedOneIsStartedFirst",
     [](auto& host, auto& now) {
       MoveTag(host.containers[0], now);
       Find(now, "vm-runner").status = docker::ContainerStatus::kExited;
     },
     "container/vm-runner  StartContainer 766d2d72756e  (exited with code 0)\n"},
};

class KeptImage : public ::testing::TestWithParam<PlanCase> {};

TEST_P(KeptImage, MakesThePlanBeginLikeThis) {
  desired::Host host = DesiredHost();
  plan::ObservedState now = Converged(host);
  GetParam().mutate(host, now);
  const std::string text = plan::ToText(plan::Compute(host, now));
  EXPECT_EQ(text.substr(0, GetParam().text.size()), GetParam().text) << text;
}

INSTANTIATE_TEST_SUITE_P(AutoUpdate, KeptImage, ::testing::ValuesIn(kKept), CaseName);

class OldImages : public ::testing::Test {
 protected:
  OldImages() {
    for (const std::string n : {"5", "4", "3", "2"}) Have(n, {"runner:" + n}, {"runner@sha256:d" + n});
    used_.push_back({"1", "runner"});  // no longer here
  }
  void Have(const std::string& id, std::vector<std::string> tags, std::vector<std::string> digests) {
    if (!store_.images.contains(id)) used_.push_back({id, "runner"});
    store_.images[id] = {id, std::move(tags), std::move(digests), "linux", "amd64", 0};
  }
  std::vector<std::string> Removed() const {
    std::vector<std::string> names;
    for (const plan::Step& step : plan::RemoveOldImages("container/vm-runner", used_, store_)) {
      EXPECT_EQ(step.object, "container/vm-runner");
      names.push_back(std::get<plan::RemoveImage>(step.operation).reference);
    }
    return names;
  }
  using Names = std::vector<std::string>;

  std::vector<api::UsedImage> used_;
  plan::ImageStore store_;
};

TEST_F(OldImages, AllButTheLastTwoGo) { EXPECT_EQ(Removed(), (Names{"runner:3", "runner:2"})); }

TEST_F(OldImages, WhatAnyContainerUsesStays) {
  store_.in_use.insert("3");
  EXPECT_EQ(Removed(), Names{"runner:2"});
}

TEST_F(OldImages, WhatWeNeverUsedStays) {
  store_.images["9"] = {"9", {"runner:9"}, {}, "linux", "amd64", 0};
  EXPECT_EQ(Removed(), (Names{"runner:3", "runner:2"}));
}

TEST_F(OldImages, WhatSomebodyGaveAnotherNameStays) {
  Have("3", {"runner:3", "backup:3"}, {"runner@sha256:d3"});
  Have("2", {"runner:2"}, {"runner@sha256:d2", "mirror:5000/runner@sha256:d2"});
  EXPECT_EQ(Removed(), Names{});
}

TEST_F(OldImages, EveryTagIsTakenOff) {
  Have("3", {"runner:3", "runner:3.0"}, {});
  EXPECT_EQ(Removed(), (Names{"runner:3", "runner:3.0", "runner:2"}));
}

TEST_F(OldImages, OneThatLostItsTagGoesByItsId) {
  Have("3", {}, {"runner@sha256:d3"});
  EXPECT_EQ(Removed(), (Names{"3", "runner:2"}));
}

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
