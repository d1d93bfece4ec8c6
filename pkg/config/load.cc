#include "pkg/config/load.h"

#include <exception>
#include <utility>

#include "absl/strings/str_cat.h"
#include "pkg/config/grammar.h"
#include "pkg/config/report.h"
#include "pkg/config/validate.h"
#include "pkg/yaml/tree.h"

namespace spacelet::config {
namespace {

// The delegate answers slowly while it is busy, so an attempt may take longer there than elsewhere.
void LengthenDelegateProbe(const Report& report, const std::string& name, std::optional<api::Probe>& probe) {
  constexpr int kDelegateTimeoutSeconds = 5;
  if (probe && !report.IsWritten(absl::StrCat("spec.delegate.", name, ".timeoutSeconds")))
    probe->timeout_seconds = kDelegateTimeoutSeconds;
}

void LengthenDelegateProbes(const Report& report, api::Document& document) {
  if (!document.delegate) return;
  api::Workload& delegate = document.delegate->workload;
  LengthenDelegateProbe(report, "readinessProbe", delegate.readiness_probe);
  LengthenDelegateProbe(report, "startupProbe", delegate.startup_probe);
  LengthenDelegateProbe(report, "livenessProbe", delegate.liveness_probe);
}

std::optional<api::Document> Decode(const yaml::Node& root, Report& report) {
  if (!root.is_map()) {
    report.Add(Severity::kError, {root.line, root.column}, "",
               absl::StrCat("expected a document with apiVersion, kind, metadata and spec, found ",
                            yaml::Describe(root)));
    return std::nullopt;
  }
  api::Document document;
  DocumentRecord().Decode(Cursor{root, "", report}, document);
  LengthenDelegateProbes(report, document);
  return document;
}

std::optional<api::Document> LoadInto(absl::string_view bytes, absl::Time today, Report& report) {
  const yaml::Parsed parsed = yaml::Parse(bytes);
  for (const yaml::Error& error : parsed.errors)
    report.Add(Severity::kError, {error.line, error.column}, "", error.message);
  if (!parsed.root || parsed.root->is_null()) return std::nullopt;
  std::optional<api::Document> document = Decode(*parsed.root, report);
  if (!document) return std::nullopt;
  Lint(*document, today, report);  // on what was written
  ApplyDefaults(*document);
  Validate(*document, report);
  return report.has_errors() ? std::nullopt : std::move(document);
}

}  // namespace

Loaded Load(absl::string_view bytes, absl::string_view file_name, absl::Time today) {
  Report report(file_name);
  Loaded loaded;
  try {
    loaded.document = LoadInto(bytes, today, report);
  } catch (const std::exception& e) {  // std::regex and allocation
    report.Add(Severity::kError, {}, "", absl::StrCat("cannot be read: ", e.what()));
    loaded.document.reset();
  }
  loaded.diagnostics = report.TakeInFileOrder();
  loaded.positions = report.TakePositions();
  return loaded;
}

}  // namespace spacelet::config
