#include "pkg/observe/observe.h"

#include <gtest/gtest.h>
#include <sys/statvfs.h>

#include <filesystem>
#include <fstream>

#include "pkg/plan/ownership.h"
#include "pkg/plan/plan.h"
#include "test/testing/fake_clock.h"
#include "test/testing/fake_docker.h"
#include "test/testing/scenario.h"
#include "test/testing/temporary.h"

namespace spacelet::testing {
namespace {

class Observe : public ::testing::Test {
 protected:
  Observe() {
    docker_.World([](FakeEngine& engine) {
      for (const char* image : {"runner:1", "delegate:1", "web:1"}) engine.Seed(image);
      return 0;
    });
    EXPECT_TRUE(docker_.CreateNetwork(host_.network->config, {}).ok());
    for (const desired::Container& c : host_.containers) Create(c.name, c.config);
    docker_.ClearCalls();
  }

  std::string Create(const std::string& name, const docker::ContainerConfig& config) {
    const std::string id = docker_.CreateContainer({name, "", config}, {}).value();
    EXPECT_TRUE(docker_.StartContainer(id, {}).ok());
    return id;
  }

  FakeDocker docker_;
  FakeClock clock_;
  secret::Redactor redactor_;
  secret::Store secrets_{clock_, redactor_};
  observe::Observer observer_{docker_, secrets_, clock_};
  desired::Host host_ = DesiredHost();
};

TEST_F(Observe, ASnapshotSeesWhatIsOursAndWhatHoldsOurNames) {
  docker::ContainerConfig web;
  web.image = "web:1";
  Create("web", web);
  ASSERT_TRUE(docker_.RemoveContainer("vm-runner", {.force = true}, {}).ok());
  Create("vm-runner", web);
  const auto now = observer_.Snapshot(host_, {});
  ASSERT_TRUE(now.ok()) << now.status();
  ASSERT_EQ(now->containers.size(), 2u);  // not web
  EXPECT_EQ(now->containers[0].name, "docker-delegate");
  EXPECT_EQ(now->containers[1].image, "web:1");
  EXPECT_EQ(now->networks.size(), 1u);
  EXPECT_TRUE(now->images.at("delegate:1").has_value());
}

// Somebody may have given it our labels, or its name to a workload.
TEST_F(Observe, TheContainerThatThisProcessRunsInIsNeverOurs) {
  const std::string self = docker_.InspectContainer("vm-runner", {})->id;
  observe::Observer observer(docker_, secrets_, clock_, self);
  const auto now = observer.Snapshot(host_, {});
  ASSERT_TRUE(now.ok()) << now.status();
  EXPECT_EQ(now->self, self);
  EXPECT_FALSE(now->owned.contains(self));
  ASSERT_EQ(now->containers.size(), 2u);
  EXPECT_EQ(now->containers[1].id, self);
  EXPECT_FALSE(plan::IsOwned(now->containers[1].labels));
  host_.containers.erase(host_.containers.begin());  // as if it were a workload that was dropped
  EXPECT_EQ(observer.Snapshot(host_, {})->containers.size(), 1u);
}

TEST_F(Observe, APlatformIsAskedForOncePerImage) {
  host_.containers[0].platform = "linux/arm64";
  for (int round = 0; round < 3; ++round) {
    const auto now = observer_.Snapshot(host_, {});
    ASSERT_TRUE(now.ok()) << now.status();
    EXPECT_EQ(now->images.at("runner:1")->architecture, "amd64");
    EXPECT_EQ(plan::LocalImage(host_.containers[0], *now), nullptr);
    EXPECT_EQ(now->images.at("delegate:1")->id, docker_.InspectImage("delegate:1", {})->id);
  }
  EXPECT_EQ(docker_.CountCalls("ListImages"), 3);
  EXPECT_EQ(docker_.CountCalls("InspectImage"), 2 + 3);                       // and three of our own
  docker_.World([](FakeEngine& engine) { return engine.Seed("runner:1"); });  // another image
  EXPECT_NE(observer_.Snapshot(host_, {})->images.at("runner:1")->architecture, "");
  EXPECT_EQ(docker_.CountCalls("InspectImage"), 2 + 3 + 1);
}

TEST_F(Observe, TheDiskOfTheDataRootIsMeasuredWhereItCanBeSeen) {
  const std::string here = ::testing::TempDir();
  struct statvfs fs;
  ASSERT_EQ(statvfs(here.c_str(), &fs), 0);
  const auto total = static_cast<double>((fs.f_blocks - fs.f_bfree + fs.f_bavail) * fs.f_frsize);
  observer_.SetDataRoot(here);
  const auto disk = observer_.Snapshot(host_, {})->facts.image_disk;
  ASSERT_TRUE(disk.has_value());
  EXPECT_EQ(disk->path, here);
  EXPECT_NEAR(static_cast<double>(disk->used + disk->free), total, total * 0.01);
  for (const char* elsewhere : {"", "/nonexistent/docker"}) {
    observer_.SetDataRoot(elsewhere);
    EXPECT_EQ(observer_.Snapshot(host_, {})->facts.image_disk, std::nullopt) << elsewhere;
  }
}

TEST_F(Observe, ANewImageIsTakenToBeAsLargeAsTheOneInUse) {
  docker_.World([](FakeEngine& engine) {
    ImageProfile large;
    large.size = 7 << 20;
    return engine.Seed("web:1", large);
  });
  observer_.SetDataRoot(::testing::TempDir());
  EXPECT_EQ(observer_.Snapshot(host_, {})->facts.bytes_needed.at("runner:1"), 4 << 20);
  const std::string archive = testing::TemporaryPath("observe-archive.tar");
  std::ofstream(archive) << "twelve bytes";
  host_.containers[0].config.image = "runner:2";
  host_.containers[0].image_archive = archive;
  const auto needed = observer_.ForKey("container/vm-runner", host_, {})->facts.bytes_needed;
  EXPECT_EQ(needed.at("runner:2"), 4 << 20);
  EXPECT_EQ(needed.at(archive), 12);
}

TEST_F(Observe, AnImageIsInUseByAnybodysContainerOrByTheDocument) {
  docker::ContainerConfig web;
  web.image = "web:1";
  ASSERT_TRUE(docker_.CreateContainer({"theirs", "", web}, {}).ok());  // never started
  docker_.World([](FakeEngine& engine) {
    engine.Seed("runner:0");
    return engine.Seed("runner:2");
  });
  const auto id = [this](const std::string& name) { return docker_.InspectImage(name, {})->id; };
  host_.containers[0].config.image = "runner:2";
  const auto store =
      observer_.LookForImages(host_, {{id("runner:0"), "runner"}, {"sha256:gone", "runner"}}, {});
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_EQ(store->in_use,
            (std::set<std::string>{id("web:1"), id("runner:1"), id("runner:2"), id("delegate:1")}));
  ASSERT_EQ(store->images.size(), 1u);
  EXPECT_EQ(store->images.begin()->second.repo_tags, std::vector<std::string>{"runner:0"});
}

TEST_F(Observe, AMissingImageIsKnownToBeMissing) {
  host_.containers[0].config.image = "runner:2";
  const auto now = observer_.Snapshot(host_, {});
  ASSERT_TRUE(now.ok());
  EXPECT_EQ(now->images.at("runner:2"), std::nullopt);
}

// D5: a failed list must never look like "nothing is there".
TEST_F(Observe, AnyFailedCallIsAnErrorAndNotAnAbsence) {
  for (const char* operation :
       {"ListContainers", "InspectContainer", "ListNetworks", "ListImages", "InspectImage"}) {
    docker_.Inject({operation, 1, Fault::Kind::kFail, absl::UnavailableError("cut"), 1});
    EXPECT_TRUE(absl::IsUnavailable(observer_.Snapshot(host_, {}).status())) << operation;
  }
}

// D7: what one key does not need it does not ask for.
TEST_F(Observe, AKeyLooksOnlyAtItsOwnContainers) {
  const auto now = observer_.ForKey("container/docker-delegate", host_, {});
  ASSERT_TRUE(now.ok());
  ASSERT_EQ(now->containers.size(), 1u);
  EXPECT_EQ(now->containers[0].name, "docker-delegate");
  for (const Call& call : docker_.calls())
    EXPECT_FALSE(call.operation == "InspectContainer" && call.object == "vm-runner");
}

// A container that starts is an event of the network, too, and there may be many on it.
TEST_F(Observe, ANetworkThatStaysAsItIsIsOneCallWhoeverIsOnIt) {
  EXPECT_EQ(observer_.ForKey("network/harness", host_, {})->networks.size(), 1u);
  EXPECT_EQ(docker_.calls().size(), 1u);
  SetSpec(host_.containers[0], "v1:another");  // of a container
  EXPECT_EQ(observer_.ForKey("network/harness", host_, {})->containers.size(), 0u);
  host_.network->spec_hash = "v1:another";
  EXPECT_EQ(observer_.ForKey("network/harness", host_, {})->containers.size(), 2u);
}

TEST_F(Observe, AKeyFindsItsContainerUnderAnyName) {
  ASSERT_TRUE(docker_.RenameContainer("vm-runner", "by-hand", {}).ok());
  const auto now = observer_.ForKey("container/vm-runner", host_, {});
  ASSERT_TRUE(now.ok());
  ASSERT_EQ(now->containers.size(), 1u);
  EXPECT_EQ(now->containers[0].name, "by-hand");
}

TEST_F(Observe, PoolFilesAreKnownByTheirNames) {
  const std::string directory = testing::TemporaryPath("observe_pool_files");
  std::filesystem::create_directories(directory);
  const std::string wanted = directory + "/pool-1111111111111111.yaml",
                    old = directory + "/pool-2222222222222222.yaml";
  for (const std::string& path :
       {wanted, old, directory + "/database-2222.sqlite3", directory + "/pool.yaml"})
    std::ofstream(path) << "content";
  host_.containers[0].pool = desired::PoolFile{wanted, "content", "", ""};
  const plan::Facts facts = observer_.ForKey("container/vm-runner", host_, {})->facts;
  EXPECT_EQ(facts.pool_files_found, (std::set<std::string>{wanted, old}));
  EXPECT_EQ(facts.pool_files_present, (std::set<std::string>{wanted}));
  std::filesystem::remove_all(directory);
  EXPECT_TRUE(observer_.ForKey("container/vm-runner", host_, {})->facts.pool_files_found.empty());
}

TEST_F(Observe, AForeignNetworkOfTheNameIsSeen) {
  ASSERT_TRUE(docker_.RemoveContainer("vm-runner", {.force = true}, {}).ok());
  ASSERT_TRUE(docker_.RemoveContainer("docker-delegate", {.force = true}, {}).ok());
  ASSERT_TRUE(docker_.RemoveNetwork("harness", {}).ok());
  docker::NetworkConfig foreign;
  foreign.name = "harness";
  foreign.driver = "bridge";
  ASSERT_TRUE(docker_.CreateNetwork(foreign, {}).ok());
  const auto now = observer_.Snapshot(host_, {});
  ASSERT_TRUE(now.ok());
  ASSERT_EQ(now->networks.size(), 1u);
  EXPECT_TRUE(now->networks[0].config.labels.empty());
}

TEST_F(Observe, ASecretThatCannotBeReadIsAFactAndNotAnError) {
  host_.containers[0].secret_env["TOKEN"] = FileSecret("/nonexistent/token");
  const auto now = observer_.Snapshot(host_, {});
  ASSERT_TRUE(now.ok());
  const plan::SecretValue& value = now->facts.secret_env.at("vm-runner/TOKEN");
  EXPECT_FALSE(value.value.has_value());
  EXPECT_NE(value.error.find("/nonexistent/token"), std::string::npos);
}

TEST_F(Observe, ASecretFileIsReadBackOncePerContainerAndValue) {
  host_.containers[0].files.push_back({"/etc/key", "", api::SecretSource{}, 0600});
  host_.containers[0].files[0].secret->kind = api::SecretSource::Kind::kValue;
  host_.containers[0].files[0].secret->value = "the-value";
  const std::string id = docker_.InspectContainer("vm-runner", {})->id;
  ASSERT_TRUE(docker_.CopyFiles(id, {{"/etc/key", "another", 0600, true}}, {}).ok());
  for (int i = 0; i < 3; ++i) {
    const auto now = observer_.Snapshot(host_, {});
    ASSERT_TRUE(now.ok());
    EXPECT_FALSE(now->facts.files_match.at(absl::StrCat(id, "//etc/key")));
  }
  EXPECT_EQ(docker_.CountCalls("ReadContainerFile"), 1);
}

// Found by a reviewer: the workload could not be looked at any more, and stayed down.
TEST_F(Observe, NoSecretFileIsReadFromADeadContainer) {
  host_.containers[0].files.push_back({"/etc/key", "", api::SecretSource{}, 0600});
  host_.containers[0].files[0].secret->kind = api::SecretSource::Kind::kValue;
  host_.containers[0].files[0].secret->value = "the-value";
  docker_.World([](FakeEngine& engine) { return engine.KeepFromRemoval("vm-runner"); }).IgnoreError();
  ASSERT_FALSE(docker_.RemoveContainer("vm-runner", {.force = true}, {}).ok());
  EXPECT_TRUE(observer_.Snapshot(host_, {}).ok());
  EXPECT_EQ(docker_.CountCalls("ReadContainerFile"), 0);
}

TEST_F(Observe, AForeignContainerIsInspectedOnceHoweverOftenRivalsAreLookedFor) {
  docker::ContainerConfig upgrader;
  upgrader.image = "web:1";
  upgrader.hostname = "vm-runner";
  upgrader.network_mode = "harness";
  Create("other", upgrader);
  docker_.ClearCalls();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(observer_.ScanRivals(host_, {}).ok());
  EXPECT_EQ(docker_.CountCalls("InspectContainer"), 1);
  const auto now = observer_.Snapshot(host_, {});
  ASSERT_TRUE(now.ok());
  ASSERT_EQ(now->rivals.size(), 1u);
  EXPECT_EQ(now->rivals[0].object, "container/vm-runner");
}

// Found on a host that was set up by hand: the conflict stayed for ten minutes after the old delegate was
// gone.
TEST_F(Observe, ARivalThatIsGoneIsNoRivalAtTheNextLookAtTheKey) {
  docker::ContainerConfig delegate;
  delegate.image = "web:1";
  delegate.network_mode = "harness";
  delegate.env["DELEGATE_NAME"] = {"docker-delegate", false};
  host_.containers[1].config.env["DELEGATE_NAME"] = {"docker-delegate", false};
  const std::string id = Create("by-hand", delegate);
  ASSERT_TRUE(observer_.ScanRivals(host_, {}).ok());
  auto now = observer_.ForKey("container/docker-delegate", host_, {});
  ASSERT_TRUE(now.ok()) << now.status();
  ASSERT_EQ(now->rivals.size(), 1u);
  EXPECT_FALSE(now->rivals[0].blocks);
  ASSERT_TRUE(docker_.RemoveContainer(id, {.force = true}, {}).ok());
  now = observer_.ForKey("container/docker-delegate", host_, {});
  ASSERT_TRUE(now.ok()) << now.status();
  EXPECT_TRUE(now->rivals.empty());
}

class TakingOver : public Observe {
 protected:
  // As the guide starts a runner: its name is Docker's choice.
  TakingOver() {
    EXPECT_TRUE(docker_.RemoveContainer("vm-runner", {.force = true}, {}).ok());
    host_.containers[0].takeover = true;
    docker::ContainerConfig runner;
    runner.image = "web:1";
    runner.hostname = "vm-runner";
    runner.network_mode = "harness";
    Create("silly_runner", runner);
  }
  std::vector<std::string> Seen() {
    std::vector<std::string> names;
    const auto now = observer_.ForKey("container/vm-runner", host_, {});
    EXPECT_TRUE(now.ok()) << now.status();
    for (const docker::Container& c : now->containers) names.push_back(c.name);
    return names;
  }
};

// Found on a real engine: the first key of a new document was looked at before its rivals were, and a second
// runner was made beside the first.
TEST_F(TakingOver, WhoDoesTheWorkUnderAnotherNameIsSeenByTheFirstLook) {
  EXPECT_EQ(Seen(), std::vector<std::string>{"silly_runner"});
}

TEST_F(TakingOver, WithoutItHeIsARivalOnly) {
  host_.containers[0].takeover = false;
  EXPECT_TRUE(Seen().empty());
}

TEST_F(TakingOver, WhoWasPutAsideIsSeenByEveryResyncUntilHeIsGone) {
  ASSERT_TRUE(docker_.StopContainer("silly_runner", absl::ZeroDuration(), {}).ok());
  ASSERT_TRUE(docker_.RenameContainer("silly_runner", "vm-runner.previous", {}).ok());
  EXPECT_EQ(Seen(), std::vector<std::string>{"vm-runner.previous"});
  auto now = observer_.Snapshot(host_, {});
  ASSERT_TRUE(now.ok()) << now.status();
  EXPECT_EQ(now->containers.back().name, "vm-runner.previous");
  ASSERT_TRUE(docker_.RemoveContainer("vm-runner.previous", {.force = true}, {}).ok());
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(observer_.Snapshot(host_, {}).ok());
  docker_.ClearCalls();
  ASSERT_TRUE(observer_.Snapshot(host_, {}).ok());
  EXPECT_EQ(docker_.CountCalls("InspectContainer"), 2);  // the delegate, and who may hold the runner's name
}

// A resync between the swap and the next look of its worker, or the first one of a new agent, took the
// successor for one that has nobody to fall back on, and recorded Failed instead of RolledBack.
TEST_F(TakingOver, WhoIsPutAsideIsSeenByTheNextResync) {
  ASSERT_TRUE(docker_.RenameContainer("silly_runner", "vm-runner", {}).ok());
  EXPECT_EQ(Seen(), std::vector<std::string>{"vm-runner"});
  ASSERT_TRUE(docker_.RenameContainer("vm-runner", "vm-runner.previous", {}).ok());
  docker::ContainerConfig successor;
  successor.image = "web:1";
  Create("vm-runner", successor);
  observe::Observer next(docker_, secrets_, clock_);  // of the next agent
  for (observe::Observer* observer : {&observer_, &next}) {
    const auto now = observer->Snapshot(host_, {});
    ASSERT_TRUE(now.ok()) << now.status();
    EXPECT_EQ(now->containers.back().name, "vm-runner.previous");
  }
}

}  // namespace
}  // namespace spacelet::testing
