#include "absl/strings/str_cat.h"
#include "pkg/doctor/examine.h"
#include "pkg/doctor/findings.h"

namespace spacelet::doctor {
namespace {

constexpr char kUnitLogs[] = "journalctl -u spacelet -n 50";

std::string Because(const AgentFacts& agent) {
  return agent.last_error.empty() ? "" : absl::StrCat("; its last word: ", agent.last_error);
}

void Silent(const AgentFacts& agent, Findings& found) {
  if (agent.lock_pid > 0)
    found.Warn(absl::StrCat("process ", agent.lock_pid, " holds ", agent.lock_file,
                            " and does not answer at ", agent.address, Because(agent)),
               "if it listens elsewhere: --address; if it is an apply: wait for it");
  else if (!agent.port_holder.empty())
    found.Fail(absl::StrCat("does not run, and ", agent.port_holder, " listens at ", agent.address),
               "stop that, or give the agent another --listen-address");
  else if (agent.unit.active == "failed")
    found.Fail(absl::StrCat("spacelet.service has failed (", agent.unit.result, ")", Because(agent)),
               absl::StrCat(kUnitLogs, "\nsystemctl restart spacelet"));
  else if (agent.unit.file_state.empty())
    found.Warn("does not run, and systemd knows no spacelet.service",
               "install the package, or run: spacelet agent --config /etc/spacelet/host.yaml");
  else
    found.Fail(absl::StrCat("does not run (spacelet.service is ", agent.unit.active, ")", Because(agent)),
               "systemctl enable --now spacelet");
}

}  // namespace

Check CheckAgent(const AgentFacts& agent) {
  Findings found;
  if (!agent.answers)
    Silent(agent, found);
  else if (!agent.ready)
    found.Warn(absl::StrCat("runs and is not ready: ", agent.missing), "spacelet status; spacelet events");
  if (agent.answers && agent.unit.file_state == "disabled")
    found.Warn("spacelet.service is not started at boot", "systemctl enable spacelet");
  return std::move(found).ToCheck("agent", absl::StrCat("spacelet ", agent.version, " runs and is ready"));
}

Check CheckGit(const GitFacts& git) {
  if (git.source.empty()) return Skip("git", "the agent's document is no place in Git");
  Findings found;
  for (const std::string& program : git.missing)
    found.Fail(absl::StrCat("the program ", program, " is not installed"),
               absl::StrCat("apt-get install ", program == "ssh" ? "openssh-client" : program));
  if (found.none() && !git.reason.empty())
    found.Fail(absl::StrCat(git.reason, ": ", git.message),
               "read \"What happens when\" in gitops.md; spacelet events");
  return std::move(found).ToCheck("git", absl::StrCat(git.source, " answers"));
}

}  // namespace spacelet::doctor
