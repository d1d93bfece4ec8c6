#include "pkg/report/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <sstream>

#include "pkg/report/process_metrics.h"
#include "test/testing/fake_clock.h"

namespace spacelet::report {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class MetricsTest : public ::testing::Test {
 protected:
  testing::FakeClock clock_;
  Metrics metrics_{clock_, "0.1.0", "abc"};
};

constexpr char kRunner[] = "container/vm-runner";

// Every series once, so that the exposition shows every family.
void TouchAll(Metrics& metrics) {
  metrics.ConfigInfo("sha256:a", "1a2b");
  metrics.ExpectGit();
  metrics.DelegateRelease(absl::FromUnixSeconds(1'690'000'000));
  metrics.DockerRequest("InspectContainer", "200", absl::Milliseconds(2));
  metrics.ObjectState(kRunner, true, true, true, true);
  Status status;
  status.conditions = {{"Ready", Truth::kTrue, "AllReady", "", {}}};
  metrics.StatusIs(status);
  metrics.ContainerInfo(kRunner, "runner:1", "sha256:aa");
  metrics.Drifted(kRunner, "resources.memory");
  metrics.RivalsDetected({"watchtower"});
  metrics.WebConfigReloaded(true, absl::FromUnixSeconds(1'800'000'000));
}

TEST_F(MetricsTest, SeriesWithKnownLabelsExistAtZero) {
  const std::string text = metrics_.Render();
  for (const char* line :
       {"spacelet_docker_up 0", "spacelet_resyncs_total 0", "spacelet_workqueue_adds_total 0",
        R"(spacelet_config_reloads_total{result="rejected"} 0)",
        R"(spacelet_plan_steps_total{operation="CreateContainer",result="error"} 0)",
        R"(spacelet_docker_events_total{type="network"} 0)"})
    EXPECT_THAT(text, HasSubstr(line));
}

TEST_F(MetricsTest, AnObjectHasItsSeriesFromWhenItIsKnownUntilItIsGone) {
  metrics_.ObjectKnown(kRunner);
  EXPECT_THAT(metrics_.Render(),
              HasSubstr(R"(spacelet_reconcile_total{object="container/vm-runner",result="error"} 0)"));
  TouchAll(metrics_);
  metrics_.ObjectGone(kRunner);
  EXPECT_THAT(metrics_.Render(), Not(HasSubstr(kRunner)));
  metrics_.ObjectKnown(kRunner);
  EXPECT_THAT(metrics_.Render(), HasSubstr(kRunner));
}

TEST_F(MetricsTest, ANewImageReplacesTheInfo) {
  metrics_.ContainerInfo(kRunner, "runner:1", "sha256:aa");
  metrics_.ContainerInfo(kRunner, "runner:2", "sha256:bb");
  EXPECT_THAT(metrics_.Render(), Not(HasSubstr("runner:1")));
  EXPECT_THAT(metrics_.Render(),
              HasSubstr(R"(image="runner:2",image_id="sha256:bb",object="container/vm-runner"} 1)"));
}

TEST_F(MetricsTest, AvailabilityCountsTheTimeBetweenWhatWasSaid) {
  metrics_.ObjectState(kRunner, true, true, true, true);
  clock_.Advance(absl::Seconds(10));
  metrics_.ObjectState(kRunner, true, false, true, false);  // serves, and is to be replaced
  clock_.Advance(absl::Seconds(3));
  metrics_.ObjectState(kRunner, false, false, true, false);
  clock_.Advance(absl::Seconds(2));
  metrics_.ObjectState(kRunner, true, true, false, false);  // suspended
  clock_.Advance(absl::Seconds(7));
  clock_.SetWall(clock_.Now() - absl::Hours(24));  // a stepped wall clock counts for nothing
  const std::string text = metrics_.Render();
  EXPECT_THAT(text, HasSubstr(R"(spacelet_expected_running_seconds_total{object="container/vm-runner"} 15)"));
  EXPECT_THAT(text, HasSubstr(R"(spacelet_ready_running_seconds_total{object="container/vm-runner"} 13)"));
  EXPECT_THAT(text, HasSubstr(R"(spacelet_correct_running_seconds_total{object="container/vm-runner"} 10)"));
}

Status StatusOf(Truth ready, const char* reason) {
  Status status;
  status.conditions = {{"Suspended", Truth::kFalse, "Reconciling", "", {}}};
  status.objects.resize(1);
  status.objects[0].object = kRunner;
  status.objects[0].conditions = {{"Ready", ready, reason, "for people", {}}};
  return status;
}

TEST_F(MetricsTest, AConditionIsOneAndWhatItWasBeforeIsZero) {
  metrics_.ObjectKnown(kRunner);
  metrics_.StatusIs(StatusOf(Truth::kFalse, "CrashLoopBackOff"));
  metrics_.StatusIs(StatusOf(Truth::kTrue, "Running"));
  metrics_.StatusIs(StatusOf(Truth::kTrue, "Running"));
  const std::string text = metrics_.Render();
  for (const char* line :
       {R"({object="container/vm-runner",reason="CrashLoopBackOff",status="False",type="Ready"} 0)",
        R"({object="container/vm-runner",reason="Running",status="True",type="Ready"} 1)",
        R"({object="host",reason="Reconciling",status="False",type="Suspended"} 1)"})
    EXPECT_THAT(text, HasSubstr(std::string("spacelet_condition") + line));
  EXPECT_THAT(text, Not(HasSubstr("for people")));
}

TEST_F(MetricsTest, AStatusThatIsTooOldDoesNotBringAnObjectBack) {
  metrics_.ObjectKnown(kRunner);
  metrics_.StatusIs(StatusOf(Truth::kTrue, "Running"));
  metrics_.ObjectGone(kRunner);
  metrics_.StatusIs(StatusOf(Truth::kTrue, "Running"));
  EXPECT_THAT(metrics_.Render(), Not(HasSubstr(kRunner)));
}

TEST_F(MetricsTest, TheDelegatesAgeGrowsWithTheWallClock) {
  metrics_.DelegateRelease(clock_.Now() - absl::Hours(1));
  EXPECT_THAT(metrics_.Render(), HasSubstr("spacelet_delegate_image_age_seconds 3600"));
  metrics_.DelegateRelease(std::nullopt);
  EXPECT_THAT(metrics_.Render(), Not(HasSubstr("spacelet_delegate_image_age_seconds 3600")));
}

TEST_F(MetricsTest, ARivalThatWentIsNoLongerNamed) {
  metrics_.RivalsDetected({"watchtower", "web"});
  metrics_.RivalsDetected({"web"});
  EXPECT_THAT(metrics_.Render(), Not(HasSubstr("watchtower")));
  EXPECT_THAT(metrics_.Render(), HasSubstr(R"(spacelet_rival_manager_detected{name="web"} 1)"));
}

TEST_F(MetricsTest, HostileLabelValuesCannotBreakTheScrape) {
  metrics_.Drifted(kRunner, std::string("\xff\n\"") + std::string(1000, 'x'));
  for (const char c : metrics_.Render()) EXPECT_NE(c, '\xff');
  EXPECT_LT(metrics_.Render().size(), 100'000u);
}

TEST_F(MetricsTest, AFailedReloadIsSeenAndKeepsTheTimeOfTheLastGoodOne) {
  metrics_.ConfigReloaded("accepted");
  clock_.Advance(absl::Hours(1));
  metrics_.ConfigReloaded("rejected");
  const std::string text = metrics_.Render();
  EXPECT_THAT(text, HasSubstr("spacelet_config_last_reload_successful 0"));
  EXPECT_THAT(text, HasSubstr("spacelet_config_last_reload_success_timestamp_seconds 1700000000"));
}

TEST_F(MetricsTest, TheWebConfigurationIsThereWhenThereIsOne) {
  EXPECT_THAT(metrics_.Render(), Not(HasSubstr("web_config")));
  metrics_.WebConfigReloaded(true, absl::FromUnixSeconds(1'800'000'000));
  EXPECT_THAT(metrics_.Render(), HasSubstr("spacelet_web_config_last_reload_successful 1"));
  EXPECT_THAT(metrics_.Render(),
              HasSubstr("spacelet_web_config_certificate_not_after_timestamp_seconds 1800000000"));
  EXPECT_THAT(metrics_.Render(), HasSubstr(R"(spacelet_http_authentications_total{result="rejected"} 0)"));
  clock_.Advance(absl::Hours(1));
  metrics_.WebConfigReloaded(false, std::nullopt);
  EXPECT_THAT(metrics_.Render(), HasSubstr("spacelet_web_config_last_reload_successful 0"));
  EXPECT_THAT(metrics_.Render(),
              HasSubstr("spacelet_web_config_last_reload_success_timestamp_seconds 1700000000"));
  EXPECT_THAT(metrics_.Render(), HasSubstr("not_after_timestamp_seconds 1800000000"));
  metrics_.WebConfigReloaded(true, std::nullopt);
  EXPECT_THAT(metrics_.Render(), Not(HasSubstr("not_after_timestamp_seconds 1800000000")));
}

TEST_F(MetricsTest, OnlyOneDocumentIsInForce) {
  metrics_.ConfigInfo("sha256:a", "");
  metrics_.ConfigInfo("sha256:b", "1a2b");
  metrics_.ConfigInfo("sha256:b", "1a2b");
  EXPECT_THAT(metrics_.Render(),
              AllOf(HasSubstr(R"(spacelet_config_info{commit="1a2b",revision="sha256:b"} 1)"),
                    Not(HasSubstr("sha256:a"))));
}

TEST_F(MetricsTest, GitIsCountedWhereTheDocumentIsInIt) {
  EXPECT_THAT(metrics_.Render(), Not(HasSubstr("spacelet_git_")));
  metrics_.ExpectGit();
  EXPECT_THAT(metrics_.Render(), AllOf(HasSubstr(R"(spacelet_git_fetches_total{result="GitUnreachable"} 0)"),
                                       HasSubstr("spacelet_git_last_success_timestamp_seconds 0")));
  metrics_.GitAsked("unchanged");
  clock_.Advance(absl::Hours(1));
  metrics_.GitAsked("GitUnreachable");
  EXPECT_THAT(metrics_.Render(), AllOf(HasSubstr(R"(spacelet_git_fetches_total{result="GitUnreachable"} 1)"),
                                       HasSubstr("spacelet_git_last_success_timestamp_seconds 1700000000")));
}

TEST_F(MetricsTest, TheProcessIsDescribed) {
  const ProcessStats stats = ReadProcessStats();
  EXPECT_GT(stats.resident_bytes, 1e5);
  EXPECT_GT(stats.open_fds, 0);
  EXPECT_GT(stats.start_time_seconds, 1.6e9);
  EXPECT_THAT(metrics_.Render(), HasSubstr("process_cpu_seconds_total "));
}

TEST(ProcessMetrics, ANameWithSpacesAndParenthesesDoesNotShiftTheFields) {
  const ProcessStats stats =
      ParseProcStat("7 (a) b) S 1 1 1 0 -1 0 0 0 0 0 150 50 0 0 20 0 9 0 300 4096000 25 0", 100, 1000, 4096);
  EXPECT_EQ(stats.cpu_seconds, 2);
  EXPECT_EQ(stats.virtual_bytes, 4096000);
  EXPECT_EQ(stats.resident_bytes, 25 * 4096);
  EXPECT_EQ(stats.start_time_seconds, 1003);
}

// docs/metrics.md lists exactly what there is: "| `name` | type | labels | …".
std::map<std::string, std::string> Documented() {
  std::ifstream page("docs/metrics.md");
  EXPECT_TRUE(page.good());
  std::map<std::string, std::string> types;
  const std::regex row("^\\| `([a-z_]+)[^`]*` \\| ([a-z]+) \\|.*");
  for (std::string line; std::getline(page, line);)
    if (std::smatch match; std::regex_match(line, match, row)) types[match[1]] = match[2];
  return types;
}

TEST_F(MetricsTest, ThePageListsExactlyTheSeriesThatExist) {
  TouchAll(metrics_);
  std::map<std::string, std::string> types;
  std::istringstream text(metrics_.Render());
  const std::regex type_line("^# TYPE ([a-z_]+) ([a-z]+)$");
  for (std::string line; std::getline(text, line);)
    if (std::smatch match; std::regex_match(line, match, type_line)) types[match[1]] = match[2];
  EXPECT_EQ(Documented(), types);
}

}  // namespace
}  // namespace spacelet::report
