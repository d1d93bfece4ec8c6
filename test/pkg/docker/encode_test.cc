#include "pkg/docker/encode.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace spacelet::docker {
namespace {

CreateContainerRequest Minimal() {
  CreateContainerRequest request;
  request.name = "vm-runner";
  request.platform = "linux/amd64";
  request.config.image = "busybox:1";
  return request;
}

TEST(EncodeCreateContainer, SendsOnlyWhatIsSet) {
  EXPECT_EQ(EncodeCreateContainer(Minimal()), R"({"Image":"busybox:1"})");
}

TEST(EncodeCreateContainer, SendsEveryField) {
  CreateContainerRequest request = Minimal();
  ContainerConfig& config = request.config;
  config.hostname = "vm-runner";
  config.user = "1:2";
  config.working_dir = "/w";
  config.entrypoint = {"/e"};
  config.cmd = {"a", "b"};
  config.env = {{"Z", {"1", false}}, {"A", {"s\"x\n", true}}};
  config.labels = {{"l", "v"}};
  config.stop_signal = "SIGINT";
  config.stop_timeout = absl::Seconds(300);
  config.mounts = {{"/runner", "/runner", false}, {"/etc/x", "/x", true}};
  config.tmpfs = {{"/tmp", "size=1m"}};
  config.ports = {{"127.0.0.1", 3000, 3000, "tcp"}, {"", 53, 5353, "udp"}};
  config.network_mode = "harness";
  config.aliases = {"vm-runner"};
  config.host_pid = true;
  config.restart_policy = {"on-failure", 3};
  config.resources = {1000000000, 2147483648, 4294967296, 100, 512};
  config.log = {"json-file", {{"max-size", "50m"}}};
  config.init = false;
  config.read_only = config.privileged = config.no_new_privileges = true;
  config.cap_add = {"NET_ADMIN"};
  config.cap_drop = {"ALL"};
  config.devices = {{"/dev/kvm", "/dev/kvm", "rwm"}};
  config.ulimits = {{"nofile", 1024, 2048}};
  config.sysctls = {{"net.core.somaxconn", "1024"}};
  config.extra_hosts = {"h:1.2.3.4"};
  config.dns = {"1.1.1.1"};
  config.shm_size = 67108864;
  config.health = HealthConfig{{"CMD", "true"}, absl::Seconds(30), absl::Seconds(5), absl::ZeroDuration(), 3};
  EXPECT_EQ(
      EncodeCreateContainer(request),
      R"({"Cmd":["a","b"],"Entrypoint":["/e"],"Env":["A=s\"x\n","Z=1"],"ExposedPorts":{"3000/tcp":{},"5353/udp":{}},)"
      R"("Healthcheck":{"Interval":30000000000,"Retries":3,"Test":["CMD","true"],"Timeout":5000000000},)"
      R"("HostConfig":{"CapAdd":["NET_ADMIN"],"CapDrop":["ALL"],"CpuShares":512,)"
      R"("Devices":[{"CgroupPermissions":"rwm","PathInContainer":"/dev/kvm","PathOnHost":"/dev/kvm"}],)"
      R"("Dns":["1.1.1.1"],"ExtraHosts":["h:1.2.3.4"],"Init":false,)"
      R"("LogConfig":{"Config":{"max-size":"50m"},"Type":"json-file"},"Memory":2147483648,"MemorySwap":4294967296,)"
      R"("Mounts":[{"Source":"/runner","Target":"/runner","Type":"bind"},{"ReadOnly":true,"Source":"/etc/x","Target":"/x","Type":"bind"}],)"
      R"("NanoCpus":1000000000,"NetworkMode":"harness","PidMode":"host","PidsLimit":100,)"
      R"("PortBindings":{"3000/tcp":[{"HostIp":"127.0.0.1","HostPort":"3000"}],"5353/udp":[{"HostPort":"53"}]},)"
      R"("Privileged":true,"ReadonlyRootfs":true,"RestartPolicy":{"MaximumRetryCount":3,"Name":"on-failure"},)"
      R"("SecurityOpt":["no-new-privileges"],"ShmSize":67108864,"Sysctls":{"net.core.somaxconn":"1024"},)"
      R"("Tmpfs":{"/tmp":"size=1m"},"Ulimits":[{"Hard":2048,"Name":"nofile","Soft":1024}]},)"
      R"("Hostname":"vm-runner","Image":"busybox:1","Labels":{"l":"v"},)"
      R"("NetworkingConfig":{"EndpointsConfig":{"harness":{"Aliases":["vm-runner"]}}},)"
      R"("StopSignal":"SIGINT","StopTimeout":300,"User":"1:2","WorkingDir":"/w"})");
}

TEST(EncodeCreateContainer, AStartPeriodAloneLeavesTheImagesHealthCheckAsItIs) {
  CreateContainerRequest request = Minimal();
  request.config.health = HealthConfig{.start_period = absl::Seconds(600)};
  EXPECT_THAT(EncodeCreateContainer(request),
              testing::HasSubstr(R"("Healthcheck":{"StartPeriod":600000000000})"));
}

TEST(EncodeCreateContainer, OnePortMayHaveSeveralBindings) {
  CreateContainerRequest request = Minimal();
  request.config.ports = {{"127.0.0.1", 80, 80, "tcp"}, {"10.0.0.1", 80, 80, "tcp"}};
  EXPECT_EQ(
      EncodeCreateContainer(request),
      R"({"ExposedPorts":{"80/tcp":{}},"HostConfig":{"PortBindings":{"80/tcp":[{"HostIp":"127.0.0.1","HostPort":"80"},)"
      R"({"HostIp":"10.0.0.1","HostPort":"80"}]}},"Image":"busybox:1"})");
}

TEST(EncodeCreateContainer, InvalidUtf8IsNoException) {
  CreateContainerRequest request = Minimal();
  request.config.image = "a\xff";
  EXPECT_EQ(EncodeCreateContainer(request), "{\"Image\":\"a\xef\xbf\xbd\"}");
}

TEST(EncodeCreateNetwork, SendsOnlyWhatIsSet) {
  NetworkConfig config;
  config.name = "harness";
  config.driver = "bridge";
  EXPECT_EQ(EncodeCreateNetwork(config), R"({"CheckDuplicate":true,"Driver":"bridge","Name":"harness"})");
  config.subnet = "10.0.0.0/24";
  config.gateway = "10.0.0.1";
  config.internal = config.ipv6 = true;
  config.labels = {{"a", "b"}};
  config.options = {{"o", "1"}};
  EXPECT_EQ(
      EncodeCreateNetwork(config),
      R"({"CheckDuplicate":true,"Driver":"bridge","EnableIPv6":true,"IPAM":{"Config":[{"Gateway":"10.0.0.1","Subnet":"10.0.0.0/24"}]},)"
      R"("Internal":true,"Labels":{"a":"b"},"Name":"harness","Options":{"o":"1"}})");
}

TEST(EncodeSmallBodies, AreMinimal) {
  EXPECT_EQ(EncodeUpdateContainer({}, std::nullopt), "{}");
  LiveResources resources;
  resources.memory = 1;
  resources.memory_swap = -1;
  EXPECT_EQ(EncodeUpdateContainer(resources, RestartPolicy{"no", 0}),
            R"({"Memory":1,"MemorySwap":-1,"RestartPolicy":{"Name":"no"}})");
  EXPECT_EQ(EncodeConnectNetwork("c", {}), R"({"Container":"c"})");
  EXPECT_EQ(EncodeConnectNetwork("c", {"a"}), R"({"Container":"c","EndpointConfig":{"Aliases":["a"]}})");
  EXPECT_EQ(EncodeDisconnectNetwork("c", true), R"({"Container":"c","Force":true})");
  EXPECT_EQ(EncodeFilters({{"label", {"a=b"}}}), R"({"label":["a=b"]})");
  EXPECT_EQ(EncodeCreateExec({"a"}), R"({"AttachStderr":true,"AttachStdout":true,"Cmd":["a"]})");
}

}  // namespace
}  // namespace spacelet::docker
