#include "pkg/report/process_metrics.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace spacelet::report {
namespace {

// Positions behind the ')' of /proc/PID/stat, proc(5): state is the first.
constexpr size_t kUtime = 11, kStime = 12, kStartTime = 19, kVsize = 20, kRss = 21;

std::string Slurp(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

double Field(const std::vector<std::string>& fields, size_t index) {
  double value = 0;
  return index < fields.size() && absl::SimpleAtod(fields[index], &value) ? value : 0;
}

double BootTime() {
  const std::string stat = Slurp("/proc/stat");
  for (absl::string_view line : absl::StrSplit(stat, '\n')) {
    double seconds = 0;
    if (line.substr(0, 6) == "btime " && absl::SimpleAtod(line.substr(6), &seconds)) return seconds;
  }
  return 0;
}

double OpenFds() {
  std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir("/proc/self/fd"), ::closedir);
  if (!dir) return 0;
  double count = 0;
  while (::readdir(dir.get()) != nullptr) ++count;
  return count - 3;  // ".", ".." and the descriptor that reads the directory
}

double MaxFds() {
  rlimit limit{};
  return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? static_cast<double>(limit.rlim_cur) : 0;
}

}  // namespace

ProcessStats ParseProcStat(const std::string& stat, double ticks, double boot_time, double page_bytes) {
  const size_t name_end = stat.rfind(") ");
  if (name_end == std::string::npos) return {};
  const std::vector<std::string> fields = absl::StrSplit(stat.substr(name_end + 2), ' ');
  return {.cpu_seconds = (Field(fields, kUtime) + Field(fields, kStime)) / ticks,
          .resident_bytes = Field(fields, kRss) * page_bytes,
          .virtual_bytes = Field(fields, kVsize),
          .start_time_seconds = boot_time + Field(fields, kStartTime) / ticks};
}

ProcessStats ReadProcessStats() {
  ProcessStats stats = ParseProcStat(Slurp("/proc/self/stat"), static_cast<double>(::sysconf(_SC_CLK_TCK)),
                                     BootTime(), static_cast<double>(::sysconf(_SC_PAGESIZE)));
  stats.open_fds = OpenFds();
  stats.max_fds = MaxFds();
  return stats;
}

}  // namespace spacelet::report
