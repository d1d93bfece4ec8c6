// What the agent believes about a Docker daemon, one fact a test, against the fakes and a real one. Where the
// real one disagrees the fake is wrong. What depends on the engine's age is told by the API that is spoken.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "pkg/docker/version.h"
#include "test/contract/backend.h"
#include "test/testing/temporary.h"

namespace spacelet::contract {
namespace {

using docker::ContainerStatus;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

constexpr int64_t kMiB = 1 << 20;

class DockerContract : public ::testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    auto backend = MakeBackend(GetParam());
    if (!backend.ok()) GTEST_SKIP() << backend.status().message();
    backend_ = *std::move(backend);
  }
  // Whether the engine is asked in at least this version: "1.45".
  bool Speaks(const std::string& api) {
    const auto info = docker().Ping(never_);
    EXPECT_TRUE(info.ok()) << info.status();
    return info.ok() && *docker::ParseApiVersion(info->api_version) >= *docker::ParseApiVersion(api);
  }
  docker::Client& docker() { return backend_->docker(); }
  Backend& backend() { return *backend_; }

  static docker::CreateContainerRequest Request(const std::string& name, const std::string& image = "box:1") {
    docker::CreateContainerRequest request;
    request.name = name;
    request.config.image = image;
    request.config.network_mode = "net1";
    return request;
  }
  std::string Network(const std::string& name) {
    docker::NetworkConfig config;
    config.name = name;
    config.driver = "bridge";
    const auto id = docker().CreateNetwork(config, never_);
    EXPECT_TRUE(id.ok()) << id.status();
    return id.value_or("");
  }
  std::string Create(const docker::CreateContainerRequest& request) {
    const auto id = docker().CreateContainer(request, never_);
    EXPECT_TRUE(id.ok()) << id.status();
    return id.value_or("");
  }
  absl::Status Start(const std::string& id) { return docker().StartContainer(id, never_); }
  absl::Status Stop(const std::string& id) { return docker().StopContainer(id, absl::Seconds(5), never_); }
  std::string Run(const docker::CreateContainerRequest& request) {
    const std::string id = Create(request);
    const absl::Status status = Start(id);
    EXPECT_TRUE(status.ok()) << status;
    return id;
  }
  docker::Container Inspect(const std::string& id) {
    const auto container = docker().InspectContainer(id, never_);
    EXPECT_TRUE(container.ok()) << container.status();
    return container.value_or(docker::Container{});
  }
  docker::ContainerSummary Row(const std::string& label = "") {
    const auto rows = docker().ListContainers(label, never_);
    EXPECT_TRUE(rows.ok()) << rows.status();
    EXPECT_THAT(rows.value_or(std::vector<docker::ContainerSummary>{}), SizeIs(1));
    return rows.ok() && !rows->empty() ? rows->front() : docker::ContainerSummary{};
  }
  docker::Network Net(const std::string& name) {
    const auto found = docker().FindNetworks(name, never_);
    EXPECT_TRUE(found.ok()) << found.status();
    EXPECT_THAT(found.value_or(std::vector<docker::Network>{}), SizeIs(1));
    return found.ok() && !found->empty() ? found->front() : docker::Network{};
  }
  docker::Attachment Attachment(const std::string& id, const std::string& network = "net1") {
    const docker::Container container = Inspect(id);
    EXPECT_THAT(container.networks, Contains(::testing::Key(network)));
    return container.networks.count(network) > 0 ? container.networks.at(network) : docker::Attachment{};
  }
  // A real daemon takes its time; the fakes are there at once.
  docker::Container Await(const std::string& id,
                          const std::function<bool(const docker::Container&)>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    docker::Container container = Inspect(id);
    while (!condition(container) && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      container = Inspect(id);
    }
    return container;
  }

  const std::stop_token never_;

 private:
  std::unique_ptr<Backend> backend_;
};

#define EXPECT_OK(expression)          \
  do {                                 \
    const absl::Status s = expression; \
    EXPECT_TRUE(s.ok()) << s;          \
  } while (false)

// --- The daemon

TEST_P(DockerContract, ThePingTellsWhoAnswersAndInWhichVersion) {
  const auto info = docker().Ping(never_);
  ASSERT_TRUE(info.ok()) << info.status();
  const auto api = docker::ParseApiVersion(info->api_version);
  EXPECT_GE(api, docker::kOldestApi);
  EXPECT_LE(api, docker::kNewestApi);
  EXPECT_THAT(info->engine_version, HasSubstr("."));
  EXPECT_EQ(info->os_type, "linux");
  EXPECT_FALSE(info->podman);
}

TEST_P(DockerContract, TheSettingsTellTheHostsProcessors) {
  const auto settings = docker().ReadSettings(never_);
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_GT(settings->cpus, 1);
}

// --- Create

TEST_P(DockerContract, ANameIsGivenOnce) {
  Network("net1");
  Create(Request("alpha"));
  EXPECT_TRUE(absl::IsAlreadyExists(docker().CreateContainer(Request("alpha"), never_).status()));
}

TEST_P(DockerContract, ACreateWithAnAbsentImageIsNotFound) {
  Network("net1");
  EXPECT_TRUE(absl::IsNotFound(docker().CreateContainer(Request("alpha", "absent:1"), never_).status()));
  EXPECT_TRUE(absl::IsNotFound(docker().InspectContainer("alpha", never_).status()));
}

TEST_P(DockerContract, ACreateForAnotherPlatformThanTheImagesIsNotFound) {
  Network("net1");
  docker::CreateContainerRequest request = Request("alpha");
  request.platform = "linux/s390x";
  const auto id = docker().CreateContainer(request, never_);
  EXPECT_TRUE(absl::IsNotFound(id.status())) << id.status();
}

TEST_P(DockerContract, AMissingMountSourceIsRefusedAtCreate) {
  Network("net1");
  docker::CreateContainerRequest request = Request("alpha");
  request.config.mounts = {{testing::TemporaryPath("absent"), "/x", false}};
  const auto id = docker().CreateContainer(request, never_);
  EXPECT_TRUE(absl::IsInvalidArgument(id.status())) << id.status();
  EXPECT_THAT(std::string(id.status().message()), HasSubstr("bind source path does not exist"));
}

TEST_P(DockerContract, AnExistingMountSourceIsTakenAndShown) {
  Network("net1");
  docker::CreateContainerRequest request = Request("alpha");
  request.config.mounts = {{"/tmp", "/x", true}};
  EXPECT_EQ(Inspect(Create(request)).mounts, request.config.mounts);
}

TEST_P(DockerContract, MoreCpusThanTheHostHasAreRefusedAtCreate) {
  Network("net1");
  docker::CreateContainerRequest request = Request("alpha");
  request.config.resources.nano_cpus = int64_t{1000} * 1000000000;
  const auto id = docker().CreateContainer(request, never_);
  EXPECT_TRUE(absl::IsInvalidArgument(id.status())) << id.status();
  EXPECT_THAT(std::string(id.status().message()), HasSubstr("ange of CPUs is from 0.01 to"));
}

TEST_P(DockerContract, LessThanSixMebibytesOfMemoryAreRefusedAtCreate) {
  Network("net1");
  docker::CreateContainerRequest request = Request("alpha");
  request.config.resources.memory = 5 * kMiB;
  EXPECT_TRUE(absl::IsInvalidArgument(docker().CreateContainer(request, never_).status()));
}

TEST_P(DockerContract, AnUnknownRestartPolicyIsRefusedAtCreate) {
  Network("net1");
  docker::CreateContainerRequest request = Request("alpha");
  request.config.restart_policy.name = "sometimes";
  EXPECT_TRUE(absl::IsInvalidArgument(docker().CreateContainer(request, never_).status()));
}

TEST_P(DockerContract, ANetworkThatDoesNotExistIsNoticedOnlyAtStart) {
  const std::string id = Create(Request("alpha"));
  const absl::Status status = Start(id);
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("network net1 not found"));
  EXPECT_EQ(Inspect(id).status, ContainerStatus::kCreated);
}

TEST_P(DockerContract, MemoryWithoutSwapGetsTwiceAsMuchSwap) {
  Network("net1");
  docker::CreateContainerRequest request = Request("alpha");
  request.config.resources.memory = 64 * kMiB;
  const docker::LiveResources resources = Inspect(Create(request)).resources;
  EXPECT_EQ(resources.memory, 64 * kMiB);
  EXPECT_EQ(resources.memory_swap, 128 * kMiB);
}

TEST_P(DockerContract, ACreatedContainerShowsItsConfigurationAndTheImagesEnvironment) {
  Network("net1");
  docker::CreateContainerRequest request = Request("alpha");
  request.config.hostname = "host-a";
  request.config.env["A"].value = "b=c";
  request.config.labels = {{"x", "y"}};
  request.config.restart_policy = {"unless-stopped", 0};
  request.config.ports = {{"127.0.0.1", 23000, 80, "tcp"}};
  request.config.stop_timeout = absl::Seconds(42);
  const std::string id = Create(request);
  const docker::Container container = Inspect("alpha");
  EXPECT_EQ(container.id, id);
  EXPECT_EQ(container.name, "alpha");
  EXPECT_EQ(container.image, "box:1");
  EXPECT_EQ(container.image_id, docker().InspectImage("box:1", never_)->id);
  EXPECT_EQ(container.hostname, "host-a");
  EXPECT_EQ(container.env.at("A"), "b=c");
  EXPECT_EQ(container.env.at("IMG"), "1");
  EXPECT_EQ(container.labels.at("x"), "y");
  EXPECT_EQ(container.restart_policy, request.config.restart_policy);
  EXPECT_EQ(container.ports, request.config.ports);
  EXPECT_EQ(container.network_mode, "net1");
  EXPECT_EQ(container.stop_timeout, absl::Seconds(42));
  EXPECT_EQ(container.status, ContainerStatus::kCreated);
  EXPECT_FALSE(container.started_ever);
}

TEST_P(DockerContract, AHostnameThatNobodyGaveIsTheShortId) {
  Network("net1");
  const std::string id = Create(Request("alpha"));
  EXPECT_EQ(Inspect(id).hostname, id.substr(0, 12));
}

TEST_P(DockerContract, AnEmptyRestartPolicyIsNo) {
  Network("net1");
  EXPECT_EQ(Inspect(Create(Request("alpha"))).restart_policy, (docker::RestartPolicy{"no", 0}));
}

// --- Look

TEST_P(DockerContract, AContainerIsFoundByNameOrFullIdAndByNothingElse) {
  Network("net1");
  const std::string id = Create(Request("alpha"));
  EXPECT_EQ(Inspect(id).name, "alpha");
  EXPECT_TRUE(absl::IsNotFound(docker().InspectContainer(id.substr(0, 12), never_).status()));
  EXPECT_TRUE(absl::IsNotFound(docker().InspectContainer("alph", never_).status()));
}

TEST_P(DockerContract, TheListHoldsStoppedContainersAndNarrowsByLabel) {
  Network("net1");
  docker::CreateContainerRequest labelled = Request("alpha");
  labelled.config.labels = {{"owner", "me"}};
  Create(labelled);
  Create(Request("beta"));
  EXPECT_THAT(*docker().ListContainers("", never_), SizeIs(2));
  EXPECT_THAT(*docker().ListContainers("owner", never_), SizeIs(1));
  EXPECT_THAT(*docker().ListContainers("owner=me", never_), SizeIs(1));
  EXPECT_THAT(*docker().ListContainers("owner=you", never_), IsEmpty());
  const docker::ContainerSummary row = Row("owner");
  EXPECT_EQ(row.name, "alpha");
  EXPECT_EQ(row.image, "box:1");
  EXPECT_EQ(row.state, "created");
  EXPECT_THAT(row.networks, ElementsAre("net1"));
}

TEST_P(DockerContract, TheListShowsAnImageIdOnceTheTagHasMoved) {
  Network("net1");
  backend().Tag("box:1", "moving", "1");
  Create(Request("alpha", "moving:1"));
  backend().Tag("box:2", "moving", "1");
  const docker::ContainerSummary row = Row();
  EXPECT_EQ(row.image, docker().InspectImage("box:1", never_)->id);
  EXPECT_EQ(Inspect("alpha").image, "moving:1");
  EXPECT_EQ(Inspect("alpha").image_id, row.image_id);
}

// --- Start and stop

TEST_P(DockerContract, AStartOfARunningContainerIsFine) {
  Network("net1");
  const std::string id = Run(Request("alpha"));
  const absl::Time started = Inspect(id).started_at;
  EXPECT_OK(Start(id));
  EXPECT_EQ(Inspect(id).started_at, started);
  EXPECT_TRUE(Inspect(id).started_ever);
}

TEST_P(DockerContract, AStopEndsTheProcessAndASecondOneIsFine) {
  Network("net1");
  const std::string id = Run(Request("alpha"));
  EXPECT_OK(Stop(id));
  EXPECT_EQ(Inspect(id).status, ContainerStatus::kExited);
  EXPECT_EQ(Inspect(id).exit_code, 0);
  EXPECT_OK(Stop(id));
}

TEST_P(DockerContract, AStopOfAContainerThatNeverRanIsFineAndItStaysCreated) {
  Network("net1");
  const std::string id = Create(Request("alpha"));
  EXPECT_OK(Stop(id));
  EXPECT_EQ(Inspect(id).status, ContainerStatus::kCreated);
}

TEST_P(DockerContract, AStoppedContainerIsNotRestartedByItsPolicy) {
  Network("net1");
  docker::CreateContainerRequest request = Request("alpha");
  request.config.restart_policy.name = "always";
  const std::string id = Run(request);
  EXPECT_OK(Stop(id));
  EXPECT_EQ(Inspect(id).status, ContainerStatus::kExited);
  EXPECT_EQ(Inspect(id).restart_count, 0);
}

TEST_P(DockerContract, AKillExitsWith137AndASecondOneIsRefused) {
  Network("net1");
  const std::string id = Run(Request("alpha"));
  EXPECT_OK(docker().KillContainer(id, never_));
  const auto exited = Await(id, [](const auto& c) { return c.status == ContainerStatus::kExited; });
  EXPECT_EQ(exited.exit_code, 137);
  EXPECT_TRUE(absl::IsAborted(docker().KillContainer(id, never_)));
}

TEST_P(DockerContract, ARestartRunsAlsoWhatWasStopped) {
  Network("net1");
  const std::string id = Create(Request("alpha"));
  EXPECT_OK(docker().RestartContainer(id, absl::Seconds(5), never_));
  EXPECT_EQ(Inspect(id).status, ContainerStatus::kRunning);
  const absl::Time first = Inspect(id).started_at;
  EXPECT_OK(docker().RestartContainer(id, absl::Seconds(5), never_));
  EXPECT_GT(Inspect(id).started_at, first);
}

TEST_P(DockerContract, APausedContainerCannotBeStartedButUnpaused) {
  Network("net1");
  const std::string id = Run(Request("alpha"));
  backend().Pause("alpha");
  EXPECT_EQ(Inspect(id).status, ContainerStatus::kPaused);
  EXPECT_TRUE(absl::IsAborted(Start(id)));
  EXPECT_OK(docker().UnpauseContainer(id, never_));
  EXPECT_EQ(Inspect(id).status, ContainerStatus::kRunning);
  EXPECT_FALSE(docker().UnpauseContainer(id, never_).ok());
}

TEST_P(DockerContract, APausedContainerCanBeStopped) {
  Network("net1");
  const std::string id = Run(Request("alpha"));
  backend().Pause("alpha");
  EXPECT_OK(docker().StopContainer(id, absl::ZeroDuration(), never_));
  EXPECT_EQ(Inspect(id).status, ContainerStatus::kExited);
}

TEST_P(DockerContract, ACommandThatDoesNotExistIsRefusedAtStartAndLeavesTheContainerCreated) {
  Network("net1");
  const std::string id = Create(Request("alpha", "broken:1"));
  EXPECT_TRUE(absl::IsInvalidArgument(Start(id)));
  const docker::Container container = Inspect(id);
  EXPECT_EQ(container.status, ContainerStatus::kCreated);
  EXPECT_EQ(container.exit_code, 127);
  EXPECT_THAT(container.error, HasSubstr("no such file"));
  EXPECT_FALSE(container.started_ever);
}

TEST_P(DockerContract, AContainerThatExitsUnderPolicyNoStaysExited) {
  Network("net1");
  const std::string id = Run(Request("alpha", "crash:1"));
  const auto exited = Await(id, [](const auto& c) { return c.status == ContainerStatus::kExited; });
  EXPECT_EQ(exited.exit_code, 7);
  EXPECT_TRUE(exited.started_ever);
}

TEST_P(DockerContract, ACrashLoopIsRestartingAndCounted) {
  Network("net1");
  docker::CreateContainerRequest request = Request("alpha", "crash:1");
  request.config.restart_policy.name = "unless-stopped";
  const std::string id = Run(request);
  const auto restarting = Await(
      id, [](const auto& c) { return c.status == ContainerStatus::kRestarting && c.restart_count > 0; });
  EXPECT_EQ(restarting.status, ContainerStatus::kRestarting);
  EXPECT_GE(restarting.restart_count, 1);
  EXPECT_OK(Start(id));
  EXPECT_OK(Stop(id));
  EXPECT_EQ(Inspect(id).status, ContainerStatus::kExited);
}

// --- Ports

TEST_P(DockerContract, APortIsCheckedOnlyAtStart) {
  Network("net1");
  docker::CreateContainerRequest first = Request("alpha"), second = Request("beta");
  first.config.ports = second.config.ports = {{"127.0.0.1", 23000, 80, "tcp"}};
  const std::string holder = Run(first), loser = Create(second);
  const absl::Status status = Start(loser);
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("port is already allocated"));
  const docker::Container refused = Inspect(loser);
  EXPECT_EQ(refused.status, ContainerStatus::kCreated);
  EXPECT_EQ(refused.exit_code, 128);
  EXPECT_THAT(refused.error, HasSubstr("port is already allocated"));

  EXPECT_OK(Stop(holder));
  EXPECT_OK(Start(loser));
  EXPECT_EQ(Inspect(loser).status, ContainerStatus::kRunning);
  EXPECT_EQ(Inspect(loser).error, "");
}

TEST_P(DockerContract, TheListShowsPublishedPortsOfRunningContainersOnly) {
  Network("net1");
  docker::CreateContainerRequest request = Request("alpha");
  request.config.ports = {{"127.0.0.1", 23000, 80, "tcp"}};
  const std::string id = Create(request);
  EXPECT_THAT(Row().ports, IsEmpty());
  EXPECT_OK(Start(id));
  EXPECT_EQ(Row().ports, request.config.ports);
}

// --- Rename and remove

TEST_P(DockerContract, ARunningContainerCanBeRenamedAndItsOldNameIsFree) {
  Network("net1");
  const std::string id = Run(Request("alpha"));
  EXPECT_OK(docker().RenameContainer(id, "alpha.previous", never_));
  EXPECT_EQ(Inspect("alpha.previous").id, id);
  EXPECT_NE(Create(Request("alpha")), id);
}

TEST_P(DockerContract, ARenameToATakenNameIsRefused) {
  Network("net1");
  const std::string id = Create(Request("alpha"));
  Create(Request("beta"));
  EXPECT_TRUE(absl::IsAborted(docker().RenameContainer(id, "beta", never_)));
  EXPECT_EQ(Inspect(id).name, "alpha");
}

TEST_P(DockerContract, ARenameToItsOwnNameIsRefused) {
  Network("net1");
  const std::string id = Create(Request("alpha"));
  EXPECT_TRUE(absl::IsInvalidArgument(docker().RenameContainer(id, "alpha", never_)));
}

TEST_P(DockerContract, ARunningContainerIsRemovedOnlyByForce) {
  Network("net1");
  const std::string id = Run(Request("alpha"));
  EXPECT_TRUE(absl::IsAborted(docker().RemoveContainer(id, {.force = false}, never_)));
  EXPECT_EQ(Inspect(id).status, ContainerStatus::kRunning);
  EXPECT_OK(docker().RemoveContainer(id, {.force = true}, never_));
  EXPECT_TRUE(absl::IsNotFound(docker().InspectContainer(id, never_).status()));
  EXPECT_OK(docker().RemoveContainer(id, {.force = false}, never_));
}

TEST_P(DockerContract, WhatCannotBeRemovedIsDeadAndGivesItsNameAway) {
  Network("net1");
  const std::string id = Run(Request("alpha"));
  backend().KeepFromRemoval(id);
  EXPECT_TRUE(absl::IsUnavailable(docker().RemoveContainer(id, {.force = true}, never_)));
  EXPECT_EQ(Inspect(id).status, ContainerStatus::kDead);
  EXPECT_THAT(Inspect(id).error, HasSubstr("operation not permitted"));
  EXPECT_FALSE(docker().StartContainer(id, never_).ok());
  EXPECT_FALSE(docker().UpdateContainer(id, {}, docker::RestartPolicy{"no"}, never_).ok());
  EXPECT_FALSE(docker().ReadContainerFile(id, "/etc/passwd", never_).ok());
  EXPECT_OK(docker().RenameContainer(id, "alpha.dead", never_));
  Run(Request("alpha"));
  EXPECT_TRUE(absl::IsUnavailable(docker().RemoveContainer(id, {}, never_)));
}

// --- Networks and attachments

TEST_P(DockerContract, ANetworkIsMadeOncePerName) {
  Network("net1");
  docker::NetworkConfig config;
  config.name = "net1";
  EXPECT_TRUE(absl::IsAlreadyExists(docker().CreateNetwork(config, never_).status()));
  EXPECT_THAT(*docker().FindNetworks("net1", never_), SizeIs(1));
  EXPECT_THAT(*docker().FindNetworks("net", never_), IsEmpty());
}

// Before Engine 25.
TEST_P(DockerContract, OthersCanMakeTwoNetworksOfOneNameAndThenTheNameIsAmbiguous) {
  const std::string first = Network("net1"), second = backend().AddNetwork("net1");
  if (Speaks("1.44")) {
    EXPECT_EQ(second, "");
    EXPECT_EQ(Net("net1").id, first);
    return;
  }
  std::vector<std::string> ids;
  const std::vector<docker::Network> found = *docker().FindNetworks("net1", never_);
  for (const docker::Network& network : found) ids.push_back(network.id);
  EXPECT_THAT(ids, UnorderedElementsAre(first, second));
  EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end()));
  EXPECT_TRUE(absl::IsInvalidArgument(docker().RemoveNetwork("net1", never_)));
  EXPECT_OK(docker().RemoveNetwork(second, never_));
}

TEST_P(DockerContract, ANetworkShowsItsSettingsAndIsFoundByLabel) {
  docker::NetworkConfig config;
  config.name = "net1";
  config.driver = "bridge";
  config.subnet = "10.98.7.0/24";
  config.gateway = "10.98.7.1";
  config.internal = true;
  config.options = {{"com.docker.network.bridge.enable_icc", "true"}};
  config.labels = {{"owner", "me"}};
  const std::string id = *docker().CreateNetwork(config, never_);
  const auto found = docker().ListNetworks("owner=me", never_);
  ASSERT_THAT(*found, SizeIs(1));
  EXPECT_EQ(found->front().id, id);
  EXPECT_EQ(found->front().config, config);
  EXPECT_THAT(found->front().members, IsEmpty());
}

TEST_P(DockerContract, ANetworkWithoutASubnetGetsOne) {
  Network("net1");
  const docker::NetworkConfig config = Net("net1").config;
  EXPECT_THAT(config.subnet, HasSubstr("/"));
  EXPECT_NE(config.gateway, "");
}

TEST_P(DockerContract, ASubnetOfAnotherNetworkIsRefused) {
  docker::NetworkConfig config;
  config.name = "net1";
  config.subnet = "10.98.7.0/24";
  EXPECT_TRUE(docker().CreateNetwork(config, never_).ok());
  config.name = "net2";
  EXPECT_TRUE(absl::IsPermissionDenied(docker().CreateNetwork(config, never_).status()));
}

TEST_P(DockerContract, ANetworkWithRunningMembersCannotBeRemovedOneWithStoppedMembersCan) {
  const std::string network = Network("net1");
  const std::string id = Run(Request("alpha"));
  const auto members = Net("net1").members;
  EXPECT_THAT(members, ElementsAre(docker::NetworkMember{id, "alpha"}));
  EXPECT_TRUE(absl::IsAborted(docker().RemoveNetwork(network, never_)));
  EXPECT_OK(Stop(id));
  EXPECT_THAT(Net("net1").members, IsEmpty());
  EXPECT_OK(docker().RemoveNetwork(network, never_));
  EXPECT_TRUE(absl::IsNotFound(docker().RemoveNetwork(network, never_)));
}

TEST_P(DockerContract, AnAttachmentHasNoNetworkIdBeforeTheFirstStart) {
  const std::string network = Network("net1");
  docker::CreateContainerRequest request = Request("alpha");
  request.config.aliases = {"web"};
  const std::string id = Create(request);
  EXPECT_EQ(Attachment(id).network_id, "");
  EXPECT_THAT(Attachment(id).aliases, ElementsAre("web"));
  EXPECT_OK(Start(id));
  EXPECT_EQ(Attachment(id).network_id, network);
  EXPECT_NE(Attachment(id).ip, "");
}

// Before API 1.45.
TEST_P(DockerContract, AnAttachmentShowsShortIdAndHostnameAmongItsAliases) {
  Network("net1");
  docker::CreateContainerRequest request = Request("alpha");
  request.config.aliases = {"web"};
  request.config.hostname = "host-a";
  const std::string id = Run(request);
  if (Speaks("1.45"))
    EXPECT_THAT(Attachment(id).aliases, ElementsAre("web"));
  else
    EXPECT_THAT(Attachment(id).aliases, ElementsAre("web", id.substr(0, 12), "host-a"));
}

TEST_P(DockerContract, AStoppedContainerKeepsItsNetworkIdAndLosesItsAddress) {
  const std::string network = Network("net1");
  const std::string id = Run(Request("alpha"));
  EXPECT_OK(Stop(id));
  EXPECT_EQ(Attachment(id).network_id, network);
  EXPECT_EQ(Attachment(id).ip, "");
}

TEST_P(DockerContract, AStartOnAStaleNetworkIdIsNotFoundAndAPlainConnectHealsIt) {
  const std::string old_network = Network("net1");
  const std::string id = Run(Request("alpha"));
  EXPECT_OK(Stop(id));
  EXPECT_OK(docker().RemoveNetwork(old_network, never_));
  const std::string new_network = Network("net1");
  const absl::Status status = Start(id);
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(absl::StrCat("network ", old_network, " not found")));
  EXPECT_EQ(Inspect(id).status, ContainerStatus::kExited);
  EXPECT_EQ(Attachment(id).network_id, old_network);

  EXPECT_OK(docker().ConnectNetwork(new_network, id, {"web"}, never_));
  EXPECT_EQ(Attachment(id).network_id, "");
  EXPECT_THAT(Attachment(id).aliases, Contains("web"));
  EXPECT_OK(Start(id));
  EXPECT_EQ(Attachment(id).network_id, new_network);
}

TEST_P(DockerContract, AConnectOfARunningMemberIsRefused) {
  const std::string network = Network("net1");
  const std::string id = Run(Request("alpha"));
  const absl::Status status = docker().ConnectNetwork(network, id, {"web"}, never_);
  EXPECT_TRUE(absl::IsPermissionDenied(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("already exists in network"));
}

TEST_P(DockerContract, ARunningContainerGetsANewAliasByDisconnectAndConnect) {
  const std::string network = Network("net1");
  const std::string id = Run(Request("alpha"));
  EXPECT_OK(docker().DisconnectNetwork(network, id, false, never_));
  EXPECT_THAT(Inspect(id).networks, IsEmpty());
  EXPECT_OK(docker().ConnectNetwork(network, id, {"web"}, never_));
  EXPECT_EQ(Attachment(id).network_id, network);
  EXPECT_THAT(Attachment(id).aliases, Contains("web"));
}

TEST_P(DockerContract, AConnectOfAStoppedMemberIsAcceptedAndChangesNothing) {
  const std::string network = Network("net1");
  docker::CreateContainerRequest request = Request("alpha");
  request.config.aliases = {"web"};
  const std::string id = Run(request);
  EXPECT_OK(Stop(id));
  EXPECT_OK(docker().ConnectNetwork(network, id, {"other"}, never_));
  EXPECT_THAT(Attachment(id).aliases, Contains("web"));
  EXPECT_THAT(Attachment(id).aliases, Not(Contains("other")));
}

TEST_P(DockerContract, ADetachedContainerStaysDetachedOverARestart) {
  const std::string network = Network("net1");
  const std::string id = Run(Request("alpha"));
  EXPECT_OK(docker().DisconnectNetwork(network, id, false, never_));
  EXPECT_OK(docker().RestartContainer(id, absl::Seconds(5), never_));
  EXPECT_EQ(Inspect(id).status, ContainerStatus::kRunning);
  EXPECT_THAT(Inspect(id).networks, IsEmpty());
}

TEST_P(DockerContract, ADisconnectOfWhatIsNotConnectedIsRefused) {
  const std::string network = Network("net1"), other = Network("net2");
  const std::string id = Run(Request("alpha"));
  EXPECT_FALSE(docker().DisconnectNetwork(other, id, false, never_).ok());
  EXPECT_OK(Stop(id));
  EXPECT_OK(docker().DisconnectNetwork(network, id, false, never_));
  EXPECT_FALSE(docker().DisconnectNetwork(network, id, true, never_).ok());
}

TEST_P(DockerContract, AStoppedContainerIsDisconnectedFromAGoneNetworkByItsNameOnly) {
  const std::string network = Network("net1");
  const std::string id = Run(Request("alpha"));
  EXPECT_OK(Stop(id));
  EXPECT_OK(docker().RemoveNetwork(network, never_));
  EXPECT_FALSE(docker().DisconnectNetwork(network, id, true, never_).ok());
  EXPECT_OK(docker().DisconnectNetwork("net1", id, true, never_));
  EXPECT_THAT(Inspect(id).networks, IsEmpty());
}

TEST_P(DockerContract, AConnectToAGoneNetworkIsNotFoundWhileTheContainerRuns) {
  Network("net1");
  const std::string id = Run(Request("alpha"));
  EXPECT_TRUE(absl::IsNotFound(docker().ConnectNetwork("net3", id, {}, never_)));
  EXPECT_TRUE(absl::IsNotFound(docker().ConnectNetwork("net1", "nobody", {}, never_)));
}

TEST_P(DockerContract, AContainerOnTheHostsNetworkHasNoAddress) {
  docker::CreateContainerRequest request = Request("alpha");
  request.config.network_mode = "host";
  const std::string id = Run(request);
  EXPECT_EQ(Inspect(id).network_mode, "host");
  EXPECT_EQ(Attachment(id, "host").ip, "");
}

// --- Update

TEST_P(DockerContract, AnUpdateChangesLimitsOfARunningContainerInPlace) {
  Network("net1");
  docker::CreateContainerRequest request = Request("alpha");
  request.config.resources.memory = 64 * kMiB;
  const std::string id = Run(request);
  docker::LiveResources resources;
  resources.memory = 128 * kMiB;
  resources.memory_swap = 256 * kMiB;
  resources.nano_cpus = 500000000;
  resources.cpu_shares = 512;
  resources.pids_limit = 100;
  EXPECT_OK(docker().UpdateContainer(id, resources, docker::RestartPolicy{"always", 0}, never_));
  EXPECT_EQ(Inspect(id).resources, resources);
  EXPECT_EQ(Inspect(id).restart_policy, (docker::RestartPolicy{"always", 0}));
  EXPECT_EQ(Inspect(id).status, ContainerStatus::kRunning);
}

TEST_P(DockerContract, MemoryAboveTheSwapLimitIsRefusedUnlessBothAreSent) {
  Network("net1");
  docker::CreateContainerRequest request = Request("alpha");
  request.config.resources.memory = 64 * kMiB;
  const std::string id = Create(request);
  docker::LiveResources resources;
  resources.memory = 256 * kMiB;
  EXPECT_TRUE(absl::IsAborted(docker().UpdateContainer(id, resources, std::nullopt, never_)));
  EXPECT_EQ(Inspect(id).resources.memory, 64 * kMiB);
  resources.memory_swap = 512 * kMiB;
  EXPECT_OK(docker().UpdateContainer(id, resources, std::nullopt, never_));
  EXPECT_EQ(Inspect(id).resources.memory, 256 * kMiB);
}

TEST_P(DockerContract, AnUpdateToZeroLeavesALimitAsItIs) {
  Network("net1");
  docker::CreateContainerRequest request = Request("alpha");
  request.config.resources.memory = 64 * kMiB;
  request.config.resources.nano_cpus = 500000000;
  const std::string id = Create(request);
  docker::LiveResources zero;
  zero.memory = zero.memory_swap = zero.nano_cpus = zero.cpu_shares = 0;
  EXPECT_OK(docker().UpdateContainer(id, zero, std::nullopt, never_));
  EXPECT_EQ(Inspect(id).resources.memory, 64 * kMiB);
  EXPECT_EQ(Inspect(id).resources.nano_cpus, 500000000);
}

TEST_P(DockerContract, ALimitOfProcessesIsRemovedByZero) {
  Network("net1");
  docker::CreateContainerRequest request = Request("alpha");
  request.config.resources.pids_limit = 100;
  const std::string id = Create(request);
  EXPECT_EQ(Inspect(id).resources.pids_limit, 100);
  docker::LiveResources zero;
  zero.pids_limit = 0;
  EXPECT_OK(docker().UpdateContainer(id, zero, std::nullopt, never_));
  EXPECT_EQ(Inspect(id).resources.pids_limit, std::nullopt);
}

TEST_P(DockerContract, MoreCpusThanTheHostHasAreRefusedAtUpdate) {
  Network("net1");
  const std::string id = Create(Request("alpha"));
  docker::LiveResources resources;
  resources.nano_cpus = int64_t{1000} * 1000000000;
  EXPECT_TRUE(absl::IsInvalidArgument(docker().UpdateContainer(id, resources, std::nullopt, never_)));
  resources.nano_cpus = -1;
  EXPECT_TRUE(absl::IsInvalidArgument(docker().UpdateContainer(id, resources, std::nullopt, never_)));
}

// --- Files, logs, exec

TEST_P(DockerContract, CopiedFilesAreReadBackFromAContainerThatNeverRan) {
  Network("net1");
  const std::string id = Create(Request("alpha"));
  EXPECT_OK(docker().CopyFiles(
      id, {{"/etc/deep/er/conf", "text\n", 0600, false}, {"/tmp/empty", "", 0644, false}}, never_));
  EXPECT_EQ(*docker().ReadContainerFile(id, "/etc/deep/er/conf", never_), "text\n");
  EXPECT_EQ(*docker().ReadContainerFile(id, "/tmp/empty", never_), "");
  EXPECT_TRUE(absl::IsNotFound(docker().ReadContainerFile(id, "/tmp/absent", never_).status()));
}

TEST_P(DockerContract, TheLogEndsWithTheLastLines) {
  Network("net1");
  const std::string id = Run(Request("alpha"));
  EXPECT_OK(Stop(id));
  EXPECT_THAT(*docker().TailLogs(id, 2, never_), ElementsAre("two", "three"));
  EXPECT_THAT(*docker().TailLogs(id, 99, never_), ElementsAre("one", "two", "three"));
  EXPECT_TRUE(absl::IsNotFound(docker().TailLogs("nobody", 2, never_).status()));
}

TEST_P(DockerContract, ACommandRunsInARunningContainerOnly) {
  Network("net1");
  const std::string id = Create(Request("alpha"));
  EXPECT_TRUE(absl::IsAborted(docker().Exec(id, {"true"}, absl::Seconds(10), never_).status()));
  EXPECT_OK(Start(id));
  const auto code = docker().Exec(id, {"true"}, absl::Seconds(10), never_);
  ASSERT_TRUE(code.ok()) << code.status();
  EXPECT_EQ(*code, 0);
}

// --- Events

TEST_P(DockerContract, EventsTellTheLifeOfAContainerByIdAndName) {
  Network("net1");
  std::vector<std::string> actions;
  std::stop_source enough;
  std::string id;
  std::thread actor;
  const absl::Status status = docker().Stream(
      0,
      [&] {
        actor = std::thread([&] {
          id = Run(Request("alpha"));
          EXPECT_OK(docker().RenameContainer(id, "omega", never_));
          EXPECT_OK(Stop(id));
          EXPECT_OK(docker().RemoveContainer(id, {.force = false}, never_));
        });
      },
      [&](const docker::Event& event) {
        if (event.type == "container")
          actions.push_back(absl::StrCat(event.action, " ", event.attributes.at("name")));
        if (event.action == "destroy") enough.request_stop();
      },
      enough.get_token());
  actor.join();
  EXPECT_OK(status);
  for (const std::string expected :
       {"create alpha", "start alpha", "rename omega", "die omega", "destroy omega"}) {
    EXPECT_THAT(actions, Contains(expected));
  }
}

// Names of its own: the daemon keeps 256 events, which begin in the middle of another test.
TEST_P(DockerContract, EventsOfThePastAreGivenAgain) {
  Network("net1");
  Create(Request("earlier"));
  Create(Request("later"));
  std::vector<std::string> names;
  std::stop_source enough;
  EXPECT_OK(docker().Stream(
      1, nullptr,
      [&](const docker::Event& event) {
        if (event.action != "create" || event.type != "container") return;
        names.push_back(event.attributes.at("name"));
        if (names.back() == "later") enough.request_stop();
      },
      enough.get_token()));
  EXPECT_THAT(names, Contains("earlier"));
}

TEST_P(DockerContract, AStoppedStreamEndsWell) {
  std::stop_source stop;
  EXPECT_OK(docker().Stream(
      0, [&] { stop.request_stop(); }, [](const docker::Event&) {}, stop.get_token()));
}

INSTANTIATE_TEST_SUITE_P(Daemons, DockerContract,
                         ::testing::Values(Kind::kMemory, Kind::kFakeDaemon, Kind::kNewFakeDaemon,
                                           Kind::kRealDaemon),
                         [](const auto& param) { return ::testing::PrintToString(param.param); });

}  // namespace
}  // namespace spacelet::contract
