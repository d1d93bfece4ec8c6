// Where a new machine gets spacelet from.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace spacelet::cloudinit {

struct Package {
  // A URL; an absolute path on the new machine; or empty: an apt source of the machine has it, or it is
  // installed.
  std::string source;
  std::string sha256;  // 64 hex digits, lower case; empty: not compared
  bool is_url() const;
  bool operator==(const Package&) const = default;
};

// `source` may end in "#sha256=HEX". Errors: InvalidArgument neither URL nor absolute path; characters that a
// script or a template would read as its own; a user or password in the URL; two different digests or none
// that is one; http, which proves nothing by itself, without a digest.
absl::StatusOr<Package> ParsePackage(absl::string_view source, absl::string_view sha256);

// Whether `path` is absolute and stands for itself in a shell, in YAML and in a Terraform template.
bool IsPlainPath(absl::string_view path);

}  // namespace spacelet::cloudinit
