// What the user-data of a document cannot bring along, and what it must not.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "pkg/api/types.h"

namespace spacelet::app {

// One sentence for each secret that stands in the document in plain text.
std::vector<std::string> SecretsInDocument(const api::Document& document);
// One for each variable whose name is that of a secret and whose value stands in the document.
std::vector<std::string> Suspicions(const api::Document& document);
// The same as SecretsInDocument for a pool.yaml; `what` names it.
std::vector<std::string> SecretsInPool(absl::string_view yaml, absl::string_view what);

// What each secret of the document and each of its image archives needs on the machine, one sentence each.
std::vector<std::string> NeedsOfDocument(const api::Document& document);
// The files that a pool.yaml names, as the runner's container sees them.
std::vector<std::string> NeedsOfPool(absl::string_view yaml);

}  // namespace spacelet::app
