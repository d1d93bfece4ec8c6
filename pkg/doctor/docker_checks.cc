#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "pkg/docker/version.h"
#include "pkg/doctor/examine.h"
#include "pkg/doctor/findings.h"

namespace spacelet::doctor {
namespace {

constexpr char kLogs[] = "journalctl -u docker -n 50";

void Absent(const DockerFacts& docker, Findings& found) {
  if (docker.installed)
    found.Fail(absl::StrCat("there is no ", docker.socket, ": Docker does not run"),
               "systemctl start docker");
  else
    found.Fail(absl::StrCat("there is no ", docker.socket, ": Docker is not installed"),
               "apt-get install docker.io   (or docker-ce, docs.docker.com/engine/install)");
}

void Denied(const DockerFacts& docker, Findings& found) {
  const std::string rights = absl::StrFormat("%s %s:%s %04o", docker.socket, docker.socket_owner,
                                             docker.socket_group, docker.socket_mode);
  if (docker.user_in_group)
    found.Fail(absl::StrCat("user ", docker.user, " is in group ", docker.socket_group,
                            ", but not yet in this session (", rights, ")"),
               "log in again");
  else
    found.Fail(absl::StrCat("user ", docker.user, " may not use ", rights),
               absl::StrCat("run this with sudo, or: usermod -aG ", docker.socket_group, " ", docker.user,
                            "   and log in again (that group is as good as root)"));
}

std::string NotAnswering() { return "needs Docker to answer"; }

}  // namespace

bool StartsWhenAsked(const BootFacts& boot) {
  const std::string& docker = boot.docker.active;
  return (docker == "inactive" || docker == "failed") && boot.socket.active == "active";
}

Check CheckDocker(const DockerFacts& docker) {
  Findings found;
  const absl::Status& answer = docker.answer;
  if (!docker.socket.empty() && !docker.socket_exists)
    Absent(docker, found);
  else if (absl::IsPermissionDenied(answer))
    found.Fail(absl::StrCat(docker.host, ": permission denied"), "see docker-socket");
  else if (absl::IsDeadlineExceeded(answer))
    found.Fail(absl::StrCat(docker.host, " takes connections and does not answer: ", answer.message()),
               absl::StrCat(kLogs, "\nsystemctl restart docker"));
  else if (absl::IsUnavailable(answer) && !docker.socket.empty())
    found.Fail(absl::StrCat("no Docker answers at ", docker.host, ": ", answer.message()),
               absl::StrCat("systemctl start docker\n", kLogs));
  else if (absl::IsUnavailable(answer))
    found.Fail(absl::StrCat("no Docker answers at ", docker.host, ": ", answer.message()),
               "is the address right (--docker-host, DOCKER_HOST), and the daemon running there?");
  else if (!answer.ok() && !absl::IsFailedPrecondition(answer))
    found.Fail(absl::StrCat(docker.host, ": ", answer.message()), kLogs);
  return std::move(found).ToCheck("docker", absl::StrCat("answers at ", docker.host));
}

Check CheckDockerSocket(const DockerFacts& docker) {
  if (docker.socket.empty())
    return Skip("docker-socket", absl::StrCat(docker.host, " is no socket of this host"));
  if (!docker.socket_exists) return Skip("docker-socket", absl::StrCat("there is no ", docker.socket));
  Findings found;
  if (absl::IsPermissionDenied(docker.answer)) Denied(docker, found);
  if ((docker.socket_mode & 02) != 0)
    found.Warn(
        absl::StrFormat("%s is %04o: whoever is on this host is root", docker.socket, docker.socket_mode),
        absl::StrCat("chmod 660 ", docker.socket));
  return std::move(found).ToCheck("docker-socket",
                                  absl::StrFormat("%s:%s %04o, user %s may use it", docker.socket_owner,
                                                  docker.socket_group, docker.socket_mode, docker.user));
}

Check CheckDockerVersion(const DockerFacts& docker) {
  const bool incompatible = absl::IsFailedPrecondition(docker.answer);
  if (!docker.answer.ok() && !incompatible) return Skip("docker-version", NotAnswering());
  Findings found;
  const std::string window = absl::StrCat("API ", docker::FormatApiVersion(docker::kOldestApi), " to ",
                                          docker::FormatApiVersion(docker::kNewestApi));
  if (incompatible)
    found.Fail(docker.answer.message(),
               absl::StrCat("install an engine that speaks ", window, " (20.10 to 28)"));
  else if (docker.engine.podman)
    found.Warn(absl::StrCat("podman ", docker.engine.version,
                            " answers: not all that spacelet promises holds there (docs/compatibility.md)"),
               "install docker.io or docker-ce");
  return std::move(found).ToCheck("docker-version",
                                  absl::StrCat("engine ", docker.engine.version, ", API ", docker.engine.api,
                                               " (spacelet speaks ", window, ")"));
}

Check CheckDockerSettings(const DockerFacts& docker) {
  if (!docker.answer.ok()) return Skip("docker-settings", NotAnswering());
  Findings found;
  const EngineFacts& engine = docker.engine;
  if (engine.storage_driver == "vfs" || engine.storage_driver == "devicemapper" ||
      engine.storage_driver == "aufs")
    found.Warn(absl::StrCat("storage driver ", engine.storage_driver, " is slow and wastes disk"),
               "use a file system that overlay2 works on (ext4, xfs with ftype=1) for Docker's data root");
  if (!engine.memory_limit)
    found.Warn("the kernel does not limit memory: `resources.memory` has no effect",
               "add cgroup_enable=memory to the kernel's command line and reboot");
  return std::move(found).ToCheck(
      "docker-settings",
      absl::StrCat("storage driver ", engine.storage_driver, ", cgroup v", engine.cgroup_version,
                   ", live-restore ",
                   engine.live_restore ? "on" : "off (containers stop while dockerd restarts)"));
}

Check CheckDockerBoot(const DockerFacts& docker, const BootFacts& boot) {
  constexpr char kName[] = "docker-boot";
  if (docker.socket.empty()) return Skip(kName, "the daemon is on another host");
  if (!boot.systemd) return Skip(kName, "this host is not run by systemd");
  Findings found;
  if (boot.docker.file_state.empty())
    return Skip(kName, "systemd knows no docker.service",
                "make sure that whatever starts Docker starts it at boot");
  if (boot.docker.file_state == "masked")
    found.Fail("docker.service is masked: nobody can start it",
               "systemctl unmask docker && systemctl enable --now docker");
  else if (boot.docker.file_state == "disabled" && boot.socket.file_state != "enabled")
    found.Fail("Docker is not started at boot", "systemctl enable docker");
  else if (boot.docker.file_state == "disabled")
    found.Warn("Docker is started by the first who asks (docker.socket), so containers wait for the agent",
               "systemctl enable docker");
  return std::move(found).ToCheck(kName, absl::StrCat("docker.service is ", boot.docker.file_state));
}

}  // namespace spacelet::doctor
