#include "pkg/lifecycle/run_group.h"

#include <pthread.h>

#include <exception>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "pkg/base/clock.h"
#include "pkg/base/mutex.h"
#include "pkg/base/thread.h"

namespace spacelet::lifecycle {
namespace {

constexpr size_t kMaxKernelName = 15;  // pthread_setname_np(3)

absl::Status Guarded(const std::function<absl::Status(std::stop_token)>& run, std::stop_token stop) {
  try {
    return run(std::move(stop));
  } catch (const std::exception& e) {
    return absl::InternalError(absl::StrCat("exception: ", e.what()));
  }
}

// Set once, waited for.
class Flag {
 public:
  void Set() {
    const base::MutexLock lock(mu_);
    set_ = true;
    changed_.NotifyAll();
  }
  bool WaitUntil(base::Instant deadline) {
    const base::MutexLock lock(mu_);
    base::Clock& clock = base::RealClock();
    while (!set_ && clock.Monotonic() < deadline) clock.WaitUntil(mu_, changed_, deadline);
    return set_;
  }

 private:
  base::Mutex mu_;
  base::CondVar changed_;
  bool set_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace

class RunGroup::Errors {
 public:
  void Add(const std::string& thread, const absl::Status& status) {
    const base::MutexLock lock(mu_);
    if (first_.ok()) first_ = absl::Status(status.code(), absl::StrCat(thread, ": ", status.message()));
  }
  absl::Status First() const {
    const base::MutexLock lock(mu_);
    return first_;
  }

 private:
  mutable base::Mutex mu_;
  absl::Status first_ ABSL_GUARDED_BY(mu_);
};

struct RunGroup::Thread {
  std::string name;
  std::stop_source stop;
  std::shared_ptr<Flag> ended;  // shared with the thread, which may outlive the group
  std::jthread thread;
};

RunGroup::RunGroup(log::Logger logger) : logger_(std::move(logger)), errors_(std::make_shared<Errors>()) {}

RunGroup::~RunGroup() { Stop(kDefaultGrace); }

void RunGroup::Start(std::string name, std::function<absl::Status(std::stop_token)> run) {
  auto thread = std::make_unique<Thread>();
  thread->name = std::move(name);
  thread->ended = std::make_shared<Flag>();
  auto started = base::StartThread([name = thread->name, stop = thread->stop.get_token(),
                                    ended = thread->ended, errors = errors_, run = std::move(run)] {
    ::pthread_setname_np(::pthread_self(), name.substr(0, kMaxKernelName).c_str());
    if (const absl::Status status = Guarded(run, stop); !status.ok()) errors->Add(name, status);
    ended->Set();
  });
  if (!started.ok()) return errors_->Add(thread->name, started.status());
  thread->thread = *std::move(started);
  threads_.push_back(std::move(thread));
}

absl::Status RunGroup::FirstError() const { return errors_->First(); }

bool RunGroup::Stop(absl::Duration grace) {
  const base::Instant deadline = base::RealClock().Monotonic() + grace;
  bool all = true;
  for (; !threads_.empty(); threads_.pop_back()) all = StopOne(*threads_.back(), deadline) && all;
  return all;
}

bool RunGroup::StopOne(Thread& thread, base::Instant deadline) const {
  thread.stop.request_stop();
  if (thread.ended->WaitUntil(deadline)) {
    thread.thread.join();
    return true;
  }
  logger_.Error("thread does not stop", {{"thread", thread.name}});
  thread.thread.detach();
  return false;
}

}  // namespace spacelet::lifecycle
