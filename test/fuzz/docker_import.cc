// `spacelet import`: whatever Docker shows of a container (and, after "=== image", of its image), the
// document that is printed can be loaded, or says what keeps it from that.
#include "absl/strings/str_cat.h"
#include "pkg/config/load.h"
#include "pkg/docker/recipe.h"
#include "pkg/importer/importer.h"
#include "test/fuzz/fuzz.h"

namespace spacelet::fuzz {

void Check(absl::string_view input) {
  const std::vector<Part> parts = Parts(input);
  const std::string image = parts.size() > 1 ? parts[1].text : "{}";
  const absl::StatusOr<docker::Recipe> recipe = docker::DecodeRecipe(parts[0].text, image);
  if (!recipe.ok()) return RequireReason(recipe.status());
  docker::NetworkConfig network;
  network.name = recipe->networks.empty() ? "harness" : recipe->networks[0];
  const importer::Imported imported = importer::Import(
      {.name = "GCE_host.internal", .containers = {*recipe}, .networks = {network}, .now = {}},
      {.only = {recipe->request.name}});
  for (const std::string& sentence : imported.passed_over) RequireOneLine(sentence);
  RequireDiagnostics(imported.diagnostics);
  if (imported.document.empty()) return;
  const config::Loaded loaded = config::Load(imported.document, "host.yaml", absl::UnixEpoch());
  if (!loaded.ok() && !HasError(imported.diagnostics))
    Fail("a document that cannot be loaded says so",
         absl::StrCat(imported.document, config::ToText(loaded.diagnostics)));
}

}  // namespace spacelet::fuzz
