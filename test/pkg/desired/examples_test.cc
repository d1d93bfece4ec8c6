// Every example of the repository compiles to the hashes that are pinned for it.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "pkg/config/load.h"
#include "test/pkg/desired/documents.h"
#include "test/pkg/desired/golden.h"

namespace spacelet::desired {
namespace {

std::vector<std::filesystem::path> Examples() {
  std::vector<std::filesystem::path> out;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("examples", error))
    if (entry.path().extension() == ".yaml") out.push_back(entry.path());
  std::sort(out.begin(), out.end());
  return out;
}

std::string ReadText(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Whatever pool file an example names is this one: the example's hash is pinned, not a pool's.
absl::StatusOr<std::string> AnyFile(const std::string&) {
  return std::string("instances: [{name: a, type: noop, spec: {}}]\n");
}

std::string Hashes(const api::Document& document) {
  const Compiled compiled = Compile({document, "sha256:0", 1, AnyFile});
  EXPECT_TRUE(compiled.host.blocked.empty());
  std::string out;
  if (compiled.host.network)
    absl::StrAppend(&out, "network/", compiled.host.network->config.name, " ",
                    compiled.host.network->spec_hash, "\n");
  for (const Container& c : compiled.host.containers)
    absl::StrAppend(&out, "container/", c.name, " ", c.spec_hash, "\n");
  return out;
}

TEST(Examples, CompileToTheirPinnedHashes) {
  const absl::Time today = absl::FromCivil(absl::CivilDay(2025, 4, 1), absl::UTCTimeZone());
  for (const std::filesystem::path& path : Examples()) {
    SCOPED_TRACE(path.string());
    const config::Loaded loaded = config::Load(ReadText(path), path.string(), today);
    if (!loaded.ok()) {
      ADD_FAILURE() << config::ToText(loaded.diagnostics);
      continue;
    }
    ExpectGolden(absl::StrCat("hash/", path.stem().string(), ".txt"), Hashes(*loaded.document), kRecreates);
  }
}

}  // namespace
}  // namespace spacelet::desired
