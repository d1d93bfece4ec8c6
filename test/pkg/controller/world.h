// A controller with all its threads over a fake daemon and a clock that stands still, steered by sentences.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "pkg/api/reasons.h"
#include "pkg/controller/controller.h"
#include "pkg/desired/compile.h"
#include "pkg/secret/secret.h"
#include "pkg/source/store.h"
#include "test/testing/fake_clock.h"
#include "test/testing/fake_docker.h"
#include "test/testing/no_effects.h"

namespace spacelet::controller {

// Answers every probe well, but those of ports that were broken; while it hangs, it answers none. No work is
// under way until SetTasks.
class Probes : public probe::Checker {
 public:
  absl::Status Check(const probe::Target&, const api::Probe& probe, const std::stop_token& stop) override {
    std::stop_callback wake(stop, [this] { Hang(false); });
    base::MutexLock lock(mu_);
    ++asked_;
    while (hangs_ && !stop.stop_requested()) changed_.Wait(mu_);
    const auto* tcp = std::get_if<api::Probe::TcpSocket>(&probe.handler);
    const bool bad = tcp != nullptr && broken_.contains(tcp->port);
    return bad ? absl::UnavailableError("connection refused") : absl::OkStatus();
  }
  absl::StatusOr<double> Sample(const probe::Target&, const probe::DrainMetric&,
                                const std::stop_token&) override {
    base::MutexLock lock(mu_);
    ++sampled_;
    return tasks_;
  }
  void SetTasks(absl::StatusOr<double> tasks) {
    base::MutexLock lock(mu_);
    tasks_ = std::move(tasks);
  }
  int sampled() {
    base::MutexLock lock(mu_);
    return sampled_;
  }
  void Break(uint16_t port) {
    base::MutexLock lock(mu_);
    broken_.insert(port);
  }
  void Mend(uint16_t port) {
    base::MutexLock lock(mu_);
    broken_.erase(port);
  }
  void Hang(bool hangs = true) {
    base::MutexLock lock(mu_);
    hangs_ = hangs;
    changed_.NotifyAll();
  }
  int asked() {
    base::MutexLock lock(mu_);
    return asked_;
  }

 private:
  base::Mutex mu_;
  base::CondVar changed_;
  std::set<uint16_t> broken_;
  bool hangs_ = false;
  int asked_ = 0, sampled_ = 0;
  absl::StatusOr<double> tasks_ = 0.0;
};

inline constexpr char kWebAndApp[] = R"(apiVersion: spacelet.dev/v1alpha1
kind: GitspaceHost
metadata: {name: test}
spec:
  containers:
    - {name: web, image: "web:1"}
    - {name: app, image: "app:1", dependsOn: [web]}
)";

class World : public ::testing::Test {
 protected:
  World() {
    for (const char* image : {"web:1", "web:2", "app:1"}) Publish(image);
    EXPECT_TRUE(state_.Prepare().ok());
    store_.OnAccepted(
        [this](std::shared_ptr<const source::Snapshot> s) { controller_->OnDocument(std::move(s)); });
    store_.OnAttempt([this](const source::Attempt& a) { controller_->OnAttempt(a); });
  }
  ~World() override {
    Stop();
    std::filesystem::remove_all(state_path_);
  }

  static desired::Compiled Compile(const source::Snapshot& s) {
    return desired::Compile(
        {.document = s.document,
         .revision = s.revision,
         .generation = s.generation,
         .read_file = [](const std::string&) { return absl::NotFoundError("no files here"); }});
  }
  std::unique_ptr<Controller> NewController() {
    return std::make_unique<Controller>(Parts{.docker = docker_,
                                              .observer = observer_,
                                              .files = files_,
                                              .secrets = secrets_,
                                              .prober = prober_,
                                              .board = board_,
                                              .events = events_,
                                              .metrics = metrics_,
                                              .heartbeats = heartbeats_,
                                              .clock = clock_,
                                              .logger = logger_,
                                              .compile = Compile,
                                              .state = &state_},
                                        Options{.docker_host = "unix:///fake.sock"});
  }

  void Publish(const std::string& image) {
    docker_.World([&](testing::FakeEngine& engine) { return engine.Publish(image); });
  }
  void Start() {
    for (int i = 0; i < Controller::kWorkers; ++i)
      threads_.emplace_back([this](const std::stop_token& s) { controller_->RunWorker(s).IgnoreError(); });
    threads_.emplace_back([this](const std::stop_token& s) { controller_->RunResync(s).IgnoreError(); });
    threads_.emplace_back([this](const std::stop_token& s) { controller_->RunEvents(s).IgnoreError(); });
    threads_.emplace_back([this](const std::stop_token& s) { controller_->RunTags(s).IgnoreError(); });
    threads_.emplace_back([this](const std::stop_token& s) { prober_.Run(s).IgnoreError(); });
  }
  void Stop() {
    for (std::jthread& thread : threads_) thread.request_stop();
    threads_.clear();
  }
  // The agent ends and another one starts from the kept document: all else that it knew is gone, but for the
  // state directory.
  void Restart() {
    Stop();
    controller_ = NewController();
    controller_->OnDocument(store_.Latest());
    Start();
  }
  void Offer(const std::string& document) { ASSERT_EQ(store_.Offer({document, "host.yaml"}).error, ""); }

  // Other threads work on it meanwhile; the clock stands still.
  template <typename F>
  ::testing::AssertionResult Eventually(F&& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (std::chrono::steady_clock::now() < end) {
      if (condition()) return ::testing::AssertionSuccess();
      std::this_thread::yield();
    }
    std::string missing;
    for (const std::string& m : controller_->GetProgress().missing) missing += "\n  " + m;
    return ::testing::AssertionFailure() << "missing:" << missing;
  }
  // The same, while the clock runs: every look at the condition is a step later.
  template <typename F>
  ::testing::AssertionResult EventuallyWhileTimeRuns(absl::Duration step, F&& condition) {
    return Eventually([&] {
      if (condition()) return true;
      clock_.AdvanceAndAwait(step);
      return false;
    });
  }
  // Whether it comes true within `time` on the clock; for what must not happen.
  template <typename F>
  bool EventuallyWhileTimeRunsFor(absl::Duration time, F&& condition) {
    const absl::Time end = clock_.Now() + time;
    const auto over = [&] { return clock_.Now() > end; };
    EXPECT_TRUE(EventuallyWhileTimeRuns(absl::Seconds(1), [&] { return condition() || over(); }));
    return condition();
  }
  ::testing::AssertionResult Converges() {
    return Eventually([this] { return controller_->GetProgress().converged; });
  }
  // A replacement has to prove itself for some seconds.
  ::testing::AssertionResult ConvergesWhileTimeRuns() {
    return EventuallyWhileTimeRuns(absl::Seconds(1), [this] { return controller_->GetProgress().converged; });
  }
  ::testing::AssertionResult HasReason(const std::string& object, const char* type,
                                       const std::string& reason) {
    return Eventually([&] {
      const auto status = board_.Object(object);
      const report::Condition* c = status ? report::Find(status->conditions, type) : nullptr;
      return c != nullptr && c->reason == reason;
    });
  }
  ::testing::AssertionResult HasMessage(const std::string& object, const char* type,
                                        const std::string& part) {
    return Eventually([&] {
      const auto status = board_.Object(object);
      const report::Condition* c = status ? report::Find(status->conditions, type) : nullptr;
      return c != nullptr && c->message.find(part) != std::string::npos;
    });
  }
  std::optional<docker::Container> Find(const std::string& name) {
    for (docker::Container& c : docker_.Containers())
      if (c.name == name) return c;
    return std::nullopt;
  }
  bool Runs(const std::string& name) {
    const auto container = Find(name);
    return container && container->status == docker::ContainerStatus::kRunning;
  }
  double Value(const std::string& series) {
    const std::string text = metrics_.Render(), line = "\n" + series + " ";
    const size_t at = text.find(line);
    return at == std::string::npos ? -1 : std::stod(text.substr(at + line.size()));
  }

  // What is logged as a warning; set before Start. Called by who logs.
  std::function<void(const std::string& line)> on_warning_;
  const log::Logger logger_ = log::Logger::ToFunction(
      [this](const std::string& line) {
        if (on_warning_) on_warning_(line);
      },
      log::Format::kLogfmt, log::Level::kWarning, [](std::string text) { return text; });
  testing::FakeClock clock_;
  testing::FakeDocker docker_{{.data_root = "", .now = [this] { return clock_.Now(); }}};
  secret::Redactor redactor_;
  secret::Store secrets_{clock_, redactor_};
  observe::Observer observer_{docker_, secrets_, clock_};
  testing::NoFiles files_;
  Probes checker_;
  probe::Prober prober_{checker_, clock_};
  report::StatusBoard board_{clock_, nullptr, "test"};
  report::EventLog events_{clock_, nullptr};
  report::Metrics metrics_{clock_, "test", "test"};
  report::Heartbeats heartbeats_{clock_};
  source::Store store_{clock_};
  const std::string state_path_ = ::testing::TempDir() + "controller_state_" + std::to_string(getpid());
  const state::Directory state_{state_path_};
  std::unique_ptr<Controller> controller_ = NewController();
  std::vector<std::jthread> threads_;
};

}  // namespace spacelet::controller
