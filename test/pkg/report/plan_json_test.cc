#include "pkg/report/plan_json.h"

#include <gtest/gtest.h>

namespace spacelet::report {
namespace {

TEST(PlanJson, AnEmptyPlanIsInSync) {
  EXPECT_EQ(ToJson(plan::Plan{}), R"({"inSync":true,"steps":[],"waiting":[],"conflicts":[]})");
}

TEST(PlanJson, SaysWhatAndWhy) {
  plan::Plan plan;
  plan.steps.push_back({plan::UpdateContainer{.id = "1", .resources = {}, .restart_policy = {}},
                        "container/vm-runner",
                        "differs from the document",
                        {{"resources.memory", "1g", "2g"}}});
  plan.waiting.push_back(
      {"container/docker-delegate", "container/vm-runner", "Ready", "WaitingForDependency"});
  plan.conflicts.push_back({"container/vm-runner", "web holds port 127.0.0.1:3000"});
  EXPECT_EQ(
      ToJson(plan),
      R"({"inSync":false,"steps":[{"object":"container/vm-runner","operation":"UpdateContainer","arguments":"1",)"
      R"("cause":"differs from the document","waits":false,"changes":[{"field":"resources.memory","from":"1g","to":"2g"}]}],)"
      R"("waiting":[{"object":"container/docker-delegate","for":"container/vm-runner","until":"Ready",)"
      R"("reason":"WaitingForDependency"}],)"
      R"("conflicts":[{"object":"container/vm-runner","reason":"web holds port 127.0.0.1:3000"}]})");
}

TEST(PlanJson, SaysWhenTimeEndsAWait) {
  plan::Plan plan;
  plan.waiting.push_back(
      {"container/vm-runner", "its turn", "due", "WaitingForWindow", absl::FromUnixSeconds(1'767'312'000)});
  EXPECT_NE(
      ToJson(plan).find(R"("until":"due","reason":"WaitingForWindow","endsAt":"2026-01-02T00:00:00Z"}])"),
      std::string::npos)
      << ToJson(plan);
}

TEST(PlanJson, NoticesAreThereOnlyWhenThereAreSome) {
  plan::Plan plan;
  plan.notices.push_back({"container/vm-runner", "InvalidPool", "pool.yaml:3:1: bad"});
  EXPECT_NE(ToJson(plan).find(R"("notices":[{"object":"container/vm-runner","reason":"InvalidPool")"),
            std::string::npos);
}

}  // namespace
}  // namespace spacelet::report
