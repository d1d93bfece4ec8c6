#include "pkg/docker/log_frames.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "pkg/base/text.h"

namespace spacelet::docker {
namespace {

constexpr size_t kHeader = 8;
constexpr size_t kLongestLine = 4096;

bool IsFrame(absl::string_view body) {
  return body.size() >= kHeader && body[0] >= 0 && body[0] <= 2 &&
         body.substr(1, 3) == absl::string_view("\0\0\0", 3);
}

size_t FrameLength(absl::string_view header) {
  uint32_t length = 0;
  for (size_t i = 4; i < kHeader; ++i) length = (length << 8) | static_cast<unsigned char>(header[i]);
  return length;
}

// Gathers lines of one stream: Docker cuts a line longer than 16 KiB into several pieces.
class Lines {
 public:
  void Add(absl::string_view text, std::vector<std::string>& out) {
    for (size_t end = text.find('\n'); end != absl::string_view::npos; end = text.find('\n')) {
      rest_.append(text.data(), end);
      Flush(out);
      text.remove_prefix(end + 1);
    }
    rest_.append(text.data(), text.size());
  }
  void Flush(std::vector<std::string>& out) {
    out.push_back(base::OneLine(absl::StripSuffix(rest_, "\r"), kLongestLine));
    rest_.clear();
  }
  bool empty() const { return rest_.empty(); }

 private:
  std::string rest_;
};

}  // namespace

std::vector<std::string> TailOfLogs(absl::string_view body, int lines) {
  std::vector<std::string> out;
  std::array<Lines, 3> streams;
  if (!IsFrame(body)) {
    streams[0].Add(body, out);
    body = {};
  }
  while (IsFrame(body)) {
    Lines& stream = streams[static_cast<unsigned char>(body[0])];
    const absl::string_view payload = body.substr(kHeader, FrameLength(body));
    stream.Add(payload, out);
    body.remove_prefix(kHeader + payload.size());
  }
  for (Lines& stream : streams) {
    if (!stream.empty()) stream.Flush(out);
  }
  const auto wanted = static_cast<size_t>(std::max(lines, 0));
  if (out.size() > wanted) out.erase(out.begin(), out.end() - static_cast<std::ptrdiff_t>(wanted));
  return out;
}

}  // namespace spacelet::docker
