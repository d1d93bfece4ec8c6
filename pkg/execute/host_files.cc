#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "pkg/base/file.h"
#include "pkg/base/status_macros.h"
#include "pkg/execute/execute.h"

namespace spacelet::execute {
namespace {

struct Owner {
  uid_t user = static_cast<uid_t>(-1);
  gid_t group = static_cast<gid_t>(-1);
  bool assumed = false;  // nobody said so
};

// "65534" or "65534:65534"; empty: root, as whom a container runs by default, and who may lack the capability
// to read what is another's. A user's name has a meaning only inside the image, so the file stays the agent's
// then.
Owner ParseOwner(const std::string& owner) {
  if (owner.empty()) return {.user = 0, .group = 0, .assumed = true};
  Owner parsed;
  const std::vector<std::string> parts = absl::StrSplit(owner, ':');
  uint32_t id = 0;
  if (absl::SimpleAtoi(parts[0], &id)) parsed.user = id;
  if (parts.size() > 1 && absl::SimpleAtoi(parts[1], &id)) parsed.group = id;
  return parsed;
}

std::string Directory(const std::string& path) { return path.substr(0, path.rfind('/')); }

// What this process may not give away stays its own where the owner was assumed: `owner` says so then.
absl::Status GiveTo(const std::string& path, Owner& owner) {
  if (owner.user == static_cast<uid_t>(-1) || chown(path.c_str(), owner.user, owner.group) == 0)
    return absl::OkStatus();
  if (!owner.assumed || errno != EPERM)
    return absl::UnavailableError(absl::StrCat("chown ", path, ": ", strerror(errno)));
  owner = {};
  return absl::OkStatus();
}

constexpr size_t kLargestState = 64 << 20;  // more was not copied (docker::Reader::ReadContainerFile)

// sqlite replays these into a database that it finds beside them (sqlite.org/tempfiles.html): they go with
// theirs. The database itself goes last; as long as it is there, nothing is taken for done.
constexpr const char* kSqliteParts[] = {"-journal", "-wal", "-shm", ""};

absl::Status MoveIfThere(const std::string& from, const std::string& to) {
  if (rename(from.c_str(), to.c_str()) == 0 || errno == ENOENT) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("rename ", from, " -> ", to, ": ", strerror(errno)));
}

class RealFiles : public LocalFiles {
 public:
  absl::Status CreateDirectory(const plan::CreateDirectory& op) override {
    RETURN_IF_ERROR(base::MakeDirectories(op.path, op.mode));
    Owner owner = ParseOwner(op.owner);
    return GiveTo(op.path, owner);
  }

  absl::Status WritePoolFile(const plan::WritePoolFile& op) override {
    Owner owner = ParseOwner(op.file.owner);
    RETURN_IF_ERROR(base::MakeDirectories(Directory(op.file.host_path), 0700));
    RETURN_IF_ERROR(GiveTo(Directory(op.file.host_path), owner));  // its reader must get through it as well
    return base::WriteFileAtomically(op.file.host_path, op.file.content, 0600, owner.user, owner.group);
  }

  absl::Status RemovePoolFile(const plan::RemovePoolFile& op) override {
    if (unlink(op.path.c_str()) == 0 || errno == ENOENT) return absl::OkStatus();
    return absl::UnavailableError(absl::StrCat("remove ", op.path, ": ", strerror(errno)));
  }

  absl::Status WriteFile(const std::string& path, const std::string& content) override {
    return base::WriteFileAtomically(path, content, 0600);
  }

  absl::Status PutBack(const plan::PutBackFile& op) override {
    ASSIGN_OR_RETURN(const base::FileContent copy, base::ReadFile(op.copy, kLargestState));
    absl::StatusOr<base::FileStamp> now = base::StampFile(op.path);
    if (!now.ok()) now = base::StampFile(op.aside);
    RETURN_IF_ERROR(now.status());
    for (const char* part : kSqliteParts) RETURN_IF_ERROR(MoveIfThere(op.path + part, op.aside + part));
    return base::WriteFileAtomically(op.path, copy.bytes, now->mode & 0777, now->uid, now->gid);
  }

  absl::Status KeepNewest(const std::string& path, int count) override {
    namespace fs = std::filesystem;
    const std::string prefix = path.substr(0, path.rfind('-') + 1);
    std::vector<std::pair<fs::file_time_type, std::string>> found;
    std::error_code error;
    for (fs::directory_iterator it(Directory(path), error), end; !error && it != end; it.increment(error))
      if (absl::StartsWith(it->path().string(), prefix))
        found.emplace_back(fs::last_write_time(it->path(), error), it->path().string());
    std::sort(found.rbegin(), found.rend());
    for (size_t i = static_cast<size_t>(count); i < found.size(); ++i) fs::remove(found[i].second, error);
    return absl::OkStatus();  // one copy too many is no harm
  }
};

}  // namespace

LocalFiles& HostFiles() {
  static RealFiles files;
  return files;
}

}  // namespace spacelet::execute
