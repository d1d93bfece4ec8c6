#include "cmd/spacelet/document.h"

#include <iostream>
#include <iterator>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "cmd/spacelet/output.h"
#include "pkg/app/host_facts.h"
#include "pkg/base/status_macros.h"
#include "pkg/base/text.h"
#include "pkg/git/location.h"
#include "pkg/source/beside.h"

namespace spacelet::cmd {
namespace {

// One byte more than is allowed, so that the loader says that it is too large.
constexpr size_t kReadLimit = config::kMaxDocumentBytes + 1;

std::string ReadStdin() {
  std::string bytes;
  char buffer[65536];
  while (bytes.size() < kReadLimit && std::cin.read(buffer, sizeof buffer).gcount() > 0)
    bytes.append(buffer, static_cast<size_t>(std::cin.gcount()));
  return bytes;
}

std::string Snippet(const config::Diagnostic& diagnostic, const std::vector<std::string>& lines) {
  const size_t line = static_cast<size_t>(diagnostic.line);
  if (line == 0 || line > lines.size()) return "";
  const std::string number = absl::StrCat(line);
  const std::string gutter(number.size(), ' ');
  const std::string indent(diagnostic.column > 0 ? static_cast<size_t>(diagnostic.column) - 1 : 0, ' ');
  return absl::StrCat("  ", number, " | ", base::OneLine(lines[line - 1], 200), "\n  ", gutter, " | ", indent,
                      "^\n");
}

bool MayHoldASecret(const config::Diagnostic& diagnostic) {
  // The line of an inline secret is the secret.
  for (const char* word : {"token", "password", "value", "env", "content"})
    if (diagnostic.path.find(word) != std::string::npos) return true;
  return false;
}

}  // namespace

void AddFileOption(CLI::App& app, std::string& path) {
  app.add_option("-f,--filename", path, "the document; - is stdin")->type_name("FILE")->required();
}

CLI::Option* AddStrictOption(CLI::App& app, secret::Permissions& permissions) {
  return app.add_flag_callback(
      "--strict-permissions", [&permissions] { permissions = secret::Permissions::kStrict; },
      "a secret's file that group or others may read is an error, not a warning");
}

absl::Status RefuseGit(const std::string& path) {
  if (!git::IsLocation(path)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "-f git+…: only the agent reads from Git; check the repository out, and name the file in it");
}

absl::StatusOr<source::Version> ReadDocument(const std::string& path) {
  RETURN_IF_ERROR(RefuseGit(path));
  if (path == "-") return source::Version{.bytes = ReadStdin(), .file_name = "<stdin>"};
  return source::ReadVersion(path);
}

void ShowDiagnostics(const std::vector<config::Diagnostic>& diagnostics,
                     const std::map<std::string, std::string>& texts) {
  const bool terminal = StderrIsTerminal();
  std::map<std::string, std::vector<std::string>> lines;
  for (const auto& [name, text] : texts) lines[name] = absl::StrSplit(text, '\n');
  for (const config::Diagnostic& diagnostic : diagnostics) {
    std::cerr << config::ToText(diagnostic) << "\n";
    if (terminal && !MayHoldASecret(diagnostic)) std::cerr << Snippet(diagnostic, lines[diagnostic.file]);
  }
}

LoadedDocument LoadForCommand(const std::string& path, const app::HostOptions& host,
                              const std::string& directory) {
  LoadedDocument document;
  absl::StatusOr<source::Version> version = ReadDocument(path);
  if (!version.ok()) {
    Complain(version.status().message());
    return document;
  }
  app::HostFacts facts(host);
  document.version = *std::move(version);
  if (!directory.empty()) document.version.directory = directory;
  document.loaded = config::Load(source::InputOf(document.version, absl::Now(), facts.asker()));
  ShowDiagnostics(document.loaded.Problems(), source::TextsOf(document.version, document.loaded));
  return document;
}

}  // namespace spacelet::cmd
