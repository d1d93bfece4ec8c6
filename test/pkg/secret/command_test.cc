#include "pkg/secret/command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace spacelet::secret {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

absl::StatusOr<std::string> Shell(const std::string& script, const base::ProgramLimits& limits = {}) {
  return RunCommand({"sh", "-c", script}, limits, std::stop_token());
}

TEST(RunCommand, GivesStandardOutputByteForByte) {
  EXPECT_EQ(*RunCommand({"printf", "%s\\n\\n", "a b"}, {}, {}), "a b\n\n");
  EXPECT_EQ(*Shell("exec printf 'x\\000y'"), std::string("x\0y", 3));
  EXPECT_EQ(*RunCommand({"true"}, {}, {}), "");
}

TEST(RunCommand, AFailureTellsExitCodeAndFirstLineOfStandardError) {
  const absl::Status status = Shell("echo 'no access' >&2; echo more >&2; exit 3").status();
  EXPECT_EQ(status, absl::FailedPreconditionError("command sh: exit code 3: no access"));
  EXPECT_EQ(Shell("exit 4").status(), absl::FailedPreconditionError("command sh: exit code 4"));
  EXPECT_EQ(Shell("kill -9 $$").status(), absl::FailedPreconditionError("command sh: killed by signal 9"));
}

TEST(RunCommand, AFailureTellsNothingOfTheSecret) {
  const absl::Status status = Shell("echo hunter2; echo '+ echo hunter2' >&2; exit 1").status();
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("hunter2")));
}

TEST(RunCommand, AProgramThatCannotBeExecutedIsNamed) {
  EXPECT_EQ(RunCommand({"/no/such/program", "secret-argument"}, {}, {}).status(),
            absl::NotFoundError("command /no/such/program: No such file or directory"));
  EXPECT_EQ(RunCommand({"/etc/passwd"}, {}, {}).status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(RunCommand({}, {}, {}).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace spacelet::secret
