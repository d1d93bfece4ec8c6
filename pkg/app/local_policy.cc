#include "pkg/app/local_policy.h"

#include <utility>

#include "absl/strings/strip.h"
#include "pkg/app/whose_file.h"
#include "pkg/base/resolve_path.h"
#include "pkg/base/status_macros.h"
#include "pkg/policy/load.h"

namespace spacelet::app {
namespace {

std::optional<base::FileStamp> StampOf(const std::string& path) {
  absl::StatusOr<base::FileStamp> stamp = base::StampFile(path);
  return stamp.ok() ? std::optional(*stamp) : std::nullopt;
}

}  // namespace

absl::StatusOr<policy::Policy> ReadPolicy(const std::string& path) {
  ASSIGN_OR_RETURN(const base::FileContent content, base::ReadFile(path, config::kMaxDocumentBytes));
  policy::Loaded loaded = policy::Load(content.bytes, path);
  if (loaded.ok()) return *std::move(loaded.policy);
  const std::string text = config::ToText(loaded.diagnostics);
  return absl::InvalidArgumentError(absl::StripSuffix(text, "\n"));
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
  RETURN_IF_ERROR(CheckWhoseFile(path_, "who could change the policy"));
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
