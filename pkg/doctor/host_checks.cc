#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "pkg/doctor/examine.h"
#include "pkg/doctor/findings.h"

namespace spacelet::doctor {
namespace {

constexpr double kGiB = 1 << 30;

std::string Size(uint64_t bytes) {
  const double n = static_cast<double>(bytes);
  return n >= kGiB ? absl::StrFormat("%.1f GiB", n / kGiB) : absl::StrFormat("%.0f MiB", n / (1 << 20));
}

// At least this part of the inodes should be free.
bool FewInodes(const DiskFacts& disk, uint64_t percent) {
  return disk.inodes_total > 0 && disk.inodes_free < disk.inodes_total / 100 * percent;
}

std::string SpaceFix(const DiskFacts& disk) {
  return absl::StrCat("df -h ", disk.path, "; docker system df; docker image prune   (or a larger disk)");
}

void LookAt(const DiskFacts& disk, Findings& found) {
  const std::string where = absl::StrCat(disk.what, " (", disk.path, ")");
  const std::string left = absl::StrCat(where, " has ", Size(disk.free), " of ", Size(disk.total), " free");
  if (!disk.unreachable.empty())
    found.Warn(absl::StrCat(where, " cannot be looked at: ", disk.unreachable), "run this with sudo");
  else if (disk.free < disk.needed)
    found.Fail(left, SpaceFix(disk));
  else if (disk.free < disk.wanted)
    found.Warn(left, SpaceFix(disk));
  const std::string inodes =
      absl::StrCat(where, " has ", disk.inodes_free, " of ", disk.inodes_total, " inodes free");
  const std::string inode_fix =
      absl::StrCat("df -i ", disk.path, "; docker image prune; remove many small files");
  if (FewInodes(disk, 1))
    found.Fail(inodes, inode_fix);
  else if (FewInodes(disk, 5))
    found.Warn(inodes, inode_fix);
}

// On these a database is lost at a reboot, or damaged by it.
bool IsLostAtReboot(const std::string& fs) { return fs == "tmpfs" || fs == "ramfs" || fs == "overlay"; }
bool IsNetworked(const std::string& fs) { return fs == "nfs" || fs == "cifs" || fs == "fuse"; }

}  // namespace

Check CheckRunnerDirectory(const DirectoryFacts& directory) {
  constexpr char kName[] = "runner-directory";
  const std::string& path = directory.path;
  if (path.empty()) return Skip(kName, "the document has no runner");
  Findings found;
  if (!directory.unreachable.empty())
    return Skip(kName, absl::StrCat(path, ": ", directory.unreachable), "run this with sudo");
  if (!directory.exists) {
    const bool made = path == "/runner" || absl::StartsWith(path, "/runner/") ||
                      absl::StartsWith(path, "/var/lib/spacelet");
    if (!made) found.Warn(absl::StrCat(path, " is not there"), absl::StrCat("install -d -m 700 ", path));
    return std::move(found).ToCheck(kName,
                                    absl::StrCat(path, " is not there yet; the agent makes it (0700)"));
  }
  if (!directory.is_directory)
    found.Fail(absl::StrCat(path, " is no directory"),
               absl::StrCat("move it away: mv ", path, " ", path, ".old"));
  if (directory.read_only)
    found.Fail(absl::StrCat(path, " is on a read-only file system"),
               absl::StrCat("mount -o remount,rw ", path));
  else if (!directory.writable)
    found.Warn(absl::StrCat(path, " (of ", directory.owner, absl::StrFormat(", %04o", directory.mode),
                            ") cannot be written by you"),
               "run this with sudo");
  if ((directory.mode & 07) != 0)
    found.Warn(absl::StrCat(path, absl::StrFormat(" is %04o", directory.mode),
                            ": keys in it are within reach of others"),
               absl::StrCat("chmod 700 ", path));
  if (IsLostAtReboot(directory.file_system))
    found.Fail(absl::StrCat(path, " is on ", directory.file_system,
                            ": the runner's database is lost at a reboot, and with it its VMs"),
               "put it on a disk");
  else if (IsNetworked(directory.file_system))
    found.Warn(absl::StrCat(path, " is on ", directory.file_system, ": SQLite's locks do not hold there"),
               "put it on a local disk");
  return std::move(found).ToCheck(
      kName, absl::StrCat(path, " is writable, ", directory.owner, absl::StrFormat(" %04o", directory.mode),
                          ", on ", directory.file_system));
}

Check CheckDisk(const std::vector<DiskFacts>& disks) {
  Findings found;
  std::vector<std::string> free;
  for (const DiskFacts& disk : disks) {
    LookAt(disk, found);
    free.push_back(absl::StrCat(disk.path, " ", Size(disk.free)));
  }
  if (disks.empty()) return Skip("disk", "no directory to look at");
  return std::move(found).ToCheck("disk", absl::StrCat("free: ", absl::StrJoin(free, ", ")));
}

Check CheckResources(const ResourceFacts& resources) {
  if (resources.memory_total == 0) return Skip("resources", "the host's memory is not known");
  Findings found;
  int64_t memory = 0;
  for (const LimitFacts& limit : resources.limits) {
    memory += limit.memory;
    const double cpus = static_cast<double>(limit.nano_cpus) / 1e9;
    if (resources.cpus > 0 && cpus > resources.cpus)
      found.Fail(absl::StrCat(limit.container, " wants ", cpus, " CPUs, the host has ", resources.cpus,
                              ": Docker refuses that"),
                 absl::StrCat("set resources.cpus of ", limit.container, " to ", resources.cpus, " or less"));
  }
  const auto total = static_cast<uint64_t>(resources.memory_total);
  const auto sum = static_cast<uint64_t>(memory);
  if (memory > resources.memory_total)
    found.Warn(absl::StrCat("the memory limits add up to ", Size(sum), ", the host has ", Size(total)),
               "lower resources.memory, or take a larger machine");
  return std::move(found).ToCheck(
      "resources", absl::StrCat(resources.cpus, " CPUs, ", Size(total), " of memory",
                                memory > 0 ? absl::StrCat(", limits add up to ", Size(sum)) : ""));
}

Check CheckClock(const ClockFacts& clock, const ReachFacts& manager) {
  Findings found;
  constexpr char kSync[] = "timedatectl set-ntp true   (or apt-get install chrony)";
  if (clock.sync == ClockFacts::Sync::kNo) found.Warn("the clock is not synchronised", kSync);
  const absl::Duration skew = manager.date ? manager.asked_at - *manager.date : absl::ZeroDuration();
  const std::string off = absl::StrCat(
      "the clock is ", absl::FormatDuration(absl::Trunc(absl::AbsDuration(skew), absl::Seconds(1))),
      skew > absl::ZeroDuration() ? " ahead of " : " behind ", manager.host);
  if (absl::AbsDuration(skew) > absl::Minutes(5))
    found.Fail(absl::StrCat(off, ": certificates and tokens are refused"), kSync);
  else if (absl::AbsDuration(skew) > absl::Seconds(30))
    found.Warn(off, kSync);
  if (found.none() && clock.sync == ClockFacts::Sync::kUnknown && !manager.date)
    return Skip("clock", "neither the kernel nor the manager tells");
  return std::move(found).ToCheck(
      "clock", absl::StrCat(clock.sync == ClockFacts::Sync::kYes ? "synchronised" : "as far as known right",
                            manager.date ? absl::StrCat(", as ", manager.host, " has it") : ""));
}

Check CheckCloudInit(const CloudInitFacts& cloud_init, Cloud cloud) {
  constexpr char kName[] = "cloud-init";
  constexpr char kLogs[] = "cloud-init status --long; less /var/log/cloud-init-output.log";
  if (!cloud_init.installed) return Skip(kName, "is not used on this host");
  Findings found;
  const bool in_cloud = cloud != Cloud::kNone;
  if (cloud_init.datasource == "DataSourceNone" && (in_cloud || cloud_init.has_user_data))
    found.Fail("found no data source (DataSourceNone): the user-data was not run",
               "cloud-init clean --logs && reboot   (then: cloud-init status --long)");
  if (!cloud_init.errors.empty()) found.Fail(absl::StrJoin(cloud_init.errors, "; "), kLogs);
  if (!cloud_init.finished && found.none()) found.Warn("has not finished", "cloud-init status --wait");
  return std::move(found).ToCheck(kName,
                                  absl::StrCat("finished without errors (", cloud_init.datasource, ")"));
}

}  // namespace spacelet::doctor
