#include "pkg/source/git_source.h"

#include <atomic>
#include <filesystem>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "test/pkg/git/sandbox.h"

namespace spacelet::source {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using Result = Attempt::Result;

std::string DocumentOf(absl::string_view image) {
  return absl::StrCat(
      "apiVersion: spacelet.dev/v1alpha1\nkind: GitspaceHost\nmetadata: {name: a}\nspec:\n  runner: {image: ",
      image, "}\n");
}

std::string FleetOf(absl::string_view overlays) {
  return absl::StrCat("overlays: [", overlays, "]\n", DocumentOf("a:1"));
}

TEST(DelayAfter, RetriesSoonAndThenSeldom) {
  EXPECT_EQ(DelayAfter(absl::Seconds(60), 0), absl::Seconds(60));
  EXPECT_EQ(DelayAfter(absl::Seconds(60), 1), absl::Seconds(5));
  EXPECT_EQ(DelayAfter(absl::Seconds(60), 2), absl::Seconds(10));
  EXPECT_EQ(DelayAfter(absl::Seconds(60), 5), absl::Seconds(80));
  EXPECT_EQ(DelayAfter(absl::Seconds(60), 7), absl::Minutes(5));
  EXPECT_EQ(DelayAfter(absl::Seconds(60), 1000), absl::Minutes(5));
  EXPECT_EQ(DelayAfter(absl::Hours(1), 1000), absl::Hours(1));
  EXPECT_EQ(DelayAfter(absl::Seconds(1), 1), absl::Seconds(1));
}

// A source that runs on a repository of its own, and is asked by Reload only.
class GitSourceTest : public ::testing::Test {
 protected:
  ~GitSourceTest() override { Stop(); }

  // Each returns how the question ended.
  std::string Start(Rewritten rewritten = Rewritten::kHold, const std::string& in_force = "") {
    GitOptions options;
    options.repository = sandbox_.OptionsFor("?ref=main", path_);
    options.interval = absl::Hours(1);
    options.rewritten = rewritten;
    options.in_force = in_force;
    GitListener listener;
    listener.before = [this](const std::stop_token&) { return before_; };
    listener.asked = [this](absl::string_view result) { Note(result); };
    listener.expect = [](absl::Duration) {};
    source_.emplace(options, listener, store_, base::RealClock(), log::Logger());
    thread_ = std::jthread([this](const std::stop_token& stop) { source_->Run(stop).IgnoreError(); });
    return Wait();
  }
  std::string Reload() {
    source_->Reload();
    return Wait();
  }
  Attempt::Result Next() {  // result of the next attempt that is told
    base::MutexLock lock(mu_);
    while (attempts_.size() <= seen_attempts_)
      base::RealClock().WaitUntil(mu_, changed_, base::RealClock().Monotonic() + absl::Seconds(60));
    return attempts_[seen_attempts_++];
  }
  void FollowAttempts() {
    store_.OnAttempt([this](const Attempt& attempt) {
      base::MutexLock lock(mu_);
      attempts_.push_back(attempt.result);
      changed_.NotifyAll();
    });
  }
  void Stop() {
    if (!thread_.joinable()) return;
    thread_.request_stop();
    thread_.join();
  }

 private:
  std::string Wait() {
    base::MutexLock lock(mu_);
    while (results_.size() <= seen_)
      base::RealClock().WaitUntil(mu_, changed_, base::RealClock().Monotonic() + absl::Seconds(60));
    return results_[seen_++];
  }

  void Note(absl::string_view result) {
    base::MutexLock lock(mu_);
    results_.emplace_back(result);
    changed_.NotifyAll();
  }

 protected:
  git::Sandbox sandbox_;
  std::string path_ = "host.yaml";
  std::atomic<bool> knows_zone_ = false;
  Store store_{base::RealClock(), [this](const std::string&) -> absl::StatusOr<std::string> {
                 if (knows_zone_) return "west";
                 return absl::UnavailableError("nobody answers");
               }};
  absl::Status before_;
  std::optional<GitSource> source_;

 private:
  base::Mutex mu_;
  base::CondVar changed_;
  std::vector<std::string> results_ ABSL_GUARDED_BY(mu_);
  size_t seen_ = 0;
  std::vector<Attempt::Result> attempts_ ABSL_GUARDED_BY(mu_);
  size_t seen_attempts_ = 0;
  std::jthread thread_;
};

TEST_F(GitSourceTest, OffersTheCommitAndNamesItInDiagnostics) {
  const std::string good = sandbox_.CommitFile("host.yaml", DocumentOf("a:1"));
  EXPECT_EQ(Start(), "changed");
  EXPECT_EQ(store_.Latest()->commit, good);
  EXPECT_TRUE(store_.Latest()->prune_at_once);
  const std::string bad = sandbox_.CommitFile("host.yaml", DocumentOf("a:1") + "  nonsense: 1\n");
  EXPECT_EQ(Reload(), "changed");
  EXPECT_EQ(store_.LastAttempt().result, Result::kRejected);
  EXPECT_THAT(store_.LastAttempt().error, HasSubstr("hosts@" + bad.substr(0, 8) + ":host.yaml:6:3: "));
  EXPECT_EQ(store_.Latest()->commit, good);
}

TEST_F(GitSourceTest, ACommitThatDoesNotDescendIsHeldUntilAPersonSaysSo) {
  const std::string first = sandbox_.CommitFile("host.yaml", DocumentOf("a:1"));
  Start();
  Stop();
  sandbox_.Write("host.yaml", DocumentOf("a:2"));
  const std::string second = sandbox_.Commit({"--amend"});
  EXPECT_EQ(Start(), "GitRewritten");
  EXPECT_EQ(store_.Latest()->commit, first);
  EXPECT_EQ(store_.LastAttempt().reason, "GitRewritten");
  EXPECT_FALSE(store_.LastAttempt().stands);
  EXPECT_THAT(store_.LastAttempt().error,
              AllOf(HasSubstr(first.substr(0, 8)), HasSubstr(second.substr(0, 8)), HasSubstr("SIGHUP")));
  EXPECT_EQ(Reload(), "changed");
  EXPECT_EQ(store_.Latest()->commit, second);
  Stop();
  EXPECT_EQ(Start(), "changed") << "it is the one in force now";
}

TEST_F(GitSourceTest, ItIsFollowedWhereThatIsWanted) {
  sandbox_.CommitFile("host.yaml", DocumentOf("a:1"));
  Start();
  Stop();
  sandbox_.Write("host.yaml", DocumentOf("a:2"));
  const std::string second = sandbox_.Commit({"--amend"});
  EXPECT_EQ(Start(Rewritten::kFollow), "changed");
  EXPECT_EQ(store_.Latest()->commit, second);
}

TEST_F(GitSourceTest, TheKeptCommitIsWhatANewOneHasToDescendFrom) {
  const std::string first = sandbox_.CommitFile("host.yaml", DocumentOf("a:1"));
  sandbox_.CommitFile("other.yaml", "1");
  EXPECT_EQ(Start(Rewritten::kHold, first), "changed");
  Stop();
  std::filesystem::remove_all(sandbox_.OptionsFor().directory);  // the copy is a cache
  EXPECT_EQ(Start(Rewritten::kHold, std::string(40, 'a')), "GitRewritten");
}

TEST_F(GitSourceTest, ACommitThatChangesOtherFilesIsTakenToo) {
  sandbox_.CommitFile("host.yaml", DocumentOf("a:1"));
  Start();
  const std::string second = sandbox_.CommitFile("other.yaml", "1");
  EXPECT_EQ(Reload(), "changed");
  EXPECT_EQ(store_.LastAttempt().result, Result::kUnchanged);
  EXPECT_EQ(store_.LastAttempt().commit, second);
  Stop();
  sandbox_.Write("other.yaml", "2");
  sandbox_.Commit({"--amend"});
  EXPECT_EQ(Start(), "GitRewritten") << "the newest that was taken counts";
}

TEST_F(GitSourceTest, ABranchThatIsGoneChangesNothing) {
  sandbox_.CommitFile("host.yaml", DocumentOf("a:1"));
  Start();
  sandbox_.InWork({"branch", "-m", "main", "other"});
  EXPECT_EQ(Reload(), "GitNotFound");
  EXPECT_NE(store_.Latest(), nullptr);
  EXPECT_FALSE(store_.LastAttempt().stands);
  EXPECT_THAT(store_.LastAttempt().error, HasSubstr("main is no branch or tag"));
  sandbox_.InWork({"branch", "-m", "other", "main"});
  EXPECT_EQ(Reload(), "changed");
  EXPECT_TRUE(store_.LastAttempt().stands);
}

TEST_F(GitSourceTest, WithoutItsSecretsGitIsNotAsked) {
  sandbox_.CommitFile("host.yaml", DocumentOf("a:1"));
  Start();
  before_ = absl::UnauthenticatedError("/etc/token: No such file or directory");
  EXPECT_EQ(Reload(), "GitAuthenticationFailed");
  EXPECT_EQ(store_.LastAttempt().error, "/etc/token: No such file or directory");
  EXPECT_TRUE(store_.LastAttempt().stands);
}

TEST_F(GitSourceTest, OverlaysAndThePoolAreOfTheSameCommit) {
  path_ = "fleet/base.yaml";
  sandbox_.Write("fleet/base.yaml", FleetOf("hosts/a.yaml"));
  sandbox_.Write("fleet/hosts/a.yaml", "spec: {runner: {pool: {file: ./pool.yaml}}}\n");
  sandbox_.Write("fleet/pool.yaml", "version: '1'\ninstances: []\n");
  sandbox_.Commit();
  EXPECT_EQ(Start(), "changed");
  ASSERT_NE(store_.Latest(), nullptr) << store_.LastAttempt().error;
  EXPECT_EQ(store_.Latest()->files.at("pool.yaml"), "version: '1'\ninstances: []\n");
  EXPECT_EQ(store_.Latest()->directory, "");
  const std::string first = store_.Latest()->revision;
  const std::string second = sandbox_.CommitFile("fleet/pool.yaml", "version: '1'\ninstances: [] # new\n");
  EXPECT_EQ(Reload(), "changed");
  EXPECT_EQ(store_.LastAttempt().result, Result::kAccepted);
  EXPECT_EQ(store_.Latest()->commit, second);
  EXPECT_NE(store_.Latest()->revision, first);
}

TEST_F(GitSourceTest, WhatIsWrongWithAnOverlayNamesRepositoryAndCommit) {
  sandbox_.Write("host.yaml", FleetOf("hosts/a.yaml, {path: zones/none.yaml, optional: true}"));
  std::string commit = sandbox_.CommitFile("hosts/a.yaml", "spec:\n  nonsense: 1\n");
  Start();
  EXPECT_EQ(store_.LastAttempt().result, Result::kRejected);
  EXPECT_THAT(store_.LastAttempt().error, HasSubstr("hosts@" + commit.substr(0, 8) + ":hosts/a.yaml:2:3: "));
  std::filesystem::remove(sandbox_.work() + "/hosts/a.yaml");
  commit = sandbox_.Commit();
  Reload();
  EXPECT_THAT(store_.LastAttempt().error,
              HasSubstr("hosts@" + commit.substr(0, 8) + ":hosts/a.yaml is not there"));
  std::filesystem::create_symlink("/etc/passwd", sandbox_.work() + "/hosts/a.yaml");
  sandbox_.Commit();
  Reload();
  EXPECT_THAT(store_.LastAttempt().error, HasSubstr("hosts/a.yaml: a symlink"));
  std::filesystem::remove(sandbox_.work() + "/hosts/a.yaml");
  sandbox_.CommitFile("hosts/a.yaml", "spec: {}\n");
  Reload();
  EXPECT_EQ(store_.LastAttempt().result, Result::kAccepted);
}

TEST_F(GitSourceTest, NoOverlayLeadsOutOfTheDocumentsDirectory) {
  path_ = "fleet/base.yaml";
  sandbox_.Write("secret.yaml", "spec: {}\n");
  for (const char* path : {"../secret.yaml", "/etc/passwd", "x/../../secret.yaml"}) {
    sandbox_.CommitFile("fleet/base.yaml", FleetOf(path));
    Start();
    EXPECT_EQ(store_.LastAttempt().result, Result::kRejected) << path;
    EXPECT_EQ(store_.Latest(), nullptr);
    Stop();
  }
}

TEST_F(GitSourceTest, WhatWaitsForAFactIsOfferedAgainWithoutAskingGit) {
  FollowAttempts();
  sandbox_.Write("zones/west.yaml", "spec: {runner: {hostname: w}}\n");
  sandbox_.CommitFile("host.yaml", FleetOf("'zones/${host.zone}.yaml'"));
  EXPECT_EQ(Start(), "changed");
  EXPECT_EQ(Next(), Result::kWaiting);
  EXPECT_EQ(store_.LastAttempt().reason, "HostFactUnavailable");
  EXPECT_FALSE(store_.LastAttempt().stands);
  std::filesystem::remove_all(sandbox_.work());  // nobody could ask it
  knows_zone_ = true;
  Result result = Next();
  while (result == Result::kWaiting) result = Next();
  EXPECT_EQ(result, Result::kAccepted);
  EXPECT_EQ(store_.Latest()->facts.at("zone"), "west");
}

TEST_F(GitSourceTest, AFileThatIsNoneIsNoDocument) {
  std::filesystem::create_symlink("/etc/passwd", sandbox_.work() + "/host.yaml");
  const std::string commit = sandbox_.Commit();
  EXPECT_EQ(Start(), "Unreadable");
  EXPECT_EQ(store_.Latest(), nullptr);
  EXPECT_THAT(store_.LastAttempt().error,
              AllOf(HasSubstr("host.yaml: a symlink"), HasSubstr(commit.substr(0, 8))));
}

}  // namespace
}  // namespace spacelet::source
