#include "pkg/importer/importer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <iterator>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "pkg/api/labels.h"
#include "pkg/config/load.h"
#include "test/pkg/desired/golden.h"

namespace spacelet::importer {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr char kPrinted[] = "this is what people start from; it must stay a valid document";

std::string ReadText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// What dockerd 20.10 shows of a container that the docker command line made: the runner and the delegate are
// those of Harness's guide.
docker::Recipe Recorded(const std::string& name) {
  const std::string path = absl::StrCat("test/golden/import/", name);
  const auto recipe =
      docker::DecodeRecipe(ReadText(path + ".container.json"), ReadText(path + ".image.json"));
  EXPECT_TRUE(recipe.ok()) << recipe.status();
  return recipe.value_or(docker::Recipe());
}

Host HostOf(std::vector<docker::Recipe> containers) {
  docker::NetworkConfig harness;
  harness.name = "harness";
  harness.driver = "bridge";
  return {.name = "GCE_host.internal",
          .containers = std::move(containers),
          .networks = {harness},
          .now = absl::FromCivil(absl::CivilDay(2026, 11, 22), absl::UTCTimeZone())};
}

// The document without its comments, as it is read.
api::Document Read(const Imported& imported) {
  const config::Loaded loaded = config::Load(imported.document, "document", absl::InfinitePast());
  EXPECT_TRUE(loaded.ok()) << config::ToText(loaded.diagnostics) << imported.document;
  return loaded.document.value_or(api::Document());
}

TEST(Import, TheGuidesCommands) {
  const Imported imported = Import(HostOf({Recorded("delegate"), Recorded("runner")}), {});
  EXPECT_THAT(imported.passed_over, IsEmpty());
  desired::ExpectGolden("import/guide.yaml", imported.document, kPrinted);
  const api::Document document = Read(imported);
  EXPECT_EQ(document.name, "gce-host-internal");
  EXPECT_EQ(document.delegate->account_id, "AbCdEfGhIjKlMnOpQrStUv");
  EXPECT_FALSE(document.runner->workload.takeover);
}

TEST(Import, AContainerWithEverything) {
  docker::Recipe gateway = Recorded("gateway");
  const Imported imported = Import(HostOf({gateway}), {.only = {"My_Gateway.1"}, .takeover = true});
  desired::ExpectGolden("import/gateway.yaml", imported.document, kPrinted);
  EXPECT_TRUE(Read(imported).containers.at(0).workload.takeover);
}

TEST(Import, PrintsNoSecret) {
  for (const std::vector<std::string>& only :
       {std::vector<std::string>{},
        std::vector<std::string>{"My_Gateway.1", Recorded("delegate").request.name}}) {
    const Imported imported = Import(HostOf({Recorded("delegate"), Recorded("runner"), Recorded("gateway")}),
                                     {.only = only, .takeover = false});
    std::string all = imported.document;
    for (const std::string& text : imported.passed_over) all += text;
    for (const config::Diagnostic& diagnostic : imported.diagnostics) all += config::ToText(diagnostic);
    EXPECT_THAT(all, Not(HasSubstr("Y2FuYXJ5LXRva2VuLW9mLXRoZS1kZWxlZ2F0ZQ")));
    EXPECT_THAT(all, Not(HasSubstr("s3cret")));
  }
}

docker::Recipe Container(const std::string& name, const std::string& network, bool running = true);

TEST(Import, HidesCredentialsInAFlagThatIsNoAssignment) {
  docker::Recipe proxy = Container("proxy", "harness");
  proxy.request.config.cmd = {"-xhttp://u:s3cret@proxy", "--proxy=http://u:s3cret@proxy", "-v"};
  const Imported imported = Import(HostOf({proxy}), {.only = {"proxy"}});
  EXPECT_THAT(imported.document, Not(HasSubstr("s3cret")));
  EXPECT_THAT(Read(imported).containers.at(0).workload.args,
              testing::Optional(ElementsAre("NOT-SHOWN", "--proxy=NOT-SHOWN", "-v")));
}

TEST(Import, PutsNothingIntoACommandThatAShellWouldRun) {
  docker::Recipe hostile = Container("hostile", "harness");
  hostile.request.config.env["A'$(reboot)'_TOKEN"].value = "x";
  const std::string document = Import(HostOf({hostile}), {.only = {"hostile"}}).document;
  EXPECT_THAT(document, HasSubstr("# save it first, it is shown to nobody\n"));
  EXPECT_THAT(document, Not(HasSubstr("sed -n")));
}

// Every setting that was made by hand is in the document or in a comment: what is taken out of this table of
// inspect's fields must show somewhere.
TEST(Import, DropsNothingSilently) {
  const std::string document =
      Import(HostOf({Recorded("gateway")}), {.only = {"My_Gateway.1"}, .takeover = false}).document;
  for (const char* trace : {"gw",
                            "on-failure:3",
                            "127.0.0.1:8080:80",
                            "9000:9000/udp",
                            "data:/data",
                            "/runner:/conf:ro",
                            "/scratch",
                            "NET_ADMIN",
                            "noNewPrivileges: true",
                            "readOnly: true",
                            "init: true",
                            "nofile",
                            "net.core.somaxconn",
                            "db:10.0.0.5",
                            "10.0.0.2",
                            "shmSize: 128m",
                            "pids: 100",
                            "cpuShares: 512",
                            "memory: 64m",
                            "memorySwap: 96m",
                            "/dev/null:/dev/nothing:r",
                            "maxSize: \"1m\"",
                            "maxFiles: 7",
                            "tag",
                            "team",
                            "compose project old",
                            "CgroupParent: /x",
                            "OomScoreAdj: -500",
                            "GroupAdd",
                            "SIGINT",
                            "stopGracePeriod: 42s",
                            "workingDir: /tmp",
                            "user: \"1000\"",
                            "API_KEY",
                            "HTTPS_PROXY",
                            "PLAIN: \"x\"",
                            "Healthcheck",
                            "/bin/sh"})
    EXPECT_THAT(document, HasSubstr(trace));
}

struct Case {
  const char* name;
  std::function<void(docker::Recipe& runner, docker::Recipe& delegate)> change;
  const char* expected;  // part of the document
};

class OneChange : public testing::TestWithParam<Case> {};

TEST_P(OneChange, ShowsInTheDocument) {
  docker::Recipe runner = Recorded("runner"), delegate = Recorded("delegate");
  GetParam().change(runner, delegate);
  const Imported imported = Import(HostOf({runner, delegate}), {});
  EXPECT_THAT(imported.document, HasSubstr(GetParam().expected));
  Read(imported);
}

INSTANTIATE_TEST_SUITE_P(
    Guide, OneChange,
    testing::Values(
        Case{"AnotherDirectory",
             [](auto& r, auto&) {
               r.request.config.mounts = {{"/data/runner", "/runner", false}};
             },
             "    directory: /data/runner\n    pool:\n      file: /data/runner/pool.yaml\n"},
        Case{"PoolInOneWord",
             [](auto& r, auto&) {
               r.request.config.cmd = {{"delegate", "--pool=/runner/p.yaml"}};
             },
             "      file: /runner/p.yaml\n"},
        Case{"MoreArguments",
             [](auto& r, auto&) {
               r.request.config.cmd = {{"delegate", "--envfile", "/runner/env", "--pool", "/runner/p"}};
             },
             "    args:\n      - delegate\n      - \"--envfile\"\n      - /runner/env\n"},
        Case{"PoolOutsideEveryVolume",
             [](auto& r, auto&) {
               r.request.config.cmd = {{"delegate", "--pool", "/etc/p"}};
             },
             "# its pool /etc/p is on no volume"},
        Case{"NoHostname",
             [](auto& r, auto&) {
               r.request.config.hostname.clear();
               r.id = "0123456789abcdef";
             },
             "    hostname: \"0123456789ab\"\n"},
        Case{"RunnerNameByVariable",
             [](auto& r, auto&) {
               r.request.config.hostname.clear();
               r.request.config.env["DRONE_RUNNER_NAME"] = {"mine", false};
             },
             "      DRONE_RUNNER_NAME: \"mine\"\n"},
        Case{"AnotherDatabase",
             [](auto& r, auto&) {
               r.request.config.env["DRONE_DATABASE_DATASOURCE"] = {"/runner/x.sqlite3", false};
             },
             "      DRONE_DATABASE_DATASOURCE: \"/runner/x.sqlite3\"\n"},
        Case{"PublishedForTheHostOnly",
             [](auto& r, auto&) {
               r.request.config.ports = {{"127.0.0.1", 3000, 3000, "tcp"}};
             },
             "  runner:\n"},
        Case{"NotPublished", [](auto& r, auto&) { r.request.config.ports.clear(); }, "    ports: []\n"},
        Case{"AnotherManager",
             [](auto&, auto& d) {
               d.request.config.env["MANAGER_HOST_AND_PORT"].value = "https://app.harness.io/gratis";
             },
             "    managerUrl: https://app.harness.io/gratis\n"},
        Case{"AnotherRunner",
             [](auto&, auto& d) { d.request.config.env["RUNNER_URL"].value = "http://10.0.0.9:3000/"; },
             "    runnerUrl: http://10.0.0.9:3000/\n"},
        Case{"NoDeployMode", [](auto&, auto& d) { d.request.config.env.erase("DEPLOY_MODE"); },
             "# had no DEPLOY_MODE; here it gets KUBERNETES_ONPREM"},
        Case{"OneMoreVariable",
             [](auto&, auto& d) {
               d.request.config.env["LOGGING_LEVEL"] = {"DEBUG", false};
             },
             "    env:\n      LOGGING_LEVEL: \"DEBUG\"\n"},
        Case{"OneMoreSecret",
             [](auto&, auto& d) {
               d.request.config.env["UPGRADER_TOKEN"] = {"x", false};
             },
             "        file: /etc/spacelet/delegate-upgrader-token\n"},
        Case{"HostNetwork",
             [](auto&, auto& d) {
               d.request.config.network_mode = "host";
               d.networks = {"host"};
             },
             "    hostNetwork: true\n"},
        Case{"OnTwoNetworks",
             [](auto&, auto& d) {
               d.networks = {"harness", "other"};
             },
             "# was on network other; the document has one network, harness"},
        Case{"Restarted", [](auto& r, auto&) { r.request.config.restart_policy.name = "always"; },
             "    restartPolicy: always\n"},
        Case{"ByItsId", [](auto& r, auto&) { r.request.config.image = "sha256:0123"; },
             "# was started by its id"}),
    [](const auto& param) { return std::string(param.param.name); });

docker::Recipe Container(const std::string& name, const std::string& network, bool running) {
  docker::Recipe recipe;
  recipe.id = name + "-id-0123456789";
  recipe.running = running;
  recipe.request.name = name;
  recipe.request.config.image = "example.org/app:1";
  recipe.request.config.network_mode = network;
  recipe.networks = {network};
  return recipe;
}

TEST(Import, TakesWhatRunsOnTheSameNetworkAndSaysWhatItLeavesOut) {
  docker::Recipe own = Container("own", "harness");
  own.request.config.labels[api::kLabelManaged] = "true";
  docker::Recipe upgrader = Container("upgrader", "harness");
  upgrader.request.config.env["UPGRADER_WORKLOAD_NAME"] = {"docker-delegate", false};
  docker::Recipe second = Recorded("runner");
  second.request.name = "zz-old-runner";
  second.running = false;
  const Imported imported =
      Import(HostOf({second, Recorded("runner"), Container("exporter", "harness"), Container("far", "bridge"),
                     Container("off", "harness", false), own, upgrader}),
             {});
  const api::Document document = Read(imported);
  ASSERT_EQ(document.containers.size(), 1u);
  EXPECT_EQ(document.containers[0].name, "exporter");
  EXPECT_THAT(
      imported.passed_over,
      testing::UnorderedElementsAre(
          "container own is spacelet's own",
          "container upgrader replaces containers behind spacelet's back: stop it before spacelet takes over",
          HasSubstr("container zz-old-runner is left out: the host has one runner"),
          HasSubstr("container far is left out: it does not run on network harness"),
          HasSubstr("container off is left out")));
}

TEST(Import, TakesOnlyWhatIsAskedFor) {
  const Imported imported =
      Import(HostOf({Recorded("runner"), Container("far", "bridge"), Container("near", "harness")}),
             {.only = {"far"}, .takeover = false});
  const api::Document document = Read(imported);
  EXPECT_FALSE(document.runner.has_value());
  ASSERT_EQ(document.containers.size(), 1u);
  EXPECT_THAT(imported.document, HasSubstr("# was on network bridge"));
}

TEST(Import, NamesThatAreNoneOfADocumentsAreMadeSo) {
  const Imported imported = Import(
      HostOf({Container("Web_1", "harness"), Container("web.1", "harness"), Container("runner", "harness")}),
      {.only = {"Web_1", "web.1", "runner"}, .takeover = false});
  std::vector<std::string> names, containers;
  for (const api::GenericContainer& c : Read(imported).containers) {
    names.push_back(c.name);
    containers.push_back(*c.workload.container_name);
  }
  EXPECT_THAT(names, ElementsAre("web-1", "runner-2", "web-1-2"));
  EXPECT_THAT(containers, ElementsAre("Web_1", "runner", "web.1"));
}

TEST(Import, AHostWithoutAnythingGivesNoDocument) {
  EXPECT_EQ(Import(HostOf({}), {}).document, "");
  EXPECT_EQ(Import(HostOf({Container("far", "bridge")}), {}).document, "");
}

}  // namespace
}  // namespace spacelet::importer
