#include "pkg/app/host_check.h"

#include <unistd.h>

#include <algorithm>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "pkg/app/host_files.h"
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
  Checker(config::Loaded loaded, const CheckOptions& options)
      : loaded_(std::move(loaded)), options_(options) {}

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

  void CheckCompiled() {
    const desired::Compiled compiled =
        desired::Compile({*loaded_.document, loaded_.revision, 0, ReadHostFile});
    for (const std::string& warning : compiled.warnings) Add(config::Severity::kWarning, "spec", warning);
    for (const desired::Blocked& blocked : compiled.host.blocked)
      if (!PoolIsAbsent()) Add(config::Severity::kError, "spec.runner.pool", blocked.message);
  }

  Checked Take() {
    std::vector<config::Diagnostic> all = loaded_.Problems();
    const auto place = [this](const config::Diagnostic& d) {
      const std::vector<std::string>& names = loaded_.file_names;
      return std::make_tuple(std::find(names.begin(), names.end(), d.file), d.line, d.column);
    };
    std::stable_sort(all.begin(), all.end(),
                     [&](const auto& a, const auto& b) { return place(a) < place(b); });
    const bool valid = loaded_.ok() && std::none_of(all.begin(), all.end(), [](const config::Diagnostic& d) {
                         return d.severity == config::Severity::kError;
                       });
    return {valid, std::move(all), {}};
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
    const std::string& file = loaded_.file_names[static_cast<size_t>(place.file)];
    loaded_.diagnostics.push_back({severity, file, place.line, place.column, field, message, ""});
  }

  config::Loaded loaded_;
  const CheckOptions options_;
  std::vector<std::string> absent_;
};

}  // namespace

Checked CheckDocument(const source::Version& version, const config::AskFact& fact,
                      const CheckOptions& options) {
  config::Loaded loaded = config::Load(source::InputOf(version, absl::Now(), fact));
  const bool ok = loaded.ok();
  std::map<std::string, std::string> texts = source::TextsOf(version, loaded);
  Checker checker(std::move(loaded), options);
  if (ok) {
    checker.CheckFiles();
    checker.CheckCompiled();
  }
  Checked checked = checker.Take();
  checked.texts = std::move(texts);
  return checked;
}

}  // namespace spacelet::app
