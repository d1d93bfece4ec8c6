#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "pkg/doctor/examine.h"

namespace spacelet::doctor {
namespace {

using ::testing::HasSubstr;
using Stage = ReachFacts::Stage;

// One sentence, the check, and what it must say.
struct Case {
  const char* sentence;
  Check check;
  Result result;
  const char* message;
  const char* fix = "";
  bool own_words = false;  // the message holds the fix
};

void ExpectAll(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    SCOPED_TRACE(c.sentence);
    EXPECT_STREQ(Name(c.check.result), Name(c.result)) << c.check.message;
    EXPECT_THAT(c.check.message, HasSubstr(c.message));
    EXPECT_THAT(c.check.fix, HasSubstr(c.fix));
    const bool troubled = c.result == Result::kFail || c.result == Result::kWarn;
    const bool fixed = !c.check.fix.empty();
    EXPECT_FALSE(fixed && c.result == Result::kPass) << c.check.fix;
    EXPECT_TRUE(fixed || !troubled || c.own_words) << "without a fix";
  }
}

template <typename Facts>
Facts With(Facts facts, const std::function<void(Facts&)>& change) {
  change(facts);
  return facts;
}

DocumentFacts Document(const std::function<void(DocumentFacts&)>& change = [](auto&) {}) {
  return With<DocumentFacts>({.path = "/etc/spacelet/host.yaml", .asked = true}, change);
}

TEST(CheckDocument, SaysWhetherTheDocumentIsOfUse) {
  ExpectAll({
      {"valid", CheckDocument(Document()), Result::kPass, "/etc/spacelet/host.yaml is valid"},
      {"the default is not there", CheckDocument(Document([](auto& d) {
         d.asked = false;
         d.absent = true;
         d.unreadable = "open: No such file";
       })),
       Result::kSkip, "there is no /etc/spacelet/host.yaml", "spacelet init gcp"},
      {"the one that was asked for is not there", CheckDocument(Document([](auto& d) {
         d.absent = true;
         d.unreadable = "open x: No such file or directory";
       })),
       Result::kFail, "No such file", "-f /etc/spacelet/host.yaml"},
      {"invalid, with more errors than one wants to read", CheckDocument(Document([](auto& d) {
         d.errors = {"f:1:1: a", "b", "c", "d", "e"};
       })),
       Result::kFail, "f:1:1: a; b; c; and 2 more", "spacelet validate -f"},
      {"a starter that was not edited", CheckDocument(Document([](auto& d) {
         d.lines_to_edit = {4, 9};
       })),
       Result::kWarn, "still to be edited: lines 4, 9", "remove the marks"},
      {"one that others can write", CheckDocument(Document([](auto& d) {
         d.exposed = "/f can be written by others";
         d.exposed_remedy = "chmod go-w /f";
       })),
       Result::kWarn, "can be written by others", "chmod go-w /f"},
      {"warnings", CheckDocument(Document([](auto& d) { d.warnings = {"mutable tag"}; })), Result::kWarn,
       "mutable tag", "spacelet validate"},
  });
}

Facts Files(const FileFacts& file) {
  Facts facts;
  facts.document = Document();
  facts.files = {file};
  return facts;
}

TEST(CheckFiles, LooksAtWhatTheDocumentNames) {
  const FileFacts pool = {.field = "spec.runner.pool.file", .path = "/p"};
  ExpectAll({
      {"all there", CheckFiles(Files(pool)), Result::kPass, "can be read"},
      {"one is not", CheckFiles(Files(With<FileFacts>(pool, [](auto& f) { f.problem = "/p is not there"; }))),
       Result::kFail, "spec.runner.pool.file: /p is not there", "put the file at /p"},
      {"this user may not look",
       CheckFiles(Files(With<FileFacts>(pool,
                                        [](auto& f) {
                                          f.problem = "/p: Permission denied";
                                          f.denied = true;
                                        }))),
       Result::kWarn, "Permission denied", "sudo"},
      {"none is named", CheckFiles(Files({.field = "t", .path = "/t", .secret = true})), Result::kSkip,
       "names none"},
      {"no document", CheckFiles({}), Result::kSkip, "needs a valid document"},
  });
}

TEST(CheckSecrets, NeverLooksAtAValue) {
  const FileFacts token = {.field = "spec.delegate.token.file", .path = "/t", .secret = true};
  Facts command = Files({.field = "p", .path = "/p"});
  command.commands = {{"spec.delegate.token.command", "gcloud", true}};
  Facts no_command = command;
  no_command.commands[0].found = false;
  ExpectAll({
      {"for its owner only", CheckSecrets(Files(token)), Result::kPass, "by their owner only"},
      {"absent", CheckSecrets(Files(With<FileFacts>(token, [](auto& f) { f.problem = "/t is not there"; }))),
       Result::kFail, "/t is not there", "install -m 600 /dev/stdin /t"},
      {"others may read it",
       CheckSecrets(Files(With<FileFacts>(token, [](auto& f) { f.permission = "0644"; }))), Result::kWarn,
       "0644", "chmod 600 /t"},
      {"not for this user",
       CheckSecrets(Files(With<FileFacts>(token,
                                          [](auto& f) {
                                            f.problem = "denied";
                                            f.denied = true;
                                          }))),
       Result::kWarn, "denied", "sudo"},
      {"a command is there", CheckSecrets(command), Result::kPass, "(not run)"},
      {"a command is not", CheckSecrets(no_command), Result::kFail, "there is no program gcloud",
       "install gcloud"},
      {"none", CheckSecrets(Files({.field = "p", .path = "/p"})), Result::kSkip, "names no file"},
      {"no document", CheckSecrets({}), Result::kSkip, "needs a valid document"},
  });
}

TEST(CheckPool, SaysWhatTheLintSays) {
  ExpectAll({
      {"good", CheckPool({.wanted = true}), Result::kPass, "keys that it names are where the runner looks"},
      {"a key is not there", CheckPool({.wanted = true, .error = "json_path: /runner/sa.json is not there"}),
       Result::kFail, "/runner/sa.json", "<directory>"},
      {"warnings", CheckPool({.wanted = true, .warnings = {"unknown driver"}}), Result::kWarn,
       "unknown driver", "docs/pool.md"},
      {"its file is not there", CheckPool({.wanted = true, .unread = true, .error = "x"}), Result::kSkip,
       "cannot be read"},
      {"no runner", CheckPool({}), Result::kSkip, "with a runner"},
  });
}

DockerFacts Docker(const std::function<void(DockerFacts&)>& change = [](auto&) {}) {
  DockerFacts docker;
  docker.host = "unix:///var/run/docker.sock";
  docker.socket = "/var/run/docker.sock";
  docker.socket_exists = docker.installed = true;
  docker.socket_owner = "root";
  docker.socket_group = "docker";
  docker.socket_mode = 0660;
  docker.user = "ann";
  docker.engine = {.version = "20.10.24", .api = "1.41", .storage_driver = "overlay2", .cgroup_version = "2"};
  change(docker);
  return docker;
}

DockerFacts Answering(const absl::Status& answer) {
  return Docker([&](auto& d) { d.answer = answer; });
}

TEST(CheckDocker, SaysWhyItDoesNotAnswer) {
  const auto absent = [](bool installed) {
    return Docker([&](auto& d) {
      d.socket_exists = false;
      d.installed = installed;
      d.answer = absl::UnavailableError("no such file");
    });
  };
  const DockerFacts remote =
      With<DockerFacts>(Answering(absl::UnavailableError("refused")), [](auto& d) { d.socket.clear(); });
  ExpectAll({
      {"it answers", CheckDocker(Docker()), Result::kPass, "answers at unix:///var/run/docker.sock"},
      {"not installed", CheckDocker(absent(false)), Result::kFail, "not installed",
       "apt-get install docker.io"},
      {"not started", CheckDocker(absent(true)), Result::kFail, "does not run", "systemctl start docker"},
      {"nobody listens", CheckDocker(Answering(absl::UnavailableError("refused"))), Result::kFail, "refused",
       "journalctl -u docker"},
      {"another host's", CheckDocker(remote), Result::kFail, "refused", "--docker-host"},
      {"silent", CheckDocker(Answering(absl::DeadlineExceededError("3s"))), Result::kFail, "does not answer",
       "systemctl restart docker"},
      {"denied", CheckDocker(Answering(absl::PermissionDeniedError("x"))), Result::kFail, "permission denied",
       "docker-socket"},
      {"nonsense", CheckDocker(Answering(absl::InternalError("torn"))), Result::kFail, "torn", "journalctl"},
      {"too old is docker-version's affair", CheckDocker(Answering(absl::FailedPreconditionError("x"))),
       Result::kPass, "answers"},
  });
}

TEST(CheckDockerSocket, NamesTheGroup) {
  const DockerFacts denied = Answering(absl::PermissionDeniedError("x"));
  ExpectAll({
      {"may be used", CheckDockerSocket(Docker()), Result::kPass, "root:docker 0660, user ann may use it"},
      {"not in the group", CheckDockerSocket(denied), Result::kFail,
       "user ann may not use /var/run/docker.sock root:docker 0660", "usermod -aG docker ann"},
      {"in the group since the login",
       CheckDockerSocket(With<DockerFacts>(denied, [](auto& d) { d.user_in_group = true; })), Result::kFail,
       "not yet in this session", "log in again"},
      {"open to all", CheckDockerSocket(Docker([](auto& d) { d.socket_mode = 0666; })), Result::kWarn,
       "is root", "chmod 660"},
      {"absent", CheckDockerSocket(Docker([](auto& d) { d.socket_exists = false; })), Result::kSkip,
       "there is no"},
      {"another host's", CheckDockerSocket(Docker([](auto& d) { d.socket.clear(); })), Result::kSkip,
       "no socket of this host"},
  });
}

TEST(CheckDockerVersion, KnowsWhatSpaceletSpeaks) {
  ExpectAll({
      {"supported", CheckDockerVersion(Docker()), Result::kPass, "engine 20.10.24, API 1.41"},
      {"too old", CheckDockerVersion(Answering(absl::FailedPreconditionError("speaks 1.12 to 1.39"))),
       Result::kFail, "1.39", "API 1.41 to 1.51"},
      {"podman", CheckDockerVersion(Docker([](auto& d) { d.engine.podman = true; })), Result::kWarn, "podman",
       "docker.io"},
      {"no answer", CheckDockerVersion(Answering(absl::UnavailableError("x"))), Result::kSkip,
       "needs Docker"},
  });
}

TEST(CheckDockerSettings, WarnsOfWhatHurts) {
  ExpectAll({
      {"ordinary", CheckDockerSettings(Docker()), Result::kPass, "overlay2, cgroup v2, live-restore off"},
      {"live-restore", CheckDockerSettings(Docker([](auto& d) { d.engine.live_restore = true; })),
       Result::kPass, "live-restore on"},
      {"vfs", CheckDockerSettings(Docker([](auto& d) { d.engine.storage_driver = "vfs"; })), Result::kWarn,
       "vfs", "overlay2"},
      {"no limits", CheckDockerSettings(Docker([](auto& d) { d.engine.memory_limit = false; })),
       Result::kWarn, "no effect", "cgroup_enable=memory"},
      {"no answer", CheckDockerSettings(Answering(absl::UnavailableError("x"))), Result::kSkip,
       "needs Docker"},
  });
}

BootFacts Boot(const char* docker, const char* socket) {
  BootFacts boot;
  boot.systemd = true;
  boot.docker.file_state = docker;
  boot.socket.file_state = socket;
  return boot;
}

TEST(CheckDockerBoot, KnowsWhoStartsDocker) {
  ExpectAll({
      {"enabled", CheckDockerBoot(Docker(), Boot("enabled", "enabled")), Result::kPass,
       "docker.service is enabled"},
      {"masked", CheckDockerBoot(Docker(), Boot("masked", "enabled")), Result::kFail, "masked",
       "systemctl unmask docker"},
      {"disabled", CheckDockerBoot(Docker(), Boot("disabled", "disabled")), Result::kFail,
       "not started at boot", "systemctl enable docker"},
      {"by its socket", CheckDockerBoot(Docker(), Boot("disabled", "enabled")), Result::kWarn,
       "first who asks", "systemctl enable docker"},
      {"no unit", CheckDockerBoot(Docker(), Boot("", "")), Result::kSkip, "no docker.service"},
      {"no systemd", CheckDockerBoot(Docker(), {}), Result::kSkip, "not run by systemd"},
      {"another host's", CheckDockerBoot(Docker([](auto& d) { d.socket.clear(); }), Boot("disabled", "")),
       Result::kSkip, "another host"},
  });
}

TEST(StartsWhenAsked, OnlyWhatIsStoppedAndHeldBySystemd) {
  const auto units = [](const char* docker, const char* socket) {
    BootFacts boot;
    boot.docker.active = docker;
    boot.socket.active = socket;
    return StartsWhenAsked(boot);
  };
  EXPECT_TRUE(units("inactive", "active"));
  EXPECT_TRUE(units("failed", "active"));
  EXPECT_FALSE(units("active", "active"));
  EXPECT_FALSE(units("activating", "active"));
  EXPECT_FALSE(units("inactive", "inactive"));
  EXPECT_FALSE(units("", "")) << "no systemd";
}

DirectoryFacts Directory(const std::function<void(DirectoryFacts&)>& change = [](auto&) {}) {
  DirectoryFacts directory;
  directory.path = "/runner";
  directory.exists = directory.is_directory = directory.writable = true;
  directory.mode = 0700;
  directory.owner = "root";
  directory.file_system = "ext4";
  change(directory);
  return directory;
}

TEST(CheckRunnerDirectory, LooksWhereTheDatabaseLies) {
  ExpectAll({
      {"good", CheckRunnerDirectory(Directory()), Result::kPass, "/runner is writable, root 0700, on ext4"},
      {"not there yet", CheckRunnerDirectory(Directory([](auto& d) { d.exists = false; })), Result::kPass,
       "the agent makes it"},
      {"elsewhere and not there", CheckRunnerDirectory(Directory([](auto& d) {
         d.path = "/data/runner";
         d.exists = false;
       })),
       Result::kWarn, "/data/runner is not there", "install -d -m 700 /data/runner"},
      {"a file", CheckRunnerDirectory(Directory([](auto& d) { d.is_directory = false; })), Result::kFail,
       "no directory", "mv /runner"},
      {"read-only", CheckRunnerDirectory(Directory([](auto& d) { d.read_only = true; })), Result::kFail,
       "read-only", "remount,rw"},
      {"not for this user", CheckRunnerDirectory(Directory([](auto& d) { d.writable = false; })),
       Result::kWarn, "of root", "sudo"},
      {"open to all", CheckRunnerDirectory(Directory([](auto& d) { d.mode = 0755; })), Result::kWarn, "0755",
       "chmod 700"},
      {"tmpfs", CheckRunnerDirectory(Directory([](auto& d) { d.file_system = "tmpfs"; })), Result::kFail,
       "lost at a reboot", "disk"},
      {"nfs", CheckRunnerDirectory(Directory([](auto& d) { d.file_system = "nfs"; })), Result::kWarn, "locks",
       "local disk"},
      {"may not be looked at",
       CheckRunnerDirectory(Directory([](auto& d) { d.unreachable = "Permission denied"; })), Result::kSkip,
       "Permission denied", "sudo"},
      {"no runner", CheckRunnerDirectory({}), Result::kSkip, "no runner"},
  });
}

Facts Ports(Holder holder, const std::string& who = "", const std::string& fix = "") {
  Facts facts;
  facts.ports_known = true;
  facts.ports = {
      {.container = "vm-runner", .address = "127.0.0.1:3000/tcp", .holder = holder, .who = who, .fix = fix}};
  return facts;
}

TEST(CheckPorts, NamesWhoHasThem) {
  Facts none;
  none.ports_known = true;
  ExpectAll({
      {"free", CheckPorts(Ports(Holder::kNobody)), Result::kPass, "127.0.0.1:3000/tcp is free"},
      {"ours", CheckPorts(Ports(Holder::kOurs)), Result::kPass, "held by our vm-runner"},
      {"a process", CheckPorts(Ports(Holder::kProcess, "python3 (pid 17)")), Result::kFail,
       "taken by python3 (pid 17)", "ss -ltnup"},
      {"a container", CheckPorts(Ports(Holder::kContainer, "container web", "docker stop web")),
       Result::kFail, "container web", "docker stop web, or change `ports` of vm-runner"},
      {"somebody", CheckPorts(Ports(Holder::kUnknown)), Result::kFail, "may not see", "ss -ltnup"},
      {"none published", CheckPorts(none), Result::kSkip, "publishes none"},
      {"not to be read", CheckPorts({}), Result::kSkip, "cannot be read"},
  });
}

TEST(CheckRivals, FailsForWhatBlocks) {
  Facts blocked, watched, unknown;
  blocked.rivals = {{"container x has our name", true}};
  watched.rivals = {{"container w is Watchtower: remove it", false}};
  unknown.rivals_unknown = "needs Docker to answer";
  ExpectAll({
      {"none", CheckRivals({}), Result::kPass, "no other container"},
      {"a name is taken", CheckRivals(blocked), Result::kFail, "our name", "docs/import.md"},
      {"a manager", CheckRivals(watched), Result::kWarn, "Watchtower: remove it", "", true},
      {"not looked for", CheckRivals(unknown), Result::kSkip, "needs Docker"},
  });
}

AgentFacts Agent(const std::function<void(AgentFacts&)>& change = [](auto&) {}) {
  AgentFacts agent;
  agent.address = "127.0.0.1:9746";
  agent.lock_file = "/run/spacelet/spacelet.lock";
  agent.version = "0.1.0";
  agent.unit = {.file_state = "enabled", .active = "active", .result = "success"};
  change(agent);
  return agent;
}

TEST(CheckAgent, SaysWhatKeepsItFromWork) {
  const auto answering = [](bool ready, const char* state) {
    return Agent([&](auto& a) {
      a.answers = true;
      a.ready = ready;
      a.missing = "docker is away";
      a.unit.file_state = state;
    });
  };
  ExpectAll({
      {"ready", CheckAgent(answering(true, "enabled")), Result::kPass, "spacelet 0.1.0 runs and is ready"},
      {"not ready", CheckAgent(answering(false, "enabled")), Result::kWarn, "docker is away",
       "spacelet status"},
      {"not at boot", CheckAgent(answering(true, "disabled")), Result::kWarn, "not started at boot",
       "systemctl enable spacelet"},
      {"elsewhere", CheckAgent(Agent([](auto& a) { a.lock_pid = 42; })), Result::kWarn,
       "process 42 holds /run/spacelet", "--address"},
      {"its port is taken", CheckAgent(Agent([](auto& a) { a.port_holder = "nginx (pid 7)"; })),
       Result::kFail, "nginx (pid 7)", "--listen-address"},
      {"failed", CheckAgent(Agent([](auto& a) {
         a.unit.active = "failed";
         a.unit.result = "exit-code";
         a.last_error = "no space";
       })),
       Result::kFail, "has failed (exit-code); its last word: no space", "journalctl -u spacelet"},
      {"stopped", CheckAgent(Agent([](auto& a) { a.unit.active = "inactive"; })), Result::kFail, "inactive",
       "systemctl enable --now spacelet"},
      {"not installed", CheckAgent(Agent([](auto& a) { a.unit = {}; })), Result::kWarn,
       "knows no spacelet.service", "install the package"},
  });
}

TEST(CheckGit, SaysWhyTheAgentCannotAskIt) {
  const GitFacts good = {.source = "git+https://h/r//a"};
  const auto with = [&](auto change) {
    GitFacts facts = good;
    change(facts);
    return CheckGit(facts);
  };
  ExpectAll({
      {"a file", CheckGit({}), Result::kSkip, "no place in Git"},
      {"good", CheckGit(good), Result::kPass, "git+https://h/r//a answers"},
      {"no git", with([](auto& g) {
         g.missing = {"git", "ssh"};
         g.reason = "GitFailed";
       }),
       Result::kFail, "the program git is not installed", "apt-get install openssh-client"},
      {"refused", with([](auto& g) {
         g.reason = "GitAuthenticationFailed";
         g.message = "h: 401";
       }),
       Result::kFail, "GitAuthenticationFailed: h: 401", "gitops.md"},
  });
}

ReachFacts Reached(Stage stage, const char* error = "", int status = 200) {
  return {.url = "https://app.harness.io",
          .host = "app.harness.io",
          .port = 443,
          .stage = stage,
          .error = error,
          .http_status = status};
}

TEST(CheckManager, SaysHowFarItGot) {
  ReachFacts proxied = Reached(Stage::kDone);
  proxied.proxy = "http://proxy:3128";
  ReachFacts refused = Reached(Stage::kProxy, "it answers 403");
  refused.proxy = "http://proxy:3128";
  ExpectAll({
      {"it answers", CheckManager(Reached(Stage::kDone)), Result::kPass, "status 200, certificate valid"},
      {"no name", CheckManager(Reached(Stage::kDns, "Name or service not known")), Result::kFail,
       "DNS: app.harness.io is not found", "resolvectl query app.harness.io"},
      {"no way", CheckManager(Reached(Stage::kConnect, "timed out")), Result::kFail,
       "TCP: no connection to app.harness.io:443", "egress"},
      {"no trust", CheckManager(Reached(Stage::kTls, "self-signed certificate")), Result::kFail,
       "TLS: app.harness.io:443: self-signed", "ca-certificates"},
      {"no answer", CheckManager(Reached(Stage::kHttp, "connection lost")), Result::kFail, "HTTP",
       "curl -v https://app.harness.io"},
      {"no address", CheckManager(Reached(Stage::kUrl, "want scheme")), Result::kFail, "is no address",
       "document"},
      {"an outage there", CheckManager(Reached(Stage::kDone, "", 503)), Result::kWarn, "status 503",
       "status.harness.io"},
      {"by a proxy", CheckManager(proxied), Result::kPass,
       "by the proxy http://proxy:3128 (TLS not looked at)"},
      {"the proxy refuses", CheckManager(refused), Result::kFail,
       "http://proxy:3128 does not lead to app.harness.io:443", "NO_PROXY"},
      {"no delegate", CheckManager({}), Result::kSkip, "no delegate"},
  });
}

TEST(CheckRegistries, AnImageThatIsHereNeedsNoRegistryNow) {
  const ReachFacts lost = Reached(Stage::kConnect, "timed out");
  ExpectAll({
      {"connected",
       CheckRegistries(
           {{"docker.io", false, Reached(Stage::kDone)}, {"gcr.io", true, Reached(Stage::kDone)}}),
       Result::kPass, "connected: docker.io, gcr.io"},
      {"lost", CheckRegistries({{"docker.io", false, lost}}), Result::kFail, "docker.io: TCP",
       "systemctl show docker -p Environment"},
      {"lost, but here", CheckRegistries({{"docker.io", true, lost}}), Result::kWarn,
       "its images are here already", "egress"},
      {"no document", CheckRegistries({}), Result::kSkip, "needs a valid document"},
  });
}

DiskFacts Disk(uint64_t free, uint64_t inodes_free = 1000) {
  return {.what = "Docker's data root",
          .path = "/var/lib/docker",
          .total = uint64_t{100} << 30,
          .free = free,
          .inodes_total = 1000,
          .inodes_free = inodes_free,
          .wanted = uint64_t{5} << 30,
          .needed = uint64_t{1} << 30};
}

TEST(CheckDisk, CountsBytesAndInodes) {
  DiskFacts closed = Disk(0), unlimited = Disk(uint64_t{50} << 30, 0);
  closed.unreachable = "Permission denied";
  unlimited.inodes_total = 0;
  ExpectAll({
      {"room", CheckDisk({Disk(uint64_t{50} << 30)}), Result::kPass, "free: /var/lib/docker 50.0 GiB"},
      {"little", CheckDisk({Disk(uint64_t{2} << 30)}), Result::kWarn, "has 2.0 GiB of 100.0 GiB free",
       "docker image prune"},
      {"none", CheckDisk({Disk(uint64_t{100} << 20)}), Result::kFail, "has 100 MiB", "df -h /var/lib/docker"},
      {"few inodes", CheckDisk({Disk(uint64_t{50} << 30, 40)}), Result::kWarn, "40 of 1000 inodes", "df -i"},
      {"no inodes", CheckDisk({Disk(uint64_t{50} << 30, 5)}), Result::kFail, "5 of 1000 inodes", "df -i"},
      {"btrfs counts none", CheckDisk({unlimited}), Result::kPass, "free"},
      {"closed", CheckDisk({closed}), Result::kWarn, "Permission denied", "sudo"},
      {"nothing", CheckDisk({}), Result::kSkip, "no directory"},
  });
}

TEST(CheckResources, ComparesTheLimitsWithTheMachine) {
  const auto machine = [](std::vector<LimitFacts> limits) {
    return ResourceFacts{
        .cpus = 2, .memory_total = int64_t{4} << 30, .memory_available = 0, .limits = std::move(limits)};
  };
  ExpectAll({
      {"enough", CheckResources(machine({{"vm-runner", 1'000'000'000, int64_t{2} << 30}})), Result::kPass,
       "limits add up to 2.0 GiB"},
      {"no limits", CheckResources(machine({})), Result::kPass, "2 CPUs, 4.0 GiB"},
      {"too much memory", CheckResources(machine({{"a", 0, int64_t{3} << 30}, {"b", 0, int64_t{3} << 30}})),
       Result::kWarn, "add up to 6.0 GiB", "resources.memory"},
      {"too many CPUs", CheckResources(machine({{"a", 4'000'000'000, 0}})), Result::kFail,
       "a wants 4 CPUs, the host has 2", "resources.cpus of a"},
      {"unknown", CheckResources({}), Result::kSkip, "not known"},
  });
}

TEST(CheckClock, BelievesTheKernelAndTheManager) {
  const auto off_by = [](absl::Duration skew) {
    ReachFacts reach = Reached(Stage::kDone);
    reach.date = absl::FromUnixSeconds(1'700'000'000);
    reach.asked_at = *reach.date + skew;
    return reach;
  };
  const ClockFacts synced = {ClockFacts::Sync::kYes}, free = {ClockFacts::Sync::kNo};
  ExpectAll({
      {"right", CheckClock(synced, off_by(absl::Seconds(1))), Result::kPass,
       "synchronised, as app.harness.io has it"},
      {"synchronised", CheckClock(synced, {}), Result::kPass, "synchronised"},
      {"not synchronised", CheckClock(free, off_by(absl::Seconds(1))), Result::kWarn, "not synchronised",
       "timedatectl"},
      {"a minute ahead", CheckClock(synced, off_by(absl::Minutes(1))), Result::kWarn,
       "1m ahead of app.harness.io", "timedatectl"},
      {"an hour behind", CheckClock(synced, off_by(-absl::Hours(1))), Result::kFail,
       "1h behind app.harness.io: certificates", "timedatectl"},
      {"nobody tells", CheckClock({}, {}), Result::kSkip, "neither"},
  });
}

TEST(CheckCloudInit, QuotesItsErrors) {
  const CloudInitFacts good = {
      .installed = true, .finished = true, .errors = {}, .datasource = "DataSourceGCE"};
  const auto but = [&](const std::function<void(CloudInitFacts&)>& change) {
    return With<CloudInitFacts>(good, change);
  };
  ExpectAll({
      {"good", CheckCloudInit(good, Cloud::kGce), Result::kPass, "finished without errors (DataSourceGCE)"},
      {"errors",
       CheckCloudInit(but([](auto& c) { c.errors = {"('scripts_user', RuntimeError('boom'))"}; }),
                      Cloud::kGce),
       Result::kFail, "boom", "cloud-init-output.log"},
      {"still at work", CheckCloudInit(but([](auto& c) { c.finished = false; }), Cloud::kGce), Result::kWarn,
       "not finished", "status --wait"},
      {"no data source on a cloud's machine",
       CheckCloudInit(but([](auto& c) { c.datasource = "DataSourceNone"; }), Cloud::kEc2), Result::kFail,
       "user-data was not run", "cloud-init clean"},
      {"no data source, yet user-data",
       CheckCloudInit(but([](auto& c) {
                        c.datasource = "DataSourceNone";
                        c.has_user_data = true;
                      }),
                      Cloud::kNone),
       Result::kFail, "DataSourceNone", "cloud-init clean"},
      {"no data source and none expected",
       CheckCloudInit(but([](auto& c) { c.datasource = "DataSourceNone"; }), Cloud::kNone), Result::kPass,
       "finished"},
      {"not used", CheckCloudInit({}, Cloud::kNone), Result::kSkip, "not used"},
  });
}

TEST(CheckMetadata, KnowsTheHopLimit) {
  ExpectAll({
      {"good", CheckMetadata({.asked = true, .error = "", .one_hop = false}, Cloud::kEc2), Result::kPass,
       "hop limit that reaches containers"},
      {"Google's", CheckMetadata({.asked = true, .error = "", .one_hop = false}, Cloud::kGce), Result::kPass,
       "answers"},
      {"one hop", CheckMetadata({.asked = true, .error = "", .one_hop = true}, Cloud::kEc2), Result::kWarn,
       "hop limit is 1", "--http-put-response-hop-limit 2"},
      {"silent", CheckMetadata({.asked = true, .error = "refused", .one_hop = false}, Cloud::kEc2),
       Result::kWarn, "refused", "--http-endpoint enabled"},
      {"silent at Google's",
       CheckMetadata({.asked = true, .error = "refused", .one_hop = false}, Cloud::kGce), Result::kWarn,
       "refused", "firewall"},
      {"no cloud", CheckMetadata({}, Cloud::kNone), Result::kSkip, "neither an EC2"},
  });
}

TEST(Examine, AsksEveryCheckOnceAndInTheOrderOfReading) {
  std::vector<std::string> names;
  for (const Check& check : Examine({})) names.push_back(check.name);
  EXPECT_THAT(names,
              ::testing::ElementsAre("document", "files", "secrets", "pool", "docker", "docker-socket",
                                     "docker-version", "docker-settings", "docker-boot", "agent", "git",
                                     "runner-directory", "ports", "rivals", "manager", "registries", "disk",
                                     "resources", "clock", "cloud-init", "metadata"));
}

}  // namespace
}  // namespace spacelet::doctor
