#include "pkg/docker/auth.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "pkg/base/file.h"
#include "pkg/docker/credential_helper.h"
#include "pkg/docker/encode.h"

namespace spacelet::docker {
namespace {

constexpr size_t kMaxConfigBytes = 1 << 20;
constexpr char kHub[] = "docker.io";
constexpr char kHubServer[] = "https://index.docker.io/v1/";  // what `docker login` files Docker Hub under

// The host of a key: with or without scheme and path, Docker Hub under its one name.
std::string HostOf(absl::string_view key) {
  absl::ConsumePrefix(&key, "https://");
  absl::ConsumePrefix(&key, "http://");
  const absl::string_view host = key.substr(0, key.find('/'));
  return host == "index.docker.io" || host == "registry-1.docker.io" ? kHub : std::string(host);
}

std::string ServerOf(absl::string_view domain) { return domain == kHub ? kHubServer : std::string(domain); }

std::optional<RegistryCredential> FromAuth(const DockerConfig::Auth& auth, absl::string_view domain) {
  RegistryCredential out;
  out.server_address = ServerOf(domain);
  out.identity_token = auth.identity_token;
  if (!out.identity_token.empty()) return out;
  std::string decoded;
  if (auth.auth.empty() || !absl::Base64Unescape(auth.auth, &decoded)) return std::nullopt;
  const size_t colon = decoded.find(':');
  if (colon == std::string::npos) return std::nullopt;
  out.username = decoded.substr(0, colon);
  out.password = decoded.substr(colon + 1);
  while (!out.password.empty() && out.password.back() == '\0') out.password.pop_back();
  return out;
}

std::string HelperFor(const DockerConfig& config, absl::string_view domain) {
  for (const auto& [key, helper] : config.cred_helpers) {
    if (HostOf(key) == domain && !helper.empty()) return helper;
  }
  return config.creds_store;
}

absl::StatusOr<RegistryCredential> FromHelper(const std::string& helper, absl::string_view domain,
                                              const HelperRunner& run) {
  const absl::StatusOr<std::string> answer = run(helper, ServerOf(domain));
  if (!answer.ok()) return answer.status();
  absl::StatusOr<RegistryCredential> credential = DecodeHelperAnswer(*answer);
  if (!credential.ok())
    return absl::InternalError(absl::StrCat("docker-credential-", helper, ": its answer is no JSON"));
  credential->server_address = ServerOf(domain);
  return credential;
}

}  // namespace

std::string RegistryAuthHeader(const RegistryCredential& credential) {
  // absl::WebSafeBase64Escape leaves the padding out, which Go's base64.URLEncoding demands.
  std::string out = absl::WebSafeBase64Escape(EncodeCredential(credential));
  out.append((4 - out.size() % 4) % 4, '=');
  return out;
}

ResolvedCredential ResolveCredential(const DockerConfig& config, absl::string_view domain,
                                     const HelperRunner& run) {
  ResolvedCredential out;
  if (const std::string helper = HelperFor(config, domain); !helper.empty()) {
    absl::StatusOr<RegistryCredential> credential = FromHelper(helper, domain, run);
    if (credential.ok()) return {*std::move(credential), ""};
    out.warning = std::string(credential.status().message());
  }
  for (const auto& [key, auth] : config.auths) {
    if (HostOf(key) != domain) continue;
    out.credential = FromAuth(auth, domain);
    if (out.credential) return out;
  }
  return out;
}

ResolvedCredential CredentialFor(const std::string& path, absl::string_view domain,
                                 const std::stop_token& stop) {
  if (path.empty()) return {};
  const absl::StatusOr<base::FileContent> file = base::ReadFile(path, kMaxConfigBytes);
  if (absl::IsNotFound(file.status())) return {};
  if (!file.ok()) return {std::nullopt, std::string(file.status().message())};
  const absl::StatusOr<DockerConfig> config = DecodeDockerConfig(file->bytes);
  if (!config.ok()) return {std::nullopt, absl::StrCat(path, ": no valid JSON object")};
  return ResolveCredential(*config, domain, [&](absl::string_view helper, absl::string_view server) {
    return RunCredentialHelper(helper, server, stop);
  });
}

}  // namespace spacelet::docker
