// The schema in the repository and the tables of docs/configuration.md are the grammar's.
// SPACELET_UPDATE_GOLDEN=1 writes them.
#include "pkg/config/reference.h"

#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"
#include "test/pkg/config/document.h"

namespace spacelet::config {
namespace {

constexpr char kPage[] = "docs/configuration.md";
constexpr char kSchema[] = "manifests/schema/gitspacehost.v1alpha1.json";
constexpr char kEnd[] = "<!-- end -->\n";

bool Updates() {
  const char* value = std::getenv("SPACELET_UPDATE_GOLDEN");
  return value != nullptr && std::string(value) == "1";
}

std::string Code(const std::string& text) {
  return text.empty() || absl::StrContains(text, ' ') || absl::StrContains(text, '`')
             ? text
             : absl::StrCat("`", text, "`");
}

std::string Cell(const std::string& text) { return absl::StrReplaceAll(text, {{"|", "\\|"}}); }

std::string Table(const Definition& definition) {
  std::string out = "| field | type | default | meaning | example |\n|---|---|---|---|---|\n";
  for (const FieldInfo& f : definition.fields) {
    const std::string example = f.example.empty() ? "" : absl::StrCat("`", f.example, "`");
    absl::StrAppend(&out, "| `", f.name, "` | ", Cell(f.type), " | ",
                    f.required ? "required" : Cell(Code(f.fallback)), " | ", Cell(f.description), " | ",
                    Cell(example), " |\n");
  }
  return out;
}

// Replaces what stands between the markers of a table.
std::string WithTables(std::string page) {
  for (const Definition& definition : Reference()) {
    if (definition.fields.empty()) continue;
    const std::string begin = absl::StrCat("<!-- fields: ", definition.name, " -->\n");
    const size_t at = page.find(begin);
    EXPECT_NE(at, std::string::npos) << kPage << " has no table of " << definition.name;
    if (at == std::string::npos) continue;
    const size_t from = at + begin.size(), end = page.find(kEnd, from);
    EXPECT_NE(end, std::string::npos) << definition.name;
    if (end != std::string::npos) page.replace(from, end - from, Table(definition));
  }
  return page;
}

void Write(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

TEST(Reference, ThePageHasEveryFieldOfTheGrammar) {
  const std::string page = ReadText(kPage), expected = WithTables(page);
  if (Updates()) Write(kPage, expected);
  EXPECT_EQ(ReadText(kPage), expected) << "run config_test with SPACELET_UPDATE_GOLDEN=1";
}

TEST(Reference, TheSchemaInTheRepositoryIsTheGrammars) {
  if (Updates()) Write(kSchema, JsonSchema());
  EXPECT_EQ(ReadText(kSchema), JsonSchema()) << "run config_test with SPACELET_UPDATE_GOLDEN=1";
}

TEST(Reference, EveryFieldIsDescribedInASentence) {
  for (const Definition& definition : Reference())
    for (const FieldInfo& field : definition.fields) {
      EXPECT_FALSE(field.description.empty()) << definition.name << "." << field.name;
      EXPECT_FALSE(field.type.empty()) << definition.name << "." << field.name;
    }
}

}  // namespace
}  // namespace spacelet::config
