// What this machine says of itself: files below / (another root in tests), file systems, clock, systemd.
// Nothing here fails: what cannot be read stays empty or is named in the facts.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "pkg/doctor/facts.h"

namespace spacelet::doctor {

// A directory, and who may do what there.
DirectoryFacts LookAtDirectory(const std::string& path);

// The file system of `path`, or of the nearest directory above it that exists.
DiskFacts LookAtDisk(const std::string& what, const std::string& path);

// CPUs and memory; limits stay empty.
ResourceFacts ReadResources(const std::string& root);

// Whether the kernel's clock is kept by somebody (adjtimex).
ClockFacts ReadClock();

// By the firmware's names.
Cloud ReadCloud(const std::string& root);

// /var/lib/cloud below `root`. Errors are one line each.
CloudInitFacts ReadCloudInit(const std::string& root);

// A unit, by systemctl. Everything is empty where systemd does not run or knows no such unit.
UnitFacts ReadUnit(const std::string& unit, const std::stop_token& stop);
bool RunsSystemd();

// The last line in the unit's journal that is an error; empty: none, or no journal.
std::string LastErrorOf(const std::string& unit, const std::stop_token& stop);

// "root", "docker"; the number where it has no name.
std::string UserName(uint32_t uid);
std::string GroupName(uint32_t gid);
// Whether the group's database has the user in that group; the session may be older.
bool IsMember(const std::string& user, uint32_t gid);

// Who holds the flock of a file, by /proc/locks: no lock is taken for it. 0: nobody.
int64_t LockHolder(const std::string& path);

}  // namespace spacelet::doctor
