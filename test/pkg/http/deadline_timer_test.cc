#include "pkg/http/deadline_timer.h"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"

namespace spacelet::http {
namespace {

std::set<std::string> Threads() {
  std::set<std::string> threads;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task"))
    threads.insert(entry.path().filename());
  return threads;
}

// One thread of this process, as the kernel sees it.
class Observed {
 public:
  // The one that has come since.
  explicit Observed(const std::set<std::string>& before) {
    for (const std::string& thread : Threads())
      if (!before.contains(thread)) path_ = "/proc/self/task/" + thread + "/status";
  }

  bool IsAsleep() const { return absl::StartsWith(Value("State:"), "S"); }
  // How often it has gone to sleep.
  int Sleeps() const {
    int sleeps = 0;
    EXPECT_TRUE(absl::SimpleAtoi(Value("voluntary_ctxt_switches:"), &sleeps));
    return sleeps;
  }

 private:
  std::string Value(const std::string& name) const {
    std::stringstream status;
    status << std::ifstream(path_).rdbuf();
    for (absl::string_view line : absl::StrSplit(status.str(), '\n'))
      if (absl::ConsumePrefix(&line, name)) return std::string(absl::StripAsciiWhitespace(line));
    return "";
  }

  std::string path_;
};

template <typename F>
::testing::AssertionResult Eventually(F&& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (std::chrono::steady_clock::now() < end) {
    if (condition()) return ::testing::AssertionSuccess();
    std::this_thread::yield();
  }
  return ::testing::AssertionFailure() << "not within a minute";
}

// Its deadline is so far; nothing else ends it.
CallGuard CallOf(absl::Duration deadline) { return {deadline, absl::Hours(2), absl::Hours(2)}; }

class TimerTest : public ::testing::Test {
 protected:
  TimerTest() {
    EXPECT_TRUE(timer_.Add(long_).ok());
    thread_.emplace(before_);
    EXPECT_TRUE(FallsAsleep());
  }
  ~TimerTest() override { timer_.Remove(long_); }

  ::testing::AssertionResult FallsAsleep() {
    return Eventually([this] { return thread_->IsAsleep(); });
  }

  CallGuard long_ = CallOf(absl::Hours(1));
  const std::set<std::string> before_ = Threads();
  DeadlineTimer timer_;
  std::optional<Observed> thread_;
};

TEST_F(TimerTest, CallsThatAreOverInTimeLeaveItsThreadAsleep) {
  timer_.Remove(long_);  // nobody but the call of the moment is waited for
  const int sleeps = thread_->Sleeps();
  for (int i = 0; i < 100; ++i) {
    CallGuard call = CallOf(absl::Hours(1));
    ASSERT_TRUE(timer_.Add(call).ok());
    timer_.Remove(call);
    ASSERT_TRUE(FallsAsleep());
  }
  EXPECT_LT(thread_->Sleeps() - sleeps, 50);  // one or two, of its beginning
}

TEST_F(TimerTest, ANearerDeadlineIsNotSleptThrough) {
  for (int i = 0; i < 3; ++i) {
    CallGuard call = CallOf(absl::Milliseconds(5));
    ASSERT_TRUE(timer_.Add(call).ok());
    EXPECT_TRUE(Eventually([&] { return call.cause() == CallGuard::Cause::kDeadline; }));
    timer_.Remove(call);
    EXPECT_TRUE(FallsAsleep());
  }
}

TEST_F(TimerTest, OneThatWasCutIsLookedAtAgain) {
  CallGuard call = CallOf(absl::Hours(1));
  ASSERT_TRUE(timer_.Add(call).ok());
  const int sleeps = thread_->Sleeps();
  call.Cut(CallGuard::Cause::kStopped);
  timer_.Refresh(call);
  // Every 10 ms until it is removed.
  EXPECT_TRUE(Eventually([&] { return thread_->Sleeps() >= sleeps + 3; }));
  EXPECT_EQ(call.cause(), CallGuard::Cause::kStopped);
  timer_.Remove(call);
}

}  // namespace
}  // namespace spacelet::http
