#include "pkg/state/state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "pkg/base/digest.h"
#include "pkg/base/file.h"

namespace spacelet::state {
namespace {

namespace fs = std::filesystem;

using ::testing::HasSubstr;

const LastGood kDocument = {.bytes = "apiVersion: spacelet.dev/v1alpha1\nname: \"größer\"\n",
                            .revision = "sha256:abc",
                            .generation = 7,
                            .source = "/etc/spacelet/host.yaml",
                            .commit = "1a2b3c4d"};

class StateTest : public ::testing::Test {
 protected:
  StateTest() {
    std::string pattern = ::testing::TempDir() + "/state_test.XXXXXX";
    root_ = ::mkdtemp(pattern.data());
    EXPECT_EQ(directory().Prepare(), absl::OkStatus());
  }
  ~StateTest() override { fs::remove_all(root_); }

  std::string path() const { return root_ + "/lib/spacelet"; }
  Directory directory() const { return Directory(path()); }
  std::string last_good() const { return path() + "/last-good.json"; }
  static mode_t Mode(const std::string& path) {
    return static_cast<mode_t>(fs::status(path).permissions()) & 07777;
  }
  static void Write(const std::string& path, const std::string& bytes) { std::ofstream(path) << bytes; }

  std::string root_;
};

TEST_F(StateTest, GivesBackTheDocumentThatWasSaved) {
  ASSERT_EQ(directory().SaveLastGood(kDocument), absl::OkStatus());
  EXPECT_EQ(*directory().LoadLastGood(), kDocument);
  LastGood newer = kDocument;
  newer.generation = 8;
  ASSERT_EQ(directory().SaveLastGood(newer), absl::OkStatus());
  EXPECT_EQ(*directory().LoadLastGood(), newer);
}

TEST_F(StateTest, GivesBackTheFilesAndTheFactsOfTheDocument) {
  LastGood whole = kDocument;
  whole.commit = "c0ffee";
  whole.file_name = "fleet/base.yaml";
  whole.directory = "/etc/spacelet";
  whole.files = {{"hosts/a.yaml", "spec: {}\n"}, {"größer.yaml", ""}};
  whole.facts = {{"name", "a"}, {"zone", "us-west1-b"}};
  ASSERT_EQ(directory().SaveLastGood(whole), absl::OkStatus());
  EXPECT_EQ(*directory().LoadLastGood(), whole);
}

TEST_F(StateTest, ReadsTheRecordOfVersion02) {
  const std::string record =
      R"({"document":"kind: x\n","generation":7,"revision":"sha256:abc","source":"/etc/spacelet/host.yaml"})";
  Write(last_good(), "{\"checksum\": \"" + base::Sha256Hex(record) + "\", \"record\": " + record + "}");
  const LastGood expected = {"kind: x\n", "sha256:abc", 7, "/etc/spacelet/host.yaml"};
  EXPECT_EQ(*directory().LoadLastGood(), expected);
}

TEST_F(StateTest, KeepsADocumentWithTheLargestFilesThatThereMayBe) {
  LastGood large = kDocument;
  large.bytes = std::string(1 << 20, '"');  // escaped
  large.files = {{"overlay", large.bytes}, {"pool", large.bytes}};
  ASSERT_EQ(directory().SaveLastGood(large), absl::OkStatus());
  EXPECT_EQ(directory().LoadLastGood()->files, large.files);
}

TEST_F(StateTest, GivesBackTheLimitsThatWereSaved) {
  for (const LimitsSet& limits : {LimitsSet{}, LimitsSet{{"4f2a", {"cpus", "memory"}}, {"99", {"cpus"}}}}) {
    ASSERT_EQ(directory().SaveLimitsSet(limits), absl::OkStatus());
    EXPECT_EQ(*directory().LoadLimitsSet(), limits);
  }
}

TEST_F(StateTest, GivesBackTheUsedImagesThatWereSaved) {
  for (const UsedImages& used :
       {UsedImages{},
        UsedImages{{"web", {{"sha256:b", "web"}, {"sha256:a", "host:5000/web"}}}, {"app", {}}}}) {
    ASSERT_EQ(directory().SaveUsedImages(used), absl::OkStatus());
    EXPECT_EQ(*directory().LoadUsedImages(), used);
  }
}

TEST_F(StateTest, GivesBackTheNetworksThatWereSaved) {
  for (const Networks& networks :
       {Networks{}, Networks{{"harness", {"{\"name\":\"harness\"}", "v1:a", "\"größer\""}}, {"other", {}}}}) {
    ASSERT_EQ(directory().SaveNetworks(networks), absl::OkStatus());
    EXPECT_EQ(*directory().LoadNetworks(), networks);
  }
}

TEST_F(StateTest, GivesBackWhatSomebodyWasNotifiedOf) {
  const Notified notified = {{"host-1/container/web/RolledBack", "web:2 failed: \"größer\""},
                             {"a/host/b", ""}};
  ASSERT_EQ(directory().SaveNotified(notified), absl::OkStatus());
  EXPECT_EQ(*directory().LoadNotified(), notified);
  ASSERT_EQ(directory().SaveNotified({}), absl::OkStatus());
  EXPECT_EQ(*directory().LoadNotified(), Notified());
}

TEST_F(StateTest, GivesBackTheRolloutsThatWereSaved) {
  const absl::Time noon = absl::FromUnixSeconds(1'767'312'000);
  api::RolloutHistory history;
  history.last = {.result = api::RolloutRecord::Result::kInconclusive,
                  .from = "runner:1",
                  .to = "runner:2",
                  .from_hash = "v1:a",
                  .to_hash = "v1:b",
                  .tried = {"v1:b", "sha256:c", "d"},
                  .old_was_ready = false,
                  .started_at = noon,
                  .finished_at = noon + absl::Milliseconds(1500),
                  .message = "\"größer\""};
  history.failed.push_back({.tried = {"v1:b", "sha256:c", "d"},
                            .image = "runner:2",
                            .message = "crash loop",
                            .failed_at = noon,
                            .retry_at = noon + absl::Minutes(10),
                            .attempts = 2});
  history.failed.push_back(
      {.tried = {"v1:e", "", ""}, .image = "runner:3", .message = "", .failed_at = noon});
  history.wanted = {.target = {"v1:f", "sha256:g", "h"}, .since = noon + absl::Nanoseconds(1)};
  const Rollouts rollouts = {{"vm-runner", history}, {"web", {}}};
  ASSERT_EQ(directory().SaveRollouts(rollouts), absl::OkStatus());
  EXPECT_EQ(*directory().LoadRollouts(), rollouts);
}

TEST_F(StateTest, TheDigestKeyIsMadeOnceAndLastsFromThenOn) {
  const std::string key = directory().DigestKey();
  EXPECT_EQ(key.size(), 64u);
  EXPECT_EQ(directory().DigestKey(), key);
  EXPECT_EQ(Mode(path() + "/digest-key.json"), 0600u);
}

TEST_F(StateTest, TheDigestKeyOfANewHostIsKeptToo) {
  const Directory fresh(root_ + "/not/there/yet");
  const std::string key = fresh.DigestKey();
  EXPECT_EQ(fresh.DigestKey(), key);
}

TEST_F(StateTest, NobodyElseMayRead) {
  ASSERT_EQ(directory().SaveLastGood(kDocument), absl::OkStatus());
  EXPECT_EQ(Mode(path()), 0700u);
  EXPECT_EQ(Mode(last_good()), 0600u);
}

TEST_F(StateTest, WhatWasNeverSavedIsNotFound) {
  EXPECT_EQ(directory().LoadLastGood().status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(directory().LoadLimitsSet().status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Directory("/no/such/directory").LoadLastGood().status().code(), absl::StatusCode::kNotFound);
}

TEST_F(StateTest, ARecordCutAnywhereIsDataLoss) {
  ASSERT_EQ(directory().SaveLastGood(kDocument), absl::OkStatus());
  const std::string whole = base::ReadFile(last_good(), 1 << 20)->bytes;
  for (size_t n = 0; n + 2 < whole.size(); ++n) {  // the last two bytes are "}\n"
    Write(last_good(), whole.substr(0, n));
    EXPECT_EQ(directory().LoadLastGood().status().code(), absl::StatusCode::kDataLoss) << n;
  }
}

TEST_F(StateTest, AChangedByteIsDataLossThatNamesTheFile) {
  ASSERT_EQ(directory().SaveLastGood(kDocument), absl::OkStatus());
  std::string bytes = base::ReadFile(last_good(), 1 << 20)->bytes;
  bytes[bytes.find("v1alpha1")] = 'w';
  Write(last_good(), bytes);
  EXPECT_EQ(directory().LoadLastGood().status(), absl::DataLossError(last_good() + ": wrong checksum"));
}

TEST_F(StateTest, ForeignContentIsDataLoss) {
  for (const char* bytes :
       {"", "null", "[]", "{}", "{\"record\":1}", "{\"record\":1,\"checksum\":2}", "\xff", "not json"}) {
    Write(last_good(), bytes);
    EXPECT_EQ(directory().LoadLastGood().status().code(), absl::StatusCode::kDataLoss) << bytes;
  }
}

TEST_F(StateTest, ManyBracketsAreDataLoss) {
  const size_t n = 1 << 17;
  Write(last_good(), "{\"checksum\":\"\",\"record\":" + std::string(n, '[') + std::string(n, ']') + "}");
  EXPECT_EQ(directory().LoadLastGood().status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(StateTest, ARecordOfAnotherShapeIsDataLoss) {
  ASSERT_EQ(directory().SaveLimitsSet({{"id", {"cpus"}}}), absl::OkStatus());
  fs::copy_file(path() + "/limits-set.json", last_good());
  EXPECT_EQ(directory().LoadLastGood().status(),
            absl::DataLossError(last_good() + ": fields missing or of another type"));
}

TEST_F(StateTest, ADiskThatFailsIsAnErrorAndTheOldRecordStays) {
  ASSERT_EQ(directory().SaveLastGood(kDocument), absl::OkStatus());
  LastGood large = kDocument;
  large.bytes = std::string(10'000, 'x');
  rlimit before;
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small = {.rlim_cur = 100, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const absl::Status status = directory().SaveLastGood(large);
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr("File too large"));
  EXPECT_EQ(*directory().LoadLastGood(), kDocument);
}

TEST_F(StateTest, WhatCouldNotBeWrittenIsWrittenOnceItCanBe) {
  const Directory directory(path());
  ASSERT_EQ(directory.SaveLimitsSet({{"a", {"cpus"}}}), absl::OkStatus());
  fs::rename(path(), path() + ".away");
  Write(path(), "a file in its place");
  EXPECT_FALSE(directory.SaveLastGood(kDocument).ok());
  EXPECT_FALSE(directory.SaveLimitsSet({{"b", {"cpus"}}}).ok());
  EXPECT_FALSE(directory.SaveLimitsSet({{"c", {"memory"}}}).ok());
  EXPECT_FALSE(directory.WriteAgain().ok());
  fs::remove(path());
  EXPECT_EQ(directory.WriteAgain(), absl::OkStatus());
  EXPECT_EQ(*directory.LoadLastGood(), kDocument);
  EXPECT_EQ(*directory.LoadLimitsSet(), (LimitsSet{{"c", {"memory"}}}));
  fs::remove(last_good());
  EXPECT_EQ(directory.WriteAgain(), absl::OkStatus());
  EXPECT_FALSE(fs::exists(last_good())) << "it is written once";
}

TEST_F(StateTest, TextThatJsonCannotHoldIsRefusedAndNotThrown) {
  LastGood bad = kDocument;
  bad.bytes = "\xff";
  EXPECT_EQ(directory().SaveLastGood(bad).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(directory().SaveLimitsSet({{"\xff", {}}}).code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(StateTest, PrepareRemovesWhatACrashLeftAndNothingElse) {
  ASSERT_EQ(directory().SaveLastGood(kDocument), absl::OkStatus());
  Write(path() + "/.last-good.json.tmp-a1B2c3", "{\"checksum\"");
  Write(path() + "/notes.tmp-file", "somebody's");
  ASSERT_EQ(directory().Prepare(), absl::OkStatus());
  EXPECT_FALSE(fs::exists(path() + "/.last-good.json.tmp-a1B2c3"));
  EXPECT_TRUE(fs::exists(path() + "/notes.tmp-file"));
  EXPECT_EQ(*directory().LoadLastGood(), kDocument);
}

TEST_F(StateTest, ADirectoryThatCannotBeMadeIsAnError) {
  Write(root_ + "/file", "");
  EXPECT_EQ(Directory(root_ + "/file/state").Prepare().code(), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace spacelet::state
