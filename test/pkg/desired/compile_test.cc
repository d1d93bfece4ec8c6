#include "pkg/desired/compile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pkg/api/labels.h"
#include "test/pkg/desired/documents.h"

namespace spacelet::desired {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

const Container& DelegateOf(const Compiled& compiled) { return *compiled.host.Find("docker-delegate"); }

std::vector<std::string> Names(const Host& host) {
  std::vector<std::string> out;
  for (const Container& c : host.containers) out.push_back(c.name);
  return out;
}

// The generic container `c`, changed by the test, compiled.
Container CompileOne(const api::GenericContainer& c) {
  api::Document d;
  d.name = "host";
  d.containers = {c};
  return CompileHere(d).host.containers.front();
}

TEST(Compile, TheHostCarriesWhoAndWhich) {
  api::Document d = MinimalDocument();
  d.suspend = true;
  const Host host = CompileHere(d).host;
  EXPECT_EQ(host.name, "gitspaces-us-west1");
  EXPECT_TRUE(host.suspend);
  EXPECT_EQ(host.revision, "sha256:0123");
  EXPECT_EQ(host.generation, 7);
}

TEST(Compile, EqualDocumentsCompileEqually) {
  EXPECT_EQ(CompileHere(MinimalDocument()).host, CompileHere(MinimalDocument()).host);
}

TEST(Compile, ContainersAreInStartOrder) {
  api::Document d = MinimalDocument();
  d.containers = {Generic("gateway"), Generic("exporter")};
  d.runner->workload.depends_on = {"exporter"};
  EXPECT_THAT(Names(CompileHere(d).host), ElementsAre("gateway", "exporter", "vm-runner", "docker-delegate"));
}

TEST(Compile, DependenciesAreContainerNamesWithTheirLongestDeadline) {
  api::Document d = MinimalDocument();
  d.containers = {Generic("gateway")};
  d.runner->workload.container_name = "runner-1";
  d.runner->workload.rollout.progress_deadline = absl::Minutes(20);
  d.delegate->workload.depends_on = {"gateway", "runner"};
  const Compiled compiled = CompileHere(d);
  EXPECT_THAT(DelegateOf(compiled).depends_on, ElementsAre("gateway", "runner-1"));
  EXPECT_EQ(DelegateOf(compiled).dependency_deadline, absl::Minutes(20));
}

TEST(Compile, ADelegateAloneDependsOnNobody) {
  api::Document d = MinimalDocument();
  d.runner.reset();
  EXPECT_THAT(DelegateOf(CompileHere(d)).depends_on, IsEmpty());
}

TEST(Compile, SecretVariablesAreApartFromLiteralOnes) {
  const Compiled compiled = CompileHere(MinimalDocument());
  EXPECT_EQ(DelegateOf(compiled).config.env.count("DELEGATE_TOKEN"), 0u);
  EXPECT_THAT(DelegateOf(compiled).secret_env,
              ElementsAre(Pair("DELEGATE_TOKEN", MinimalDocument().delegate->token)));
}

TEST(Compile, LabelsAreOursAndTheDocuments) {
  api::Document d = MinimalDocument();
  d.delegate->workload.labels = {{"team", "cde"}};
  const Compiled compiled = CompileHere(d);
  const Container& c = DelegateOf(compiled);
  EXPECT_THAT(
      c.config.labels,
      UnorderedElementsAre(Pair("team", "cde"), Pair(api::kLabelManaged, "true"),
                           Pair(api::kLabelComponent, "delegate"), Pair(api::kLabelSpecHash, c.spec_hash),
                           Pair(api::kLabelHost, "gitspaces-us-west1"),
                           Pair(api::kLabelRevision, "sha256:0123"), Pair(api::kLabelLimits, "cpus,memory")));
  EXPECT_EQ(compiled.host.Find("vm-runner")->config.labels.count(api::kLabelLimits), 0u);
}

TEST(Compile, TheNetworkRemembersItsSettings) {
  api::Document d = MinimalDocument();
  d.network.subnet = "10.9.0.0/24";
  d.network.labels = {{"team", "cde"}};
  const Network network = *CompileHere(d).host.network;
  EXPECT_EQ(network.config.labels.at(api::kLabelComponent), "network");
  EXPECT_EQ(network.config.labels.at(api::kLabelSpecHash), network.spec_hash);
  const auto restored = NetworkFromCanonicalJson(network.config.labels.at(api::kLabelNetworkSpec));
  ASSERT_TRUE(restored);
  EXPECT_EQ(LabelledNetwork(*restored, d.name, "sha256:0123"), network);
}

TEST(Compile, ALabelThatIsNoNetworkIsNotRestored) {
  for (const char* text : {"", "{", "[]", "{}", "null", "{\"name\":7}"})
    EXPECT_FALSE(NetworkFromCanonicalJson(text)) << text;
}

TEST(Compile, OnTheHostsNetworkThereIsNoNameToReachItBy) {
  api::GenericContainer c = Generic("exporter");
  c.workload.host_network = true;
  c.workload.hostname = "exporter";
  c.workload.network_aliases = {"metrics"};
  api::Document d;
  d.containers = {c};
  const Host host = CompileHere(d).host;
  EXPECT_FALSE(host.network);
  EXPECT_EQ(host.containers[0].network, "");
  EXPECT_EQ(host.containers[0].config.network_mode, "host");
  EXPECT_EQ(host.containers[0].config.hostname, "");
  EXPECT_THAT(host.containers[0].config.aliases, IsEmpty());
}

TEST(Compile, OneContainerOnTheNetworkIsEnoughForIt) {
  api::Document d = MinimalDocument();
  d.runner->workload.host_network = true;
  EXPECT_TRUE(CompileHere(d).host.network);
}

TEST(Compile, TheHostnameIsAnAliasExactlyOnce) {
  api::GenericContainer c = Generic("gateway");
  c.workload.hostname = "gw";
  c.workload.network_aliases = {"edge", "gw", "edge"};
  EXPECT_THAT(CompileOne(c).config.aliases, ElementsAre("gw", "edge"));
}

// Harness ends one of two delegates of one name and hostname.
TEST(Compile, UnderStartFirstTheHostnameOfADelegateEndsWithAPartOfItsSpecHash) {
  api::Document d = MinimalDocument();
  const Container recreated = DelegateOf(CompileHere(d));
  d.delegate->workload.rollout.strategy = api::Rollout::Strategy::kStartFirst;
  const Container beside = DelegateOf(CompileHere(d));
  EXPECT_EQ(recreated.config.hostname, "docker-delegate");
  EXPECT_EQ(recreated.spare_hostname, "");
  const std::string hash = beside.spec_hash.substr(std::string("v1:").size());
  EXPECT_EQ(beside.config.hostname, "docker-delegate-" + hash.substr(0, 8));
  EXPECT_EQ(beside.spare_hostname, "docker-delegate-" + hash.substr(8, 8));
  EXPECT_THAT(beside.config.aliases, ElementsAre("docker-delegate"));
  EXPECT_EQ(beside.spec_hash, recreated.spec_hash) << "the strategy alone makes no new container";
  EXPECT_EQ(beside.config.env.at("DELEGATE_NAME").value, "docker-delegate");
}

TEST(Compile, AHostnameWithASuffixStaysAHostname) {
  const auto hostname = [](const std::string& written) {
    api::Document d = MinimalDocument();
    d.delegate->workload.hostname = written;
    d.delegate->workload.rollout.strategy = api::Rollout::Strategy::kStartFirst;
    const Container c = DelegateOf(CompileHere(d));
    EXPECT_EQ(c.config.aliases.front(), written);
    return c.config.hostname.substr(0, c.config.hostname.size() - 8);
  };
  EXPECT_EQ(hostname(std::string(63, 'a')), std::string(54, 'a') + "-");
  EXPECT_EQ(hostname(std::string(50, 'a') + "---------bbbb"), std::string(50, 'a') + "-");
  api::Document d = MinimalDocument();
  d.delegate->workload.rollout.strategy = api::Rollout::Strategy::kStartFirst;
  d.delegate->workload.hostname = "delegate.example.com";
  const Container c = DelegateOf(CompileHere(d));
  EXPECT_EQ(c.config.hostname, "delegate-" + c.spec_hash.substr(3, 8) + ".example.com");
  d.delegate->workload.hostname = "delegate." + std::string(50, 'e') + ".com";
  const Container longer = DelegateOf(CompileHere(d));
  EXPECT_EQ(longer.config.hostname, "delegate-" + longer.spec_hash.substr(3, 8));
}

TEST(Compile, OnlyADelegateHasASuffix) {
  api::GenericContainer c = Generic("gateway");
  c.workload.hostname = "gw";
  c.workload.rollout.strategy = api::Rollout::Strategy::kStartFirst;
  EXPECT_EQ(CompileOne(c).config.hostname, "gw");
}

TEST(Compile, AGenericContainerIsAsWritten) {
  api::GenericContainer c = Generic("gateway");
  api::Workload& w = c.workload;
  w.command = {"/bin/gw"};
  w.args = {"--v"};
  w.user = "1000:1000";
  w.working_dir = "/srv";
  w.platform = "linux/arm64";
  w.stop_signal = "SIGINT";
  w.init = true;
  w.read_only = true;
  w.cap_add = {"SYS_TIME", "NET_ADMIN", "SYS_TIME"};
  w.devices = {"/dev/kvm", "/dev/a:/dev/b:r"};
  w.ulimits = {{"nofile", {1024, 4096}}, {"core", {0, 0}}};
  w.sysctls = {{"net.ipv4.ip_forward", "1"}};
  w.tmpfs = {{"/tmp", "size=1m"}};
  w.shm_size = 1 << 20;
  w.extra_hosts = {"a:10.0.0.1"};
  w.dns = {"10.0.0.2"};
  w.host_pid = true;
  w.ports = {{"0.0.0.0", 80, 8080, "tcp"}};
  w.volumes = {{"/srv", "/srv", true}};
  w.resources.memory_swap = -1;
  const Container out = CompileOne(c);
  EXPECT_EQ(out.platform, "linux/arm64");
  EXPECT_EQ(out.config.entrypoint, w.command);
  EXPECT_EQ(out.config.cmd, w.args);
  EXPECT_EQ(out.config.user, "1000:1000");
  EXPECT_EQ(out.config.working_dir, "/srv");
  EXPECT_EQ(out.config.stop_signal, "SIGINT");
  EXPECT_EQ(out.config.init, true);
  EXPECT_TRUE(out.config.read_only);
  EXPECT_THAT(out.config.cap_add, ElementsAre("NET_ADMIN", "SYS_TIME"));
  EXPECT_THAT(out.config.devices, ElementsAre(docker::Device{"/dev/kvm", "/dev/kvm", "rwm"},
                                              docker::Device{"/dev/a", "/dev/b", "r"}));
  EXPECT_THAT(out.config.ulimits,
              ElementsAre(docker::Ulimit{"core", 0, 0}, docker::Ulimit{"nofile", 1024, 4096}));
  EXPECT_EQ(out.config.sysctls, w.sysctls);
  EXPECT_EQ(out.config.tmpfs, w.tmpfs);
  EXPECT_EQ(out.config.shm_size, w.shm_size);
  EXPECT_EQ(out.config.extra_hosts, w.extra_hosts);
  EXPECT_EQ(out.config.dns, w.dns);
  EXPECT_TRUE(out.config.host_pid);
  EXPECT_THAT(out.config.ports, ElementsAre(docker::PortBinding{"0.0.0.0", 80, 8080, "tcp"}));
  EXPECT_THAT(out.config.mounts, ElementsAre(docker::Mount{"/srv", "/srv", true}));
  EXPECT_EQ(out.config.resources.memory_swap, -1);
  EXPECT_EQ(out.config.stop_timeout, absl::Seconds(10));
  EXPECT_EQ(out.stop_grace, absl::Seconds(10));
}

TEST(Compile, RestartPoliciesHaveDockersNames) {
  using Kind = api::RestartPolicy::Kind;
  api::GenericContainer c = Generic("x");
  const auto name = [&](Kind kind, int retries) {
    c.workload.restart_policy = {kind, retries};
    return CompileOne(c).config.restart_policy;
  };
  EXPECT_EQ(name(Kind::kUnlessStopped, 0), (docker::RestartPolicy{"unless-stopped", 0}));
  EXPECT_EQ(name(Kind::kAlways, 0), (docker::RestartPolicy{"always", 0}));
  EXPECT_EQ(name(Kind::kOnFailure, 3), (docker::RestartPolicy{"on-failure", 3}));
  EXPECT_EQ(name(Kind::kNo, 0), (docker::RestartPolicy{"no", 0}));
}

TEST(Compile, AMutableTagIsPulledAlways) {
  api::GenericContainer c = Generic("x");
  const auto policy = [&](const char* image) {
    c.workload.image = image;
    return CompileOne(c).pull_policy;
  };
  for (const char* image : {"busybox", "busybox:latest", "localhost:5000/busybox", "a.io:1/b/c:latest"})
    EXPECT_EQ(policy(image), api::PullPolicy::kAlways) << image;
  for (const char* image :
       {"busybox:1", "localhost:5000/busybox:1", "busybox@sha256:0", "busybox:latest@sha256:0"})
    EXPECT_EQ(policy(image), api::PullPolicy::kIfNotPresent) << image;
}

TEST(Compile, OnlyDirectoriesOfTheAgentAreMade) {
  api::GenericContainer c = Generic("x");
  c.workload.volumes = {{"/runner/cache", "/c", false},       {"/runner/cache", "/d", false},
                        {"/var/lib/spacelet/x", "/x", false}, {"/srv/data", "/s", false},
                        {"/runner/sa.json", "/sa", true},     {"/runnerx", "/r", false},
                        {"/var/lib/spacelet", "/y", false}};
  EXPECT_THAT(CompileOne(c).directories,
              ElementsAre(Directory{"/runner/cache", 0755, ""}, Directory{"/var/lib/spacelet/x", 0755, ""}));
}

TEST(Compile, LoggingOfAnotherDriverGetsNoRotationOptions) {
  api::GenericContainer c = Generic("x");
  c.workload.logging = api::Logging{"journald", std::nullopt, std::nullopt, {{"tag", "x"}}};
  EXPECT_EQ(CompileOne(c).config.log, (docker::LogConfig{"journald", {{"tag", "x"}}}));
}

TEST(Compile, WindowsAndSplayAreReadAndMakeNoNewContainer) {
  api::Document d = MinimalDocument();
  const std::string before = DelegateOf(CompileHere(d)).spec_hash;
  d.delegate->workload.rollout.splay = absl::Minutes(30);
  d.delegate->workload.rollout.windows = {{"0 2 * * mon", absl::Hours(2), "America/Los_Angeles"}};
  const Container c = DelegateOf(CompileHere(d));
  EXPECT_EQ(c.spec_hash, before);
  EXPECT_EQ(c.turns.splay, absl::Minutes(30));
  ASSERT_EQ(c.turns.windows.size(), 1u);
  EXPECT_EQ(c.turns.windows[0].cron.text(), "0 2 * * mon");
  EXPECT_EQ(c.turns.windows[0].duration, absl::Hours(2));
  EXPECT_EQ(c.turns.windows[0].zone.name(), "America/Los_Angeles");
}

}  // namespace
}  // namespace spacelet::desired
