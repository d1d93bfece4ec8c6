#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pkg/config/validate.h"
#include "test/pkg/config/document.h"

namespace spacelet::config {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string Diagnose(absl::string_view spec) {
  return ToText(Load(WithSpec(spec), "f", Today()).diagnostics);
}

TEST(Load, AllErrorsAreReportedAtOnceInFileOrder) {
  const Loaded loaded =
      Load(WithSpec("  runner:\n    imagee: a\n    resources: {memory: lots}\n    ports: [x]\n"), "host.yaml",
           Today());
  EXPECT_FALSE(loaded.ok());
  EXPECT_EQ(ToText(loaded.diagnostics),
            "host.yaml:6:5: spec.runner.imagee: unknown field (did you mean image?)\n"
            "host.yaml:6:5: spec.runner.image: is required and missing\n"
            "host.yaml:7:25: spec.runner.resources.memory: \"lots\" is not a size: write 512m, 2g, 2Gi or a "
            "number of bytes\n"
            "host.yaml:8:13: spec.runner.ports[0]: \"x\" is not [IP:]HOST:CONTAINER[/udp], like "
            "127.0.0.1:3000:3000\n");
}

TEST(Load, FieldsThatWereWrittenHaveAPlace) {
  const Loaded loaded = Load(WithSpec("  runner:\n    image: a:1\n    ports: [\"1:2\"]\n"), "f", Today());
  EXPECT_EQ(loaded.positions.at("spec.runner.image"), (Position{6, 12}));
  EXPECT_EQ(loaded.positions.at("spec.runner.ports[0]"), (Position{7, 13}));
  EXPECT_EQ(loaded.positions.count("spec.runner.hostname"), 0u);
}

TEST(Load, WarningsDoNotReject) {
  const std::pair<const char*, const char*> kWarnings[] = {
      {"  runner: {image: drone/drone-runner-aws:latest}\n", "`latest` moves"},
      {"  runner: {image: drone/drone-runner-aws}\n", "has no tag"},
      {"  runner: {image: drone/drone-runner-aws:1.0.0-rc.182}\n", "rc.182 destroys the Gitspace VMs"},
      {"  runner: {image: drone/drone-runner-aws:1.0.0-rc.260}\n", "rc.260 runs as nobody"},
      {"  runner: {image: a:1, ports: [\"0.0.0.0:3000:3000\"]}\n", "published on all interfaces"},
      {"  runner: {image: a:1, privileged: true}\n", "all rights on the host"},
      {"  runner: {image: a:1, volumes: [\"/:/host\"]}\n", "whole host file system"},
      {"  runner: {image: a:1, volumes: [\"/var/run/docker.sock:/s\"]}\n", "Docker socket"},
      {"  runner: {image: a:1, env: {A: {value: x}}}\n",
       "spec.runner.env.A.value: the secret stands in the document"},
      {"  delegate: {image: d:26.05.1000, accountId: AbCdEfGhIjKlMnOpQrStUv, token: {env: T}}\n",
       "stops supporting"},
      {"  delegate: {image: d:26.03.1000, accountId: AbCdEfGhIjKlMnOpQrStUv, token: {env: T}}\n",
       "ends the life of"},
      {"  delegate: {image: d:26.10.1000, accountId: short, token: {env: T}}\n", "22 characters"},
      {"  delegate: {image: d:1, accountId: a, token: {value: x}}\n", "spec.delegate.token.value"},
      {"  delegate: {image: d:1, accountId: a, token: {env: T}, resources: {memory: 1g}}\n",
       "less than the 2g"},
      {"  delegate: {image: d:1, accountId: a, token: {env: T}, livenessProbe: {tcpSocket: {port: 3460}}}\n",
       "livenessProbe: a delegate's health is its connection to Harness"},
      {"  delegate: {image: d:1, accountId: a, token: {env: T}, startupProbe: {tcpSocket: {port: 3460}}}\n",
       "startupProbe: a delegate's health is its connection to Harness"},
      {"  delegate: {image: d:1, accountId: a, token: {env: T}, rollout: {strategy: StartFirst}}\n",
       "advises against two"},
      {"  delegate: {image: d:1, accountId: a, token: {env: T}, managerUrl: https://h/}\n", "trailing slash"},
  };
  for (const auto& [spec, warning] : kWarnings) {
    const Loaded loaded = Load(WithSpec(spec), "f", Today());
    EXPECT_TRUE(loaded.ok()) << ToText(loaded.diagnostics);
    EXPECT_THAT(ToText(loaded.diagnostics), HasSubstr(warning));
    EXPECT_THAT(ToText(loaded.diagnostics), HasSubstr(": warning: "));
  }
  EXPECT_EQ(
      Diagnose("  delegate: {image: d:26.06.1000, accountId: AbCdEfGhIjKlMnOpQrStUv, token: {env: T}}\n"),
      "");
}

TEST(Load, TheSecretOfADocumentIsInNoDiagnosticAndNoYaml) {
  const Loaded loaded =
      Load(WithSpec("  delegate: {image: d:1, accountId: a, token: {value: CANARY}}\n"), "f", Today());
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(loaded.document->delegate->token.value, "CANARY");
  EXPECT_THAT(ToText(loaded.diagnostics), Not(HasSubstr("CANARY")));
  EXPECT_THAT(ToYaml(*loaded.document), Not(HasSubstr("CANARY")));
  EXPECT_THAT(ToYaml(*loaded.document), HasSubstr("***"));
}

TEST(ToYaml, LoadsAsTheSameDocument) {
  for (const char* example : {"minimal", "full", "gcp", "aws", "generic-containers"}) {
    const Loaded first = Load(ReadText(absl::StrCat("examples/", example, ".yaml")), "f", Today());
    ASSERT_TRUE(first.ok()) << example << ToText(first.diagnostics);
    const std::string yaml = ToYaml(*first.document);
    const Loaded second = Load(yaml, "f", Today());
    ASSERT_TRUE(second.ok()) << ToText(second.diagnostics) << yaml;
    EXPECT_EQ(ToYaml(*second.document), yaml);
    EXPECT_EQ(second.document->containers, first.document->containers) << example;
    EXPECT_EQ(second.document->delegate, first.document->delegate) << example;
    EXPECT_EQ(second.document->network, first.document->network) << example;
  }
}

TEST(Load, OnlyTheGuidesOldDelegateIsWarnedAboutInTheExamples) {
  for (const char* example : {"full", "gcp", "aws", "generic-containers"})
    EXPECT_EQ(ToText(Load(ReadText(absl::StrCat("examples/", example, ".yaml")), "f", Today()).diagnostics),
              "")
        << example;
  EXPECT_THAT(ToText(Load(ReadText("examples/minimal.yaml"), "f", Today()).diagnostics),
              HasSubstr("is of 2025-03"));
}

TEST(Load, TheFilesNameAndTheTextsOfADocumentAreSafeForATerminal) {
  const std::string text = ToText(
      Load(WithSpec("  runner: {image: \"a\\e[31m\\nb\"}\n"), "host\x1b[31m.yaml\n", Today()).diagnostics);
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << text;
}

}  // namespace
}  // namespace spacelet::config
