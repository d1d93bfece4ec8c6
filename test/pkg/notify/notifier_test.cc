#include "pkg/notify/notifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "absl/strings/str_cat.h"
#include "pkg/api/reasons.h"
#include "test/testing/fake_clock.h"

namespace spacelet::notify {
namespace {

using report::Truth;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
namespace reason = api::reason;

// Keeps what it was told: "firing web". Answers as it is told to.
class FakeReceiver : public Receiver {
 public:
  struct Shared {
    base::Mutex mu;
    base::CondVar changed;
    std::vector<std::string> told ABSL_GUARDED_BY(mu);
    absl::Status answer ABSL_GUARDED_BY(mu);
    int attempts ABSL_GUARDED_BY(mu) = 0;
    bool hangs ABSL_GUARDED_BY(mu) = false;
  };
  explicit FakeReceiver(Shared& shared) : shared_(shared) {}

  absl::Status Deliver(const std::string& json, const std::stop_token& stop) override {
    std::stop_callback wake(stop, [this] {
      base::MutexLock lock(shared_.mu);
      shared_.changed.NotifyAll();
    });
    base::MutexLock lock(shared_.mu);
    ++shared_.attempts;
    while (shared_.hangs && !stop.stop_requested()) shared_.changed.Wait(shared_.mu);
    if (shared_.hangs) return absl::CancelledError("stopped");
    if (!shared_.answer.ok()) return shared_.answer;
    const auto n = nlohmann::json::parse(json);
    const std::string object = n["object"];
    shared_.told.push_back(absl::StrCat(std::string(n["status"]), " ", object.substr(object.find('/') + 1)));
    return absl::OkStatus();
  }

 private:
  Shared& shared_;
};

class NotifierTest : public ::testing::Test {
 protected:
  ~NotifierTest() override { Stop(); }

  void Start(Told told = {}) {
    notifier_.emplace(std::make_unique<FakeReceiver>(receiver_), board_, metrics_, clock_, log::Logger(),
                      Options{.host = "h", .told = std::move(told), .keep = [this](const Told& now) {
                                base::MutexLock lock(receiver_.mu);
                                kept_ = now;
                              }});
    board_.UpdateConfig([](report::ConfigStatus& config) { config.generation = 1; });
    thread_ = std::jthread([this](const std::stop_token& stop) { EXPECT_TRUE(notifier_->Run(stop).ok()); });
  }
  void Stop() {
    if (!thread_.joinable()) return;
    thread_.request_stop();
    thread_.join();
  }
  void Set(const std::string& name, bool good) {
    report::ObjectStatus object;
    object.object = "container/" + name;
    object.conditions = {
        {api::kSynced, report::TruthOf(good), good ? reason::kInSync : reason::kRolledBack, "", {}}};
    board_.SetObject(object);
  }
  void Answer(absl::Status status) {
    base::MutexLock lock(receiver_.mu);
    receiver_.answer = std::move(status);
  }
  void Hang(bool hangs) {
    base::MutexLock lock(receiver_.mu);
    receiver_.hangs = hangs;
    receiver_.changed.NotifyAll();
  }
  std::vector<std::string> told() {
    base::MutexLock lock(receiver_.mu);
    return receiver_.told;
  }
  int attempts() {
    base::MutexLock lock(receiver_.mu);
    return receiver_.attempts;
  }
  Told kept() {
    base::MutexLock lock(receiver_.mu);
    return kept_;
  }
  double Value(const std::string& series) {
    const std::string text = metrics_.Render(), line = "\n" + series + " ";
    const size_t at = text.find(line);
    return at == std::string::npos ? -1 : std::stod(text.substr(at + line.size()));
  }
  double Total(const std::string& result) {
    return Value("spacelet_notifications_total{result=\"" + result + "\"}");
  }
  double Queued() { return Value("spacelet_notifications_queued"); }

  template <typename F>
  bool Eventually(F&& condition, absl::Duration step = absl::ZeroDuration()) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      if (step > absl::ZeroDuration()) clock_.AdvanceAndAwait(step);
      std::this_thread::yield();
    }
    return true;
  }

  testing::FakeClock clock_;
  report::StatusBoard board_{clock_, nullptr, "test"};
  report::Metrics metrics_{clock_, "test", "test"};
  FakeReceiver::Shared receiver_;
  Told kept_;  // under the receiver's mutex
  std::optional<Notifier> notifier_;
  std::jthread thread_;
};

TEST_F(NotifierTest, TellsTheBeginningAndTheEnd) {
  Start();
  Set("web", false);
  ASSERT_TRUE(Eventually([&] { return told().size() == 1; }));
  Set("web", true);
  ASSERT_TRUE(Eventually([&] { return told().size() == 2; }));
  EXPECT_THAT(told(), ElementsAre("firing web", "resolved web"));
  EXPECT_TRUE(Eventually([&] { return Total("delivered") == 2; }));
  EXPECT_EQ(Queued(), 0);
}

TEST_F(NotifierTest, AFailedOneIsTriedAgainAndHoldsBackTheNext) {
  Answer(absl::UnavailableError("refused"));
  Start();
  Set("web", false);
  ASSERT_TRUE(Eventually([&] { return attempts() == 3; }, absl::Milliseconds(500)));
  Set("web", true);
  ASSERT_TRUE(Eventually([&] { return Queued() == 2; }));
  Set("app", false);
  ASSERT_TRUE(Eventually([&] { return Queued() == 3; }));
  Answer(absl::OkStatus());
  ASSERT_TRUE(Eventually([&] { return told().size() == 3; }, absl::Seconds(1)));
  EXPECT_THAT(told(), ElementsAre("firing web", "resolved web", "firing app"));
}

TEST_F(NotifierTest, TheWaitGrowsUpToFiveMinutes) {
  Answer(absl::UnavailableError("refused"));
  Start();
  Set("web", false);
  const absl::Time begin = clock_.Now();
  ASSERT_TRUE(Eventually([&] { return Total("given_up") == 1; }, absl::Seconds(10)));
  EXPECT_GE(clock_.Now() - begin, kGiveUpAfter);
  // 1 + 2 + 4 + … + 256 s are 9 tries in 9 minutes, then one each 4 to 6 minutes.
  EXPECT_GE(attempts(), 15);
  EXPECT_LE(attempts(), 25);
  EXPECT_THAT(told(), IsEmpty());
}

TEST_F(NotifierTest, WhatIsRefusedIsGivenUpAtOnce) {
  Answer(absl::FailedPreconditionError("answered 401"));
  Start();
  Set("web", false);
  ASSERT_TRUE(Eventually([&] { return Total("given_up") == 1; }));
  EXPECT_EQ(attempts(), 1);
  Answer(absl::OkStatus());
  Set("web", true);
  ASSERT_TRUE(Eventually([&] { return told().size() == 1; }));
  EXPECT_THAT(told(), ElementsAre("resolved web"));
}

TEST_F(NotifierTest, TheOldestGiveWayWhenTooManyWait) {
  Answer(absl::UnavailableError("refused"));
  Start();
  for (size_t i = 0; i < kMostQueued + 5; ++i) Set(absl::StrCat("c", i), false);
  ASSERT_TRUE(Eventually([&] { return Total("dropped") == 5; }));
  EXPECT_EQ(Queued(), kMostQueued);
  Answer(absl::OkStatus());
  ASSERT_TRUE(Eventually([&] { return told().size() == kMostQueued; }, absl::Minutes(1)));
}

TEST_F(NotifierTest, AHungReceiverHoldsUpNeitherTheBoardNorTheEnd) {
  Hang(true);
  Start();
  Set("web", false);
  ASSERT_TRUE(Eventually([&] { return attempts() == 1; }));
  Set("app", false);
  Stop();
  EXPECT_THAT(told(), IsEmpty());
  EXPECT_THAT(kept(), IsEmpty()) << "the next agent tells it";
}

TEST_F(NotifierTest, WhatWasDeliveredIsKeptForTheNextAgent) {
  Start();
  Set("web", false);
  ASSERT_TRUE(Eventually([&] { return Total("delivered") == 1; }));
  EXPECT_THAT(kept(),
              ElementsAre(std::pair<const std::string, std::string>("h/container/web/RolledBack", "")));
  Set("web", true);
  ASSERT_TRUE(Eventually([&] { return Total("delivered") == 2; }));
  EXPECT_THAT(kept(), IsEmpty());
}

TEST_F(NotifierTest, WhatAnAgentBeforeHasToldIsNotToldAgain) {
  Set("web", false);
  Start({{"h/container/web/RolledBack", ""}, {"another-machine/container/web/RolledBack", ""}});
  Set("app", false);
  ASSERT_TRUE(Eventually([&] { return told().size() == 1; }));
  Set("web", true);
  ASSERT_TRUE(Eventually([&] { return told().size() == 2; }));
  EXPECT_THAT(told(), ElementsAre("firing app", "resolved web"));
}

}  // namespace
}  // namespace spacelet::notify
