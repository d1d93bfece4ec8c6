#include "pkg/httpserver/page.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "pkg/api/reasons.h"
#include "pkg/httpserver/page_file.h"
#include "test/pkg/report/sample_status.h"

namespace spacelet::httpserver {
namespace {

using report::Event;
using report::Status;
using report::Truth;

const char kHostile[] = "<script>alert(1)</script>";

report::LastRollout Rollout(const std::string& result, const std::string& from, const std::string& to,
                            const std::string& message = "") {
  report::LastRollout rollout;
  rollout.result = result;
  rollout.from = from;
  rollout.to = to;
  rollout.started_at = report::kSampleTime;
  rollout.finished_at = report::kSampleTime + absl::Minutes(2);
  rollout.message = message;
  return rollout;
}

class PageTest : public ::testing::Test {
 protected:
  http::ServerResponse Answer() const { return PageAnswer({status_, events_, now_}); }
  std::string Html() const { return Answer().body; }
  // Only what is shown: without style and script.
  std::string Content() const { return ToHtml(PageContent({status_, events_, now_}), now_); }
  void ExpectShown(const std::string& what) const {
    EXPECT_TRUE(absl::StrContains(Content(), what)) << what << " is not in\n" << Content();
  }
  report::ObjectStatus& runner() { return status_.objects[0]; }

  Status status_ = report::SampleStatus();
  std::vector<Event> events_;
  absl::Time now_ = report::kSampleTime + absl::Minutes(5);
};

TEST_F(PageTest, IsWholeWithoutJavaScript) {
  const std::string html = Html();
  for (const char* what : {"<title>Ready: gitspaces-us-west1</title>", ">Ready</h1>", "vm-runner",
                           "drone/drone-runner-aws:1.0.0-rc.310", ">5m</time>", "sha256:aa",
                           "/etc/spacelet/host.yaml", "20.10.24", "spacelet 0.1.0"})
    EXPECT_TRUE(absl::StrContains(html, what)) << what;
  EXPECT_FALSE(absl::StrContains(html, "{{")) << "a place was not filled";
}

TEST_F(PageTest, IsSmall) { EXPECT_LT(Html().size(), 40u << 10); }

TEST_F(PageTest, NothingButItsOwnScriptAndStyleMayRun) {
  const http::ServerResponse answer = Answer();
  const std::string policy = answer.headers.at("Content-Security-Policy");
  for (const char* rule :
       {"default-src 'none'", "script-src 'sha256-", "style-src 'sha256-", "frame-ancestors 'none'",
        "base-uri 'none'", "form-action 'none'", "require-trusted-types-for 'script'"})
    EXPECT_TRUE(absl::StrContains(policy, rule)) << policy;
  EXPECT_FALSE(absl::StrContains(policy, "unsafe")) << policy;
  EXPECT_EQ(answer.headers.at("Referrer-Policy"), "no-referrer");
  EXPECT_EQ(answer.headers.at("X-Frame-Options"), "DENY");
}

TEST_F(PageTest, HasOneStyleAndOneScriptAndNothingFromElsewhere) {
  const std::string file = kPageFile;
  EXPECT_EQ(std::vector<std::string>(absl::StrSplit(file, "<script")).size(), 2u);
  EXPECT_EQ(std::vector<std::string>(absl::StrSplit(file, "<style")).size(), 2u);
  for (const char* outside : {" src=", "https://", "@import", "url(", "innerHTML", "eval("})
    EXPECT_FALSE(absl::StrContains(file, outside)) << outside;
}

TEST_F(PageTest, HostileTextIsTextWhereverItComesFrom) {
  const std::string s = kHostile;
  status_.name = status_.config.source = status_.config.commit = status_.docker.host = s;
  status_.config.warnings = {s};
  runner() = {.object = "container/" + s,
              .component = s,
              .id = s,
              .image = s,
              .image_id = s,
              .spec_hash = s,
              .desired = report::DesiredStatus{"other" + s, s},
              .state = s,
              .restarts = 1,
              .last_rollout = Rollout(s, s, "b" + s, s),
              .plan = {.steps = {{s, s, s, s, {{s, s, s}}, false}},
                       .waiting = {{s, s, s, s}},
                       .conflicts = {{s, s}},
                       .notices = {{s, s, s, true}}},
              .pull = report::PullStatus{.image = s},
              .conditions = {{s, Truth::kFalse, s, s, report::kSampleTime},
                             {"Synced", Truth::kFalse, s, s, report::kSampleTime}}};
  Set(status_.conditions, {"ConfigAccepted", Truth::kFalse, s, s, {}}, report::kSampleTime);
  events_ = {{1, report::kSampleTime, s, Event::Type::kWarning, s, s, 2, s}};
  const std::string html = Html();
  EXPECT_FALSE(absl::StrContains(html, kHostile));
  EXPECT_TRUE(absl::StrContains(html, "&lt;script&gt;alert(1)"));
}

TEST_F(PageTest, APlaceHolderInTheStatusIsNotFilled) {
  status_.name = "{{content}}";
  const std::vector<std::string> parts = absl::StrSplit(Html(), "id=\"verdict\"");
  EXPECT_EQ(parts.size(), 2u);
}

TEST_F(PageTest, ShowsWhatDiffersAndWhatIsDoneAboutIt) {
  runner().desired->image = "drone/drone-runner-aws:1.0.0-rc.311";
  runner().plan = {
      .steps = {{"container/vm-runner",
                 "CreateContainer",
                 "vm-runner.next",
                 "spec changed",
                 {{"image", "drone/drone-runner-aws:1.0.0-rc.310", "drone/drone-runner-aws:1.0.0-rc.311"},
                  {"env.TOKEN", "***", "***"}},
                 true}},
      .waiting = {{"container/vm-runner", "its work", "0", "Draining"}},
      .conflicts = {},
      .notices = {}};
  ExpectShown("1.0.0-rc.310</code>");
  ExpectShown("(spec changed; waits)");
  ExpectShown("Waits for its work to be 0 ");
  ExpectShown("<code class=\"field\">env.TOKEN</code>");
  // Of two references of one repository, what differs.
  ExpectShown("<code class=\"from\">1.0.0-rc.310</code>");
  ExpectShown("<code class=\"to\">1.0.0-rc.311</code>");
}

TEST_F(PageTest, ReferencesOfDifferentRepositoriesAreShownInFull) {
  runner().last_rollout = Rollout("Succeeded", "a.example/x:1", "b.example/x:1");
  ExpectShown("<code>a.example/x:1</code>");
  ExpectShown("<code>b.example/x:1</code>");
  runner().last_rollout = Rollout("Succeeded", "localhost:5000/x", "localhost:5000/y");
  ExpectShown("<code>localhost:5000/x</code>");
}

TEST_F(PageTest, SaysAsDeclaredOnlyWhereImageAndSpecAreSo) {
  ExpectShown("as declared");
  runner().desired->spec_hash = "v1:other";
  EXPECT_FALSE(absl::StrContains(Content(), "as declared"));
}

TEST_F(PageTest, ARollbackIsShownWithItsReason) {
  runner().last_rollout = Rollout("RolledBack", "r:1", "r:2", "not ready within 2m");
  ExpectShown("Rolled back");
  ExpectShown("not ready within 2m");
  ExpectShown(">3m</time> ago");
}

TEST_F(PageTest, APullIsABarOnceItsSizeIsKnown) {
  runner().pull = report::PullStatus{.image = "r:2", .started_at = report::kSampleTime};
  ExpectShown("<progress aria-label=\"Pull of r:2\"></progress>");
  runner().pull = report::PullStatus{"r:2", 1, 4, 50 << 20, 200 << 20, report::kSampleTime};
  ExpectShown(absl::StrCat("max=\"", 200 << 20, "\" value=\"", 50 << 20, "\""));
  ExpectShown("1 of 4 layers, 50 of 200 MiB");
}

TEST_F(PageTest, TheNewestEventsComeFirstAndTheRestIsALink) {
  for (uint64_t i = 1; i <= kEventsShown + 5; ++i)
    events_.push_back(
        {i, report::kSampleTime, "host", Event::Type::kNormal, absl::StrCat("R", i, "."), "", 1, ""});
  const std::string content = Content();
  EXPECT_LT(content.find("R35."), content.find("R34."));
  EXPECT_FALSE(absl::StrContains(content, "R5."));
  ExpectShown("All 35 events");
}

TEST_F(PageTest, AnUpdateSaysWhatTheFirstAnswerSays) {
  SentNodes sent;
  const std::string update = PageUpdate({status_, events_, now_}, sent);
  EXPECT_TRUE(absl::StartsWith(
      update,
      R"({"now":"2023-11-14T22:18:20.000Z","level":"ok","title":"Ready: gitspaces-us-west1","content":[["section",{"id":"verdict")"))
      << update;
  EXPECT_FALSE(absl::StrContains(update, "\n"));
}

}  // namespace
}  // namespace spacelet::httpserver
