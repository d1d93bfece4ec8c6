#include <stdlib.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "pkg/base/file.h"
#include "pkg/base/status_macros.h"
#include "pkg/secret/command.h"
#include "pkg/secret/secret.h"

namespace spacelet::secret {
namespace {

constexpr size_t kMaxFileBytes = 64 << 10;  // as a command's output
constexpr uint32_t kReadableByOthers = 0044;

std::optional<std::string> PermissionProblem(const std::string& path, uint32_t mode) {
  if ((mode & kReadableByOthers) == 0) return std::nullopt;
  return absl::StrFormat("%s can be read by others (mode %04o); run: chmod 600 %s", path, mode & 07777, path);
}

absl::StatusOr<std::string> ReadSecretFile(const std::string& path, Permissions permissions) {
  ASSIGN_OR_RETURN(base::FileContent content, base::ReadFile(path, kMaxFileBytes));
  if (const auto problem = PermissionProblem(path, content.stamp.mode);
      problem && permissions == Permissions::kStrict)
    return absl::FailedPreconditionError(*problem);
  return std::move(content.bytes);
}

absl::StatusOr<std::string> ReadVariable(const std::string& name) {
  const char* value = ::getenv(name.c_str());
  if (value == nullptr) return absl::NotFoundError(absl::StrCat("env ", name, ": not set"));
  return std::string(value);
}

absl::StatusOr<std::string> ReadRaw(const api::SecretSource& source, const std::stop_token& stop,
                                    Permissions permissions) {
  switch (source.kind) {
    case api::SecretSource::Kind::kFile:
      return ReadSecretFile(source.file, permissions);
    case api::SecretSource::Kind::kEnv:
      return ReadVariable(source.env);
    case api::SecretSource::Kind::kCommand:
      return RunCommand(source.command, {}, stop);
    case api::SecretSource::Kind::kValue:
      return source.value;
  }
  return absl::InvalidArgumentError("unknown kind of secret source");
}

absl::string_view TrimOneNewline(absl::string_view text) {
  if (!absl::ConsumeSuffix(&text, "\n")) return text;
  return absl::StripSuffix(text, "\r");
}

}  // namespace

absl::StatusOr<std::string> Read(const api::SecretSource& source, const std::stop_token& stop,
                                 Permissions permissions) {
  ASSIGN_OR_RETURN(const std::string raw, ReadRaw(source, stop, permissions));
  const absl::string_view value = TrimOneNewline(raw);
  if (value.empty()) return absl::FailedPreconditionError(absl::StrCat(Describe(source), ": empty"));
  return std::string(value);
}

std::string Describe(const api::SecretSource& source) {
  switch (source.kind) {
    case api::SecretSource::Kind::kFile:
      return absl::StrCat("file ", source.file);
    case api::SecretSource::Kind::kEnv:
      return absl::StrCat("env ", source.env);
    case api::SecretSource::Kind::kCommand:
      return absl::StrCat("command ", source.command.empty() ? "" : source.command.front());
    case api::SecretSource::Kind::kValue:
      return "value";
  }
  return "unknown";
}

std::optional<std::string> PermissionWarning(const api::SecretSource& source) {
  if (source.kind != api::SecretSource::Kind::kFile) return std::nullopt;
  const absl::StatusOr<base::FileStamp> stamp = base::StampFile(source.file);
  return stamp.ok() ? PermissionProblem(source.file, stamp->mode) : std::nullopt;
}

}  // namespace spacelet::secret
