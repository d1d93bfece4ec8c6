#include "pkg/source/file_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace spacelet::source {
namespace {

namespace fs = std::filesystem;
using ::testing::Each;
using ::testing::HasSubstr;

std::string DocumentOf(absl::string_view tag) {
  return absl::StrCat(
      "apiVersion: spacelet.dev/v1alpha1\nkind: GitspaceHost\nmetadata: {name: a}\nspec:\n  runner:\n    "
      "image: a:",
      tag, "\n");
}

// A directory, a file in it, and a source that watches it. Waits are on conditions, with a deadline that is
// never met.
class FileSourceTest : public testing::TestWithParam<bool> {
 protected:
  FileSourceTest() {
    std::string name = testing::TempDir() + "/sourceXXXXXX";
    root_ = fs::canonical(mkdtemp(name.data()));
    path_ = root_ + "/host.yaml";
    store_.OnAttempt([this](const Attempt& attempt) {
      base::MutexLock lock(mu_);
      attempts_.push_back(attempt.result);
      errors_ = attempt.error;
      changed_.NotifyAll();
    });
  }

  ~FileSourceTest() override {
    if (thread_.joinable()) {
      thread_.request_stop();
      thread_.join();
    }
    fs::remove_all(root_);
  }

  void Start(bool use_inotify = true) {
    // Without inotify only the poll remains; with it the poll must not be what finds the change.
    const absl::Duration poll = use_inotify ? absl::Hours(1) : absl::Milliseconds(50);
    source_ = std::make_unique<FileSource>(FileSource::Options{path_, poll, use_inotify}, store_,
                                           base::RealClock(), log::Logger());
    thread_ = std::jthread([this](std::stop_token stop) { (void)source_->Run(stop); });
  }

  void Write(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::trunc) << bytes;
  }

  void MoveIntoPlace(const std::string& bytes) {
    Write(root_ + "/new", bytes);
    fs::rename(root_ + "/new", path_);
  }

  bool Eventually(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    base::MutexLock lock(mu_);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      changed_.WaitUntil(mu_, std::chrono::steady_clock::now() + std::chrono::milliseconds(20));
    }
    return true;
  }

  std::string Tag() const {
    const auto snapshot = store_.Latest();
    return snapshot ? snapshot->document.runner->workload.image.substr(2) : "";
  }
  bool Becomes(const std::string& tag) {
    return Eventually([&] { return Tag() == tag; });
  }

  std::string root_, path_;
  Store store_{base::RealClock()};
  base::Mutex mu_;
  base::CondVar changed_;
  std::vector<Attempt::Result> attempts_;
  std::string errors_;
  std::unique_ptr<FileSource> source_;
  std::jthread thread_;
};

TEST_P(FileSourceTest, WhatIsThereAtFirstIsTaken) {
  Write(path_, DocumentOf("1"));
  Start(GetParam());
  EXPECT_TRUE(Becomes("1"));
}

TEST_P(FileSourceTest, ARenameIntoPlaceIsTaken) {
  Write(path_, DocumentOf("1"));
  Start(GetParam());
  ASSERT_TRUE(Becomes("1"));
  MoveIntoPlace(DocumentOf("2"));
  EXPECT_TRUE(Becomes("2"));
}

TEST_P(FileSourceTest, AWriteInPlaceIsTakenWhole) {
  Write(path_, DocumentOf("1"));
  Start(GetParam());
  ASSERT_TRUE(Becomes("1"));
  Write(path_, DocumentOf("2"));
  EXPECT_TRUE(Becomes("2"));
}

TEST_P(FileSourceTest, SwappedSymlinksAreFollowed) {
  for (const char* version : {"1", "2"}) {
    fs::create_directory(absl::StrCat(root_, "/..", version));
    Write(absl::StrCat(root_, "/..", version, "/host.yaml"), DocumentOf(version));
  }
  fs::create_symlink("..1", root_ + "/..data");
  fs::create_symlink("..data/host.yaml", path_);
  Start(GetParam());
  ASSERT_TRUE(Becomes("1"));
  fs::create_symlink("..2", root_ + "/..data_tmp");
  fs::rename(root_ + "/..data_tmp", root_ + "/..data");
  fs::remove_all(root_ + "/..1");
  EXPECT_TRUE(Becomes("2"));
}

TEST_P(FileSourceTest, AFileThatIsGoneChangesNothingUntilItIsBack) {
  Write(path_, DocumentOf("1"));
  Start(GetParam());
  ASSERT_TRUE(Becomes("1"));
  fs::remove(path_);
  ASSERT_TRUE(Eventually([&] { return attempts_.back() == Attempt::Result::kUnreadable; }));
  EXPECT_EQ(Tag(), "1");
  MoveIntoPlace(DocumentOf("2"));
  EXPECT_TRUE(Becomes("2"));
}

INSTANTIATE_TEST_SUITE_P(Ways, FileSourceTest, testing::Bool(),
                         [](const auto& way) { return way.param ? "Inotify" : "PollOnly"; });

using InotifyTest = FileSourceTest;

TEST_F(InotifyTest, ADirectoryThatIsGoneIsWatchedAgainWhenItIsBack) {
  path_ = root_ + "/etc/spacelet/host.yaml";
  fs::create_directories(root_ + "/etc/spacelet");
  Write(path_, DocumentOf("1"));
  Start();
  ASSERT_TRUE(Becomes("1"));
  fs::remove_all(root_ + "/etc");
  ASSERT_TRUE(Eventually([&] { return attempts_.back() == Attempt::Result::kUnreadable; }));
  fs::create_directories(root_ + "/etc/spacelet");
  Write(path_, DocumentOf("2"));
  EXPECT_TRUE(Becomes("2"));
  Write(path_, DocumentOf("3"));
  EXPECT_TRUE(Becomes("3"));
}

TEST_F(InotifyTest, ADocumentTornAtAnyByteIsNeverTaken) {
  Write(path_, DocumentOf("100"));
  Start();
  ASSERT_TRUE(Becomes("100"));
  const std::string whole = DocumentOf("200");
  // "a:20", "a:2" and, before the tag, no valid document: every one of them would be another revision.
  for (size_t cut : {whole.size() - 2, whole.size() - 3, whole.size() - 4, whole.size() / 2, size_t{0}}) {
    const int fd = open(path_.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC);
    ASSERT_EQ(write(fd, whole.data(), cut), static_cast<ssize_t>(cut));
    // The writer pauses: long enough for the debounce to be over several times.
    const auto pause_ends = std::chrono::steady_clock::now() + std::chrono::milliseconds(1000);
    Eventually([&] { return std::chrono::steady_clock::now() > pause_ends; });
    EXPECT_EQ(Tag(), "100");
    const std::string rest = DocumentOf("100").substr(cut);
    ASSERT_EQ(write(fd, rest.data(), rest.size()), static_cast<ssize_t>(rest.size()));
    close(fd);
  }
  MoveIntoPlace(DocumentOf("300"));
  ASSERT_TRUE(Becomes("300"));
  base::MutexLock lock(mu_);
  for (Attempt::Result result : attempts_) EXPECT_EQ(result, Attempt::Result::kAccepted);
  EXPECT_EQ(store_.Latest()->generation, 2);
}

TEST_F(InotifyTest, AWriterThatClosesAndComesBackWithinASecondIsWaitedFor) {
  Write(path_, DocumentOf("100"));
  Start();
  ASSERT_TRUE(Becomes("100"));
  const std::string whole = DocumentOf("222");
  Write(path_, whole.substr(0, whole.size() - 2));  // a:22, valid
  const auto pause_ends = std::chrono::steady_clock::now() + std::chrono::milliseconds(1000);
  Eventually([&] { return std::chrono::steady_clock::now() > pause_ends; });
  Write(path_, whole);
  ASSERT_TRUE(Becomes("222"));
  EXPECT_EQ(store_.Latest()->generation, 2);
}

TEST_F(InotifyTest, AnEmptyFileIsInvalidAndNotNothing) {
  Write(path_, DocumentOf("1"));
  Start();
  ASSERT_TRUE(Becomes("1"));
  MoveIntoPlace(" \n");
  ASSERT_TRUE(Eventually([&] { return attempts_.back() == Attempt::Result::kRejected; }));
  EXPECT_EQ(Tag(), "1");
}

TEST_F(InotifyTest, ReloadOffersTheDocumentAgain) {
  Write(path_, DocumentOf("1"));
  Start();
  ASSERT_TRUE(Becomes("1"));
  source_->Reload();
  EXPECT_TRUE(Eventually([&] { return attempts_.back() == Attempt::Result::kUnchanged; }));
}

TEST_F(InotifyTest, AWatchedFileIsReportedWhenItsContentIsAnother) {
  Write(path_, DocumentOf("1"));
  const std::string pool = root_ + "/pool.yaml";
  Write(pool, "a");
  Start();
  ASSERT_TRUE(Becomes("1"));
  std::vector<std::string> changes;
  source_->Watch({pool, root_ + "/token"}, [&](const std::string& path) {
    base::MutexLock lock(mu_);
    changes.push_back(fs::path(path).filename());
    changed_.NotifyAll();
  });
  source_->Reload();  // its answer tells that the request has been taken
  ASSERT_TRUE(Eventually([&] { return attempts_.back() == Attempt::Result::kUnchanged; }));
  Write(root_ + "/new", "b");
  fs::rename(root_ + "/new", pool);
  ASSERT_TRUE(Eventually([&] { return changes == std::vector<std::string>{"pool.yaml"}; }));
  Write(root_ + "/token", "t");
  EXPECT_TRUE(Eventually([&] { return changes.size() == 2 && changes[1] == "token"; }));
}

TEST_F(InotifyTest, EachTurnOfTheLoopIsToldWithTheTimeUntilTheNext) {
  std::vector<absl::Duration> turns;
  source_ = std::make_unique<FileSource>(FileSource::Options{.path = path_,
                                                             .poll_interval = absl::Milliseconds(50),
                                                             .on_turn =
                                                                 [&](absl::Duration within) {
                                                                   base::MutexLock lock(mu_);
                                                                   turns.push_back(within);
                                                                   changed_.NotifyAll();
                                                                 }},
                                         store_, base::RealClock(), log::Logger());
  thread_ = std::jthread([this](std::stop_token stop) { (void)source_->Run(stop); });
  EXPECT_TRUE(Eventually([&] { return turns.size() > 3; }));
  thread_.request_stop();
  thread_.join();
  EXPECT_THAT(turns, Each(absl::Milliseconds(50) + FileSource::kLongestRead));
}

TEST_F(InotifyTest, AnOverlayIsWatchedFromItsDirectorysMakingOn) {
  const std::string base =
      absl::StrCat(DocumentOf("1"), "overlays: [{path: hosts/a.yaml, optional: true}]\n");
  Write(path_, base);
  Start();
  ASSERT_TRUE(Becomes("1"));
  fs::create_directory(root_ + "/hosts");
  Write(root_ + "/hosts/a.yaml", "spec: {runner: {image: \"a:2\"}}\n");
  ASSERT_TRUE(Becomes("2"));
  Write(root_ + "/new", "spec: {runner: {image: \"a:3\"}}\n");
  fs::rename(root_ + "/new", root_ + "/hosts/a.yaml");
  ASSERT_TRUE(Becomes("3"));
  fs::remove_all(root_ + "/hosts");
  EXPECT_TRUE(Becomes("1"));
}

TEST_F(InotifyTest, AFifoOrADirectoryIsAnErrorAndNoHang) {
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  Start();
  EXPECT_TRUE(
      Eventually([&] { return !attempts_.empty() && attempts_.back() == Attempt::Result::kUnreadable; }));
  fs::remove(path_);
  MoveIntoPlace(DocumentOf("1"));
  EXPECT_TRUE(Becomes("1"));
}

}  // namespace
}  // namespace spacelet::source
