#include "pkg/httpserver/routes.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "test/testing/fake_clock.h"

namespace spacelet::httpserver {
namespace {

class RoutesTest : public ::testing::Test {
 protected:
  http::ServerResponse Get(const std::string& path, std::map<std::string, std::string> query = {}) {
    return handler_({path, std::move(query)});
  }
  void Record(const std::string& reason) {
    events_.Record(report::Event::Type::kNormal, "container/a", reason, "message");
  }

  http::ServerResponse GetAsBrowser(const std::string& path) {
    return handler_({path, {}, {{"accept", "text/html,application/xhtml+xml,*/*;q=0.8"}}});
  }

  testing::FakeClock clock_;
  report::EventLog events_{clock_, nullptr};
  std::vector<std::string> late_;
  report::Status status_;
  http::Handler handler_ =
      MakeHandler({[] { return std::string("spacelet_docker_up 1\n"); }, [this] { return late_; },
                   [this] { return status_; }, [] { return uint64_t{1}; }, &events_, &clock_});
};

TEST_F(RoutesTest, NamesEveryEndpointOnTheFirstPage) {
  const http::ServerResponse index = Get("/");
  EXPECT_EQ(index.status, 200);
  for (const char* path : {"/livez", "/readyz", "/metrics", "/api/v1/status", "/api/v1/events"})
    EXPECT_TRUE(absl::StrContains(index.body, path)) << path;
}

TEST_F(RoutesTest, ShowsTheStatusToTerminalsAndAPageToBrowsers) {
  status_.name = "gitspaces-us-west1";
  EXPECT_EQ(Get("/").content_type, "text/plain; charset=utf-8");
  EXPECT_TRUE(absl::StartsWith(Get("/").body, "gitspaces-us-west1: not ready")) << Get("/").body;
  const http::ServerResponse page = GetAsBrowser("/");
  EXPECT_EQ(page.content_type, "text/html; charset=utf-8");
  EXPECT_TRUE(absl::StrContains(page.body, "gitspaces-us-west1"));
  EXPECT_EQ(page.headers.at("Vary"), "Accept");
  EXPECT_EQ(Get("/").headers.at("Vary"), "Accept");
}

TEST_F(RoutesTest, AnswersThePagesContentAsOneLineOfJsonOrAsAStream) {
  EXPECT_EQ(Get("/page").content_type, "application/json");
  EXPECT_TRUE(absl::StrContains(Get("/page").body, "\"content\":["));
  EXPECT_EQ(Get("/page", {{"follow", "true"}}).content_type, "text/event-stream");
}

TEST_F(RoutesTest, ServesMetricsWithTheVersionThatPrometheusWants) {
  EXPECT_EQ(Get("/metrics").content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(Get("/metrics").body, "spacelet_docker_up 1\n");
}

TEST_F(RoutesTest, IsAliveWhileTheLoopsTickAndThenNamesTheLateOnes) {
  EXPECT_EQ(Get("/livez").status, 200);
  late_ = {"resync"};
  for (const char* path : {"/livez", "/healthz"}) {
    EXPECT_EQ(Get(path).status, 503);
    EXPECT_TRUE(absl::StrContains(Get(path).body, "resync")) << path;
  }
}

TEST_F(RoutesTest, IsNotReadyBeforeTheFirstDocumentAndSaysWhatIsMissing) {
  const http::ServerResponse readiness = Get("/readyz");
  EXPECT_EQ(readiness.status, 503);
  EXPECT_FALSE(readiness.body.empty());
}

TEST_F(RoutesTest, AnswersTheStatusAsJson) {
  const http::ServerResponse status = Get("/api/v1/status");
  EXPECT_EQ(status.content_type, "application/json");
  EXPECT_TRUE(absl::StrContains(status.body, "GitspaceHostStatus"));
}

TEST_F(RoutesTest, ListsEventsOldestFirstOneALine) {
  Record("First");
  Record("Second");
  const std::vector<std::string> lines = absl::StrSplit(Get("/api/v1/events").body, '\n', absl::SkipEmpty());
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_TRUE(absl::StrContains(lines[0], "First"));
  EXPECT_TRUE(absl::StrContains(lines[1], "Second"));
}

TEST_F(RoutesTest, ListsOnlyEventsAfterSince) {
  Record("Old");
  clock_.Advance(absl::Minutes(1));
  Record("New");
  const std::string body = Get("/api/v1/events", {{"since", "2023-11-14T22:13:50Z"}}).body;
  EXPECT_FALSE(absl::StrContains(body, "Old")) << body;
  EXPECT_TRUE(absl::StrContains(body, "New")) << body;
}

TEST_F(RoutesTest, RefusesASinceThatIsNoTime) {
  EXPECT_EQ(Get("/api/v1/events", {{"since", "yesterday"}}).status, 400);
}

TEST_F(RoutesTest, FollowsWithEachNewEventOnce) {
  Record("First");
  const http::ServerResponse response = Get("/api/v1/events", {{"follow", "true"}});
  ASSERT_TRUE(response.more);
  EXPECT_EQ(response.more(), "");
  Record("Second");
  const std::optional<std::string> more = response.more();
  EXPECT_TRUE(absl::StrContains(*more, "Second"));
  EXPECT_FALSE(absl::StrContains(*more, "First"));
  EXPECT_EQ(response.more(), "");
}

TEST_F(RoutesTest, Answers404ToWhatIsNotThere) {
  for (const char* path : {"/x", "//", "/../etc/passwd", "/metrics/", "/%2e%2e"})
    EXPECT_EQ(Get(path).status, 404) << path;
}

}  // namespace
}  // namespace spacelet::httpserver
