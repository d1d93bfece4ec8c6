#include "pkg/doctor/host.h"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/timex.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace spacelet::doctor {
namespace {

// Numbers of linux/magic.h that somebody may want to be told of.
std::string FileSystemName(const std::string& path) {
  struct statfs fs {};
  if (::statfs(path.c_str(), &fs) != 0) return "an unknown file system";
  static const std::map<uint64_t, const char*> kNames = {
      {0xEF53, "ext4"},      {0x58465342, "xfs"},     {0x9123683E, "btrfs"}, {0x01021994, "tmpfs"},
      {0x858458F6, "ramfs"}, {0x794C7630, "overlay"}, {0x6969, "nfs"},       {0xFF534D42, "cifs"},
      {0x65735546, "fuse"},  {0x2FC12FC1, "zfs"}};
  const auto known = kNames.find(static_cast<uint64_t>(fs.f_type) & 0xFFFFFFFF);
  return known != kNames.end() ? known->second : absl::StrFormat("file system %#x", fs.f_type);
}

std::string Slurp(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// "MemTotal:  1234 kB" in bytes.
int64_t MemoryLine(absl::string_view text, absl::string_view name) {
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    int64_t kib = 0;
    if (!absl::ConsumePrefix(&line, name)) continue;
    if (absl::SimpleAtoi(absl::StripSuffix(line, "kB"), &kib)) return kib * 1024;
  }
  return 0;
}

}  // namespace

DirectoryFacts LookAtDirectory(const std::string& path) {
  DirectoryFacts facts;
  facts.path = path;
  struct stat st {};
  if (::stat(path.c_str(), &st) != 0) {
    if (errno != ENOENT && errno != ENOTDIR) facts.unreachable = std::strerror(errno);
    return facts;
  }
  facts.exists = true;
  facts.is_directory = S_ISDIR(st.st_mode);
  facts.mode = st.st_mode & 07777;
  facts.owner = UserName(st.st_uid);
  facts.writable = ::access(path.c_str(), W_OK) == 0;
  facts.file_system = FileSystemName(path);
  struct statvfs vfs {};
  facts.read_only = ::statvfs(path.c_str(), &vfs) == 0 && (vfs.f_flag & ST_RDONLY) != 0;
  return facts;
}

DiskFacts LookAtDisk(const std::string& what, const std::string& path) {
  DiskFacts facts;
  facts.what = what;
  struct statvfs vfs {};
  std::filesystem::path there = path;
  while (::statvfs(there.c_str(), &vfs) != 0) {
    if ((errno != ENOENT && errno != ENOTDIR) || there == there.parent_path()) {
      facts.path = path;
      facts.unreachable = std::strerror(errno);
      return facts;
    }
    there = there.parent_path();
  }
  facts.path = there.string();
  struct stat st {};
  if (::stat(there.c_str(), &st) == 0) facts.device = st.st_dev;
  facts.total = vfs.f_blocks * vfs.f_frsize;
  facts.free = vfs.f_bavail * vfs.f_frsize;
  facts.inodes_total = vfs.f_files;
  facts.inodes_free = vfs.f_favail;
  return facts;
}

ResourceFacts ReadResources(const std::string& root) {
  ResourceFacts facts;
  const std::string text = Slurp(root + "/proc/meminfo");
  facts.memory_total = MemoryLine(text, "MemTotal:");
  facts.memory_available = MemoryLine(text, "MemAvailable:");
  facts.cpus = static_cast<int>(std::thread::hardware_concurrency());
  return facts;
}

ClockFacts ReadClock() {
  timex state{};
  const int answer = ::adjtimex(&state);
  if (answer < 0) return {};
  const bool unsynced = answer == TIME_ERROR || (state.status & STA_UNSYNC) != 0;
  return {unsynced ? ClockFacts::Sync::kNo : ClockFacts::Sync::kYes};
}

Cloud ReadCloud(const std::string& root) {
  const std::string dmi = root + "/sys/class/dmi/id/";
  if (absl::StartsWith(Slurp(dmi + "sys_vendor"), "Amazon EC2")) return Cloud::kEc2;
  if (absl::StartsWith(Slurp(dmi + "product_name"), "Google Compute Engine")) return Cloud::kGce;
  return Cloud::kNone;
}

std::string UserName(uint32_t uid) {
  char buffer[4096];
  passwd entry{};
  passwd* found = nullptr;
  getpwuid_r(uid, &entry, buffer, sizeof buffer, &found);
  return found == nullptr ? absl::StrCat(uid) : std::string(found->pw_name);
}

std::string GroupName(uint32_t gid) {
  char buffer[16384];
  group entry{};
  group* found = nullptr;
  getgrgid_r(gid, &entry, buffer, sizeof buffer, &found);
  return found == nullptr ? absl::StrCat(gid) : std::string(found->gr_name);
}

bool IsMember(const std::string& user, uint32_t gid) {
  char buffer[16384];
  group entry{};
  group* found = nullptr;
  getgrgid_r(gid, &entry, buffer, sizeof buffer, &found);
  if (found == nullptr) return false;
  for (char** member = found->gr_mem; *member != nullptr; ++member)
    if (user == *member) return true;
  return false;
}

int64_t LockHolder(const std::string& path) {
  struct stat st {};
  if (::stat(path.c_str(), &st) != 0) return 0;
  // "1: FLOCK  ADVISORY  WRITE 1234 08:01:5678 0 EOF"
  const std::string file = absl::StrFormat("%02x:%02x:%d", major(st.st_dev), minor(st.st_dev), st.st_ino);
  for (absl::string_view line : absl::StrSplit(Slurp("/proc/locks"), '\n')) {
    const std::vector<absl::string_view> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
    int64_t pid = 0;
    if (words.size() >= 6 && words[1] == "FLOCK" && words[5] == file && absl::SimpleAtoi(words[4], &pid))
      return pid;
  }
  return 0;
}

}  // namespace spacelet::doctor
