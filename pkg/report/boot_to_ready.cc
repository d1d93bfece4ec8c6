#include "pkg/report/boot_to_ready.h"

#include <ctime>
#include <fstream>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "pkg/api/reasons.h"
#include "pkg/base/file.h"

namespace spacelet::report {
namespace {

constexpr size_t kMaxRecordBytes = 1024;

std::optional<absl::Duration> ParseSeconds(absl::string_view text) {
  double seconds = 0;
  if (!absl::SimpleAtod(text, &seconds) || seconds < 0) return std::nullopt;
  return absl::Seconds(seconds);
}

std::string SecondsText(absl::Duration d) { return absl::StrCat(absl::ToInt64Milliseconds(d), "e-3"); }

}  // namespace

Boot ThisBoot() {
  Boot boot;
  timespec since{};
  if (clock_gettime(CLOCK_BOOTTIME, &since) == 0) boot.since = absl::DurationFromTimespec(since);
  std::ifstream("/proc/sys/kernel/random/boot_id") >> boot.id;
  return boot;
}

BootToReady::BootToReady(std::string path, std::function<Boot()> boot)
    : path_(std::move(path)), boot_(std::move(boot)) {}

std::optional<absl::Duration> BootToReady::Start() {
  const Boot now = boot_();
  if (std::optional<Record> known = Load(now)) {
    record_ = *std::move(known);
    return record_.ready;
  }
  record_ = {now.id, now.since, std::nullopt};
  Save();
  return std::nullopt;
}

std::optional<absl::Duration> BootToReady::Ready() {
  if (record_.ready || record_.first_start > kFirstStartWithin) return record_.ready;
  record_.ready = boot_().since;
  Save();
  return record_.ready;
}

// A file that a boot did not remove (the directory of a container, say) is of another boot when its id says
// so, or when it is from the future.
std::optional<BootToReady::Record> BootToReady::Load(const Boot& now) const {
  const auto content = base::ReadFile(path_, kMaxRecordBytes);
  if (!content.ok()) return std::nullopt;
  const std::vector<std::string> fields = absl::StrSplit(content->bytes, '\n');
  if (fields.size() < 3) return std::nullopt;
  const std::optional<absl::Duration> first = ParseSeconds(fields[1]);
  if (!first) return std::nullopt;
  Record record{fields[0], *first, ParseSeconds(fields[2])};
  const bool other_boot = !record.boot_id.empty() && !now.id.empty() && record.boot_id != now.id;
  const bool future = record.first_start > now.since || (record.ready && *record.ready > now.since);
  if (other_boot || future) return std::nullopt;
  return record;
}

// Best effort: a directory that cannot be written costs the number after a restart, nothing else.
void BootToReady::Save() const {
  const std::string ready = record_.ready ? SecondsText(*record_.ready) : "";
  base::WriteFileAtomically(
      path_, absl::StrCat(record_.boot_id, "\n", SecondsText(record_.first_start), "\n", ready, "\n"), 0644)
      .IgnoreError();
}

void WatchBootToReady(BootToReady& boot, const StatusBoard& board, Metrics& metrics,
                      const std::stop_token& stop) {
  std::optional<absl::Duration> took = boot.Start();
  uint64_t seen = 0;
  while (!took && !stop.stop_requested()) {
    seen = board.WaitForChange(seen, base::InfiniteFuture(), stop);
    if (!IsTrue(board.Snapshot().conditions, api::kReady)) continue;
    took = boot.Ready();
    if (!took) return;
  }
  if (took) metrics.BootToReady(*took);
}

}  // namespace spacelet::report
