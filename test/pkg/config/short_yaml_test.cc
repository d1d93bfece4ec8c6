#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "test/pkg/config/document.h"

namespace spacelet::config {
namespace {

std::string Short(absl::string_view text) {
  const Loaded loaded = Load(text, "f", Today());
  EXPECT_TRUE(loaded.ok()) << ToText(loaded.diagnostics);
  return ToShortYaml(loaded.document.value_or(api::Document()));
}

TEST(ToShortYaml, IsReadAsTheSameDocument) {
  for (const char* example : {"minimal", "full", "gcp", "aws", "generic-containers"}) {
    SCOPED_TRACE(example);
    const std::string text = ReadText(absl::StrCat("examples/", example, ".yaml"));
    const api::Document document = *Load(text, "f", Today()).document;
    const Loaded again = Load(ToShortYaml(document), "f", Today());
    ASSERT_TRUE(again.ok()) << ToText(again.diagnostics) << ToShortYaml(document);
    EXPECT_EQ(ToYaml(*again.document), ToYaml(document));
    EXPECT_TRUE(*again.document == document) << ToShortYaml(document);
  }
}

TEST(ToShortYaml, SaysNothingThatIsADefaultOrAProfiles) {
  EXPECT_EQ(Short(WithSpec(
                "  runner:\n    image: a:1\n    hostname: vm-runner\n    ports: [\"127.0.0.1:3000:3000\"]\n"
                "    rollout: {drainTimeout: 30m, minReadySeconds: 3}\n")),
            "apiVersion: spacelet.dev/v1alpha1\n"
            "kind: GitspaceHost\n"
            "metadata:\n"
            "  name: a\n"
            "spec:\n"
            "  runner:\n"
            "    image: a:1\n"
            "    rollout:\n"
            "      minReadySeconds: 3\n");
}

TEST(ToShortYaml, SaysThatADefaultIsNotWanted) {
  const std::string text = Short(WithSpec("  runner: {image: a, ports: [], imagePullPolicy: Never}\n"));
  EXPECT_THAT(text, testing::HasSubstr("    ports: []\n"));
  EXPECT_THAT(text, testing::HasSubstr("    imagePullPolicy: Never\n"));
}

}  // namespace
}  // namespace spacelet::config
