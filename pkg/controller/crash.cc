#include "pkg/controller/crash.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "pkg/plan/ownership.h"

namespace spacelet::controller {
namespace {

struct Known {
  const char* words;  // as the program logs it
  const char* remedy;
};
constexpr int kKilled = 137;  // 128 + SIGKILL
constexpr Known kKnown[] = {
    {"unable to ping driver",
     "the runner cannot use the cloud: check the credentials and the project or region that the pool names"},
    {"unable to parse pool file",
     "the runner cannot read its pool file: check `runner.pool` (spacelet validate)"},
    {"no such file or directory", "a file that it needs is missing: check `volumes` and what the pool names"},
    {"address already in use", "something else holds the port: with hostNetwork every port is the host's"},
    {"exec format error", "the image is built for another processor: check `platform`"},
};

std::string Remedy(const std::vector<std::string>& lines) {
  for (const Known& known : kKnown)
    for (const std::string& line : lines)
      if (absl::StrContains(line, known.words)) return known.remedy;
  return "";
}

}  // namespace

std::string CrashMessage(const docker::Container& container, const std::vector<std::string>& log_lines) {
  std::string message = absl::StrCat("exited with code ", container.exit_code);
  if (container.oom_killed) absl::StrAppend(&message, ", out of memory (raise resources.memory)");
  if (!container.error.empty()) absl::StrAppend(&message, ": ", container.error);
  const bool runner = plan::ComponentOf(container.labels) == "runner";
  if (runner && container.exit_code == kKilled)
    absl::StrAppend(&message, "; ", OrphanWarning(container.hostname));
  if (!log_lines.empty()) absl::StrAppend(&message, "; ", QuoteLog(log_lines));
  return message;
}

// drone-runner-aws names its VMs <runner name>-<pool>-<random>, and forgets those that it could not delete.
std::string OrphanWarning(absl::string_view hostname) {
  return absl::StrCat(
      "killed before it had cleaned up, so VMs of its pools may be orphaned: look in the cloud for "
      "instances called ",
      hostname, "-… that nobody uses, and delete them; a longer stopGracePeriod prevents it");
}

std::string QuoteLog(const std::vector<std::string>& log_lines) {
  std::string text = absl::StrCat("last log lines: ", absl::StrJoin(log_lines, " | "));
  if (const std::string remedy = Remedy(log_lines); !remedy.empty()) absl::StrAppend(&text, "; ", remedy);
  return text;
}

bool EndedEarly(const docker::Container& container) {
  return container.status == docker::ContainerStatus::kExited && container.started_ever &&
         container.finished_at - container.started_at < kSettledRun;
}

}  // namespace spacelet::controller
