#include "pkg/app/git_options.h"

#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "pkg/base/status_macros.h"

namespace spacelet::app {
namespace {

std::string Absolute(const std::string& path) {
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(path, error);
  return error || path.empty() ? path : absolute.lexically_normal().string();
}

git::Access AccessOf(const GitFlags& flags) {
  return {.token_file = Absolute(flags.access.token_file),
          .username = flags.access.username,
          .ca_file = Absolute(flags.access.ca_file),
          .ssh_key = Absolute(flags.access.ssh_key),
          .known_hosts = Absolute(flags.access.known_hosts),
          .allowed_signers = Absolute(flags.access.allowed_signers)};
}

// Of one file with a secret, at each use.
class Guard {
 public:
  Guard(const AgentOptions& options, secret::Redactor& redactor, log::Logger logger)
      : access_(AccessOf(options.git)),
        permissions_(options.secret_permissions),
        redactor_(redactor),
        logger_(std::move(logger)) {}

  absl::Status Look(const std::stop_token& stop) {
    for (const std::string& path : {access_.token_file, access_.ssh_key})
      if (!path.empty()) RETURN_IF_ERROR(LookAt(path, stop));
    return absl::OkStatus();
  }

 private:
  absl::Status LookAt(const std::string& path, const std::stop_token& stop) {
    api::SecretSource source;
    source.kind = api::SecretSource::Kind::kFile;
    source.file = path;
    const absl::StatusOr<std::string> value = secret::Read(source, stop, permissions_);
    if (!value.ok()) return absl::UnauthenticatedError(value.status().message());
    redactor_.Add(*value);
    // It becomes a line of what git's credential helper prints.
    if (path == access_.token_file && value->find_first_of("\r\n") != std::string::npos)
      return absl::UnauthenticatedError(absl::StrCat(path, ": a token is one line"));
    const auto warning = secret::PermissionWarning(source);
    if (warning && told_.insert(*warning).second)
      logger_.Warning("a file of git's is open to others", {{"warning", *warning}});
    return absl::OkStatus();
  }

  const git::Access access_;
  const secret::Permissions permissions_;
  secret::Redactor& redactor_;
  log::Logger logger_;
  std::set<std::string> told_;
};

}  // namespace

absl::Status CheckGitFlags(const AgentOptions& options) {
  if (!git::IsLocation(options.source)) {
    if (options.git.given.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat(options.git.given, " is for --config git+…"));
  }
  ASSIGN_OR_RETURN(const git::Location location, git::ParseLocation(options.source));
  return git::CheckAccess(location, options.git.access);
}

source::GitOptions GitOptionsFor(const AgentOptions& options) {
  const GitFlags& flags = options.git;
  return {.repository = {.location = *git::ParseLocation(options.source),
                         .access = AccessOf(flags),
                         .directory = Absolute(options.state_dir + "/git"),
                         .timeout = flags.timeout,
                         .max_bytes = flags.max_bytes},
          .interval = flags.interval,
          .rewritten = flags.rewritten};
}

std::function<absl::Status(const std::stop_token&)> GuardGitSecrets(const AgentOptions& options,
                                                                    secret::Redactor& redactor,
                                                                    const log::Logger& logger) {
  return [guard = std::make_shared<Guard>(options, redactor, logger.With("git"))](
             const std::stop_token& stop) { return guard->Look(stop); };
}

}  // namespace spacelet::app
