// Bytes of a policy file → policy, or every error at once. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "pkg/config/codec.h"
#include "pkg/config/diagnostic.h"
#include "pkg/policy/policy.h"

namespace spacelet::policy {

struct Loaded {
  std::optional<Policy> policy;  // absent when there is an error
  std::vector<config::Diagnostic> diagnostics;
  bool ok() const { return policy.has_value(); }
};

// As strict as for documents. Never throws.
Loaded Load(absl::string_view bytes, absl::string_view file_name);

// The JSON Schema (draft-07), from the table that decodes the policy.
std::string JsonSchema();
// Its fields as tables; docs/policy.md is checked against it.
std::vector<config::Definition> Reference();

}  // namespace spacelet::policy
