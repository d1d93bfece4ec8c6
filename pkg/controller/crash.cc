#include "pkg/controller/crash.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "pkg/base/text.h"
#include "pkg/desired/known_end.h"

namespace spacelet::controller {
namespace {

constexpr int kKilled = 137;  // 128 + SIGKILL
constexpr absl::Duration kThirdBackOff = absl::Milliseconds(400);

std::string Times(int64_t count) { return count == 1 ? "once" : absl::StrCat(count, " times"); }

std::string EndText(const docker::Container& c) {
  if (c.status == docker::ContainerStatus::kRunning)
    return absl::StrCat("ended and was started again ", Times(c.restart_count));
  std::string text = absl::StrCat("exited with code ", c.exit_code);
  if (c.oom_killed) absl::StrAppend(&text, ", out of memory (raise resources.memory)");
  if (c.restart_count > 0) absl::StrAppend(&text, ", restarted ", Times(c.restart_count));
  if (!c.error.empty()) absl::StrAppend(&text, ": ", c.error);
  return text;
}

// The last ones, and before them the one that told.
std::vector<std::string> Quoted(const std::vector<std::string>& lines, std::optional<size_t> told) {
  const size_t first = lines.size() > kCrashLines ? lines.size() - kCrashLines : 0;
  std::vector<std::string> quoted;
  if (told && *told < first) quoted = {base::OneLine(lines[*told], kQuoted), "…"};
  for (size_t i = first; i < lines.size(); ++i) quoted.push_back(base::OneLine(lines[i], kQuoted));
  return quoted;
}

}  // namespace

std::string CrashMessage(absl::string_view component, const docker::Container& container,
                         const std::vector<std::string>& log_lines) {
  const std::string log = QuoteLog(component, container.oom_killed ? 0 : container.exit_code, log_lines);
  std::vector<std::string> parts = {EndText(container)};
  if (component == "runner" && container.exit_code == kKilled)
    parts.push_back(OrphanWarning(container.hostname));
  if (!log.empty()) parts.push_back(log);
  return absl::StrJoin(parts, "; ");
}

// drone-runner-aws names its VMs <runner name>-<pool>-<random>, and forgets those that it could not delete.
std::string OrphanWarning(absl::string_view hostname) {
  return absl::StrCat(
      "killed before it had cleaned up, so VMs of its pools may be orphaned: look in the cloud for "
      "instances called ",
      hostname, "-… that nobody uses, and delete them; a longer stopGracePeriod prevents it");
}

std::string QuoteLog(absl::string_view component, int exit_code, const std::vector<std::string>& log_lines) {
  const std::optional<desired::KnownEnd> known = desired::ExplainEnd(component, exit_code, log_lines);
  std::vector<std::string> parts;
  if (!log_lines.empty())
    parts.push_back(absl::StrCat(
        "last log lines: ", absl::StrJoin(Quoted(log_lines, known ? known->line : std::nullopt), " | ")));
  if (known) parts.push_back(known->remedy);
  return absl::StrJoin(parts, "; ");
}

bool EndedEarly(const docker::Container& container) {
  return container.status == docker::ContainerStatus::kExited && container.started_ever &&
         container.finished_at - container.started_at < kSettledRun;
}

absl::Duration SettlesIn(const docker::Container& container, absl::Duration ran_for) {
  const bool backed_off = container.status == docker::ContainerStatus::kRunning &&
                          container.restart_count > 0 && container.finished_at != absl::InfinitePast() &&
                          container.started_at - container.finished_at >= kThirdBackOff;
  return backed_off ? std::max(kSettledRun - ran_for, absl::ZeroDuration()) : absl::ZeroDuration();
}

}  // namespace spacelet::controller
