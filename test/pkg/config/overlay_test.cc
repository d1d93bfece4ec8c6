// A document with overlays, as a whole: which files are read, what is said of them, what comes of it.
#include <vector>

#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pkg/base/digest.h"
#include "pkg/config/relative_path.h"
#include "pkg/config/render.h"
#include "test/pkg/config/document.h"

namespace spacelet::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kHead[] = "apiVersion: spacelet.dev/v1alpha1\nkind: GitspaceHost\n";

// A directory with these files, and a host called west in a zone that nobody knows.
class OverlayTest : public testing::Test {
 protected:
  Loaded LoadWith(const std::string& overlays, const std::string& spec = "  runner: {image: a:1}\n") {
    base_ = absl::StrCat(kHead, "overlays: ", overlays, "\nmetadata: {name: a}\nspec:\n", spec);
    return LoadBase();
  }
  Loaded LoadBase() {
    reads_.clear();
    return Load(Input{.bytes = base_,
                      .file_name = "fleet/base.yaml",
                      .today = Today(),
                      .directory = directory_,
                      .read = [this](const std::string& path) -> absl::StatusOr<std::string> {
                        reads_.push_back(path);
                        const auto file = files_.find(path);
                        if (file == files_.end()) return absl::NotFoundError("not there");
                        return file->second;
                      },
                      .fact = [](const std::string& name) -> absl::StatusOr<std::string> {
                        if (name == "name") return "west";
                        return absl::UnavailableError("nobody answers");
                      }});
  }
  std::string Said(const std::string& overlays) { return ToText(LoadWith(overlays).Problems()); }

  std::string base_, directory_;
  Files files_;
  std::vector<std::string> reads_;
};

TEST_F(OverlayTest, AreMergedInTheirOrderAndTheLaterWins) {
  files_["a.yaml"] = "spec: {runner: {image: b:1, hostname: a}}\n";
  files_["hosts/west.yaml"] = "spec:\n  runner: {hostname: w}\n";
  const Loaded loaded = LoadWith("[a.yaml, \"hosts/${host.name}.yaml\"]");
  ASSERT_TRUE(loaded.ok()) << ToText(loaded.diagnostics);
  EXPECT_EQ(loaded.document->runner->workload.image, "b:1");
  EXPECT_EQ(loaded.document->runner->workload.hostname, "w");
  EXPECT_EQ(loaded.positions.at("spec.runner.image"), (Position{1, 24, 1}));
  EXPECT_EQ(loaded.positions.at("spec.runner.hostname"), (Position{2, 22, 2}));
  EXPECT_THAT(loaded.file_names, ElementsAre("fleet/base.yaml", "fleet/a.yaml", "fleet/hosts/west.yaml"));
  EXPECT_EQ(loaded.files, files_);
  EXPECT_EQ(loaded.facts, (Facts{{"name", "west"}}));
}

TEST_F(OverlayTest, ADocumentWithoutThemIsReadAsEver) {
  base_ = absl::StrCat(kHead, "metadata: {name: a}\nspec: {runner: {image: a:1}}\n");
  const Loaded loaded = LoadBase();
  ASSERT_TRUE(loaded.ok());
  EXPECT_THAT(reads_, IsEmpty());
  EXPECT_EQ(loaded.revision, "sha256:" + base::Sha256Hex(base_));
  EXPECT_EQ(ToYaml(*loaded.document), ToYaml(*Load(base_, "f", Today()).document));
  EXPECT_TRUE(LoadWith("[]").ok());
}

TEST_F(OverlayTest, TheRevisionIsOneOverAllFilesTheirNamesAndTheirBytes) {
  files_ = {{"a.yaml", "spec: {}\n"}, {"b.yaml", "spec: {}\n"}};
  const std::string two = LoadWith("[a.yaml, b.yaml]").revision;
  EXPECT_EQ(two, "sha256:" + base::Sha256Hex(absl::StrCat(base::Sha256Hex(base_), "  .\n",
                                                          base::Sha256Hex("spec: {}\n"), "  a.yaml\n",
                                                          base::Sha256Hex("spec: {}\n"), "  b.yaml\n")));
  files_["b.yaml"] = "spec: {} \n";
  EXPECT_NE(LoadWith("[a.yaml, b.yaml]").revision, two);
  EXPECT_NE(LoadWith("[a.yaml]").revision, LoadWith("[a.yaml, {path: no.yaml, optional: true}]").revision);
}

TEST_F(OverlayTest, EveryDiagnosticHasItsFileLineAndColumn) {
  files_["hosts/west.yaml"] = "spec:\n  runner:\n    imagee: b:1\n    resources: {memory: lots}\n";
  const Loaded loaded = LoadWith("[hosts/west.yaml]", "  runner: {image: a:1, prots: []}\n");
  EXPECT_EQ(
      ToText(loaded.diagnostics),
      "fleet/base.yaml:6:24: spec.runner.prots: unknown field (did you mean ports?)\n"
      "fleet/hosts/west.yaml:3:5: spec.runner.imagee: unknown field (did you mean image?)\n"
      "fleet/hosts/west.yaml:4:25: spec.runner.resources.memory: \"lots\" is not a size: write 512m, 2g, "
      "2Gi or a number of bytes\n");
}

TEST_F(OverlayTest, WhatIsWrongWithAnOverlayRejectsTheDocumentAndSaysWhere) {
  files_["list.yaml"] = "- a\n";
  files_["own.yaml"] = "overlays: [a.yaml]\n";
  files_["broken.yaml"] = "spec: {runner\n";
  files_["empty.yaml"] = "# nothing\n";
  files_["kind.yaml"] = "kind: Pod\n";
  files_["shape.yaml"] = "spec: {runner: x}\n";
  files_["duplicate.yaml"] = "spec: {}\nspec: {}\n";
  files_["large.yaml"] = "# " + std::string(1 << 20, 'x');
  files_["fact.yaml"] = "metadata:\n  name: ${host.nam}\n";
  const struct {
    const char *overlay, *said;
  } kCases[] = {
      {"no.yaml",
       "fleet/base.yaml:3:12: overlays[0]: fleet/no.yaml is not there; {path: no.yaml, optional: true} "
       "would allow it\n"},
      {"/etc/passwd", "fleet/base.yaml:3:12: overlays[0]: \"/etc/passwd\" is no relative path\n"},
      {"../x.yaml",
       "fleet/base.yaml:3:12: overlays[0]: \"../x.yaml\" leads out of the document's directory\n"},
      {"a/../../x.yaml",
       "fleet/base.yaml:3:12: overlays[0]: \"a/../../x.yaml\" leads out of the document's directory\n"},
      {"hosts/", "fleet/base.yaml:3:12: overlays[0]: \"hosts/\" names no file\n"},
      {"\"\"", "fleet/base.yaml:3:12: overlays[0]: \"\" names no file\n"},
      {"\"a\\nb\"", "fleet/base.yaml:3:12: overlays[0]: \"a\\x0ab\" has a control character\n"},
      {"{optional: true}", "fleet/base.yaml:3:12: overlays[0].path: is required and missing\n"},
      {"{path: a, optinal: true}",
       "fleet/base.yaml:3:22: overlays[0].optinal: unknown field (did you mean optional?)\n"},
      {"[a]", "fleet/base.yaml:3:12: overlays[0]: expected a text, found a list\n"},
      {"list.yaml", "fleet/list.yaml:1:1: expected a part of a document, such as spec, found a list\n"},
      {"own.yaml",
       "fleet/own.yaml:1:1: overlays: an overlay has no overlays of its own (name them all in the "
       "document)\n"},
      {"broken.yaml", "fleet/broken.yaml:"},
      {"empty.yaml", "fleet/empty.yaml: nothing is in it\n"},
      {"kind.yaml", "fleet/kind.yaml:1:7: kind: \"Pod\" is not GitspaceHost\n"},
      {"shape.yaml",
       "fleet/shape.yaml:1:16: spec.runner: is a text here and a map at fleet/base.yaml:6:11: they "
       "cannot be merged (give both files the same)\n"},
      {"duplicate.yaml", "fleet/duplicate.yaml:2:1: duplicate key spec, first on line 1\n"},
      {"large.yaml", "fleet/base.yaml:3:12: overlays[0]: the overlays have more than 1 MiB together\n"},
      {"fact.yaml",
       "fleet/fact.yaml:2:9: metadata.name: there is no ${host.nam} (did you mean ${host.name}?)\n"},
      {"\"${host.nme}.yaml\"",
       "fleet/base.yaml:3:12: overlays[0]: there is no ${host.nme} (did you mean ${host.name}?)\n"},
  };
  for (const auto& c : kCases) EXPECT_THAT(Said(absl::StrCat("[", c.overlay, "]")), HasSubstr(c.said));
}

TEST_F(OverlayTest, TheirNumberIsBoundedAndNoneIsReadBeyondIt) {
  std::vector<std::string> names(17, "a.yaml");
  files_["a.yaml"] = "spec: {}\n";
  EXPECT_THAT(Said("[" + absl::StrJoin(names, ", ") + "]"),
              HasSubstr("has 17 overlays: at most 16 are allowed"));
  EXPECT_THAT(reads_, IsEmpty());
  names.pop_back();
  EXPECT_TRUE(LoadWith("[" + absl::StrJoin(names, ", ") + "]").ok());
}

TEST_F(OverlayTest, AReferenceThatHasToBeQuotedIsTold) {
  EXPECT_EQ(
      Said("[hosts/${host.name}.yaml]"),
      "fleet/base.yaml:3:19: not valid YAML: end of sequence flow not found (inside [ ] and { } a text with "
      "${host.…} has to be quoted)\n");
}

TEST_F(OverlayTest, AnOptionalOneThatIsAbsentIsNothing) {
  EXPECT_TRUE(LoadWith("[{path: no.yaml, optional: true}]").ok());
  EXPECT_THAT(reads_, ElementsAre("no.yaml"));
}

TEST_F(OverlayTest, MistakesOfTheDocumentAloneAreSaidWithoutThem) {
  const Loaded loaded = LoadWith("[no.yaml]", "  runner: {image: a:1, image: a:2}\n");
  EXPECT_EQ(ToText(loaded.diagnostics), "fleet/base.yaml:6:24: duplicate key image, first on line 6\n");
}

TEST_F(OverlayTest, AnAlternativeHasToBeTakenAway) {
  files_["a.yaml"] = "spec:\n  runner:\n    env:\n      T: {env: B}\n";
  EXPECT_THAT(ToText(LoadWith("[a.yaml]", "  runner: {image: a:1, env: {T: {file: /t}}}\n").diagnostics),
              HasSubstr("found file and env (an overlay is merged into what stands before it: beside env at "
                        "fleet/a.yaml:4:11 write file: null)"));
  files_["a.yaml"] = "spec: {runner: {env: {T: {env: B, file: null}}}}\n";
  EXPECT_TRUE(LoadWith("[a.yaml]", "  runner: {image: a:1, env: {T: {file: /t}}}\n").ok());
}

TEST_F(OverlayTest, AFactThatIsNotKnownIsNoMistakeOfTheDocument) {
  const Loaded loaded = LoadWith("[]", "  runner: {image: a:1, env: {Z: \"${host.zone}\"}}\n");
  EXPECT_FALSE(loaded.ok());
  EXPECT_THAT(loaded.diagnostics, IsEmpty());
  EXPECT_EQ(ToText(*loaded.not_now),
            "fleet/base.yaml:6:33: spec.runner.env.Z: ${host.zone} is not known: nobody answers");
  EXPECT_EQ(ToText(*LoadWith("[\"${host.zone}.yaml\"]").not_now),
            "fleet/base.yaml:3:12: overlays[0]: ${host.zone} is not known: nobody answers");
  // One that is, is one whatever the host says.
  const Loaded wrong =
      LoadWith("[]", "  runner: {imagee: a:1, env: {Z: \"${host.zone}\", Y: \"${host.zon}\"}}\n");
  EXPECT_FALSE(wrong.not_now.has_value());
  EXPECT_THAT(ToText(wrong.diagnostics), HasSubstr("did you mean ${host.zone}?"));
}

TEST_F(OverlayTest, AFactIsATextWhateverItLooksLike) {
  const struct {
    const char* spec;
    bool good;
  } kCases[] = {
      {"  runner: {image: a:1, hostname: \"${host.name}\"}\n", true},
      {"  runner: {image: a:1, rollout: {minReadySeconds: \"${host.name}\"}}\n", false},
  };
  for (const char* name : {"123", "no", "1e3", "true"}) {
    for (const auto& c : kCases) {
      base_ = absl::StrCat(kHead, "metadata: {name: a}\nspec:\n", c.spec);
      const Loaded loaded =
          Load(Input{.bytes = base_, .file_name = "f", .today = Today(), .fact = [&](const std::string&) {
                       return std::string(name);
                     }});
      EXPECT_EQ(loaded.ok(), c.good) << name << ToText(loaded.diagnostics);
      if (c.good) {
        EXPECT_EQ(loaded.document->runner->workload.hostname, name);
      }
    }
  }
}

TEST_F(OverlayTest, AMistakeElsewhereDoesNotMakeAReferenceOne) {
  base_ = absl::StrCat(
      kHead, "kind: GitspaceHost\nmetadata: {name: \"${host.name}\"}\nspec: {runner: {image: a:1}}\n");
  EXPECT_EQ(ToText(LoadBase().diagnostics), "fleet/base.yaml:3:1: duplicate key kind, first on line 2\n");
}

TEST_F(OverlayTest, KeysAreLeftAlone) {
  const Loaded loaded =
      LoadWith("[]", "  runner: {image: a:1, labels: {\"${host.name}\": \"${host.name}\"}}\n");
  ASSERT_TRUE(loaded.ok()) << ToText(loaded.diagnostics);
  EXPECT_EQ(loaded.document->runner->workload.labels,
            (std::map<std::string, std::string>{{"${host.name}", "west"}}));
}

TEST_F(OverlayTest, ARelativePoolLiesBesideTheDocument) {
  const std::string spec = "  runner: {image: a:1, pool: {file: ./pools/../pool.yaml}}\n";
  directory_ = "/etc/spacelet";
  EXPECT_EQ(*LoadWith("[]", spec).document->runner->pool->file, "/etc/spacelet/pool.yaml");
  EXPECT_THAT(reads_, IsEmpty());  // it is watched where it lies
  directory_ = "";
  EXPECT_THAT(ToText(LoadWith("[]", spec).diagnostics), HasSubstr("6:37: spec.runner.pool.file: \"./pools"));
  files_["pool.yaml"] = "instances: []\n";
  const Loaded loaded = LoadWith("[]", spec);
  ASSERT_TRUE(loaded.ok()) << ToText(loaded.diagnostics);
  EXPECT_EQ(*loaded.document->runner->pool->file, "pool.yaml");
  EXPECT_EQ(loaded.files, files_);
  EXPECT_NE(loaded.revision, "sha256:" + base::Sha256Hex(base_));
  EXPECT_THAT(ToText(LoadWith("[]", "  runner: {image: a:1, pool: {file: ../p}}\n").diagnostics),
              HasSubstr("leads out of the document's directory"));
}

TEST_F(OverlayTest, ASecretDoesNotLieBesideTheDocument) {
  EXPECT_THAT(
      ToText(LoadWith("[]", "  runner: {image: a:1, env: {T: {file: token.enc}}}\n").diagnostics),
      HasSubstr("is not an absolute path: a secret does not lie beside the document (name a file of the "
                "host, or read an encrypted one by command: [sops, -d, /path/on/the/host])"));
}

TEST_F(OverlayTest, RandomFilesAreAnswered) {
  const std::string good = ReadText("examples/fleet/hosts/gitspaces-west.yaml");
  ASSERT_FALSE(good.empty());
  for (size_t size = 0; size < good.size(); ++size) {
    files_["a.yaml"] = good.substr(0, size);
    const Loaded loaded = LoadWith("[a.yaml]");
    EXPECT_TRUE(loaded.ok() || !loaded.diagnostics.empty()) << size;
  }
}

TEST(RelativePath, IsNormalizedOrRefused) {
  const std::pair<const char*, const char*> kGood[] = {
      {"a", "a"}, {"./a", "a"}, {"a//b", "a/b"}, {"a/./b/../c", "a/c"}, {".a", ".a"}, {"..a/b", "..a/b"}};
  for (const auto& [path, normal] : kGood) EXPECT_EQ(*NormalizeRelativePath(path), normal);
  for (const char* path : {"", ".", "..", "a/..", "/", "/a", "../a", "a/../../b", "a/", "\x1b", "\xff"})
    EXPECT_FALSE(NormalizeRelativePath(path).ok()) << path;
  EXPECT_FALSE(NormalizeRelativePath(std::string(1025, 'a')).ok());
  EXPECT_EQ(NameBeside("base.yaml", "hosts/a.yaml"), "hosts/a.yaml");
  EXPECT_EQ(NameBeside("/etc/base.yaml", "a.yaml"), "/etc/a.yaml");
  EXPECT_EQ(NameBeside("hosts@1a2b3c4d:fleet/base.yaml", "a.yaml"), "hosts@1a2b3c4d:fleet/a.yaml");
  EXPECT_EQ(NameBeside("hosts@1a2b3c4d:base.yaml", "hosts/a.yaml"), "hosts@1a2b3c4d:hosts/a.yaml");
}

// ---- the fleet of examples/

Loaded LoadFleet(const std::string& host) {
  static const std::string& base = *new std::string(ReadText("examples/fleet/base.yaml"));
  return Load(Input{.bytes = base,
                    .file_name = "examples/fleet/base.yaml",
                    .today = Today(),
                    .directory = "/etc/spacelet/fleet",
                    .read = [](const std::string& path) -> absl::StatusOr<std::string> {
                      std::string text = ReadText("examples/fleet/" + path);
                      if (text.empty()) return absl::NotFoundError("not there");
                      return text;
                    },
                    .fact = [host](const std::string&) { return host; }});
}

TEST(Fleet, EveryHostIsValidAndAnotherHasNoFile) {
  for (const char* host : {"gitspaces-west", "gitspaces-east"}) {
    const Loaded loaded = LoadFleet(host);
    EXPECT_TRUE(loaded.ok()) << ToText(loaded.diagnostics);
    EXPECT_THAT(loaded.diagnostics, IsEmpty()) << ToText(loaded.diagnostics);
    EXPECT_EQ(loaded.document->name, host);
  }
  EXPECT_THAT(ToText(LoadFleet("gitspaces-north").diagnostics),
              HasSubstr("gitspaces-north.yaml is not there"));
}

TEST(Fleet, IsRenderedWithWhereEachValueComesFrom) {
  for (const std::string host : {"gitspaces-west", "gitspaces-east"}) {
    const Loaded loaded = LoadFleet(host);
    ASSERT_TRUE(loaded.ok());
    const std::string rendered = RenderYaml(loaded, {{"name", "this machine"}});
    const std::string path = "test/golden/render/" + host + ".yaml";
    if (std::getenv("SPACELET_UPDATE_GOLDEN") != nullptr) std::ofstream(path) << rendered;
    EXPECT_EQ(rendered, ReadText(path)) << "SPACELET_UPDATE_GOLDEN=1 writes it";
    const Loaded again = Load(rendered, "f", Today());
    ASSERT_TRUE(again.ok()) << ToText(again.diagnostics);
    EXPECT_TRUE(*again.document == *loaded.document);
  }
}

TEST(Render, ReadsAgainAsTheSameDocument) {
  for (const char* example : {"full", "minimal", "gcp", "aws", "generic-containers", "quickstart"}) {
    const Loaded loaded = Load(ReadText(absl::StrCat("examples/", example, ".yaml")), "f", Today());
    ASSERT_TRUE(loaded.ok());
    for (const std::string& text : {RenderYaml(loaded, {}), RenderJson(loaded)}) {
      const Loaded again = Load(text, "f", Today());
      ASSERT_TRUE(again.ok()) << ToText(again.diagnostics) << text;
      api::Document expected = *loaded.document, found = *again.document;
      if (expected.runner && text[0] == '{') {  // JSON quotes every text, which an inline pool remembers
        expected.runner->pool.reset();
        found.runner->pool.reset();
      }
      EXPECT_TRUE(found == expected) << text;
    }
  }
}

TEST(Render, HidesSecretsAndKeepsWhatOnlyLooksLikeAFact) {
  const Loaded loaded =
      Load(WithSpec("  runner: {image: a:1, env: {S: {value: CANARY}, T: \"$${host.name}\", U: \"${X}\"}}\n"),
           "f", Today());
  ASSERT_TRUE(loaded.ok()) << ToText(loaded.diagnostics);
  EXPECT_EQ(loaded.document->runner->workload.env.at("T").value, "${host.name}");
  for (const std::string& text :
       {RenderYaml(loaded, {}), RenderJson(loaded), ToShortYaml(*loaded.document)}) {
    EXPECT_THAT(text, testing::Not(HasSubstr("CANARY")));
    const Loaded again = Load(text, "f", Today());
    ASSERT_TRUE(again.ok()) << ToText(again.diagnostics) << text;
    EXPECT_EQ(again.document->runner->workload.env.at("T").value, "${host.name}");
    EXPECT_EQ(again.document->runner->workload.env.at("U").value, "${X}");
  }
}

}  // namespace
}  // namespace spacelet::config
