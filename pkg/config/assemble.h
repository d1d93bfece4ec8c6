// A document's text and its overlays → one tree with the facts of the host in it.
#pragma once

#include <optional>

#include "pkg/api/types.h"
#include "pkg/config/load.h"
#include "pkg/config/record.h"
#include "pkg/config/report.h"
#include "pkg/yaml/tree.h"

namespace spacelet::config {

inline constexpr size_t kMostOverlays = 16;
inline constexpr size_t kMostOverlayBytes = 1 << 20;  // of all of them together

// An item of `overlays`: a path, or {path, optional}.
struct Overlay {
  std::string path;
  bool optional = false;
};
Codec<std::vector<Overlay>> OverlayList();

// The tree to decode, without `overlays`. Nothing when there is none: why is in `report` or in
// loaded.not_now. A tree beside errors is good for finding more of them. Sets files, facts, merged and
// not_now of `loaded`.
std::optional<yaml::Node> Assemble(const Input& input, Report& report, Loaded& loaded);

// A relative spec.runner.pool.file: completed where the document lies on this host, read beside it elsewhere.
// Adds to the files of `loaded`.
void ResolvePool(const Input& input, api::Document& document, Report& report, Loaded& loaded);

}  // namespace spacelet::config
