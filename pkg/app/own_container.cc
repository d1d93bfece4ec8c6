#include "pkg/app/own_container.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"

namespace spacelet::app {
namespace {

constexpr size_t kIdLength = 64;
constexpr size_t kRoot = 3, kMountPoint = 4;  // fields of a line

bool IsId(absl::string_view text) {
  return text.size() == kIdLength && std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return absl::ascii_isxdigit(c) && !absl::ascii_isupper(c);
         });
}

// The directory after one whose name ends so: /var/lib/docker/containers/<id>/hostname, Podman's
// overlay-containers/<id>/userdata/hostname.
std::string IdIn(absl::string_view path) {
  const std::vector<absl::string_view> parts = absl::StrSplit(path, '/');
  for (size_t i = 1; i < parts.size(); ++i)
    if (IsId(parts[i]) && (parts[i - 1] == "containers" || parts[i - 1] == "overlay-containers"))
      return std::string(parts[i]);
  return "";
}

}  // namespace

std::string OwnContainer(absl::string_view mountinfo) {
  const std::vector<absl::string_view> lines = absl::StrSplit(mountinfo, '\n');
  for (const absl::string_view line : lines) {
    const std::vector<absl::string_view> fields = absl::StrSplit(line, ' ');
    if (fields.size() <= kMountPoint) continue;
    const absl::string_view at = fields[kMountPoint];
    if (at != "/etc/hostname" && at != "/etc/hosts" && at != "/etc/resolv.conf") continue;
    if (std::string id = IdIn(fields[kRoot]); !id.empty()) return id;
  }
  return "";
}

std::string OwnContainerHere() {
  std::ifstream file(
      "/proc/self/mountinfo");  // a file of proc has no size, which base::ReadFile takes for torn
  return OwnContainer(std::string(std::istreambuf_iterator<char>(file), {}));
}

}  // namespace spacelet::app
