#include "pkg/app/host_check.h"

#include <unistd.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "pkg/app/host_files.h"
#include "pkg/app/local_policy.h"
#include "pkg/app/named_files.h"
#include "pkg/config/load.h"
#include "pkg/desired/compile.h"

namespace spacelet::app {
namespace {

// Of the field, or of the nearest field above it that was written.
config::Position PlaceOf(const std::map<std::string, config::Position>& positions, std::string field) {
  while (true) {
    const auto written = positions.find(field);
    if (written != positions.end()) return written->second;
    const size_t end = field.find_last_of(".[");
    if (end == std::string::npos) return {};
    field.resize(end);
  }
}

class Checker {
 public:
  Checker(config::Loaded loaded, absl::string_view file, const CheckOptions& options)
      : loaded_(std::move(loaded)), file_(file), options_(options) {}

  void CheckFiles() {
    for (const NamedFile& named : NamedFiles(*loaded_.document)) {
      if (access(named.path.c_str(), F_OK) == 0) {
        CheckPermissions(named);
        continue;
      }
      absent_.push_back(named.field);
      Add(SeverityIf(options_.is_host), named.field, absl::StrCat(named.path, " is not there"));
    }
  }

  void CheckPolicy() {
    if (!options_.policy) return;
    for (config::Diagnostic& objection : Objections(loaded_, file_, &*options_.policy, policy::Origin::kFile))
      loaded_.diagnostics.push_back(std::move(objection));
  }

  void CheckCompiled() {
    const desired::Compiled compiled = desired::Compile({*loaded_.document, "", 0, ReadHostFile});
    for (const std::string& warning : compiled.warnings) Add(config::Severity::kWarning, "spec", warning);
    for (const desired::Blocked& blocked : compiled.host.blocked)
      if (!PoolIsAbsent()) Add(config::Severity::kError, "spec.runner.pool", blocked.message);
  }

  Checked Take() {
    std::vector<config::Diagnostic>& all = loaded_.diagnostics;
    std::stable_sort(all.begin(), all.end(), [](const config::Diagnostic& a, const config::Diagnostic& b) {
      return std::make_pair(a.line, a.column) < std::make_pair(b.line, b.column);
    });
    const bool valid = loaded_.ok() && std::none_of(all.begin(), all.end(), [](const config::Diagnostic& d) {
                         return d.severity == config::Severity::kError;
                       });
    return {valid, std::move(all)};
  }

 private:
  static config::Severity SeverityIf(bool error) {
    return error ? config::Severity::kError : config::Severity::kWarning;
  }

  void CheckPermissions(const NamedFile& named) {
    const std::optional<std::string> warning = PermissionWarning(named);
    if (options_.is_host && warning)
      Add(SeverityIf(options_.secret_permissions == secret::Permissions::kStrict), named.field, *warning);
  }

  bool PoolIsAbsent() const {
    return std::any_of(absent_.begin(), absent_.end(),
                       [](const std::string& field) { return field.rfind("spec.runner.pool", 0) == 0; });
  }

  void Add(config::Severity severity, const std::string& field, const std::string& message) {
    const config::Position place = PlaceOf(loaded_.positions, field);
    loaded_.diagnostics.push_back({severity, file_, place.line, place.column, field, message, ""});
  }

  config::Loaded loaded_;
  const std::string file_;
  const CheckOptions options_;
  std::vector<std::string> absent_;
};

}  // namespace

Checked CheckDocument(absl::string_view bytes, absl::string_view file_name, const CheckOptions& options) {
  config::Loaded loaded = config::Load(bytes, file_name, absl::Now());
  const bool ok = loaded.ok();
  Checker checker(std::move(loaded), file_name, options);
  if (ok) {
    checker.CheckPolicy();
    checker.CheckFiles();
    checker.CheckCompiled();
  }
  return checker.Take();
}

}  // namespace spacelet::app
