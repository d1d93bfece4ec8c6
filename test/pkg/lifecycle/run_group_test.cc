#include "pkg/lifecycle/run_group.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>

#include <future>
#include <stdexcept>
#include <thread>

#include "pkg/base/mutex.h"

namespace spacelet::lifecycle {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// What happened, in order.
class Journal {
 public:
  void Add(const std::string& what) {
    const base::MutexLock lock(mu_);
    entries_.push_back(what);
    changed_.NotifyAll();
  }
  void WaitFor(size_t n) {
    const base::MutexLock lock(mu_);
    while (entries_.size() < n) changed_.Wait(mu_);
  }
  std::vector<std::string> entries() {
    const base::MutexLock lock(mu_);
    return entries_;
  }

 private:
  base::Mutex mu_;
  base::CondVar changed_;
  std::vector<std::string> entries_ ABSL_GUARDED_BY(mu_);
};

void BlockUntil(const std::stop_token& stop) {
  std::promise<void> stopped;
  const std::stop_callback callback(stop, [&] { stopped.set_value(); });
  stopped.get_future().wait();
}

class RunGroupTest : public ::testing::Test {
 protected:
  void StartWorker(const std::string& name) {
    group_.Start(name, [this, name](std::stop_token stop) {
      BlockUntil(stop);
      journal_.Add(name);
      return absl::OkStatus();
    });
  }
  void StartFailing(const std::string& name, const absl::Status& status) {
    group_.Start(name, [this, status](std::stop_token) {
      journal_.Add("failed");
      return status;
    });
  }

  std::vector<std::string> log_;
  Journal journal_;
  RunGroup group_{log::Logger::ToFunction([this](std::string line) { log_.push_back(std::move(line)); },
                                          log::Format::kLogfmt, log::Level::kInfo,
                                          [](std::string s) { return s; })};
};

TEST_F(RunGroupTest, StopsInReverseOrderOfStart) {
  for (const char* name : {"source", "workers", "http"}) StartWorker(name);
  EXPECT_TRUE(group_.Stop(absl::InfiniteDuration()));
  EXPECT_THAT(journal_.entries(), ElementsAre("http", "workers", "source"));
  EXPECT_EQ(group_.FirstError(), absl::OkStatus());
  EXPECT_THAT(log_, IsEmpty());
}

TEST_F(RunGroupTest, TheFirstErrorIsKeptWithTheNameOfItsThread) {
  StartWorker("source");
  StartFailing("http", absl::UnavailableError("port taken"));
  journal_.WaitFor(1);
  while (group_.FirstError().ok()) std::this_thread::yield();
  StartFailing("other", absl::InternalError("later"));
  EXPECT_TRUE(group_.Stop(absl::InfiniteDuration()));
  EXPECT_EQ(group_.FirstError(), absl::UnavailableError("http: port taken"));
}

TEST_F(RunGroupTest, AnExceptionIsAnErrorOfItsThread) {
  group_.Start("parser", [](std::stop_token) -> absl::Status { throw std::runtime_error("broken"); });
  EXPECT_TRUE(group_.Stop(absl::InfiniteDuration()));
  EXPECT_EQ(group_.FirstError(), absl::InternalError("parser: exception: broken"));
}

// As std::promise::set_value_at_thread_exit, which the thread sanitizer cannot follow: it is done in
// libstdc++'s library.
struct AtThreadExit {
  std::shared_ptr<std::promise<void>> ended;
  ~AtThreadExit() { ended->set_value(); }
};

TEST_F(RunGroupTest, AThreadThatDoesNotComeBackIsNamedAndLeftAndTheOthersStop) {
  auto release = std::make_shared<std::promise<void>>();
  auto ended = std::make_shared<std::promise<void>>();
  StartWorker("early");
  group_.Start("stuck", [release, ended](std::stop_token) {
    thread_local const AtThreadExit at_exit{ended};
    release->get_future().wait();
    return absl::OkStatus();
  });
  StartWorker("late");
  EXPECT_FALSE(group_.Stop(absl::Milliseconds(50)));
  EXPECT_THAT(log_, Contains(HasSubstr("level=error msg=\"thread does not stop\" thread=stuck")));
  release->set_value();
  ended->get_future().wait();
  journal_.WaitFor(2);  // "early" was told, too
}

TEST_F(RunGroupTest, ASecondStopDoesNothing) {
  StartWorker("one");
  EXPECT_TRUE(group_.Stop(absl::InfiniteDuration()));
  EXPECT_TRUE(group_.Stop(absl::ZeroDuration()));
  EXPECT_THAT(journal_.entries(), ElementsAre("one"));
}

TEST_F(RunGroupTest, TheDestructorStops) {
  bool stopped = false;
  {
    RunGroup group{log::Logger()};
    group.Start("worker", [&](std::stop_token stop) {
      BlockUntil(stop);
      stopped = true;
      return absl::OkStatus();
    });
  }
  EXPECT_TRUE(stopped);
}

TEST_F(RunGroupTest, ThreadsHaveTheirNamesInTheKernel) {
  std::string name(32, '\0');
  group_.Start("event watcher, long", [&](std::stop_token) {
    ::pthread_getname_np(::pthread_self(), name.data(), name.size());
    return absl::OkStatus();
  });
  group_.Stop(absl::InfiniteDuration());
  EXPECT_STREQ(name.c_str(), "event watcher, ");
}

}  // namespace
}  // namespace spacelet::lifecycle
