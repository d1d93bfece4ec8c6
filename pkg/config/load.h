// Bytes of a document → typed document with defaults, or every error at once.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "pkg/api/types.h"
#include "pkg/config/diagnostic.h"

namespace spacelet::config {

inline constexpr size_t kMaxDocumentBytes = 1 << 20;  // SPEC 1: more than 1 MiB is an error

// Where each written field stands in the document: "spec.runner.image" → {line, column}. For `explain`: a
// field that is absent here came from a default or a profile.
struct Position {
  int line = 0, column = 0;
  bool operator==(const Position&) const = default;
};

struct Loaded {
  // With defaults applied (config::ApplyDefaults). Absent when there is an error.
  std::optional<api::Document> document;
  std::vector<Diagnostic> diagnostics;  // errors and warnings, in file order
  std::map<std::string, Position> positions;
  bool ok() const { return document.has_value(); }
};

// Parse, decode, default and validate, all of it pure: no file but `bytes` and the system's time zones is looked at, no
// Docker, no secret command. `today` ages the delegate's tag (support 6 months, end of life 8). Never throws.
Loaded Load(absl::string_view bytes, absl::string_view file_name, absl::Time today);

// Fills every optional that a profile or the schema gives a default. Idempotent.
void ApplyDefaults(api::Document& document);

// The document again as canonical YAML with every field spelled out; secrets by reference, `value:` as ***.
std::string ToYaml(const api::Document& document);

// The document as YAML that says no more than is needed: Load reads it as the same document, with the same
// defaults. Secrets as in ToYaml.
std::string ToShortYaml(api::Document document);

// The default of spec.runner.rollout.drainTimeout, which api::Rollout has for the others.
inline constexpr absl::Duration kRunnerDrainTimeout = absl::Minutes(30);

// The JSON Schema (draft-07), generated from the same field table that decodes the document.
std::string JsonSchema();

}  // namespace spacelet::config
