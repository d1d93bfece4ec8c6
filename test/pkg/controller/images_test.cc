#include "pkg/controller/images.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "test/testing/fake_clock.h"
#include "test/testing/temporary.h"

namespace spacelet::controller {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;

constexpr char kRefused[] = "dial tcp 127.0.0.1:5000: connect: connection refused";

class ImagesTest : public ::testing::Test {
 protected:
  ImagesTest() {
    EXPECT_TRUE(state_.Prepare().ok());
    web_.name = "web";
    web_.config.image = "web:1";
  }
  ~ImagesTest() override { std::filesystem::remove_all(path_); }

  void Fail(const std::string& words) {
    images_.FetchFailed(pull_, absl::UnavailableError(words), "PullImage web:1: " + words);
  }
  plan::Facts Facts() const {
    plan::Facts facts;
    images_.FillFacts(web_, facts);
    return facts;
  }
  void UseAll(std::initializer_list<const char*> ids) {
    for (const char* id : ids) images_.Used("web", "docker.io/library/web:1", id);
  }

  const std::string path_ = testing::TemporaryPath("images-test");
  state::Directory state_{path_};
  Records records_{&state_, log::Logger()};
  testing::FakeClock clock_;
  Images images_{clock_, records_};
  desired::Container web_;
  const plan::Operation pull_ = plan::PullImage{"web:1", "", {}};
  const plan::Operation load_ = plan::LoadImage{"/srv/web.tar", "web:1", ""};
};

TEST_F(ImagesTest, AFailureIsAFactUntilItsBackOffIsOver) {
  EXPECT_THAT(Facts().pulls_backing_off, IsEmpty());
  Fail("manifest unknown");
  EXPECT_THAT(Facts().pulls_backing_off, ElementsAre("web:1"));
  EXPECT_EQ(images_.Error("web:1"), "PullImage web:1: manifest unknown");
  clock_.Advance(images_.Wait("web:1"));
  EXPECT_THAT(Facts().pulls_backing_off, IsEmpty());
  EXPECT_EQ(images_.Wait("web:1"), absl::ZeroDuration());
}

TEST_F(ImagesTest, TheWaitDependsOnWhoCanHelp) {
  struct Case {
    const char* words;
    absl::Duration first, last;
  };
  const Case cases[] = {
      {kRefused, absl::Seconds(5), absl::Minutes(5)},
      {"received unexpected HTTP status: 503 Service Unavailable", absl::Seconds(5), absl::Minutes(5)},
      {"unauthorized: authentication required", absl::Seconds(30), absl::Minutes(5)},
      {"denied: denied", absl::Seconds(30), absl::Minutes(5)},
      {"manifest unknown", absl::Seconds(30), absl::Minutes(5)},
      {"no space left on device", absl::Seconds(30), absl::Minutes(5)},
      {"toomanyrequests: slow down", absl::Minutes(2), absl::Minutes(15)},
  };
  for (const Case& c : cases) {
    images_.ForgetFailures();
    Fail(c.words);
    EXPECT_GE(images_.Wait("web:1"), c.first * 0.8) << c.words;
    EXPECT_LE(images_.Wait("web:1"), c.first * 1.2) << c.words;
    for (int i = 0; i < 12; ++i) Fail(c.words);
    EXPECT_GE(images_.Wait("web:1"), c.last * 0.8) << c.words;
    EXPECT_LE(images_.Wait("web:1"), c.last * 1.2) << c.words;
  }
}

TEST_F(ImagesTest, ARegistryThatSaysHowLongIsBelievedUpToAnHour) {
  Fail("toomanyrequests: retry-after: 40m, allowed: 1/hour");
  EXPECT_EQ(images_.Wait("web:1"), absl::Minutes(40));
  Fail("toomanyrequests: retry-after: 1000h");
  EXPECT_EQ(images_.Wait("web:1"), absl::Hours(1));
  images_.ForgetFailures();
  Fail("toomanyrequests: retry-after: 1s");
  EXPECT_GE(images_.Wait("web:1"), absl::Minutes(2) * 0.8);
}

TEST_F(ImagesTest, SuccessAndChangesEndABackOffAndStartItAnew) {
  for (int i = 0; i < 12; ++i) Fail(kRefused);
  images_.Fetched(pull_);
  EXPECT_EQ(images_.Wait("web:1"), absl::ZeroDuration());
  Fail(kRefused);
  EXPECT_LE(images_.Wait("web:1"), absl::Seconds(6));
  for (int i = 0; i < 12; ++i) Fail(kRefused);
  images_.ForgetFailures();
  Fail(kRefused);
  EXPECT_LE(images_.Wait("web:1"), absl::Seconds(6));
}

TEST_F(ImagesTest, ARegistryIsAwayUntilItsArchiveHasFailedToo) {
  Fail("unauthorized: authentication required");
  EXPECT_THAT(Facts().registries_away, IsEmpty());
  Fail(kRefused);
  EXPECT_THAT(Facts().registries_away, ElementsAre("web:1"));
  images_.Fetched(load_);  // what came from the archive says nothing of the registry
  EXPECT_THAT(Facts().registries_away, ElementsAre("web:1"));
  images_.FetchFailed(load_, absl::FailedPreconditionError("no such image in it"), "LoadImage web:1");
  EXPECT_THAT(Facts().registries_away, IsEmpty());
  EXPECT_THAT(Facts().pulls_backing_off, ElementsAre("web:1"));
}

TEST_F(ImagesTest, WhatARegistrySaysIsAFactForWhoFollowsItUntilAPull) {
  EXPECT_TRUE(images_.Answered("web:1", {"sha256:new", ""}));
  EXPECT_FALSE(images_.Answered("web:1", {"sha256:new", ""}));
  EXPECT_THAT(Facts().remote_digests, IsEmpty());
  web_.auto_update_interval = absl::Minutes(5);
  EXPECT_EQ(Facts().remote_digests.at("web:1").digest, "sha256:new");
  images_.Fetched(pull_);
  EXPECT_EQ(Facts().remote_digests.at("web:1").digest, "");
}

TEST_F(ImagesTest, TwoUsedImagesAreKeptAndAThirdMakesARemovalDue) {
  UseAll({"a", "b", "b", "a", "b"});
  EXPECT_THAT(images_.DueForRemoval("web"), IsEmpty());
  UseAll({"c"});
  EXPECT_THAT(
      images_.DueForRemoval("web"),
      ElementsAre(api::UsedImage{"c", "web"}, api::UsedImage{"b", "web"}, api::UsedImage{"a", "web"}));
  images_.Removed("web", {});
  EXPECT_THAT(images_.DueForRemoval("web"), IsEmpty());
  UseAll({"d"});
  images_.Removed("web", {"a"});
  UseAll({"e"});
  const auto id = [](const char* text) { return Field(&api::UsedImage::id, text); };
  EXPECT_THAT(images_.DueForRemoval("web"), ElementsAre(id("e"), id("d"), id("c"), id("b")));
}

TEST_F(ImagesTest, AnotherAgentGoesOnWithIt) {
  UseAll({"a", "b", "c"});
  const Images next(clock_, records_);
  EXPECT_EQ(next.DueForRemoval("web"), images_.DueForRemoval("web"));
  EXPECT_EQ(next.DueForRemoval("web").size(), 3u);
}

TEST_F(ImagesTest, AnImageThatWasRunByItsIdIsNotOurs) {
  images_.Used("web", "sha256:" + std::string(64, 'a'), "a");
  UseAll({"b", "c"});
  EXPECT_THAT(images_.DueForRemoval("web"), IsEmpty());
}

}  // namespace
}  // namespace spacelet::controller
