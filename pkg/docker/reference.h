// Image references as Docker reads them: [HOST[:PORT]/]PATH[:TAG][@DIGEST]. Pure; depends on absl only.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace spacelet::docker {

struct Reference {
  std::string domain;  // registry host with port; "docker.io" when the text names none
  std::string path;    // "library/busybox" for "busybox"
  std::string tag;     // "latest" when the text has neither tag nor digest
  std::string digest;  // "sha256:<64 hex>" or empty
  bool operator==(const Reference&) const = default;
};

// Errors: InvalidArgument, saying what is wrong.
absl::StatusOr<Reference> ParseReference(absl::string_view text);

// The name as people write it and as `fromImage` wants it: "busybox", "drone/drone-runner-aws",
// "host:5000/a/b".
std::string FamiliarName(const Reference& reference);
// With tag and digest: "busybox:latest".
std::string FamiliarString(const Reference& reference);

}  // namespace spacelet::docker
