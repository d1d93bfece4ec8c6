#include "pkg/report/status_text.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "test/pkg/report/sample_status.h"

namespace spacelet::report {
namespace {

std::string Golden(const std::string& name) {
  std::ifstream file("test/golden/status/" + name);
  EXPECT_TRUE(file.good()) << name;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

TEST(StatusText, AReadyHostIsATable) {
  EXPECT_EQ(ToText(SampleStatus(), kSampleTime + absl::Minutes(5)), Golden("ready.txt"));
}

TEST(StatusText, WideMessagesStandBelowTheTable) {
  Status status = SampleStatus();
  Set(status.conditions, {"Ready", Truth::kFalse, "NotReady", "", {}}, kSampleTime);
  Set(status.objects[0].conditions,
      {"Synced", Truth::kFalse, "PortInUse", "127.0.0.1:3000 is taken by web", {}}, kSampleTime);
  status.config.observed_generation = 2;
  EXPECT_EQ(ToText(status, kSampleTime + absl::Hours(30)), Golden("port_in_use.txt"));
}

TEST(StatusText, WhatDiffersStandsBelowTheMessageOfItsObject) {
  Status status = SampleStatus();
  Set(status.objects[0].conditions, {"Synced", Truth::kFalse, "OutOfSync", "UpdateContainer 0123", {}},
      kSampleTime);
  status.objects[0].plan.steps = {
      {"container/vm-runner", "UpdateContainer", "0123", "", {{"resources.memory", "1g", "2g"}}, false}};
  const std::string text = ToText(status, kSampleTime);
  EXPECT_NE(
      text.find("container/vm-runner: OutOfSync: UpdateContainer 0123\n    resources.memory: 1g -> 2g\n"),
      std::string::npos)
      << text;
}

TEST(StatusText, BeforeTheFirstDocumentThereIsNoTable) {
  const std::string text = ToText(Status{}, kSampleTime);
  EXPECT_EQ(text, "(no document): not ready, generation 0, docker unavailable\n");
}

TEST(StatusText, NamesTheCommitAndSaysWhenGitCannotBeAsked) {
  Status status = SampleStatus();
  status.config.commit = "1a2b3c4d5e6f7a8b9c0d1a2b3c4d5e6f7a8b9c0d";
  Set(status.conditions, {"ConfigAccepted", Truth::kTrue, "GitUnreachable", "h: refused", {}}, kSampleTime);
  const std::string text = ToText(status, kSampleTime);
  EXPECT_NE(text.find(": ready, generation 3, commit 1a2b3c4d, docker "), std::string::npos) << text;
  EXPECT_NE(text.find("\nhost: GitUnreachable: h: refused\n"), std::string::npos) << text;
}

TEST(StatusText, AWarningIsCalledOneOnce) {
  Status status = SampleStatus();
  status.config.warnings = {"host.yaml:3:5: warning: spec.delegate.image: is old", "the pool is odd"};
  const std::string text = ToText(status, kSampleTime);
  EXPECT_NE(text.find("\nhost.yaml:3:5: warning: spec.delegate.image: is old\n"), std::string::npos) << text;
  EXPECT_NE(text.find("\nwarning: the pool is odd\n"), std::string::npos) << text;
}

// The status page's script says them too: test/page reads the same file.
TEST(StatusText, AnAgeIsOfTheLargestUnitOfWhichThereAreTwo) {
  std::ifstream ages("test/golden/status/ages.txt");
  int64_t seconds = 0;
  std::string words;
  int read = 0;
  for (; ages >> seconds >> words; ++read)
    EXPECT_EQ(Age(kSampleTime, kSampleTime + absl::Seconds(seconds)), words) << seconds;
  EXPECT_GT(read, 5);
  EXPECT_EQ(Age(kSampleTime, kSampleTime - absl::Seconds(1)), "0s");
  EXPECT_EQ(Age(absl::InfinitePast(), kSampleTime), "-");
}

TEST(StatusText, ColorIsOnlyThereWhenAskedFor) {
  EXPECT_EQ(ToText(SampleStatus(), kSampleTime).find('\033'), std::string::npos);
  EXPECT_NE(ToText(SampleStatus(), kSampleTime, {.color = true}).find("\033[32mTrue\033[0m"),
            std::string::npos);
}

}  // namespace
}  // namespace spacelet::report
