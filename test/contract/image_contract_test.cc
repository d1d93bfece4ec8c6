// What the agent believes about images and registries, against the fakes and a real daemon with a real
// registry.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <set>
#include <string>

#include "absl/strings/match.h"
#include "pkg/docker/errors.h"
#include "test/contract/backend.h"
#include "test/testing/temporary.h"

namespace spacelet::contract {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const std::string kRegistry = "127.0.0.1:5000/";

class ImageContract : public ::testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    auto backend = MakeBackend(GetParam());
    if (!backend.ok()) GTEST_SKIP() << backend.status().message();
    backend_ = *std::move(backend);
  }
  // A real daemon is the next test's too.
  void TearDown() override {
    for (const std::string& name : pulled_) docker().RemoveImage(name, never_).IgnoreError();
  }
  docker::Client& docker() { return backend_->docker(); }
  Backend& backend() { return *backend_; }

  std::string Create(const std::string& name, const std::string& image) {
    docker::CreateContainerRequest request;
    request.name = name;
    request.config.image = image;
    const auto id = docker().CreateContainer(request, never_);
    EXPECT_TRUE(id.ok()) << id.status();
    return id.value_or("");
  }
  // `name` of the registry now means the local image `reference`; no such name is left here.
  void PushedAs(const std::string& reference, const std::string& name) {
    const size_t colon = name.find(':');
    const std::string repository = kRegistry + name.substr(0, colon), tag = name.substr(colon + 1);
    backend().Tag(reference, repository, tag);
    backend().Push(repository, tag);
    EXPECT_TRUE(docker().RemoveImage(kRegistry + name, never_).ok());
  }
  absl::Status Pull(const std::string& name) {
    pulled_.insert(kRegistry + name);
    return docker().PullImage(kRegistry + name, "", std::nullopt, nullptr, never_);
  }
  docker::Image Image(const std::string& name) {
    const auto image = docker().InspectImage(kRegistry + name, never_);
    EXPECT_TRUE(image.ok()) << image.status();
    return image.value_or(docker::Image{});
  }

  // "name@sha256:…" of the image that `name:tag` means.
  std::string Pinned(const std::string& name) {
    const std::string repository = name.substr(0, name.find(':')) + "@";
    for (const std::string& digest : Image(name).repo_digests)
      if (absl::StartsWith(digest, kRegistry + repository)) return digest.substr(kRegistry.size());
    ADD_FAILURE() << name << " has no digest";
    return "";
  }

  const std::stop_token never_;

 private:
  std::unique_ptr<Backend> backend_;
  std::set<std::string> pulled_;
};

#define EXPECT_OK(expression)          \
  do {                                 \
    const absl::Status s = expression; \
    EXPECT_TRUE(s.ok()) << s;          \
  } while (false)

TEST_P(ImageContract, AnImageShowsItsTagsAndPlatform) {
  const auto image = docker().InspectImage("box:1", never_);
  ASSERT_TRUE(image.ok()) << image.status();
  EXPECT_THAT(image->id, HasSubstr("sha256:"));
  EXPECT_THAT(image->repo_tags, Contains("box:1"));
  EXPECT_EQ(image->os, "linux");
  EXPECT_NE(image->id, docker().InspectImage("box:2", never_)->id);
  EXPECT_TRUE(absl::IsNotFound(docker().InspectImage("absent:1", never_).status()));
}

TEST_P(ImageContract, WhatSeveralReferencesMeanIsFoundInOneCall) {
  PushedAs("box:1", "found:1");
  EXPECT_OK(Pull("found:1"));
  const std::string pin = kRegistry + Pinned("found:1");
  const std::string pinned_tag = kRegistry + "found:1@" + pin.substr(pin.find('@') + 1);
  const auto found = docker().FindImages({"box:1", "box:2", "docker.io/library/box:3", kRegistry + "found:1",
                                          pin, pinned_tag, "box:absent", "absent"},
                                         never_);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->size(), 6u);
  for (const auto& [reference, image] : *found) {
    const auto inspected = docker().InspectImage(reference, never_);
    ASSERT_TRUE(inspected.ok()) << reference;
    EXPECT_EQ(image.id, inspected->id) << reference;
    EXPECT_GE(image.size, inspected->size)
        << reference;  // the containerd image store counts what is unpacked
  }
  EXPECT_THAT(found->at(pin).repo_digests, Contains(pin));
}

TEST_P(ImageContract, ATagOfAnImageInUseIsRemovedOnlyWhileItHasAnother) {
  backend().Tag("box:1", "spare", "1");
  Create("alpha", "spare:1");
  EXPECT_OK(docker().RemoveImage("spare:1", never_));
  EXPECT_TRUE(absl::IsNotFound(docker().InspectImage("spare:1", never_).status()));
  EXPECT_TRUE(absl::IsAborted(docker().RemoveImage("box:1", never_)));
  EXPECT_TRUE(absl::IsNotFound(docker().RemoveImage("absent:1", never_)));
}

TEST_P(ImageContract, APullOfWhatNoRegistryHasFails) {
  const absl::Status status = docker().PullImage("127.0.0.1:1/absent:1", "", std::nullopt, nullptr, never_);
  EXPECT_FALSE(status.ok());
}

TEST_P(ImageContract, ARegistryOutOfReachIsSaidSoByPullAndQuestionAlike) {
  for (const absl::Status& status :
       {docker().PullImage("127.0.0.1:1/absent:1", "", std::nullopt, nullptr, never_),
        docker().DistributionDigest("127.0.0.1:1/absent:1", std::nullopt, never_).status()}) {
    EXPECT_TRUE(absl::IsUnavailable(status)) << status;
    EXPECT_TRUE(docker::IsRegistryAway(status)) << status;
  }
}

TEST_P(ImageContract, TheRegistrysDigestIsAmongThoseOfThePulledImage) {
  PushedAs("box:1", "followed:1");
  const auto digest = docker().DistributionDigest(kRegistry + "followed:1", std::nullopt, never_);
  ASSERT_TRUE(digest.ok()) << digest.status();
  EXPECT_OK(Pull("followed:1"));
  EXPECT_THAT(Image("followed:1").repo_digests, Contains(kRegistry + "followed@" + *digest));
}

TEST_P(ImageContract, ATagThatMovesHasAnotherDigestAndThePulledImageKeepsItsOwn) {
  PushedAs("box:1", "moves:1");
  EXPECT_OK(Pull("moves:1"));
  const docker::Image before = Image("moves:1");
  PushedAs("box:2", "moves:1");
  const auto digest = docker().DistributionDigest(kRegistry + "moves:1", std::nullopt, never_);
  ASSERT_TRUE(digest.ok()) << digest.status();
  EXPECT_THAT(before.repo_digests, Not(Contains(kRegistry + "moves@" + *digest)));
  EXPECT_OK(Pull("moves:1"));
  EXPECT_NE(Image("moves:1").id, before.id);
  EXPECT_THAT(Image("moves:1").repo_digests, Contains(kRegistry + "moves@" + *digest));
}

TEST_P(ImageContract, ADigestMeansOneImageOrNone) {
  PushedAs("box:1", "pinned:1");
  EXPECT_OK(Pull("pinned:1"));
  const std::string pin = Pinned("pinned:1");
  const std::string id = Image("pinned:1").id;
  PushedAs("box:2", "pinned:1");
  EXPECT_OK(Pull("pinned:1"));
  EXPECT_EQ(Image(pin).id, id);
  EXPECT_EQ(Image("pinned:1@" + pin.substr(pin.find('@') + 1)).id, id);
  const std::string absent = kRegistry + "pinned:1@sha256:" + std::string(64, 'a');
  EXPECT_TRUE(absl::IsNotFound(docker().InspectImage(absent, never_).status()));
  EXPECT_TRUE(absl::IsNotFound(docker().PullImage(absent, "", std::nullopt, nullptr, never_)));
}

TEST_P(ImageContract, AnAbsentTagIsNotFoundByTheQuestionToo) {
  EXPECT_TRUE(
      absl::IsNotFound(docker().DistributionDigest(kRegistry + "absent:1", std::nullopt, never_).status()));
}

TEST_P(ImageContract, AnArchiveBringsItsImageBackUnderItsTag) {
  const std::string path = testing::TemporaryPath("contract-archive.tar");
  backend().Tag("box:1", "saved", "1");
  backend().Save("saved:1", path);
  const std::string id = docker().InspectImage("saved:1", never_)->id;
  EXPECT_OK(docker().RemoveImage("saved:1", never_));
  EXPECT_OK(docker().LoadImage(path, never_));
  EXPECT_EQ(docker().InspectImage("saved:1", never_)->id, id);
  EXPECT_OK(docker().RemoveImage("saved:1", never_));
  std::ofstream(path) << "no archive";
  EXPECT_TRUE(absl::IsInvalidArgument(docker().LoadImage(path, never_)));
  unlink(path.c_str());
  EXPECT_TRUE(absl::IsNotFound(docker().LoadImage(path, never_)));
}

TEST_P(ImageContract, WithItsLastTagAnImageLosesItsDigests) {
  PushedAs("box:1", "once:1");
  EXPECT_OK(Pull("once:1"));
  const std::string pin = Pinned("once:1");
  EXPECT_OK(docker().RemoveImage(kRegistry + "once:1", never_));
  EXPECT_TRUE(absl::IsNotFound(docker().InspectImage(kRegistry + pin, never_).status()));
}

// `docker images` shows it as <none>: its tag went to another image.
TEST_P(ImageContract, AnImageThatLostItsTagIsRemovedByItsIdUnlessItIsInUse) {
  const std::string path = testing::TemporaryPath("contract-box.tar");
  backend().Save("box:3", path);
  PushedAs("box:3", "lost:1");
  EXPECT_OK(docker().RemoveImage("box:3", never_));
  EXPECT_OK(Pull("lost:1"));
  const std::string id = Image("lost:1").id;
  PushedAs("box:2", "lost:1");
  EXPECT_OK(Pull("lost:1"));
  EXPECT_THAT(docker().InspectImage(id, never_)->repo_tags, IsEmpty());
  const std::string user = Create("alpha", id);
  EXPECT_TRUE(absl::IsAborted(docker().RemoveImage(id, never_)));
  EXPECT_OK(docker().RemoveContainer(user, {.force = true}, never_));
  EXPECT_OK(docker().RemoveImage(id, never_));
  EXPECT_TRUE(absl::IsNotFound(docker().InspectImage(id, never_).status()));
  EXPECT_OK(docker().LoadImage(path, never_));  // for who comes next
  unlink(path.c_str());
}

INSTANTIATE_TEST_SUITE_P(Daemons, ImageContract,
                         ::testing::Values(Kind::kMemory, Kind::kFakeDaemon, Kind::kNewFakeDaemon,
                                           Kind::kRealDaemon),
                         [](const auto& param) { return ::testing::PrintToString(param.param); });

}  // namespace
}  // namespace spacelet::contract
