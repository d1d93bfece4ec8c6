// What /proc says about this process: the standard process_* series.
#pragma once

#include <string>

namespace spacelet::report {

struct ProcessStats {  // 0 where /proc does not say
  double cpu_seconds = 0;
  double resident_bytes = 0, virtual_bytes = 0;
  double open_fds = 0, max_fds = 0;
  double start_time_seconds = 0;  // Unix time
};

ProcessStats ReadProcessStats();

// Fields of /proc/PID/stat, which count from the last ')' since a program's name may hold spaces and
// parentheses. `ticks` per second, `boot_time` in Unix seconds, `page_bytes`.
ProcessStats ParseProcStat(const std::string& stat, double ticks, double boot_time, double page_bytes);

}  // namespace spacelet::report
