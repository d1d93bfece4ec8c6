#include <algorithm>
#include <iostream>
#include <memory>

#include "absl/strings/str_cat.h"
#include "cmd/spacelet/command.h"
#include "cmd/spacelet/document.h"
#include "cmd/spacelet/host_flags.h"
#include "cmd/spacelet/json.h"
#include "cmd/spacelet/output.h"
#include "pkg/app/host_check.h"
#include "pkg/app/host_facts.h"
#include "pkg/app/options.h"

namespace spacelet::cmd {
namespace {

struct Flags {
  std::string path;
  Format format = Format::kText;
  app::HostOptions host;
  app::CheckOptions check;
};

std::string Summary(const std::string& file, const std::vector<config::Diagnostic>& diagnostics) {
  const auto errors = static_cast<size_t>(
      std::count_if(diagnostics.begin(), diagnostics.end(),
                    [](const config::Diagnostic& d) { return d.severity == config::Severity::kError; }));
  const size_t warnings = diagnostics.size() - errors;
  std::string text = absl::StrCat(file, errors == 0 ? ": valid" : ": not valid");
  if (errors > 0) absl::StrAppend(&text, ", ", Counted(errors, "error"));
  if (warnings > 0) absl::StrAppend(&text, ", ", Counted(warnings, "warning"));
  return text + "\n";
}

int Run(const Flags& flags) {
  const absl::StatusOr<source::Version> version = ReadDocument(flags.path);
  if (!version.ok()) return Fail(version.status(), app::kNotSo);
  app::HostFacts facts(flags.host);
  const app::Checked checked = app::CheckDocument(*version, facts.asker(), flags.check);
  if (flags.format == Format::kText) {
    ShowDiagnostics(checked.diagnostics, checked.texts);
    std::cout << Summary(version->file_name, checked.diagnostics);
  } else {
    std::cout << Render(ToJson(checked.valid, checked.diagnostics), flags.format);
  }
  return checked.valid ? app::kGood : app::kNotSo;
}

}  // namespace

Command AddValidate(CLI::App& root) {
  CLI::App* app = root.add_subcommand(
      "validate",
      "Checks a document: all errors and warnings at once; asks neither Docker nor a secret command");
  auto flags = std::make_shared<Flags>();
  AddFileOption(*app, flags->path);
  AddHostOptions(*app, flags->host);
  AddOutputOption(*app, flags->format);
  CLI::Option* host =
      app->add_flag("--host", flags->check.is_host,
                    "this is the host: a file that the document names and that is absent is an error");
  AddStrictOption(*app, flags->check.secret_permissions)->needs(host);
  app->footer(
      "Exit code: 0 valid, 1 not valid.\n\n"
      "Examples:\n"
      "  spacelet validate -f /etc/spacelet/host.yaml --host\n"
      "  spacelet validate -f fleet/base.yaml --host-name gitspaces-a\n"
      "  cat host.yaml | spacelet validate -f - -o json");
  return {app, [flags] { return Run(*flags); }};
}

}  // namespace spacelet::cmd
