#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "pkg/secret/secret.h"
#include "test/pkg/secret/sources.h"

namespace spacelet::secret {
namespace {

class SecretFile {
 public:
  explicit SecretFile(const std::string& bytes, mode_t mode = 0600)
      : path_(::testing::TempDir() + "/secret_read_test." + std::to_string(::getpid())) {
    std::ofstream(path_) << bytes;
    ::chmod(path_.c_str(), mode);
  }
  ~SecretFile() { ::unlink(path_.c_str()); }
  api::SecretSource source() const { return FromFile(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

TEST(Read, TrimsOneTrailingNewlineAndNothingElse) {
  const struct {
    std::string raw, value;
  } kCases[] = {{"token", "token"},       {"token\n", "token"},   {"token\r\n", "token"},
                {"token\n\n", "token\n"}, {" token ", " token "}, {"to\nken\n", "to\nken"},
                {"token\r", "token\r"}};
  for (const auto& c : kCases) {
    EXPECT_EQ(*Read(SecretFile(c.raw).source(), {}), c.value);
    EXPECT_EQ(*Read(FromValue(c.raw), {}), c.value);
    EXPECT_EQ(*Read(FromCommand({"printf", "%s", c.raw}), {}), c.value);
  }
}

TEST(Read, AnEmptyValueIsAnError) {
  for (const char* raw : {"", "\n", "\r\n"}) {
    const SecretFile file(raw);
    EXPECT_EQ(Read(file.source(), {}).status(),
              absl::FailedPreconditionError("file " + file.path() + ": empty"));
  }
}

TEST(Read, StrictlyNoFileThatOthersMayRead) {
  const SecretFile open("token", 0640);
  EXPECT_EQ(*Read(open.source(), {}, Permissions::kWarn), "token");
  EXPECT_EQ(*Read(FromValue("token"), {}, Permissions::kStrict), "token");
  EXPECT_EQ(Read(open.source(), {}, Permissions::kStrict).status(),
            absl::FailedPreconditionError(
                open.path() + " can be read by others (mode 0640); run: chmod 600 " + open.path()));
  ::chmod(open.path().c_str(), 0600);
  EXPECT_EQ(*Read(open.source(), {}, Permissions::kStrict), "token");
}

TEST(Read, ReadsVariablesOfTheEnvironment) {
  ::setenv("SPACELET_SECRET_TEST", "from env\n", 1);
  EXPECT_EQ(*Read(FromEnv("SPACELET_SECRET_TEST"), {}), "from env");
  ::unsetenv("SPACELET_SECRET_TEST");
  EXPECT_EQ(Read(FromEnv("SPACELET_SECRET_TEST"), {}).status(),
            absl::NotFoundError("env SPACELET_SECRET_TEST: not set"));
}

TEST(Read, RefusesAbsentLargeAndStrangeFiles) {
  EXPECT_EQ(Read(FromFile("/no/such/file"), {}).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Read(FromFile("/dev/zero"), {}).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Read(SecretFile(std::string(65537, 'x')).source(), {}).status().code(),
            absl::StatusCode::kOutOfRange);
}

TEST(Describe, NamesTheSourceAndNeverAValue) {
  EXPECT_EQ(Describe(FromFile("/etc/spacelet/token")), "file /etc/spacelet/token");
  EXPECT_EQ(Describe(FromEnv("TOKEN")), "env TOKEN");
  EXPECT_EQ(Describe(FromCommand({"vault", "-token=s3cr3t"})), "command vault");
  EXPECT_EQ(Describe(FromValue("s3cr3t")), "value");
}

TEST(PermissionWarning, IsGivenWhenGroupOrOthersMayRead) {
  const struct {
    mode_t mode;
    bool warned;
  } kCases[] = {{0600, false}, {0400, false}, {0700, false}, {0640, true},
                {0604, true},  {0644, true},  {0620, false}};
  for (const auto& c : kCases) {
    EXPECT_EQ(PermissionWarning(SecretFile("x", c.mode).source()).has_value(), c.warned) << c.mode;
  }
  const SecretFile file("x", 0644);
  EXPECT_EQ(PermissionWarning(file.source()),
            file.path() + " can be read by others (mode 0644); run: chmod 600 " + file.path());
}

TEST(PermissionWarning, IsAboutFilesOnly) {
  EXPECT_EQ(PermissionWarning(FromFile("/no/such/file")), std::nullopt);
  EXPECT_EQ(PermissionWarning(FromValue("x")), std::nullopt);
}

}  // namespace
}  // namespace spacelet::secret
