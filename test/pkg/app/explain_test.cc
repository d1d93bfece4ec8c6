#include "pkg/app/explain.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "pkg/desired/compile.h"

namespace spacelet::app {
namespace {

constexpr char kDocument[] =
    "apiVersion: spacelet.dev/v1alpha1\n"
    "kind: GitspaceHost\n"
    "metadata: {name: test}\n"
    "spec:\n"
    "  network:\n"
    "    name: harness\n"
    "  delegate:\n"
    "    image: example.org/delegate:25.03.85504\n"
    "    accountId: AbCdEfGhIjKlMnOpQrStUv\n"
    "    token: {env: CLI_TEST_TOKEN}\n"
    "    resources: {memory: 2g}\n";

class ExplainTest : public testing::Test {
 protected:
  absl::StatusOr<Explanation> ExplainObject(const std::string& object) {
    return Explain(object, loaded_, host_, {});
  }
  static std::string SourceOf(const Explanation& explanation, const std::string& field) {
    for (const ExplainedField& f : explanation.fields)
      if (f.field == field) return f.source;
    return "no such field";
  }

  const config::Loaded loaded_ = config::Load(kDocument, "host.yaml", absl::Now());
  const desired::Host host_ = desired::Compile({*loaded_.document, "sha256:0", 1,
                                                [](const std::string&) { return absl::NotFoundError(""); }})
                                  .host;
};

TEST_F(ExplainTest, FindsAnObjectByKeyComponentOrName) {
  for (const char* object : {"container/docker-delegate", "delegate", "docker-delegate"})
    EXPECT_EQ(ExplainObject(object)->object, "container/docker-delegate") << object;
  for (const char* object : {"network/harness", "network", "harness"})
    EXPECT_EQ(ExplainObject(object)->object, "network/harness") << object;
}

TEST_F(ExplainTest, NamesTheObjectsThatThereAreForOneThatThereIsNot) {
  const absl::Status status = ExplainObject("container/nope").status();
  EXPECT_TRUE(absl::IsNotFound(status));
  EXPECT_TRUE(absl::StrContains(status.message(), "network/harness, container/docker-delegate")) << status;
}

TEST_F(ExplainTest, SaysWhetherALineAProfileOrADefaultDecides) {
  const Explanation explanation = *ExplainObject("delegate");
  EXPECT_EQ(SourceOf(explanation, "image"), "host.yaml:8") << ToText(explanation);
  EXPECT_EQ(SourceOf(explanation, "resources.memory"), "host.yaml:11") << ToText(explanation);
  EXPECT_EQ(SourceOf(explanation, "restartPolicy"), "default") << ToText(explanation);
}

TEST_F(ExplainTest, ExplainsTheNetworkFieldByField) {
  const Explanation explanation = *ExplainObject("network");
  EXPECT_EQ(SourceOf(explanation, "name"), "host.yaml:6");
  EXPECT_EQ(SourceOf(explanation, "driver"), "default");
}

TEST_F(ExplainTest, EndsWithWhatWouldBeDone) {
  const std::string text = ToText(*ExplainObject("network"));
  EXPECT_TRUE(absl::StrContains(text, "What would be done:")) << text;
  EXPECT_TRUE(absl::StrContains(text, "CreateNetwork")) << text;
}

TEST_F(ExplainTest, NamesTheOverlayThatDecides) {
  const std::string base = absl::StrCat("overlays: [hosts/a.yaml]\n", kDocument);
  const config::Loaded loaded =
      config::Load(config::Input{.bytes = base,
                                 .file_name = "base.yaml",
                                 .today = absl::Now(),
                                 .read = [](const std::string&) -> absl::StatusOr<std::string> {
                                   return "spec:\n  delegate:\n    resources: {memory: 3g}\n";
                                 }});
  ASSERT_TRUE(loaded.ok()) << config::ToText(loaded.diagnostics);
  const Explanation explanation = *Explain("delegate", loaded, host_, {});
  EXPECT_EQ(SourceOf(explanation, "image"), "base.yaml:9");
  EXPECT_EQ(SourceOf(explanation, "resources.memory"), "hosts/a.yaml:3");
}

}  // namespace
}  // namespace spacelet::app
