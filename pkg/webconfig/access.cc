#include "pkg/webconfig/access.h"

#include <filesystem>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "pkg/config/report.h"

namespace spacelet::webconfig {
namespace {

using config::Report;
using config::Severity;

constexpr size_t kMostBytes = 1 << 20;
constexpr char kTls[] = "tls_server_config";

// One load: remembers which files it has looked at.
class Loader {
 public:
  Loader(const std::string& path, secret::Permissions permissions, absl::Time now)
      : path_(path), permissions_(permissions), now_(now), report_(path) {}

  Loaded Run() {
    const std::optional<std::string> text = Read(path_, "");
    const std::optional<WebConfig> config = text ? Parse(*text, report_) : std::nullopt;
    Loaded loaded;
    if (config) loaded.access = AccessOf(*config);
    if (report_.has_errors()) loaded.access = nullptr;
    loaded.diagnostics = report_.TakeInFileOrder();
    loaded.files = std::move(files_);
    return loaded;
  }

 private:
  std::optional<std::string> Read(const std::string& path, const std::string& field) {
    absl::StatusOr<base::FileContent> content = base::ReadFile(path, kMostBytes);
    std::optional<base::FileStamp>& stamp = files_[path];
    if (!content.ok()) {
      report_.AddAt(Severity::kError, field, content.status().message());
      return std::nullopt;
    }
    stamp = content->stamp;
    return std::move(content->bytes);
  }

  std::shared_ptr<const Access> AccessOf(const WebConfig& config) {
    auto access = std::make_shared<Access>();
    access->headers = config.http.headers;
    access->users = config.users;
    if (config.tls) access->tls = TlsOf(*config.tls, *access);
    return access;
  }

  std::shared_ptr<const http::TlsContext> TlsOf(const TlsServer& tls, Access& access) {
    http::TlsSettings settings;
    settings.certificate = PemOf("cert", tls.cert, tls.cert_file);
    settings.key = PemOf("key", tls.key, tls.key_file);
    settings.client_ca = PemOf("client_ca", tls.client_ca, tls.client_ca_file);
    settings.client_certificates = tls.client_auth;
    settings.client_allowed_sans = tls.client_allowed_sans;
    settings.min_version = tls.min_version;
    settings.max_version = tls.max_version;
    settings.cipher_suites = tls.cipher_suites;
    settings.prefer_server_cipher_suites = tls.prefer_server_cipher_suites;
    settings.groups = tls.curves;
    access.client_rules = absl::StrCat(static_cast<int>(tls.client_auth), "\n", settings.client_ca.text, "\n",
                                       absl::StrJoin(tls.client_allowed_sans, "\n"));
    CheckPermissions(tls.key_file.empty() ? path_ : Resolved(tls.key_file));
    return report_.has_errors() ? nullptr : ContextOf(settings);
  }

  std::shared_ptr<const http::TlsContext> ContextOf(const http::TlsSettings& settings) {
    auto context = http::TlsContext::Make(settings);
    if (!context.ok()) {
      report_.AddAt(Severity::kError, kTls, context.status().message());
      return nullptr;
    }
    CheckDates(**context, settings.certificate.name);
    return *std::move(context);
  }

  http::Pem PemOf(const std::string& name, const std::string& text, const std::string& file) {
    if (file.empty() && text.empty()) return {};
    if (file.empty()) return {text, name};
    return {Read(Resolved(file), absl::StrCat(kTls, ".", name, "_file")).value_or(""), Resolved(file)};
  }

  std::string Resolved(const std::string& file) const {
    return (std::filesystem::path(path_).parent_path() / file).string();
  }

  // Of the file that the key is in.
  void CheckPermissions(const std::string& file) {
    api::SecretSource source;
    source.kind = api::SecretSource::Kind::kFile;
    source.file = file;
    const std::optional<std::string> problem = secret::PermissionWarning(source);
    const bool strict = permissions_ == secret::Permissions::kStrict;
    if (problem)
      report_.AddAt(strict ? Severity::kError : Severity::kWarning, absl::StrCat(kTls, ".key_file"),
                    *problem);
  }

  void CheckDates(const http::TlsContext& context, const std::string& name) {
    const auto day = [](absl::Time time) {
      return absl::FormatTime("%Y-%m-%d %H:%M UTC", time, absl::UTCTimeZone());
    };
    if (now_ >= context.not_after())
      report_.AddAt(Severity::kWarning, kTls,
                    absl::StrCat(name, ": the certificate is good until ", day(context.not_after()),
                                 ": clients refuse it"));
    if (now_ < context.not_before())
      report_.AddAt(Severity::kWarning, kTls,
                    absl::StrCat(name, ": the certificate is good from ", day(context.not_before()),
                                 ": clients refuse it"));
  }

  const std::string path_;
  const secret::Permissions permissions_;
  const absl::Time now_;
  Report report_;
  Stamps files_;
};

}  // namespace

bool AdmitAlike(const Access& a, const Access& b) {
  return a.users == b.users && a.client_rules == b.client_rules;
}

Stamps StampsNow(const Stamps& files) {
  Stamps now;
  for (const auto& [path, then] : files) {
    const absl::StatusOr<base::FileStamp> stamp = base::StampFile(path);
    now[path] = stamp.ok() ? std::optional(*stamp) : std::nullopt;
  }
  return now;
}

Loaded Load(const std::string& path, secret::Permissions permissions, absl::Time now) {
  return Loader(path, permissions, now).Run();
}

}  // namespace spacelet::webconfig
