// A container's last words: as many as were asked for at most, each safe to print.
#include "pkg/docker/log_frames.h"
#include "test/fuzz/fuzz.h"

namespace spacelet::fuzz {

void Check(absl::string_view input) {
  const std::vector<std::string> all = docker::TailOfLogs(input, 1 << 20);
  for (const std::string& line : all) RequireOneLine(line);
  const std::vector<std::string> tail = docker::TailOfLogs(input, 3);
  Require(tail.size() == std::min<size_t>(all.size(), 3), "there are as many lines as were asked for");
  Require(std::equal(tail.rbegin(), tail.rend(), all.rbegin()), "the tail is the end of it all");
}

}  // namespace spacelet::fuzz
