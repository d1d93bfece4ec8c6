// What the commands print with -o json and -o yaml; the shapes are fixed, programs read them.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "cmd/spacelet/output.h"
#include "pkg/app/build_info.h"
#include "pkg/app/explain.h"
#include "pkg/config/diagnostic.h"

namespace spacelet::cmd {

// One line of JSON as indented JSON or as block YAML, with a newline at the end.
std::string Render(absl::string_view json, Format format);

// {"version","revision","compiler","libraries":{…}}
std::string ToJson(const app::BuildInfo& info);
// {"valid","diagnostics":[{"file","line","column","path","severity","message","suggestion"}]}
std::string ToJson(bool valid, const std::vector<config::Diagnostic>& diagnostics);
// {"object","inSync","fields":[{"field","desired","source","actual","decision"}]}
std::string ToJson(const app::Explanation& explanation);
// {"converged","missing":["…"]}
std::string ToJson(bool converged, const std::vector<std::string>& missing);

}  // namespace spacelet::cmd
