// The document against Harness's guide: what its three docker commands ask of the daemon, and what we ask.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "pkg/api/labels.h"
#include "pkg/docker/encode.h"
#include "test/pkg/desired/documents.h"
#include "test/pkg/desired/golden.h"

namespace spacelet::desired {
namespace {

using Command = std::vector<std::string>;

constexpr char kToken[] = "***";

// The guide's commands with its placeholders filled from the minimal document.
const Command kGuideNetwork = {"docker", "network", "create", "harness"};
const Command kGuideRunner = {"docker",
                              "run",
                              "-d",
                              "--network",
                              "harness",
                              "--hostname",
                              "vm-runner",
                              "-v",
                              "/runner:/runner",
                              "-p",
                              "3000:3000",
                              "--platform",
                              "linux/amd64",
                              "drone/drone-runner-aws:1.0.0-rc.310",
                              "delegate",
                              "--pool",
                              "/runner/pool.yaml"};
const Command kGuideDelegate = {"docker",
                                "run",
                                "-d",
                                "--network",
                                "harness",
                                "--cpus=1",
                                "--memory=2g",
                                "-e",
                                "DELEGATE_NAME=docker-delegate",
                                "-e",
                                "DEPLOY_MODE=KUBERNETES_ONPREM",
                                "-e",
                                "NEXT_GEN=true",
                                "-e",
                                "DELEGATE_TYPE=DOCKER",
                                "-e",
                                "ACCOUNT_ID=AbCdEfGhIjKlMnOpQrStUv",
                                "-e",
                                "DELEGATE_TOKEN=***",
                                "-e",
                                "DELEGATE_TAGS=gcp,us-west1",
                                "-e",
                                "RUNNER_URL=http://vm-runner:3000/",
                                "-e",
                                "MANAGER_HOST_AND_PORT=https://app.harness.io",
                                "us-west1-docker.pkg.dev/gar-setup/docker/delegate:25.03.85504"};

// The options of `docker run` that the guide uses.
void Apply(const std::string& option, const std::string& value, docker::CreateContainerRequest& to) {
  docker::ContainerConfig& config = to.config;
  const std::vector<std::string> parts =
      absl::StrSplit(value, absl::MaxSplits(option == "-e" ? '=' : ':', 1));
  uint32_t first = 0, second = 0;
  if (option == "--network") config.network_mode = value;
  if (option == "--hostname") config.hostname = value;
  if (option == "--platform") to.platform = value;
  if (option == "-v") config.mounts.push_back({parts.at(0), parts.at(1), false});
  if (option == "-e") config.env[parts.at(0)] = {parts.at(1), false};
  if (option == "-p" && absl::SimpleAtoi(parts.at(0), &first) && absl::SimpleAtoi(parts.at(1), &second))
    config.ports.push_back({"", static_cast<uint16_t>(first), static_cast<uint16_t>(second), "tcp"});
  if (option == "--cpus") config.resources.nano_cpus = int64_t{value.at(0) - '0'} * 1'000'000'000;
  if (option == "--memory") config.resources.memory = int64_t{value.at(0) - '0'} << 30;  // "2g"
}

docker::CreateContainerRequest ParseRun(const Command& command) {
  docker::CreateContainerRequest out;
  size_t i = 3;  // after `docker run -d`
  for (; i < command.size() && command[i][0] == '-'; ++i) {
    const std::vector<std::string> parts = absl::StrSplit(command[i], absl::MaxSplits('=', 1));
    const std::string value = parts.size() == 2 ? parts[1] : command.at(++i);
    Apply(parts[0], value, out);
  }
  out.config.image = command.at(i);
  if (i + 1 < command.size())
    out.config.cmd.emplace(command.begin() + static_cast<long>(i) + 1, command.end());
  return out;
}

// What the agent sends, the secret filled in.
docker::CreateContainerRequest RequestOf(const Host& host, const std::string& name) {
  const Container* c = host.Find(name);
  if (c == nullptr) return {};
  docker::CreateContainerRequest out{c->name, c->platform, c->config};
  for (const auto& [variable, source] : c->secret_env) out.config.env[variable] = {kToken, true};
  return out;
}

nlohmann::json BodyOf(const docker::CreateContainerRequest& request) {
  nlohmann::json body = nlohmann::json::parse(docker::EncodeCreateContainer(request));
  std::set<std::string> env;  // sorted, one per variable: the order of Env means nothing
  for (const auto& variable : body.value("Env", nlohmann::json::array()))
    env.insert(variable.get<std::string>());
  nlohmann::json by_name = nlohmann::json::object();
  for (const std::string& variable : env) {
    const std::pair<std::string, std::string> parts = absl::StrSplit(variable, absl::MaxSplits('=', 1));
    by_name[parts.first] = parts.second;
  }
  body["Env"] = std::move(by_name);
  body["name"] = request.name;  // query parameters of the same call
  body["platform"] = request.platform;
  return body;
}

std::vector<std::string> Differences(const nlohmann::json& guide, const nlohmann::json& ours) {
  std::vector<std::string> out;
  for (const auto& change : nlohmann::json::diff(guide, ours)) {
    const std::string value = change.contains("value") ? change["value"].dump() : "";
    out.push_back(
        absl::StrCat(change["op"].get<std::string>(), " ", change["path"].get<std::string>(), " ", value));
  }
  return out;
}

// Labels differ by hash and revision; their names are what matters.
nlohmann::json WithoutLabelValues(nlohmann::json body) {
  for (auto& [name, value] : body["Labels"].items()) value = "";
  return body;
}

TEST(Guide, TheMinimalDocumentIsTheGuideWithTheseDifferences) {
  const Host host = CompileHere(MinimalDocument()).host;
  ASSERT_EQ(host.containers.size(), 2u);
  const std::string pool = host.Find("vm-runner")->pool->host_path;

  nlohmann::json guide = BodyOf(ParseRun(kGuideRunner));
  nlohmann::json ours = WithoutLabelValues(BodyOf(RequestOf(host, "vm-runner")));
  EXPECT_THAT(Differences(guide, ours),
              testing::UnorderedElementsAre(
                  "replace /name \"vm-runner\"",
                  "add /NetworkingConfig {\"EndpointsConfig\":{\"harness\":{\"Aliases\":[\"vm-runner\"]}}}",
                  "add /HostConfig/RestartPolicy {\"Name\":\"unless-stopped\"}",
                  "add /HostConfig/LogConfig "
                  "{\"Config\":{\"max-file\":\"3\",\"max-size\":\"50m\"},\"Type\":\"json-file\"}",
                  "add /StopTimeout 300", "add /HostConfig/PortBindings/3000~1tcp/0/HostIp \"127.0.0.1\"",
                  "add /Env/DRONE_DATABASE_DATASOURCE \"/runner/database.sqlite3\"",
                  absl::StrCat("replace /Cmd/2 \"", pool, "\""),
                  "add /Labels "
                  "{\"dev.spacelet.component\":\"\",\"dev.spacelet.host\":\"\",\"dev.spacelet.managed\":\"\","
                  "\"dev.spacelet.revision\":\"\",\"dev.spacelet.spec-hash\":\"\"}"));

  guide = BodyOf(ParseRun(kGuideDelegate));
  ours = WithoutLabelValues(BodyOf(RequestOf(host, "docker-delegate")));
  EXPECT_THAT(
      Differences(guide, ours),
      testing::UnorderedElementsAre(
          "replace /name \"docker-delegate\"", "add /Hostname \"docker-delegate\"",
          "add /NetworkingConfig {\"EndpointsConfig\":{\"harness\":{\"Aliases\":[\"docker-delegate\"]}}}",
          "add /HostConfig/RestartPolicy {\"Name\":\"unless-stopped\"}",
          "add /HostConfig/LogConfig "
          "{\"Config\":{\"max-file\":\"3\",\"max-size\":\"50m\"},\"Type\":\"json-file\"}",
          "add /StopTimeout 600", "add /Healthcheck {\"StartPeriod\":600000000000}",
          "add /Labels "
          "{\"dev.spacelet.component\":\"\",\"dev.spacelet.host\":\"\",\"dev.spacelet.limits\":\"\","
          "\"dev.spacelet.managed\":\"\",\"dev.spacelet.revision\":\"\",\"dev.spacelet.spec-hash\":\"\"}"));
}

TEST(Guide, TheNetworkIsTheGuidesWithOurLabels) {
  const docker::NetworkConfig guide{kGuideNetwork.back(), "bridge", "", "", false, false, {}, {}};
  docker::NetworkConfig ours = CompileHere(MinimalDocument()).host.network->config;
  ours.labels.clear();
  EXPECT_EQ(ours, guide);
}

std::string Pretty(const std::string& json) { return nlohmann::json::parse(json).dump(2) + "\n"; }

constexpr char kBodies[] =
    "this is what the daemon is asked for; the README lists every difference to the guide";

TEST(Guide, TheBodiesOfTheMinimalDocumentArePinned) {
  const Host host = CompileHere(MinimalDocument()).host;
  ExpectGolden("bodies/minimal.network.json", Pretty(docker::EncodeCreateNetwork(host.network->config)),
               kBodies);
  ExpectGolden("bodies/minimal.runner.json",
               Pretty(docker::EncodeCreateContainer(RequestOf(host, "vm-runner"))), kBodies);
  ExpectGolden("bodies/minimal.delegate.json",
               Pretty(docker::EncodeCreateContainer(RequestOf(host, "docker-delegate"))), kBodies);
}

}  // namespace
}  // namespace spacelet::desired
