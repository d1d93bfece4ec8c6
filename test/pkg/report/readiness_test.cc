#include "pkg/report/readiness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "test/pkg/report/sample_status.h"

namespace spacelet::report {
namespace {

TEST(Readiness, NothingIsMissingOnAGoodHost) { EXPECT_TRUE(Missing(SampleStatus()).empty()); }

TEST(Readiness, GitOutOfReachIsRemarkedOnAndNothingIsMissing) {
  Status status = SampleStatus();
  EXPECT_TRUE(Remarks(status).empty());
  Set(status.conditions, {"ConfigAccepted", Truth::kTrue, "GitUnreachable", "h: refused", {}}, kSampleTime);
  EXPECT_TRUE(Missing(status).empty());
  EXPECT_EQ(Remarks(status),
            std::vector<std::string>{"document: ConfigAccepted=True, GitUnreachable (h: refused)"});
}

TEST(Readiness, NamesWhatIsMissing) {
  struct Case {
    std::function<void(Status&)> mutate;
    const char* missing;
  };
  auto object = [](Status& s, Condition c) { Set(s.objects[0].conditions, std::move(c), kSampleTime); };
  const Case cases[] = {
      {[](Status& s) {
         Set(s.conditions, {"ConfigAccepted", Truth::kFalse, "Rejected", "a.yaml:1:2: bad", {}}, kSampleTime);
       },
       "document: ConfigAccepted=False, Rejected (a.yaml:1:2: bad)"},
      {[](Status& s) { s.conditions.clear(); }, "document: not known yet"},
      {[](Status& s) {
         Set(s.conditions, {"DockerAvailable", Truth::kFalse, "Unreachable", "", {}}, kSampleTime);
       },
       "docker: DockerAvailable=False, Unreachable"},
      {[&](Status& s) {
         object(s, {"Synced", Truth::kFalse, "Conflict", "web holds the port", {}});
       },
       "container/vm-runner: Synced=False, Conflict (web holds the port)"},
      {[&](Status& s) {
         object(s, {"Ready", Truth::kUnknown, "Unreachable", "", {}});
       },
       "container/vm-runner: Ready=Unknown, Unreachable"},
      {[&](Status& s) {
         object(s, {"Progressing", Truth::kTrue, "RollingOut", "", {}});
       },
       "container/vm-runner: Progressing=True, RollingOut"},
      {[](Status& s) { s.config.observed_generation = 2; },
       "document: generation 3 is not observed yet (at 2)"},
      {[](Status& s) { s.config.generation = s.config.observed_generation = 0; },
       "document: generation 0 is not observed yet (at 0)"},
  };
  for (const Case& c : cases) {
    Status status = SampleStatus();
    c.mutate(status);
    const auto missing = Missing(status);
    ASSERT_FALSE(missing.empty()) << c.missing;
    EXPECT_EQ(missing.front(), c.missing);
  }
}

}  // namespace
}  // namespace spacelet::report
