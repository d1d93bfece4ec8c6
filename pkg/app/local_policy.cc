#include "pkg/app/local_policy.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "pkg/base/resolve_path.h"
#include "pkg/base/status_macros.h"
#include "pkg/policy/load.h"

namespace spacelet::app {
namespace {

constexpr mode_t kWritableByOthers = 0022;

absl::Status CheckWhose(const std::string& path) {
  struct stat found;
  if (stat(path.c_str(), &found) != 0) return absl::NotFoundError(absl::StrCat(path, ": ", strerror(errno)));
  if (found.st_uid != 0 && found.st_uid != geteuid())
    return absl::FailedPreconditionError(absl::StrCat(
        path, " belongs to user ", found.st_uid, ", who could change the policy; run: chown root: ", path));
  const bool is_sticky = S_ISDIR(found.st_mode) && (found.st_mode & S_ISVTX) != 0;  // others' files stay
  if ((found.st_mode & kWritableByOthers) != 0 && !is_sticky)
    return absl::FailedPreconditionError(
        absl::StrFormat("%s can be written by others (mode %04o), who could change the policy; run: chmod "
                        "go-w %s",
                        path, found.st_mode & 07777, path));
  return absl::OkStatus();
}

absl::Status CheckWhoseWithDirectories(const std::filesystem::path& path) {
  RETURN_IF_ERROR(CheckWhose(path.string()));
  return path == path.root_path() ? absl::OkStatus() : CheckWhoseWithDirectories(path.parent_path());
}

std::optional<base::FileStamp> StampOf(const std::string& path) {
  absl::StatusOr<base::FileStamp> stamp = base::StampFile(path);
  return stamp.ok() ? std::optional(*stamp) : std::nullopt;
}

std::string Absolute(const std::string& path) {
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(path, error);
  return error ? path : absolute.string();
}

}  // namespace

absl::StatusOr<policy::Policy> ReadPolicy(const std::string& path) {
  ASSIGN_OR_RETURN(const base::FileContent content, base::ReadFile(path, config::kMaxDocumentBytes));
  policy::Loaded loaded = policy::Load(content.bytes, path);
  if (loaded.ok()) return *std::move(loaded.policy);
  const std::string text = config::ToText(loaded.diagnostics);
  return absl::InvalidArgumentError(absl::StripSuffix(text, "\n"));
}

absl::Status CheckWhoseFile(const std::string& path) {
  const std::string absolute = Absolute(path);
  ASSIGN_OR_RETURN(const std::string resolved, base::ResolvePath(absolute));
  RETURN_IF_ERROR(CheckWhoseWithDirectories(resolved));
  return CheckWhoseWithDirectories(absolute);  // where a link lies, which somebody could turn elsewhere
}

std::vector<config::Diagnostic> Objections(const config::Loaded& loaded, const policy::Policy* policy,
                                           policy::Origin origin, std::vector<std::string> guarded) {
  if (!loaded.ok()) return {};
  const policy::Host host{base::ResolvePath, std::move(guarded)};
  return policy::ToDiagnostics(policy::Check(*loaded.document, policy, origin, host), policy, loaded);
}

LocalPolicy::LocalPolicy(std::string path, std::vector<std::string> guarded)
    : path_(std::move(path)), guarded_(std::move(guarded)) {}

absl::Status LocalPolicy::Load() {
  if (path_.empty()) return absl::OkStatus();
  loaded_ = seen_ = StampOf(path_);
  RETURN_IF_ERROR(CheckWhoseFile(path_));
  ASSIGN_OR_RETURN(policy::Policy policy, ReadPolicy(path_));
  auto made = std::make_shared<const policy::Policy>(std::move(policy));
  base::MutexLock lock(mu_);
  policy_ = std::move(made);
  return absl::OkStatus();
}

bool LocalPolicy::HasChanged() {
  if (path_.empty()) return false;
  const std::optional<base::FileStamp> now = StampOf(path_);
  const bool stands_still = std::exchange(seen_, now) == now;
  return stands_still && now != loaded_;
}

source::Admit LocalPolicy::Admission() const {
  return [this](const config::Loaded& loaded, const source::Version& version) {
    const policy::Origin origin = source::IsFromGit(version) ? policy::Origin::kGit : policy::Origin::kFile;
    return Objections(loaded, Get().get(), origin, guarded_);
  };
}

std::shared_ptr<const policy::Policy> LocalPolicy::Get() const {
  base::MutexLock lock(mu_);
  return policy_;
}

}  // namespace spacelet::app
