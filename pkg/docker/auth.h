// Which credential goes with a pull: config.json of the docker command line (auths, credHelpers, credsStore).
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pkg/docker/decode.h"
#include "pkg/docker/types.h"

namespace spacelet::docker {

// The value of X-Registry-Auth: URL-safe base64 with padding. Anything else the daemon ignores silently and
// pulls anonymously (moby: registry.DecodeAuthConfig).
std::string RegistryAuthHeader(const RegistryCredential& credential);

struct ResolvedCredential {
  std::optional<RegistryCredential> credential;  // none: anonymous
  std::string warning;                           // why a configured helper gave none; empty when all is well
};

// Runs a helper: RunCredentialHelper, or a test's own.
using HelperRunner =
    std::function<absl::StatusOr<std::string>(absl::string_view helper, absl::string_view server)>;

// As docker does: the host's helper, else the store, else `auths`; a helper that fails is a warning and the
// next is tried. `domain` is Reference::domain; Docker Hub's entries are found under each of their spellings.
ResolvedCredential ResolveCredential(const DockerConfig& config, absl::string_view domain,
                                     const HelperRunner& run);

// Reads config.json at `path` (empty or absent: anonymous) and resolves.
ResolvedCredential CredentialFor(const std::string& path, absl::string_view domain,
                                 const std::stop_token& stop);

}  // namespace spacelet::docker
