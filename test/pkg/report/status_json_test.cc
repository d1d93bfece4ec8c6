#include "pkg/report/status_json.h"

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

TEST(StatusJson, IsTheDocumentedForm) { EXPECT_EQ(ToJson(SampleStatus()) + "\n", Golden("ready.json")); }

TEST(StatusJson, ComesBackAsItWas) {
  Status status = SampleStatus();
  status.config.error = "host.yaml:3:1: spec: unknown key";
  status.objects[0].last_rollout = LastRollout{.result = "RolledBack",
                                               .from = "r:1",
                                               .to = "r:2",
                                               .from_hash = "v1:a",
                                               .to_hash = "v1:b",
                                               .started_at = kSampleTime,
                                               .finished_at = kSampleTime + absl::Minutes(1),
                                               .message = "not ready"};
  status.objects[0].plan = {
      .steps = {{"container/vm-runner", "PullImage", "r:2", "spec changed", {{"image", "r:1", "r:2"}}, true}},
      .waiting = {{"container/vm-runner", "network/harness", "Ready", "WaitingForNetwork"}},
      .conflicts = {{"container/vm-runner", "web holds port 3000"}},
      .notices = {{"container/vm-runner", "LimitNotRemovable", "memory", false}}};
  status.objects[0].pull = PullStatus{"r:2", 1, 4, 10 << 20, 40 << 20, kSampleTime};
  status.objects[1].desired.reset();
  const auto back = StatusFromJson(ToJson(status));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(*back, status);
}

TEST(StatusJson, AnEmptyStatusHasEveryKeyAndNullForUnknownTimes) {
  const std::string json = ToJson(Status{});
  EXPECT_NE(json.find(R"("acceptedAt":null)"), std::string::npos);
  EXPECT_NE(json.find(R"("error":null)"), std::string::npos);
  EXPECT_NE(json.find(R"("objects":[])"), std::string::npos);
  EXPECT_EQ(*StatusFromJson(json), Status{});
}

TEST(StatusJson, InvalidUtf8NeverThrows) {
  Status status;
  status.name = "\xff\xfe";
  EXPECT_TRUE(StatusFromJson(ToJson(status)).ok());
}

TEST(StatusJson, RefusesWhatIsNoStatus) {
  for (const char* text : {"", "{", "[]", "null", "{}", R"({"kind":"Pod"})"})
    EXPECT_FALSE(StatusFromJson(text).ok()) << text;
}

TEST(StatusJson, ToleratesOtherTypesAndUnknownKeys) {
  const auto status = StatusFromJson(
      R"({"kind":"GitspaceHostStatus","metadata":7,"config":[],"conditions":{"a":1},"objects":[3,{"object":"o","new":1}]})");
  ASSERT_TRUE(status.ok());
  EXPECT_EQ(status->objects.back().object, "o");
}

}  // namespace
}  // namespace spacelet::report
