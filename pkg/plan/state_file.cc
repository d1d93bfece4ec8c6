#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "pkg/api/labels.h"
#include "pkg/plan/planner.h"

namespace spacelet::plan {
namespace {

constexpr int kCopiesKept = 2;  // SPEC 5: of a runner's database
constexpr size_t kShortHash = 12;

bool IsBelow(const std::string& path, const std::string& directory) {
  return absl::StartsWith(path, directory) &&
         (path.size() == directory.size() || path[directory.size()] == '/');
}

// A part of a spec hash, as a file's name; empty where somebody has put something else on that label.
std::string ShortHash(absl::string_view hash) {
  const bool known = absl::ConsumePrefix(&hash, "v1:") && hash.size() >= kShortHash &&
                     std::all_of(hash.begin(), hash.end(), absl::ascii_isxdigit);
  return std::string(known ? hash.substr(0, kShortHash) : "");
}

std::string CopyPath(const desired::StateFile& state, const docker::Container& c) {
  auto label = c.labels.find(api::kLabelSpecHash);
  const std::string hash = label == c.labels.end() ? "" : ShortHash(label->second);
  return absl::StrCat(state.backup_prefix, hash.empty() ? c.id.substr(0, kShortHash) : hash, ".sqlite3");
}

std::string StatePath(const desired::StateFile& state, const docker::Container& c) {
  auto written = c.env.find(state.variable);
  const std::string path = written == c.env.end() ? state.default_path : written->second;
  return absl::StartsWith(path, "/") ? path : absl::StrCat("/", path);  // both programs run in "/"
}

// Where the host has this file of the container; "": nowhere.
std::string HostPath(const docker::Container& c, const std::string& path) {
  const docker::Mount* best = nullptr;
  for (const docker::Mount& m : c.mounts)
    if (IsBelow(path, m.target) && (best == nullptr || m.target.size() > best->target.size())) best = &m;
  return best == nullptr ? "" : absl::StrCat(best->source, path.substr(best->target.size()));
}

}  // namespace

// On a bind, its state is copied before the new version changes it; in the container's own layer it would be
// lost with the container, so it is taken to where the new one looks for it.
void Planner::SaveState(const docker::Container& old, bool waits) {
  if (!want_.state_file || !(old.started_ever || IsRunning(old))) return;
  const desired::StateFile& state = *want_.state_file;
  const std::string path = StatePath(state, old);
  const std::string on_host = HostPath(old, path);
  if (on_host != state.host_path)
    return Add(CopyOutFile{old.id, path, state.host_path, 0},
               on_host.empty() ? "its state lies in the old container" : absl::StrCat("it lies in ", on_host),
               {}, waits);
  Add(CopyOutFile{old.id, path, CopyPath(state, old), kCopiesKept}, "before its successor", {}, waits);
}

// The old version cannot open what the new one has changed: it was ready before, it ends again and again now,
// and there is a copy from before. Once for each failure: what was put aside stays and says that it was done.
bool Planner::StateComesBack(const docker::Container& restored) const {
  if (!want_.state_file || quarantine_ == nullptr) return false;
  const desired::StateFile& state = *want_.state_file;
  const std::set<std::string>& files = now_.facts.state_files;
  if (HostPath(restored, StatePath(state, restored)) != state.host_path) return false;
  if (!files.contains(CopyPath(state, restored))) return false;
  const bool aside = files.contains(AsidePath()), there = files.contains(state.host_path);
  if (aside) return !there;  // killed between the two
  return there && restored.restart_count >= kCrashLoopRestarts;
}

void Planner::PutStateBack(const docker::Container& restored) {
  plan_.goes_back = true;
  Stop(restored, "it cannot open what its successor has changed");
  Add(PutBackFile{CopyPath(*want_.state_file, restored), want_.state_file->host_path, AsidePath()},
      "it ran before its successor");
  Add(StartContainer{restored.id}, "with its state of before");
}

std::string Planner::StateNote() const {
  if (!want_.state_file || !now_.facts.state_files.contains(AsidePath())) return "";
  return absl::StrCat(
      ". Its database was put back as it was before; what the new version recorded since, such as "
      "VMs that it made, is in ",
      AsidePath());
}

// Of its own for each time that it fails.
std::string Planner::AsidePath() const {
  const std::string& prefix = want_.state_file->backup_prefix;
  return absl::StrCat(prefix.substr(0, prefix.rfind('/')), "/migrated-",
                      absl::FormatTime("%Y%m%d%H%M%S", quarantine_->failed_at, absl::UTCTimeZone()),
                      ".sqlite3");
}

}  // namespace spacelet::plan
