#include "pkg/desired/profiles.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "test/pkg/desired/documents.h"

namespace spacelet::desired {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Expanded Runner(const api::Runner& runner) {
  std::vector<std::string> warnings;
  api::Document document;
  document.runner = runner;
  return ExpandRunner(*Defaulted(document).runner, "/runner/.spacelet/pool-1.yaml", warnings);
}

TEST(RunnerProfile, WrittenArgumentsKeepTheirPlaceAndGetThePool) {
  api::Runner runner;
  runner.workload.args = {"delegate", "--envfile", "/runner/env"};
  EXPECT_THAT(*Runner(runner).workload.args,
              ElementsAre("delegate", "--envfile", "/runner/env", "--pool", "/runner/.spacelet/pool-1.yaml"));
  runner.workload.args = {"delegate", "--pool=/mine.yaml"};
  EXPECT_THAT(*Runner(runner).workload.args, ElementsAre("delegate", "--pool=/mine.yaml"));
}

TEST(RunnerProfile, ThePortThatTheRunnerListensOnIsPublishedAndProbed) {
  api::Runner runner;
  runner.workload.env["DRONE_HTTP_BIND"] = {"0.0.0.0:3100", std::nullopt};
  const Expanded expanded = Runner(runner);
  EXPECT_THAT(*expanded.workload.ports, ElementsAre(api::Port{"127.0.0.1", 3000, 3100, "tcp"}));
  const api::Probe expected{api::Probe::HttpGet{"/healthz", 3100}, true};
  EXPECT_EQ(*expanded.workload.readiness_probe, expected);
}

TEST(RunnerProfile, AVolumeForTheMountReplacesTheDirectory) {
  api::Runner runner;
  runner.workload.volumes = {{"/data/runner", "/runner", false}};
  EXPECT_EQ(RunnerDirectory(runner), "/data/runner");
  EXPECT_EQ(Runner(runner).workload.volumes.size(), 1u);
}

TEST(RunnerProfile, ADatabaseThatLeadsOutOfTheDirectoryIsNoneOfTheAgents) {
  api::Runner runner;
  const auto has_state_file = [&](const char* path) {
    runner.workload.env["DRONE_DATABASE_DATASOURCE"] = {path, std::nullopt};
    return Runner(runner).state_file.has_value();
  };
  EXPECT_TRUE(has_state_file("/runner/below/..x.sqlite3"));
  EXPECT_FALSE(has_state_file("/runner/../etc/cron.d/x"));
  EXPECT_FALSE(has_state_file("/runner/a/../../etc/x"));
  EXPECT_FALSE(has_state_file("/runner/.."));
}

TEST(Profiles, AnEnvOfTheDocumentWinsWithAWarning) {
  api::Document d = MinimalDocument();
  d.delegate->workload.env["DEPLOY_MODE"] = {"KUBERNETES", std::nullopt};
  d.delegate->workload.env["NEXT_GEN"] = {"true", std::nullopt};  // the same: nothing to say
  d.runner->workload.env["DRONE_DATABASE_DATASOURCE"] = {"/runner/other.sqlite3", std::nullopt};
  const Compiled compiled = CompileHere(d);
  EXPECT_EQ(compiled.host.Find("docker-delegate")->config.env.at("DEPLOY_MODE").value, "KUBERNETES");
  EXPECT_EQ(compiled.host.Find("vm-runner")->config.env.at("DRONE_DATABASE_DATASOURCE").value,
            "/runner/other.sqlite3");
  EXPECT_THAT(
      compiled.warnings,
      ElementsAre("spec.runner.env.DRONE_DATABASE_DATASOURCE replaces the value that the profile gives it",
                  "spec.delegate.env.DEPLOY_MODE replaces the value that the profile gives it"));
}

TEST(DelegateProfile, AMultitudeOfSlashesIsTrimmedFromTheManager) {
  api::Document d = MinimalDocument();
  d.delegate->manager_url = "https://app.harness.io/gratis//";
  EXPECT_EQ(CompileHere(d).host.Find("docker-delegate")->config.env.at("MANAGER_HOST_AND_PORT").value,
            "https://app.harness.io/gratis");
}

TEST(DelegateProfile, WithoutTagsTheVariableIsLeftOut) {
  api::Document d = MinimalDocument();
  d.delegate->tags.clear();
  EXPECT_EQ(CompileHere(d).host.Find("docker-delegate")->config.env.count("DELEGATE_TAGS"), 0u);
}

TEST(DelegateProfile, IsProbedOnItsOwnPort) {
  api::Document d = MinimalDocument();
  d.delegate->workload.env["DELEGATE_HTTP_PORT"] = {"3999", std::nullopt};
  api::Probe expected{api::Probe::HttpGet{"/api/health", 3999}};
  expected.timeout_seconds = 5;
  EXPECT_EQ(*CompileHere(d).host.Find("docker-delegate")->readiness, expected);
}

TEST(DelegateProfile, ItsImagesHealthCheckIsPatientAsLongAsARolloutIs) {
  api::Document d = MinimalDocument();
  d.delegate->workload.rollout.progress_deadline = absl::Minutes(7);
  const Host host = CompileHere(d).host;
  EXPECT_EQ(host.Find("docker-delegate")->config.health,
            docker::HealthConfig{.start_period = absl::Minutes(7)});
  EXPECT_EQ(host.Find("vm-runner")->config.health, std::nullopt);
}

TEST(DelegateProfile, IsNeverRestartedForItsHealth) {
  const Host host = CompileHere(MinimalDocument()).host;
  EXPECT_EQ(host.Find("docker-delegate")->liveness, std::nullopt);
  EXPECT_EQ(host.Find("docker-delegate")->startup, std::nullopt);
}

// What RUNNER_URL becomes, and what is said about it.
struct UrlCase {
  const char* name;
  std::function<void(api::Document&)> change;
  const char* url;      // "": no variable
  const char* warning;  // "": none
};

class RunnerUrl : public testing::TestWithParam<UrlCase> {};

TEST_P(RunnerUrl, IsDerivedAndChecked) {
  api::Document d = MinimalDocument();
  GetParam().change(d);
  const Compiled compiled = CompileHere(d);
  const auto& env = compiled.host.Find("docker-delegate")->config.env;
  EXPECT_EQ(env.count("RUNNER_URL") == 0 ? "" : env.at("RUNNER_URL").value, GetParam().url);
  if (*GetParam().warning == '\0') {
    EXPECT_THAT(compiled.warnings, IsEmpty());
  } else {
    EXPECT_THAT(compiled.warnings, ElementsAre(HasSubstr(GetParam().warning)));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Urls, RunnerUrl,
    testing::Values(
        UrlCase{"ByHostname", [](api::Document& d) { d.runner->workload.hostname = "r1"; }, "http://r1:3000/",
                ""},
        UrlCase{"ByPort",
                [](api::Document& d) {
                  d.runner->workload.env["DRONE_HTTP_BIND"] = {":3100", std::nullopt};
                },
                "http://vm-runner:3100/", ""},
        UrlCase{"PublishedPortDoesNotMatter",
                [](api::Document& d) {
                  d.runner->workload.ports = {{"127.0.0.1", 8000, 3000, "tcp"}};
                },
                "http://vm-runner:3000/", ""},
        UrlCase{"Written", [](api::Document& d) { d.delegate->runner_url = "http://vm-runner:3000/"; },
                "http://vm-runner:3000/", ""},
        UrlCase{"ByContainerName",
                [](api::Document& d) {
                  d.runner->workload.container_name = "runner-1";
                  d.delegate->runner_url = "http://runner-1:3000";
                },
                "http://runner-1:3000", ""},
        UrlCase{"WrongPort", [](api::Document& d) { d.delegate->runner_url = "http://vm-runner:3001/"; },
                "http://vm-runner:3001/", "the runner listens on port 3000, not on 3001"},
        UrlCase{"NoPort", [](api::Document& d) { d.delegate->runner_url = "http://vm-runner/"; },
                "http://vm-runner/", "the runner listens on port 3000, not on 80"},
        UrlCase{"WrongHost", [](api::Document& d) { d.delegate->runner_url = "http://runner:3000/"; },
                "http://runner:3000/", "no container of this document answers to the name runner"},
        UrlCase{"Itself", [](api::Document& d) { d.delegate->runner_url = "http://127.0.0.1:3000/"; },
                "http://127.0.0.1:3000/", "is the delegate's own container"},
        UrlCase{"NotAUrl", [](api::Document& d) { d.delegate->runner_url = "vm-runner:3000"; },
                "vm-runner:3000", "is not of the form"},
        UrlCase{"AnotherContainer",
                [](api::Document& d) {
                  d.containers = {Generic("gateway")};
                  d.delegate->runner_url = "http://gateway:8080/";
                },
                "http://gateway:8080/", ""},
        UrlCase{"WrittenAsEnv",
                [](api::Document& d) {
                  d.runner.reset();
                  d.containers = {Generic("gateway")};
                  d.delegate->workload.env["RUNNER_URL"] = {"http://gatway/", std::nullopt};
                },
                "http://gatway/", "answers to the name gatway"},
        UrlCase{"NoRunner", [](api::Document& d) { d.runner.reset(); }, "",
                "has no runner to derive it from"},
        UrlCase{"RunnerOnTheHost", [](api::Document& d) { d.runner->workload.host_network = true; }, "",
                "cannot be reached by name"},
        UrlCase{"DelegateOnTheHost", [](api::Document& d) { d.delegate->workload.host_network = true; },
                "http://127.0.0.1:3000/", ""},
        UrlCase{"BothOnTheHost",
                [](api::Document& d) {
                  d.runner->workload.host_network = d.delegate->workload.host_network = true;
                },
                "http://127.0.0.1:3000/", ""}),
    [](const auto& param) { return std::string(param.param.name); });

}  // namespace
}  // namespace spacelet::desired
