#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "pkg/api/labels.h"
#include "pkg/base/digest.h"
#include "pkg/desired/compile.h"
#include "test/pkg/desired/documents.h"
#include "test/pkg/desired/golden.h"

namespace spacelet::desired {
namespace {

// A new field is left out of the JSON while it has its default: that is why hashes outlive versions. Every
// field that exists today has a default that is left out, so nothing is in the JSON of nothing.
TEST(SpecHash, NothingHasTheEmptyObject) {
  EXPECT_EQ(CanonicalJson(Container()), "{}");
  EXPECT_EQ(CanonicalJson(docker::NetworkConfig()), "{}");
}

TEST(SpecHash, IsVersionedAndTheDigestOfTheCanonicalJson) {
  const Container c = *CompileHere(MinimalDocument()).host.Find("vm-runner");
  EXPECT_EQ(SpecHash(c), absl::StrCat("v1:", base::Sha256Hex(CanonicalJson(c))));
  EXPECT_EQ(SpecHash(c), c.spec_hash);
  const Network network = *CompileHere(MinimalDocument()).host.network;
  EXPECT_EQ(SpecHash(network.config), network.spec_hash);
}

// Does not compile when a field is added: decide whether it belongs into the hash (hash.cc) and into a table
// below.
TEST(SpecHash, EveryFieldHasBeenDecidedUpon) {
  const docker::ContainerConfig config;
  const auto& [image, hostname, user, working_dir, entrypoint, cmd, env, labels, stop_signal, stop_timeout,
               mounts, tmpfs, ports, network_mode, aliases, host_pid, restart_policy, resources, log, init,
               read_only, privileged, no_new_privileges, cap_add, cap_drop, devices, ulimits, sysctls,
               extra_hosts, dns, shm_size, health] = config;
  EXPECT_TRUE(image.empty());
  const Container container;
  const auto& [component, name, platform, body, secret_env, files, pool, directories, network, spec_hash,
               spare_hostname, pull_policy, image_archive, image_pull_secret, stop_grace, policy, depends_on,
               dependency_deadline, readiness, startup, liveness, rollout, turns, drain, state_file,
               auto_update_interval, ignore_drift, takeover] = container;
  EXPECT_TRUE(component.empty());
  const docker::NetworkConfig network_config;
  const auto& [network_name, driver, subnet, gateway, ipv6, internal, options, network_labels] =
      network_config;
  EXPECT_TRUE(network_name.empty());
}

struct Change {
  const char* name;
  std::function<void(Container&)> change;
};

Container Base() { return *CompileHere(MinimalDocument()).host.Find("docker-delegate"); }

class Immutable : public testing::TestWithParam<Change> {};

TEST_P(Immutable, FieldIsInTheHash) {
  Container c = Base();
  GetParam().change(c);
  EXPECT_NE(SpecHash(c), SpecHash(Base()));
  Container empty;
  GetParam().change(empty);
  EXPECT_NE(CanonicalJson(empty), "{}");
}

INSTANTIATE_TEST_SUITE_P(
    Fields, Immutable,
    testing::Values(
        Change{"Component", [](Container& c) { c.component = "x"; }},
        Change{"Platform", [](Container& c) { c.platform = "linux/arm64"; }},
        Change{"Image", [](Container& c) { c.config.image = "x"; }},
        Change{"Hostname", [](Container& c) { c.config.hostname = "x"; }},
        Change{"User", [](Container& c) { c.config.user = "0"; }},
        Change{"WorkingDir", [](Container& c) { c.config.working_dir = "/"; }},
        Change{"Entrypoint", [](Container& c) { c.config.entrypoint = {"x"}; }},
        Change{"EmptyEntrypoint", [](Container& c) { c.config.entrypoint.emplace(); }},
        Change{"Cmd", [](Container& c) { c.config.cmd = {"x"}; }},
        Change{"Env",
               [](Container& c) {
                 c.config.env["X"] = {"1", false};
               }},
        Change{"EmptyEnv",
               [](Container& c) {
                 c.config.env["X"] = {"", false};
               }},
        Change{"SecretEnv", [](Container& c) { c.secret_env["X"].file = "/x"; }},
        Change{"SecretSource", [](Container& c) { c.secret_env["DELEGATE_TOKEN"].file = "/other"; }},
        Change{"SecretKind",
               [](Container& c) { c.secret_env["DELEGATE_TOKEN"].kind = api::SecretSource::Kind::kEnv; }},
        Change{"Label", [](Container& c) { c.config.labels["team"] = "x"; }},
        Change{"StopSignal", [](Container& c) { c.config.stop_signal = "SIGINT"; }},
        Change{"StopTimeout", [](Container& c) { c.config.stop_timeout = absl::Seconds(1); }},
        Change{"Mount",
               [](Container& c) {
                 c.config.mounts.push_back({"/a", "/b", false});
               }},
        Change{"Tmpfs", [](Container& c) { c.config.tmpfs["/tmp"] = ""; }},
        Change{"Port",
               [](Container& c) {
                 c.config.ports.push_back({"127.0.0.1", 1, 2, "tcp"});
               }},
        Change{"NetworkMode", [](Container& c) { c.config.network_mode = "x"; }},
        Change{"Alias", [](Container& c) { c.config.aliases.push_back("x"); }},
        Change{"HostPid", [](Container& c) { c.config.host_pid = true; }},
        Change{"Log", [](Container& c) { c.config.log.options["max-size"] = "1m"; }},
        Change{"Init", [](Container& c) { c.config.init = false; }},
        Change{"ReadOnly", [](Container& c) { c.config.read_only = true; }},
        Change{"Privileged", [](Container& c) { c.config.privileged = true; }},
        Change{"NoNewPrivileges", [](Container& c) { c.config.no_new_privileges = true; }},
        Change{"CapAdd", [](Container& c) { c.config.cap_add = {"NET_ADMIN"}; }},
        Change{"CapDrop", [](Container& c) { c.config.cap_drop = {"ALL"}; }},
        Change{"Device",
               [](Container& c) {
                 c.config.devices.push_back({"/dev/kvm", "/dev/kvm"});
               }},
        Change{"Ulimit",
               [](Container& c) {
                 c.config.ulimits.push_back({"core", 0, 0});
               }},
        Change{"Sysctl", [](Container& c) { c.config.sysctls["a"] = "1"; }},
        Change{"ExtraHosts", [](Container& c) { c.config.extra_hosts = {"a:1.2.3.4"}; }},
        Change{"Dns", [](Container& c) { c.config.dns = {"1.2.3.4"}; }},
        Change{"ShmSize", [](Container& c) { c.config.shm_size = 1; }},
        Change{"Health",
               [](Container& c) {
                 c.config.health.emplace();
                 c.config.health->test = {"NONE"};
               }},
        Change{"File",
               [](Container& c) {
                 c.files.push_back({"/f", "text", std::nullopt, 0644});
               }},
        Change{"FileMode", [](Container& c) { c.files.push_back({"/f", "", std::nullopt, 0600}); }}),
    [](const auto& param) { return std::string(param.param.name); });

class Free : public testing::TestWithParam<Change> {};

TEST_P(Free, FieldIsNotInTheHash) {
  Container c = Base();
  GetParam().change(c);
  EXPECT_NE(c, Base());
  EXPECT_EQ(SpecHash(c), SpecHash(Base()));
}

INSTANTIATE_TEST_SUITE_P(
    Fields, Free,
    testing::Values(
        Change{"Name", [](Container& c) { c.name = "x"; }},
        Change{"Resources", [](Container& c) { c.config.resources = {}; }},
        Change{"RestartPolicy", [](Container& c) { c.config.restart_policy.name = "no"; }},
        Change{"SecretsValue",
               [](Container& c) {
                 c.config.env["DELEGATE_TOKEN"] = {"a value that was filled in", true};
               }},
        Change{"InlineSecretsValue", [](Container& c) { c.secret_env["DELEGATE_TOKEN"].value = "x"; }},
        Change{"RefreshInterval",
               [](Container& c) { c.secret_env["DELEGATE_TOKEN"].refresh_interval = absl::Minutes(1); }},
        Change{"RevisionLabel", [](Container& c) { c.config.labels[api::kLabelRevision] = "x"; }},
        Change{"HostLabel", [](Container& c) { c.config.labels[api::kLabelHost] = "x"; }},
        Change{"LimitsLabel", [](Container& c) { c.config.labels.erase(api::kLabelLimits); }},
        Change{"HashLabel", [](Container& c) { c.config.labels[api::kLabelSpecHash] = "x"; }},
        Change{"ALabelOfALaterVersion", [](Container& c) { c.config.labels["dev.spacelet.later"] = "x"; }},
        Change{"PatienceWithTheImagesHealthCheck",
               [](Container& c) {
                 c.config.health.emplace();
                 c.config.health->start_period = absl::Minutes(3);
               }},
        Change{"PullPolicy", [](Container& c) { c.pull_policy = api::PullPolicy::kNever; }},
        Change{"ImageArchive", [](Container& c) { c.image_archive = "/x.tar"; }},
        Change{"ImagePullSecret", [](Container& c) { c.image_pull_secret.emplace(); }},
        Change{"StopGrace", [](Container& c) { c.stop_grace = absl::Seconds(1); }},
        Change{"DependsOn", [](Container& c) { c.depends_on.clear(); }},
        Change{"DependencyDeadline", [](Container& c) { c.dependency_deadline = absl::Seconds(1); }},
        Change{"Readiness", [](Container& c) { c.readiness.reset(); }},
        Change{"Rollout", [](Container& c) { c.rollout.min_ready_seconds = 1; }},
        Change{"IgnoreDrift", [](Container& c) { c.ignore_drift.insert("resources.memory"); }},
        Change{"Takeover", [](Container& c) { c.takeover = true; }},
        Change{"SpareHostname", [](Container& c) { c.spare_hostname = "x"; }},
        Change{"Directories",
               [](Container& c) {
                 c.directories.push_back({"/runner/x", 0755, ""});
               }}),
    [](const auto& param) { return std::string(param.param.name); });

TEST(SpecHash, TheOrderOfWhatHasNoOrderDoesNotMatter) {
  Container a = Base(), b = Base();
  a.config.aliases = {"x", "y"};
  b.config.aliases = {"y", "x"};
  a.config.mounts = {{"/a", "/a", false}, {"/b", "/b", true}};
  b.config.mounts = {{"/b", "/b", true}, {"/a", "/a", false}};
  a.config.ports = {{"", 1, 1, "tcp"}, {"", 2, 2, "udp"}};
  b.config.ports = {{"", 2, 2, "udp"}, {"", 1, 1, "tcp"}};
  EXPECT_EQ(SpecHash(a), SpecHash(b));
}

TEST(SpecHash, TheOrderOfArgumentsAndNameServersMatters) {
  Container a = Base(), b = Base();
  a.config.dns = {"1.1.1.1", "2.2.2.2"};
  b.config.dns = {"2.2.2.2", "1.1.1.1"};
  EXPECT_NE(SpecHash(a), SpecHash(b));
}

TEST(SpecHash, NoValueOfASecretIsInTheCanonicalJson) {
  Container c = Base();
  constexpr char kCanary[] = "canary-5d1f";
  c.config.env["DELEGATE_TOKEN"] = {kCanary, true};
  c.secret_env["DELEGATE_TOKEN"] = {api::SecretSource::Kind::kValue, "", "", {}, kCanary};
  c.secret_env["OTHER"] = {api::SecretSource::Kind::kCommand, "", "", {"vault", "--token", kCanary}, ""};
  c.files.push_back(
      {"/f", "", api::SecretSource{api::SecretSource::Kind::kValue, "", "", {}, kCanary}, 0600});
  EXPECT_FALSE(absl::StrContains(CanonicalJson(c), kCanary)) << CanonicalJson(c);
}

TEST(SpecHash, InvalidUtf8IsNoException) {
  Container c;
  c.config.env["X"] = {"\xff", false};
  EXPECT_FALSE(CanonicalJson(c).empty());
}

struct NetworkChange {
  const char* name;
  std::function<void(docker::NetworkConfig&)> change;
  bool in_hash;
};

class NetworkField : public testing::TestWithParam<NetworkChange> {};

TEST_P(NetworkField, IsInTheHashOrNot) {
  docker::NetworkConfig changed{"harness", "bridge", "", "", false, false, {}, {}};
  const std::string before = SpecHash(changed);
  GetParam().change(changed);
  EXPECT_EQ(SpecHash(changed) != before, GetParam().in_hash);
}

using Config = docker::NetworkConfig;
INSTANTIATE_TEST_SUITE_P(
    Fields, NetworkField,
    testing::Values(NetworkChange{"Driver", [](Config& n) { n.driver = "macvlan"; }, true},
                    NetworkChange{"Subnet", [](Config& n) { n.subnet = "10.0.0.0/24"; }, true},
                    NetworkChange{"Gateway", [](Config& n) { n.gateway = "10.0.0.1"; }, true},
                    NetworkChange{"Ipv6", [](Config& n) { n.ipv6 = true; }, true},
                    NetworkChange{"Internal", [](Config& n) { n.internal = true; }, true},
                    NetworkChange{"Options", [](Config& n) { n.options["mtu"] = "1400"; }, true},
                    NetworkChange{"Label", [](Config& n) { n.labels["team"] = "x"; }, true},
                    NetworkChange{"OwnLabel", [](Config& n) { n.labels[api::kLabelRevision] = "x"; }, false}),
    [](const auto& param) { return std::string(param.param.name); });

TEST(SpecHash, OfTheMinimalDocumentIsPinned) {
  const Host host = CompileHere(MinimalDocument()).host;
  std::string text = absl::StrCat("network/", host.network->config.name, " ", host.network->spec_hash, "\n",
                                  CanonicalJson(host.network->config), "\n");
  for (const Container& c : host.containers)
    absl::StrAppend(&text, "\ncontainer/", c.name, " ", c.spec_hash, "\n", CanonicalJson(c), "\n");
  ExpectGolden("hash/built-in-minimal.txt", text, kRecreates);
}

}  // namespace
}  // namespace spacelet::desired
