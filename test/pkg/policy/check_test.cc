#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pkg/policy/policy.h"
#include "test/pkg/policy/examples.h"

namespace spacelet::policy {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kBoth[] = "  images: {repositories: [\"*/*\"]}\n";  // and the token, by the document

struct Row {
  Parts parts;
  const char* allowance;  // of the policy, beside all images
  const char* refused;    // without it: "rule at field"
};

// The document's own token, so that nothing but the row's field is in question.
Parts WithOwnToken(Parts parts) {
  if (parts.delegate.find("token:") == std::string::npos)
    parts.delegate =
        absl::StrCat("token: {value: x}", parts.delegate.empty() ? "" : "\n    ", parts.delegate);
  return parts;
}

const std::vector<Row>& Rules() {
  static const auto& rows = *new std::vector<Row>{
      {{.container = "imageArchive: /srv/a.tar"},
       "images: {archives: [/srv/*.tar], repositories: [\"*/*\"]}",
       "images.archives at spec.containers[0].imageArchive"},
      {{.container = "privileged: true"},
       "containers: {privileged: true}",
       "containers.privileged at spec.containers[0].privileged"},
      {{.container = "hostNetwork: true"},
       "containers: {hostNetwork: true}",
       "containers.hostNetwork at spec.containers[0].hostNetwork"},
      {{.container = "hostPID: true"},
       "containers: {hostPID: true}",
       "containers.hostPID at spec.containers[0].hostPID"},
      {{.container = "takeover: true"},
       "containers: {takeover: true}",
       "containers.takeover at spec.containers[0].takeover"},
      {{.container = "capAdd: [CAP_NET_ADMIN]"},
       "containers: {capabilities: [NET_ADMIN]}",
       "containers.capabilities at spec.containers[0].capAdd[0]"},
      {{.container = "capAdd: [NET_ADMIN]"},
       "containers: {capabilities: [CAP_NET_ADMIN]}",
       "containers.capabilities at spec.containers[0].capAdd[0]"},
      {{.container = "capAdd: [SYS_ADMIN]"},
       "containers: {capabilities: [ALL]}",
       "containers.capabilities at spec.containers[0].capAdd[0]"},
      {{.container = "devices: [\"/dev/kvm:/dev/kvm:rw\"]"},
       "containers: {devices: [/dev/kvm]}",
       "containers.devices at spec.containers[0].devices[0]"},
      {{.container = "devices: [/dev/dri/card0]"},
       "containers: {devices: [/dev/dri/*]}",
       "containers.devices at spec.containers[0].devices[0]"},
      {{.container = "sysctls: {net.core.somaxconn: \"1024\"}"},
       "containers: {sysctls: [net.core.*]}",
       "containers.sysctls at spec.containers[0].sysctls[\"net.core.somaxconn\"]"},
      {{.container = "labels: {com.example.team: x}"},
       "containers: {labels: [com.example.*]}",
       "containers.labels at spec.containers[0].labels[\"com.example.team\"]"},
      {{.network = "labels: {com.example.team: x}"},
       "containers: {labels: [com.example.*]}",
       "containers.labels at spec.network.labels[\"com.example.team\"]"},
      {{.container = "logging: {driver: syslog}"},
       "containers: {logDrivers: [syslog]}",
       "containers.logDrivers at spec.containers[0].logging.driver"},
      {{.container = "logging: {options: {env: X}}"},
       "containers: {logOptions: [env]}",
       "containers.logOptions at spec.containers[0].logging.options.env"},
      {{.container = "logging: {options: {env: X}}"},
       "containers: {logOptions: [env=X]}",
       "containers.logOptions at spec.containers[0].logging.options.env"},
      {{.container = "volumes: [\"/srv/a:/a\"]"},
       "volumes: {hostPaths: [/srv/*]}",
       "volumes.hostPaths at spec.containers[0].volumes[0]"},
      {{.container = "volumes: [\"/var/run/docker.sock:/s\"]"},
       "volumes: {hostPaths: [/var/run/docker.sock]}",
       "volumes.hostPaths at spec.containers[0].volumes[0]"},
      {{.container = "volumes: [\"/proc:/host/proc:ro\"]"},
       "volumes: {hostPaths: [\"/proc:ro\"]}",
       "volumes.hostPaths at spec.containers[0].volumes[0]"},
      {{.container = "ports: [\"10.0.0.5:80:80\"]"},
       "ports: {addresses: [10.0.0.5]}",
       "ports.addresses at spec.containers[0].ports[0]"},
      {{.container = "ports: [\"[fd00:0:0::1]:80:80\"]"},
       "ports: {addresses: [\"fd00::1\"]}",
       "ports.addresses at spec.containers[0].ports[0]"},
      {{.network = "name: edge"}, "network: {names: [edge]}", "network.names at spec.network.name"},
      {{.network = "driver: ipvlan"},
       "network: {drivers: [ipvlan]}",
       "network.drivers at spec.network.driver"},
      {{.network = "subnet: 172.30.0.0/24"},
       "network: {subnets: [172.30.0.0/24]}",
       "network.subnets at spec.network.subnet"},
      {{.network = "options: {parent: eth0}"},
       "network: {options: [parent]}",
       "network.options at spec.network.options.parent"},
      {{.runner = "directory: /srv/runner"},
       "runner: {directories: [/srv/runner]}",
       "runner.directories at spec.runner.directory"},
      {{.runner = "volumes: [\"/srv/runner:/runner\"]"},
       "runner: {directories: [/srv/runner]}",
       "runner.directories at spec.runner.volumes[0]"},
      {{.pool = "pool: {file: /srv/pool.yaml}"},
       "runner: {poolFiles: [/srv/pool.yaml]}",
       "runner.poolFiles at spec.runner.pool.file"},
      {{.pool = "pool: {inline: {instances: []}}"},
       "runner: {documentPool: true}",
       "runner.documentPool at spec.runner.pool.inline"},
      {{.delegate = "managerUrl: https://app3.harness.io/gratis"},
       "delegate: {managerHosts: [app3.harness.io]}",
       "delegate.managerHosts at spec.delegate.managerUrl"},
      {{.delegate = "managerUrl: http://10.0.0.8:9090"},
       "delegate: {managerHosts: [\"http://10.0.0.8:9090\"]}",
       "delegate.managerHosts at spec.delegate.managerUrl"},
      {{.delegate = "runnerUrl: http://10.0.0.7:3000/"},
       "delegate: {runnerHosts: [\"http://10.0.0.7:3000\"]}",
       "delegate.runnerHosts at spec.delegate.runnerUrl"},
      {{.delegate = "token: {file: /etc/spacelet/token}"},
       "secrets: {files: [/etc/spacelet/*]}",
       "secrets.files at spec.delegate.token.file"},
      {{.delegate = "token: {env: TOKEN}"},
       "secrets: {variables: [TOKEN]}",
       "secrets.variables at spec.delegate.token.env"},
      {{.delegate = "token: {command: [sops, -d, x]}"},
       "secrets: {commands: [[sops, -d, \"*\"]]}",
       "secrets.commands at spec.delegate.token.command"},
      {{.delegate = "command: [sh]"},
       "exposure: {images: [us-docker.pkg.dev/my-proj/*]}",
       "exposure.images at spec.delegate.command"},
      {{.delegate = "env: {INIT_SCRIPT: x}"},
       "exposure: {images: [us-docker.pkg.dev/my-proj/*]}",
       "exposure.variables at spec.delegate.env.INIT_SCRIPT"},
      {{.delegate = "env: {LOG_LEVEL: x}"},
       "exposure: {variables: [LOG_*]}",
       "exposure.variables at spec.delegate.env.LOG_LEVEL"},
      {{.runner = "volumes: [\"/runner:/runner\", \"/runner:/again\"]"},
       "exposure: {images: [drone/*]}\n  volumes: {hostPaths: [/runner]}",
       "exposure.images at spec.runner.volumes[1]"},
  };
  return rows;
}

std::string PolicyWith(const std::string& allowance) {
  const bool has_images = allowance.rfind("images:", 0) == 0;
  return absl::StrCat(has_images ? "" : kBoth, "  ", allowance, "\n");
}

TEST(Check, EachFieldIsRefusedByItsRuleAndAllowedByIt) {
  for (const Row& row : Rules()) {
    const Parts parts = WithOwnToken(row.parts);
    EXPECT_THAT(Places(CheckParts(parts, kBoth)), Contains(row.refused)) << SpecOf(parts);
    EXPECT_THAT(Places(CheckParts(parts, PolicyWith(row.allowance))), IsEmpty()) << row.allowance << "\n"
                                                                                 << SpecOf(parts);
  }
}

TEST(Check, AReadOnlyPathIsForReadingOnly) {
  const Parts parts = WithOwnToken({.container = "volumes: [\"/proc:/host/proc\"]"});
  EXPECT_THAT(Places(CheckParts(parts, PolicyWith("volumes: {hostPaths: [\"/proc:ro\"]}"))),
              ElementsAre("volumes.hostPaths at spec.containers[0].volumes[0]"));
}

TEST(Check, WhatIsRequiredMustBeThere) {
  const Parts parts = WithOwnToken({});
  EXPECT_THAT(
      Places(CheckParts(parts, "  images: {repositories: [\"*/*\"], requireDigest: true}\n")),
      ElementsAre("images.requireDigest at spec.runner.image", "images.requireDigest at spec.delegate.image",
                  "images.requireDigest at spec.containers[0].image"));
  EXPECT_THAT(Places(CheckParts(parts, PolicyWith("containers: {requireNoNewPrivileges: true}"))),
              Contains("containers.requireNoNewPrivileges at spec.runner.noNewPrivileges"));
  const Parts pinned =
      WithOwnToken({.container = "noNewPrivileges: true",
                    .image = "a/b@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"});
  EXPECT_THAT(Places(CheckParts(pinned, "  images: {repositories: [\"*/*\"], requireDigest: true}\n")),
              ::testing::Not(Contains(HasSubstr("containers[0]"))));
}

TEST(Check, TheBaselineAllowsWhatHarmsNobody) {
  const Parts parts = WithOwnToken(
      {.network = "options: {com.docker.network.driver.mtu: \"1460\"}, internal: false",
       .runner = "resources: {cpus: 1, memory: 2g}",
       .delegate = "runnerUrl: http://vm-runner:3000/\n    managerUrl: https://app.harness.io/",
       .container =
           "command: [sh]\n      args: [-c, x]\n      env: {A: b}\n      capDrop: [ALL]\n"
           "      ports: [\"8080:80\", \"[::1]:8081:80\"]\n      sysctls: {net.ipv4.tcp_syncookies: \"1\"}\n"
           "      logging: {driver: local, options: {max-size: 1m}}\n      tmpfs: [/tmp]\n"
           "      livenessProbe: {exec: {command: [x]}}\n      files: [{path: /x, content: y}]"});
  EXPECT_THAT(Places(CheckParts(parts, kBoth)), IsEmpty());
}

TEST(Check, APoolBesideTheDocumentIsTheDocuments) {
  config::Loaded loaded = DocumentOf(SpecOf(WithOwnToken({})));
  ASSERT_TRUE(loaded.ok());
  loaded.document->runner->pool->file = "pool.yaml";
  const Policy strict = PolicyOf(kBoth), open = PolicyOf(PolicyWith("runner: {documentPool: true}"));
  EXPECT_THAT(Places(Check(*loaded.document, &strict, Origin::kGit, {})),
              ElementsAre("runner.documentPool at spec.runner.pool.file"));
  EXPECT_THAT(Check(*loaded.document, &open, Origin::kGit, {}), IsEmpty());
}

TEST(Check, ARunnerUrlMayNameTheRunnerByEachOfItsNames) {
  for (const char* name : {"vm-runner", "runner-alias", "my-runner"}) {
    const Parts parts =
        WithOwnToken({.runner = "networkAliases: [runner-alias]\n    containerName: my-runner",
                      .delegate = absl::StrCat("runnerUrl: http://", name, ":3000/")});
    EXPECT_THAT(Places(CheckParts(parts, kBoth)), IsEmpty()) << name;
  }
}

TEST(Check, WhereALinkLeadsIsSaid) {
  Host host;
  host.resolve = [](const std::string& path) -> absl::StatusOr<std::string> {
    if (path == "/srv/odd") return absl::UnavailableError("/srv/odd: Permission denied");
    return path == "/srv/link" ? "/etc" : path;
  };
  const auto refused = CheckParts(WithOwnToken({.container = "volumes: [\"/srv/link:/a\", \"/srv/odd:/b\"]"}),
                                  PolicyWith("volumes: {hostPaths: [/srv/*]}"), host);
  ASSERT_EQ(refused.size(), 2u);
  EXPECT_EQ(refused[0].message, "/srv/link, which is /etc, is not allowed");
  EXPECT_THAT(refused[1].message, HasSubstr("it cannot be told where it leads: /srv/odd: Permission denied"));
}

TEST(Diagnostics, EachStandsAtItsFieldAndNamesTheRuleAndItsLine) {
  const config::Loaded loaded =
      DocumentOf(SpecOf(WithOwnToken({.container = "privileged: true\n      volumes: [\"/:/host\"]"})));
  const Policy policy =
      PolicyOf("  images:\n    repositories: [\"*/*\"]\n  containers:\n    privileged: false\n");
  const auto violations = Check(*loaded.document, &policy, Origin::kFile, {});
  EXPECT_EQ(config::ToText(ToDiagnostics(violations, &policy, loaded)),
            "host.yaml:16:19: spec.containers[0].privileged: policy policy.yaml:7 containers.privileged: is "
            "not allowed "
            "(take it out of the document, or set spec.containers.privileged: true in the policy)\n"
            "host.yaml:17:17: spec.containers[0].volumes[0]: policy policy.yaml volumes.hostPaths: / is not "
            "allowed "
            "(take it out of the document, or add it to spec.volumes.hostPaths of the policy)\n");
}

TEST(Diagnostics, WhatAnOverlaySaysStandsThere) {
  config::Input input{.bytes =
                          "apiVersion: spacelet.dev/v1alpha1\nkind: GitspaceHost\noverlays: [o.yaml]\n"
                          "metadata: {name: a}\nspec:\n  containers:\n    - {name: tool, image: \"a:1\"}\n",
                      .file_name = "fleet/host.yaml",
                      .today = config::Today()};
  input.read = [](const std::string&) {
    return "spec:\n  containers:\n    - {name: tool, image: \"${host.zone}.example/b:1\", privileged: "
           "true}\n";
  };
  input.fact = [](const std::string&) { return "evil"; };
  const config::Loaded loaded = config::Load(input);
  ASSERT_TRUE(loaded.ok()) << config::ToText(loaded.Problems());
  const Policy policy = PolicyOf("");
  const std::string text =
      config::ToText(ToDiagnostics(Check(*loaded.document, &policy, Origin::kGit, {}), &policy, loaded));
  EXPECT_THAT(text, HasSubstr("fleet/o.yaml:3:27: spec.containers[0].image: policy policy.yaml "
                              "images.repositories: evil.example/b"));
  EXPECT_THAT(text, HasSubstr("fleet/o.yaml:3:67: spec.containers[0].privileged: "));
}

TEST(Diagnostics, WithoutAPolicyTheyTellWhatToWriteWhere) {
  const config::Loaded loaded = DocumentOf(SpecOf({}));
  const auto violations = Check(*loaded.document, nullptr, Origin::kGit, {});
  EXPECT_THAT(
      config::ToText(ToDiagnostics(violations, nullptr, loaded)),
      HasSubstr(
          "spec.delegate.token.file: policy secrets.files: is not allowed: a document from Git may use no "
          "secret file, command or variable of a host without a policy (list it under spec.secrets.files "
          "in /etc/spacelet/policy.yaml, and start the agent with --policy /etc/spacelet/policy.yaml)"));
}

TEST(Diagnostics, NoArgumentOfACommandAndNoValueIsShown) {
  const Parts parts{.delegate = "token: {command: [vault, --token=s3cret]}\n    env: {INIT_SCRIPT: s3cret}",
                    .container = "logging: {options: {splunk-token: s3cret}}\n      labels: {a: s3cret}"};
  const config::Loaded loaded = DocumentOf(SpecOf(parts));
  const Policy policy = PolicyOf("");
  const std::string text =
      config::ToText(ToDiagnostics(Check(*loaded.document, &policy, Origin::kFile, {}), &policy, loaded));
  EXPECT_THAT(text, HasSubstr("secrets.commands: this command of vault is not allowed"));
  EXPECT_THAT(text, ::testing::Not(HasSubstr("s3cret")));
}

}  // namespace
}  // namespace spacelet::policy
