#include "pkg/docker/credential_helper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "absl/time/clock.h"

namespace spacelet::docker {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class CredentialHelper : public ::testing::Test {
 protected:
  void SetUp() override {
    char directory[] = "/tmp/credential-helper-XXXXXX";
    directory_ = mkdtemp(directory);
    old_path_ = getenv("PATH");
    setenv("PATH", (directory_ + ":" + old_path_).c_str(), 1);
  }
  void TearDown() override {
    setenv("PATH", old_path_.c_str(), 1);
    std::filesystem::remove_all(directory_);
  }
  void Install(const std::string& name, const std::string& script) {
    const std::string path = directory_ + "/docker-credential-" + name;
    std::ofstream(path) << "#!/bin/sh\n" << script;
    chmod(path.c_str(), 0755);
  }

  std::string directory_, old_path_;
};

TEST_F(CredentialHelper, GetsTheServerOnItsInput) {
  Install("echo", "test \"$1\" = get && printf 'for %s' \"$(cat)\"\n");
  EXPECT_EQ(RunCredentialHelper("echo", "https://index.docker.io/v1/", {}).value_or("?"),
            "for https://index.docker.io/v1/");
}

TEST_F(CredentialHelper, ThatIsMissingIsNamed) {
  const auto status = RunCredentialHelper("no-such", "h.io", {}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr("docker-credential-no-such"));
}

TEST_F(CredentialHelper, ThatFailsDoesNotLeakItsOutput) {
  Install("fail", "echo s3cret; echo s3cret >&2; exit 1\n");
  const auto status = RunCredentialHelper("fail", "h.io", {}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("s3cret")));
}

TEST_F(CredentialHelper, ThatHangsIsKilledWithItsChildren) {
  Install("hang", "sleep 300 & sleep 300\n");
  const absl::Time start = absl::Now();
  EXPECT_EQ(RunCredentialHelper("hang", "h.io", {}, absl::Milliseconds(200)).status().code(),
            absl::StatusCode::kDeadlineExceeded);
  EXPECT_LT(absl::Now() - start, absl::Seconds(100));
}

TEST_F(CredentialHelper, ThatFloodsIsCutOff) {
  Install("flood", "exec yes\n");
  EXPECT_EQ(RunCredentialHelper("flood", "h.io", {}).status().code(), absl::StatusCode::kOutOfRange);
}

TEST_F(CredentialHelper, IsStopped) {
  Install("hang", "sleep 300\n");
  std::stop_source source;
  source.request_stop();
  EXPECT_EQ(RunCredentialHelper("hang", "h.io", source.get_token()).status().code(),
            absl::StatusCode::kCancelled);
}

TEST_F(CredentialHelper, NameIsNoPathAndNoCommand) {
  for (const std::string name : {"", "../x", "a b", "a;b", "a/b", "$(x)"}) {
    EXPECT_EQ(RunCredentialHelper(name, "h.io", {}).status().code(), absl::StatusCode::kInvalidArgument)
        << name;
  }
}

}  // namespace
}  // namespace spacelet::docker
