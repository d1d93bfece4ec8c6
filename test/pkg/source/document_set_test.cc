#include "pkg/source/document_set.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pkg/source/beside.h"

namespace spacelet::source {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Result = Attempt::Result;

std::string Base(absl::string_view tag, absl::string_view overlays = "[hosts/a.yaml]") {
  return absl::StrCat("apiVersion: spacelet.dev/v1alpha1\nkind: GitspaceHost\noverlays: ", overlays,
                      "\nmetadata: {name: a}\nspec:\n  runner:\n    image: a:", tag, "\n");
}
std::string Overlay(absl::string_view hostname) {
  return absl::StrCat("spec: {runner: {hostname: ", hostname, "}}\n");
}

// A directory with base.yaml and hosts/, and time that passes when it is told to.
class DocumentSetTest : public testing::Test {
 protected:
  DocumentSetTest() {
    std::string name = testing::TempDir() + "/setXXXXXX";
    root_ = fs::canonical(mkdtemp(name.data()));
    fs::create_directory(root_ + "/hosts");
    store_.OnAttempt([this](const Attempt& attempt) {
      results_.push_back(attempt.result);
      error_ = attempt.error;
    });
    Put("base.yaml", Base("1"));
    Put("hosts/a.yaml", Overlay("one"));
  }
  ~DocumentSetTest() override { fs::remove_all(root_); }

  void WriteInPlace(const std::string& path, const std::string& bytes) {
    std::ofstream(root_ + "/" + path, std::ios::trunc) << bytes;
  }
  // By a rename, of which the set is told as inotify would.
  void Put(const std::string& path, const std::string& bytes) {
    WriteInPlace("new", bytes);
    fs::rename(root_ + "/new", root_ + "/" + path);
    set_.ForEach([&](TrackedFile& file) {
      if (file.path == root_ + "/" + path) file.Note({"", "", false, false, true});
    });
  }
  void Look(absl::Duration later = absl::Milliseconds(200)) {
    now_ = now_ + later;
    set_.Look(now_);
  }
  std::string InForce() const {
    const auto snapshot = store_.Latest();
    if (snapshot == nullptr) return "nothing";
    const api::Workload& runner = snapshot->document.runner->workload;
    return absl::StrCat(runner.image.substr(2), " ", runner.hostname.value_or(""));
  }

  std::string root_;
  std::function<void()> on_fact_;
  bool has_facts_ = true;
  Store store_{base::RealClock(), [this](const std::string&) -> absl::StatusOr<std::string> {
                 if (on_fact_) std::exchange(on_fact_, nullptr)();
                 if (!has_facts_) return absl::UnavailableError("nobody answers");
                 return "a";
               }};
  log::Logger logger_;
  // Made of a path that the constructor finds out.
  struct LateSet {
    DocumentSetTest& test;
    std::optional<DocumentSet> set = {};
    DocumentSet& get() {
      if (!set) set.emplace(test.root_ + "/base.yaml", test.store_, test.logger_);
      return *set;
    }
    void Look(base::Instant now) { get().Look(now); }
    void ForEach(const std::function<void(TrackedFile&)>& visit) {
      if (set) set->ForEach(visit);
    }
  } set_{*this};
  base::Instant now_ = {absl::Hours(1)};
  std::vector<Result> results_;
  std::string error_;
};

TEST_F(DocumentSetTest, IsTakenWholeAndOnceWhenNothingChanges) {
  for (int i = 0; i < 5; ++i) Look();
  EXPECT_EQ(InForce(), "1 one");
  EXPECT_THAT(results_, ElementsAre(Result::kAccepted));
  EXPECT_EQ(store_.Latest()->files, (config::Files{{"hosts/a.yaml", Overlay("one")}}));
  EXPECT_EQ(store_.Latest()->directory, root_);
}

TEST_F(DocumentSetTest, AChangeOfAnOverlayIsANewVersion) {
  Look();
  const std::string revision = store_.Latest()->revision;
  Put("hosts/a.yaml", Overlay("two"));
  Look();
  EXPECT_EQ(InForce(), "1 two");
  EXPECT_EQ(store_.Latest()->generation, 2);
  EXPECT_NE(store_.Latest()->revision, revision);
}

TEST_F(DocumentSetTest, TwoRenamesBeforeALookAreOneChange) {
  Look();
  Put("hosts/a.yaml", Overlay("two"));
  Put("base.yaml", Base("2"));
  Look();
  EXPECT_EQ(InForce(), "2 two");
  EXPECT_EQ(store_.Latest()->generation, 2);
}

TEST_F(DocumentSetTest, WhatIsReplacedWhileTheRestIsReadIsReadAgain) {
  Put("base.yaml", Base("1", "[\"hosts/${host.name}.yaml\"]"));
  Look();
  ASSERT_EQ(InForce(), "1 one");
  // The base is read, then both files are replaced, then the overlay is read: a set that never was.
  Put("base.yaml", Base("2", "[\"hosts/${host.name}.yaml\"]"));
  on_fact_ = [&] {
    Put("base.yaml", Base("3", "[\"hosts/${host.name}.yaml\"]"));
    Put("hosts/a.yaml", Overlay("three"));
  };
  Look();
  EXPECT_EQ(InForce(), "1 one");
  Look();
  EXPECT_EQ(InForce(), "3 three");
  EXPECT_THAT(results_, ElementsAre(Result::kAccepted, Result::kAccepted));
}

TEST_F(DocumentSetTest, ABaseThatIsReplacedWhileAnOverlayIsReadForTheFirstTimeIsReadAgain) {
  Put("hosts/b.yaml", Overlay("two"));
  Look();
  Put("base.yaml", Base("2", "[hosts/a.yaml, hosts/b.yaml, \"hosts/${host.name}.yaml\"]"));
  on_fact_ = [&] { Put("base.yaml", Base("3")); };
  Look();
  EXPECT_EQ(InForce(), "1 one");
  Look();
  EXPECT_EQ(InForce(), "3 one");
}

TEST_F(DocumentSetTest, AnOverlayThatIsWrittenInPlaceHoldsTheSetBackUntilItIsQuiet) {
  Look();
  WriteInPlace("hosts/a.yaml", "spec: {}\n");  // a prefix that is valid
  Put("base.yaml", Base("2"));
  Look();
  Look(absl::Seconds(1));
  EXPECT_EQ(InForce(), "1 one");
  WriteInPlace("hosts/a.yaml", Overlay("two"));
  Look();
  Look(absl::Seconds(1));
  EXPECT_EQ(InForce(), "1 one");
  Look(absl::Seconds(1));
  EXPECT_EQ(InForce(), "2 two");
  EXPECT_THAT(results_, ElementsAre(Result::kAccepted, Result::kAccepted));
}

TEST_F(DocumentSetTest, ANewOverlayThatSomebodyIsWritingIsWaitedFor) {
  Look();
  std::ofstream writer(root_ + "/hosts/b.yaml", std::ios::trunc);
  writer << "spec: {}\n" << std::flush;
  Put("base.yaml", Base("2", "[hosts/b.yaml]"));
  Look();
  Look();
  EXPECT_EQ(InForce(), "1 one");
  writer.close();
  Look();
  EXPECT_EQ(InForce(), "2 vm-runner");
}

TEST_F(DocumentSetTest, AnOptionalOverlayThatIsReplacedByRemovingItFirstIsNotMissed) {
  Put("base.yaml", Base("1", "[{path: hosts/a.yaml, optional: true}]"));
  Look();
  ASSERT_EQ(InForce(), "1 one");
  fs::remove(root_ + "/hosts/a.yaml");
  Look();
  Look(absl::Seconds(1));
  EXPECT_EQ(InForce(), "1 one");
  Put("hosts/a.yaml", Overlay("two"));
  Look();
  EXPECT_EQ(InForce(), "1 two");
  fs::remove(root_ + "/hosts/a.yaml");
  Look();
  Look(absl::Seconds(2));
  EXPECT_EQ(InForce(), "1 vm-runner");
}

TEST_F(DocumentSetTest, WhatIsMissingOrBrokenChangesNothingUntilItIsMended) {
  Look();
  fs::remove(root_ + "/hosts/a.yaml");
  Look();
  Look(absl::Seconds(2));
  EXPECT_EQ(results_.back(), Result::kRejected);
  EXPECT_THAT(error_, HasSubstr("base.yaml:3:12: overlays[0]: "));
  Put("hosts/a.yaml", "spec: [\n");
  Look();
  EXPECT_THAT(error_, HasSubstr("hosts/a.yaml:"));
  EXPECT_EQ(InForce(), "1 one");
  Put("hosts/a.yaml", Overlay("two"));
  Look();
  EXPECT_EQ(InForce(), "1 two");
}

TEST_F(DocumentSetTest, OneThatWaitsForAFactIsOfferedAgain) {
  Look();
  has_facts_ = false;
  Put("base.yaml", Base("2", "[\"hosts/${host.name}.yaml\"]"));
  Look();
  EXPECT_EQ(results_.back(), Result::kWaiting);
  EXPECT_THAT(error_, HasSubstr("base.yaml:3:12: overlays[0]: ${host.name} is not known: nobody answers"));
  EXPECT_EQ(set_.get().DueIn(now_, absl::Milliseconds(200)), DocumentSet::kFactRetry);
  EXPECT_EQ(InForce(), "1 one");
  Look(DocumentSet::kFactRetry);
  EXPECT_EQ(results_.size(), 3u);
  has_facts_ = true;
  Look();
  EXPECT_EQ(InForce(), "1 one");  // it is not due
  Look(DocumentSet::kFactRetry);
  EXPECT_EQ(InForce(), "2 one");
  EXPECT_EQ(set_.get().DueIn(now_, absl::Milliseconds(200)), absl::InfiniteDuration());
}

TEST_F(DocumentSetTest, ASymlinkThatLeadsOutOfTheDirectoryIsRefused) {
  const std::string elsewhere = root_ + "-elsewhere";
  fs::create_directory(elsewhere);
  std::ofstream(elsewhere + "/a.yaml") << Overlay("stolen");
  fs::remove(root_ + "/hosts/a.yaml");
  fs::create_symlink(elsewhere + "/a.yaml", root_ + "/hosts/a.yaml");
  Look();
  EXPECT_EQ(results_.back(), Result::kRejected);
  EXPECT_THAT(error_, HasSubstr("leads out of the document's directory, to " + elsewhere));
  fs::remove_all(root_ + "/hosts");
  fs::create_directory_symlink(elsewhere, root_ + "/hosts");
  Look(absl::Seconds(2));
  EXPECT_FALSE(ReadBeside(root_, "hosts/a.yaml").ok());
  // A swap of symlinks within it is how many tools deploy.
  fs::remove(root_ + "/hosts");
  fs::create_directory(root_ + "/v1");
  std::ofstream(root_ + "/v1/a.yaml") << Overlay("good");
  fs::create_directory_symlink("v1", root_ + "/hosts");
  Look(absl::Seconds(2));
  Look(absl::Seconds(2));
  EXPECT_EQ(InForce(), "1 good");
  fs::remove_all(elsewhere);
}

TEST_F(DocumentSetTest, AnOverlayThatIsNoFileIsAnErrorAndNoHang) {
  fs::remove(root_ + "/hosts/a.yaml");
  fs::create_directory(root_ + "/hosts/a.yaml");
  Look();
  EXPECT_EQ(results_.back(), Result::kRejected);
  EXPECT_THAT(error_, HasSubstr("cannot be read"));
}

}  // namespace
}  // namespace spacelet::source
