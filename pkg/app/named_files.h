// The files and the secrets that a document names.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pkg/api/types.h"

namespace spacelet::app {

struct NamedFile {
  std::string field;  // "spec.delegate.token.file"
  std::string path;
  bool secret = false;
  bool operator==(const NamedFile&) const = default;
};

// In document order: the pool (also the one at its default place, but not one beside a document in Git, which
// is no file of this host), secrets, image archives.
std::vector<NamedFile> NamedFiles(const api::Document& document);

struct NamedSecret {
  std::string field;  // "spec.delegate.token"
  api::SecretSource source;
  bool operator==(const NamedSecret&) const = default;
};

// In document order.
std::vector<NamedSecret> NamedSecrets(const api::Document& document);

// secret::PermissionWarning of a secret's file; nullopt for the others.
std::optional<std::string> PermissionWarning(const NamedFile& named);

}  // namespace spacelet::app
