#include "pkg/notify/troubles.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "pkg/api/reasons.h"
#include "pkg/base/subprocess.h"

namespace spacelet::notify {
namespace {

using report::Truth;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
namespace reason = api::reason;

class TroublesTest : public ::testing::Test {
 protected:
  TroublesTest() {
    status_.name = "gitspaces";
    status_.config = {.source = "",
                      .revision = "sha256:1",
                      .commit = "c0ffee",
                      .generation = 1,
                      .error = {},
                      .warnings = {}};
    Host(api::kConfigAccepted, Truth::kTrue, reason::kAccepted);
    status_.objects.resize(1);
    status_.objects[0].object = "container/web";
    Web(api::kSynced, Truth::kTrue, reason::kInSync);
    Web(api::kReady, Truth::kTrue, reason::kRunning);
  }
  void Host(const char* type, Truth truth, const char* why, const std::string& message = "") {
    report::Set(status_.conditions, {type, truth, why, message, {}}, {});
  }
  void Web(const char* type, Truth truth, const char* why, const std::string& message = "") {
    report::Set(status_.objects[0].conditions, {type, truth, why, message, {}}, {});
  }
  // "+host-1/container/web/RolledBack: message" begins, "-…" ends.
  std::vector<std::string> News() {
    std::vector<std::string> news;
    for (const Notification& n : troubles_.Update(status_, absl::FromUnixSeconds(1'767'312'000)))
      news.push_back(absl::StrCat(n.firing ? "+" : "-", n.key, ": ", n.message));
    return news;
  }

  report::Status status_;
  Troubles troubles_{"host-1", {}};
};

TEST_F(TroublesTest, WhereNothingIsWrongThereIsNothingToTell) { EXPECT_THAT(News(), IsEmpty()); }

TEST_F(TroublesTest, ARolledBackChangeIsToldOnceAndItsEndToo) {
  Web(api::kSynced, Truth::kFalse, reason::kRolledBack, "web:2 failed");
  EXPECT_THAT(News(), ElementsAre("+host-1/container/web/RolledBack: web:2 failed"));
  EXPECT_THAT(News(), IsEmpty());
  Web(api::kSynced, Truth::kTrue, reason::kInSync);
  EXPECT_THAT(News(), ElementsAre("-host-1/container/web/RolledBack: is over"));
  EXPECT_THAT(News(), IsEmpty());
}

TEST_F(TroublesTest, AFixThatIsBeingTriedIsNoEndYet) {
  Web(api::kSynced, Truth::kFalse, reason::kRolledBack, "web:2 failed");
  News();
  for (const char* why :
       {reason::kPulling, reason::kRollingOut, reason::kWaitingForWindow, reason::kConflict}) {
    Web(api::kSynced, Truth::kFalse, why);
    for (const std::string& news : News()) EXPECT_THAT(news, ::testing::HasSubstr("Conflict")) << why;
  }
}

TEST_F(TroublesTest, AnotherBadChangeIsToldUnderTheSameKey) {
  Web(api::kSynced, Truth::kFalse, reason::kRolledBack, "web:2 failed");
  News();
  Web(api::kSynced, Truth::kFalse, reason::kRollingOut);
  News();
  Web(api::kSynced, Truth::kFalse, reason::kRolledBack, "web:3 failed");
  EXPECT_THAT(News(), ElementsAre("+host-1/container/web/RolledBack: web:3 failed"));
}

TEST_F(TroublesTest, ACrashLoopIsToldOnceHoweverOftenItCrashes) {
  Web(api::kReady, Truth::kFalse, reason::kCrashLoopBackOff, "restarted 3 times");
  EXPECT_THAT(News(), ElementsAre("+host-1/container/web/CrashLoopBackOff: restarted 3 times"));
  Web(api::kReady, Truth::kFalse, reason::kCrashLoopBackOff, "restarted 4 times");
  EXPECT_THAT(News(), IsEmpty());
  Web(api::kReady, Truth::kFalse, reason::kStarting);
  EXPECT_THAT(News(), IsEmpty());
  Web(api::kReady, Truth::kTrue, reason::kRunning);
  EXPECT_THAT(News(), ElementsAre("-host-1/container/web/CrashLoopBackOff: is over"));
}

TEST_F(TroublesTest, OfANewContainerThatCrashesTheEndOfItsRolloutIsTold) {
  status_.objects[0].last_rollout.emplace().result = "InProgress";
  Web(api::kReady, Truth::kFalse, reason::kCrashLoopBackOff, "restarted 3 times");
  EXPECT_THAT(News(), IsEmpty());
  status_.objects[0].last_rollout->result = "Failed";  // autoRollback: false
  EXPECT_THAT(News(), ElementsAre("+host-1/container/web/CrashLoopBackOff: restarted 3 times"));
}

TEST_F(TroublesTest, AConflictEndsWithTheConflict) {
  Web(api::kSynced, Truth::kFalse, reason::kConflict, "old holds port 80");
  EXPECT_THAT(News(), ElementsAre("+host-1/container/web/Conflict: old holds port 80"));
  Web(api::kSynced, Truth::kFalse, reason::kOutOfSync);
  EXPECT_THAT(News(), ElementsAre("-host-1/container/web/Conflict: is over"));
}

TEST_F(TroublesTest, ARejectedDocumentIsToldAndTheNextOneThatIsToo) {
  Host(api::kConfigAccepted, Truth::kFalse, reason::kRejected, "host.yaml:3:1: bad");
  EXPECT_THAT(News(), ElementsAre("+host-1/host/ConfigRejected: host.yaml:3:1: bad"));
  Host(api::kConfigAccepted, Truth::kFalse, reason::kRejected, "host.yaml:4:1: worse");
  EXPECT_THAT(News(), ElementsAre("+host-1/host/ConfigRejected: host.yaml:4:1: worse"));
  Host(api::kConfigAccepted, Truth::kFalse, reason::kUnreadable);
  EXPECT_THAT(News(), IsEmpty());
  Host(api::kConfigAccepted, Truth::kTrue, reason::kAccepted);
  EXPECT_THAT(News(), ElementsAre("-host-1/host/ConfigRejected: is over"));
}

TEST_F(TroublesTest, ADockerThatIsAwayEndsNothing) {
  Web(api::kSynced, Truth::kFalse, reason::kRolledBack, "web:2 failed");
  News();
  Web(api::kSynced, Truth::kUnknown, reason::kUnreachable);
  Web(api::kReady, Truth::kUnknown, reason::kUnreachable);
  EXPECT_THAT(News(), IsEmpty());
  Web(api::kSynced, Truth::kFalse, reason::kRolledBack, "web:2 failed");
  EXPECT_THAT(News(), IsEmpty());
}

TEST_F(TroublesTest, AnObjectThatIsGoneHasNoTroubles) {
  Web(api::kReady, Truth::kFalse, reason::kCrashLoopBackOff, "restarted 3 times");
  News();
  status_.objects.clear();
  EXPECT_THAT(News(), ElementsAre("-host-1/container/web/CrashLoopBackOff: the object is gone"));
}

TEST_F(TroublesTest, TheNextAgentKnowsWhatWasTold) {
  troubles_ = Troubles("host-1", {{"host-1/container/web/RolledBack", "web:2 failed"}});
  const report::Status known = status_;
  status_ = report::Status();  // no document yet
  EXPECT_THAT(News(), IsEmpty());
  status_ = known;
  Web(api::kSynced, Truth::kFalse, reason::kRolledBack, "web:2 failed");
  EXPECT_THAT(News(), IsEmpty());
  Web(api::kSynced, Truth::kTrue, reason::kInSync);
  EXPECT_THAT(News(), ElementsAre("-host-1/container/web/RolledBack: is over"));
}

TEST_F(TroublesTest, TheJsonSaysWhoAndWhat) {
  Web(api::kSynced, Truth::kFalse, reason::kRolledBack, "web:2 failed: \"x\"");
  EXPECT_EQ(
      ToJson(troubles_.Update(status_, absl::FromUnixSeconds(1'767'312'000)).at(0)),
      R"({"status":"firing","key":"host-1/container/web/RolledBack","time":"2026-01-02T00:00:00Z",)"
      R"("host":"host-1","name":"gitspaces","object":"container/web","type":"Warning","reason":"RolledBack",)"
      R"("message":"web:2 failed: \"x\"","count":1,"revision":"sha256:1","commit":"c0ffee"})");
}

TEST(NotificationJson, FitsIntoAPipeWhateverTheMessage) {
  Notification n;
  n.message = std::string(100'000, '"');
  const std::string json = ToJson(n);
  EXPECT_LE(json.size(), base::kMaxProgramInput);
  EXPECT_GT(json.size(), 1000u);
  EXPECT_TRUE(nlohmann::json::accept(json));
}

}  // namespace
}  // namespace spacelet::notify
