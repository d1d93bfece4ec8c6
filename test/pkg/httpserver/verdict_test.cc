#include "pkg/httpserver/verdict.h"

#include <gtest/gtest.h>

#include <functional>

#include "absl/strings/match.h"
#include "pkg/api/reasons.h"
#include "test/pkg/report/sample_status.h"

namespace spacelet::httpserver {
namespace {

using report::Condition;
using report::Status;
using report::Truth;
namespace reason = api::reason;

void Say(std::vector<Condition>& conditions, const char* type, Truth truth, const char* why,
         const char* message = "") {
  report::Set(conditions, {type, truth, why, message, {}}, report::kSampleTime);
}

TEST(Verdict, SaysInWordsWhetherSomebodyHasToGetUp) {
  const auto object = [](const char* type, Truth truth, const char* why) {
    return [=](Status& s) { Say(s.objects[0].conditions, type, truth, why); };
  };
  const auto both = [](auto first, auto second) {
    return [=](Status& s) {
      first(s);
      second(s);
    };
  };
  const auto out_of_sync = object(api::kSynced, Truth::kFalse, reason::kOutOfSync);
  const auto progressing = [&](const char* why) {
    return both(out_of_sync, object(api::kProgressing, Truth::kTrue, why));
  };
  struct Case {
    const char* name;
    std::function<void(Status&)> change;
    Level level;
    const char* headline;
  };
  const Case cases[] = {
      {"a good host", [](Status&) {}, Level::kOk, "Ready"},
      {"it pulls", progressing(reason::kPulling), Level::kBusy, "Working on it"},
      {"it rolls out", progressing(reason::kRollingOut), Level::kBusy, "Working on it"},
      {"it drains", progressing(reason::kDraining), Level::kBusy, "Working on it"},
      {"a container starts", object(api::kReady, Truth::kFalse, reason::kStarting), Level::kBusy,
       "Working on it"},
      {"a generation that is not observed yet", [](Status& s) { s.config.generation = 4; }, Level::kBusy,
       "Working on it"},
      {"a pull that fails again and again", progressing(reason::kImagePullBackOff), Level::kBad, "Not ready"},
      {"a crash loop that is waited for",
       both(progressing(reason::kReconciling), object(api::kReady, Truth::kFalse, reason::kCrashLoopBackOff)),
       Level::kBad, "Not ready"},
      {"a change that was rolled back", object(api::kSynced, Truth::kFalse, reason::kRolledBack), Level::kBad,
       "Not ready"},
      {"one works and one is stuck",
       both(progressing(reason::kPulling),
            [](Status& s) { Say(s.objects[1].conditions, api::kSynced, Truth::kFalse, reason::kConflict); }),
       Level::kBad, "Not ready"},
      {"a document that was refused",
       [](Status& s) { Say(s.conditions, api::kConfigAccepted, Truth::kFalse, reason::kRejected); },
       Level::kBad, "Not ready"},
      {"Docker is away",
       [](Status& s) { Say(s.conditions, api::kDockerAvailable, Truth::kFalse, reason::kUnreachable); },
       Level::kBad, "Not ready"},
      {"an object that cannot be looked at", object(api::kSynced, Truth::kUnknown, reason::kUnknown),
       Level::kBad, "Not ready"},
      {"suspended and in sync",
       [](Status& s) { Say(s.conditions, api::kSuspended, Truth::kTrue, reason::kSuspended); }, Level::kOk,
       "Ready, suspended"},
  };
  for (const Case& c : cases) {
    Status status = report::SampleStatus();
    c.change(status);
    const Verdict verdict = VerdictOn(status);
    EXPECT_EQ(verdict.level, c.level) << c.name;
    EXPECT_EQ(verdict.headline, c.headline) << c.name;
  }
}

TEST(Verdict, BeforeTheFirstDocumentNothingIsReady) {
  EXPECT_EQ(VerdictOn(Status()).headline, "Not ready");
  EXPECT_TRUE(absl::StrContains(ToHtml({VerdictSection(Status())}, report::kSampleTime), "no document yet"));
}

TEST(Verdict, WhatIsMissingIsNamedWithAWayToIt) {
  Status status = report::SampleStatus();
  Say(status.objects[0].conditions, api::kReady, Truth::kFalse, reason::kProbeFailed, "503 <oops>");
  const std::string html = ToHtml({VerdictSection(status)}, report::kSampleTime);
  EXPECT_TRUE(absl::StrContains(html, R"(<a href="#container/vm-runner">vm-runner</a> is not ready: )"))
      << html;
  EXPECT_TRUE(absl::StrContains(html, "ProbeFailed")) << html;
  EXPECT_TRUE(absl::StrContains(html, "503 &lt;oops&gt;")) << html;
  EXPECT_TRUE(absl::StrContains(html, "One thing is missing.")) << html;
}

TEST(Verdict, OfManyStepsItNamesTheFirst) {
  Status status = report::SampleStatus();
  Say(status.objects[0].conditions, api::kSynced, Truth::kFalse, reason::kOutOfSync, "a long list");
  status.objects[0].plan.steps = {{"o", "CreateContainer", "vm-runner", "not found", {}, false},
                                  {"o", "StartContainer", "vm-runner", "created", {}, false}};
  const std::string html = ToHtml({VerdictSection(status)}, report::kSampleTime);
  EXPECT_TRUE(absl::StrContains(html, "CreateContainer vm-runner (not found), and 1 more step<")) << html;
  EXPECT_FALSE(absl::StrContains(html, "a long list")) << html;
}

}  // namespace
}  // namespace spacelet::httpserver
