#include <unistd.h>

#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "pkg/base/subprocess.h"
#include "pkg/base/text.h"
#include "pkg/doctor/host.h"

namespace spacelet::doctor {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(5);

// What a program says, whatever it exits with; empty when it is not there.
std::string Says(const std::vector<std::string>& argv, const std::stop_token& stop) {
  const auto end = base::RunProgram(argv, "", {.timeout = kPatience, .max_output_bytes = 1 << 20}, stop);
  return end.ok() ? end->output : "";
}

bool IsTrouble(absl::string_view line) {
  return absl::StrContains(line, "level=error") || absl::StrContains(line, "\"level\":\"error\"") ||
         absl::StartsWith(line, "spacelet: ");
}

}  // namespace

bool RunsSystemd() { return ::access("/run/systemd/system", F_OK) == 0; }

UnitFacts ReadUnit(const std::string& unit, const std::stop_token& stop) {
  UnitFacts facts;
  if (!RunsSystemd()) return facts;
  const std::string text =
      Says({"systemctl", "show", "--property=ActiveState,Result,UnitFileState", "--", unit}, stop);
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    const std::pair<std::string, std::string> parts = absl::StrSplit(line, absl::MaxSplits('=', 1));
    if (parts.first == "ActiveState") facts.active = parts.second;
    if (parts.first == "Result") facts.result = parts.second;
    if (parts.first == "UnitFileState") facts.file_state = parts.second;
  }
  return facts;
}

std::string LastErrorOf(const std::string& unit, const std::stop_token& stop) {
  if (!RunsSystemd()) return "";
  std::string last;
  const std::string text =
      Says({"journalctl", "--unit", unit, "--lines=50", "--output=cat", "--no-pager", "--quiet"}, stop);
  for (const absl::string_view line : absl::StrSplit(text, '\n'))
    if (IsTrouble(line)) last = base::OneLine(line, 300);
  return last;
}

}  // namespace spacelet::doctor
