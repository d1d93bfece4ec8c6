// A document with what lies beside it (overlays, a pool): load, print in every form, load again, compile.
#include <map>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "pkg/config/load.h"
#include "pkg/config/render.h"
#include "pkg/desired/compile.h"
#include "test/fuzz/fuzz.h"

namespace spacelet::fuzz {
namespace {

absl::StatusOr<std::string> ReadBeside(const config::Files& files, const std::string& path) {
  const auto file = files.find(path);
  if (file == files.end()) return absl::NotFoundError("it is not there");
  return file->second;
}

absl::StatusOr<std::string> AskFact(const std::string& name) {
  if (name == "name") return std::string("gitspaces-1");
  if (name == "zone") return std::string("us-west1-a");
  return absl::UnavailableError("the metadata service does not answer");
}

config::Input InputOf(absl::string_view bytes, const config::Files& files) {
  return {.bytes = bytes,
          .file_name = "host.yaml",
          .today = absl::FromCivil(absl::CivilDay(2026, 11, 28), absl::UTCTimeZone()),
          .read = [&files](const std::string& path) { return ReadBeside(files, path); },
          .fact = AskFact};
}

// Every form in which a document is printed says the same. `printed`: what config::ToYaml says of it.
void RequireSame(const std::string& form, absl::string_view text, const std::string& printed,
                 const config::Files& files) {
  const config::Loaded again = config::Load(InputOf(text, files));
  if (!again.ok())
    Fail(absl::StrCat(form, " can be loaded"), absl::StrCat(text, config::ToText(again.Problems())));
  const std::string printed_again = config::ToYaml(*again.document);
  if (printed_again != printed)
    Fail(absl::StrCat(form, " is the same document"),
         absl::StrCat(text, "--- reads as\n", printed_again, "--- and was\n", printed));
}

void CheckForms(const config::Loaded& loaded, const config::Files& files) {
  const std::string printed = config::ToYaml(*loaded.document);
  RequireSame("canonical YAML", printed, printed, files);
  RequireSame("short YAML", config::ToShortYaml(*loaded.document), printed, files);
  RequireSame("rendered YAML", config::RenderYaml(loaded, {{"name", "the host"}}), printed, files);
  RequireSame("rendered JSON", config::RenderJson(loaded), printed, files);
}

void CheckCompiled(const config::Loaded& loaded, const config::Files& files) {
  const desired::CompileInput input{*loaded.document, loaded.revision, 1,
                                    [&files](const std::string& path) { return ReadBeside(files, path); }};
  const desired::Compiled compiled = desired::Compile(input);
  for (const std::string& warning : compiled.warnings) RequireOneLine(warning);
  const desired::Compiled again = desired::Compile(input);
  Require(compiled.host.containers.size() == again.host.containers.size(), "compiling is repeatable");
  for (size_t i = 0; i < compiled.host.containers.size(); ++i)
    Require(compiled.host.containers[i].spec_hash == again.host.containers[i].spec_hash,
            "a spec hash is repeatable");
}

}  // namespace

void Check(absl::string_view input) {
  const std::vector<Part> parts = Parts(input);
  config::Files files;
  for (size_t i = 1; i < parts.size(); ++i) files.emplace(parts[i].name, parts[i].text);
  const config::Loaded loaded = config::Load(InputOf(parts[0].text, files));
  RequireDiagnostics(loaded.Problems());
  Require(loaded.ok() != HasError(loaded.Problems()), "a document is refused exactly when there is an error");
  if (!loaded.ok()) return;
  CheckForms(loaded, files);
  CheckCompiled(loaded, files);
}

}  // namespace spacelet::fuzz
