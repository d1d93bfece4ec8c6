#include "pkg/config/load.h"

#include <exception>
#include <utility>

#include "absl/strings/str_cat.h"
#include "pkg/config/assemble.h"
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
    report.Add(Severity::kError, PlaceOf(root), "",
               absl::StrCat("expected a document with apiVersion, kind, metadata and spec, found ",
                            yaml::Describe(root)));
    return std::nullopt;
  }
  api::Document document;
  DocumentRecord().Decode(Cursor{root, "", report}, document);
  LengthenDelegateProbes(report, document);
  return document;
}

std::optional<api::Document> LoadInto(const Input& input, Report& report, Loaded& loaded) {
  const std::optional<yaml::Node> tree = Assemble(input, report, loaded);
  if (!tree) return std::nullopt;
  std::optional<api::Document> document = Decode(*tree, report);
  if (!document) return std::nullopt;
  Lint(*document, input.today, report);  // on what was written
  ApplyDefaults(*document);
  ResolvePool(input, *document, report, loaded);
  Validate(*document, report);
  return report.has_errors() || loaded.not_now ? std::nullopt : std::move(document);
}

}  // namespace

std::vector<Diagnostic> Loaded::Problems() const {
  std::vector<Diagnostic> all = diagnostics;
  if (not_now) all.push_back(*not_now);
  return all;
}

Loaded Load(const Input& input) {
  Report report(input.file_name);
  Loaded loaded;
  loaded.document = LoadInto(input, report, loaded);
  // What is wrong whatever the host's facts are, is wrong.
  if (report.has_errors() && !loaded.is_changing) loaded.not_now.reset();
  loaded.file_names = report.files();
  loaded.revision = RevisionOf(input.bytes, loaded.files);
  loaded.diagnostics = report.TakeInFileOrder();
  loaded.positions = report.TakePositions();
  return loaded;
}

Loaded Load(absl::string_view bytes, absl::string_view file_name, absl::Time today) {
  return Load(Input{.bytes = bytes, .file_name = std::string(file_name), .today = today});
}

}  // namespace spacelet::config
