#include "pkg/git/program.h"

#include <filesystem>
#include <fstream>
#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "test/pkg/git/sandbox.h"

namespace spacelet::git {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string Setting(const Program& program, const std::string& name) {
  const absl::StatusOr<std::string> value = program.Run({"config", "--get", name}, {});
  return value.ok() ? std::string(absl::StripAsciiWhitespace(*value)) : "";
}

TEST(ConfigText, GitReadsBackWhatWasWritten) {
  const Sandbox sandbox;
  Options options = sandbox.OptionsFor();
  options.access.allowed_signers = "/etc/spacelet/\"quoted\" \\ signers";
  const Program program(options);
  ASSERT_TRUE(program.Prepare().ok());
  EXPECT_EQ(Setting(program, "gpg.ssh.allowedSignersFile"), options.access.allowed_signers);
  EXPECT_EQ(Setting(program, "transfer.fsckObjects"), "true");
  EXPECT_EQ(Setting(program, "http.followRedirects"), "false");
  EXPECT_EQ(Setting(program, "core.hooksPath"), "/dev/null");
  EXPECT_EQ(Setting(program, "gpg.openpgp.program"), "false");
  EXPECT_EQ(Setting(program, "safe.directory"), options.location.host + "/.git");  // the last of two
}

TEST(ConfigText, TheTokenGoesToItsHostOnly) {
  const std::string text =
      ConfigText(*ParseLocation("git+https://h:8443/r//a"), {.token_file = "/etc/token"});
  EXPECT_THAT(text, AllOf(HasSubstr("[credential \"https://h:8443\"]"), Not(HasSubstr("/etc/token"))));
  EXPECT_THAT(ConfigText(*ParseLocation("git+https://h/r//a"), {}), Not(HasSubstr("password")));
}

TEST(ConfigText, SshBelievesTheGivenHostKeysAndNoOthers) {
  EXPECT_THAT(ConfigText(*ParseLocation("git+ssh://git@h/r//a"), {.ssh_key = "/k", .known_hosts = "/h"}),
              AllOf(HasSubstr("-F none"), HasSubstr("-i /k"), HasSubstr("StrictHostKeyChecking=yes"),
                    HasSubstr("UserKnownHostsFile=/h"), HasSubstr("GlobalKnownHostsFile=/dev/null"),
                    HasSubstr("BatchMode=yes"), HasSubstr("IdentitiesOnly=yes")));
}

TEST(Program, NothingFromOutsideReachesGit) {
  const Sandbox sandbox;
  std::ofstream(sandbox.root() + "/gitconfig") << "[spacelet]\n\tfound = yes\n";
  for (const char* name : {"GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"})
    ::setenv(name, (sandbox.root() + "/gitconfig").c_str(), 1);
  ::setenv("GIT_CONFIG_COUNT", "1", 1);
  ::setenv("GIT_CONFIG_KEY_0", "spacelet.found", 1);
  ::setenv("GIT_CONFIG_VALUE_0", "yes", 1);
  ::setenv("SPACELET_SECRET", "hunter2", 1);
  const Program program(sandbox.OptionsFor());
  ASSERT_TRUE(program.Prepare().ok());
  EXPECT_EQ(Setting(program, "spacelet.found"), "");
  const auto shown = program.Run({"-c", "alias.environment=!env", "environment"}, {});
  ASSERT_TRUE(shown.ok()) << shown.status();
  EXPECT_THAT(*shown, AllOf(Not(HasSubstr("hunter2")), HasSubstr("GIT_ALLOW_PROTOCOL=file\n"),
                            HasSubstr("GIT_TERMINAL_PROMPT=0\n"), HasSubstr("HOME=" + sandbox.root())));
  for (const char* name : {"GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_COUNT", "GIT_CONFIG_KEY_0",
                           "GIT_CONFIG_VALUE_0", "SPACELET_SECRET"})
    ::unsetenv(name);
}

TEST(Program, AnotherProtocolIsNotSpoken) {
  const Sandbox sandbox;
  const Program program(sandbox.OptionsFor());
  ASSERT_TRUE(program.Prepare().ok());
  for (const char* url : {"https://127.0.0.1:1/r", "ssh://git@127.0.0.1:1/r", "ext::sh -c true"})
    EXPECT_THAT(program.Run({"ls-remote", url}, {}).status().message(), HasSubstr("not allowed")) << url;
}

TEST(Program, EndsInTimeAndAtAStop) {
  const Sandbox sandbox;
  Options options = sandbox.OptionsFor();
  options.timeout = absl::Milliseconds(200);
  EXPECT_THAT(Program(options).Run({"-c", "alias.wait=!sleep 1000", "wait"}, {}).status().ToString(),
              HasSubstr("--git-timeout"));
  std::stop_source stop;
  options.timeout = absl::Hours(1);
  std::thread stopper([&] { stop.request_stop(); });
  EXPECT_TRUE(absl::IsCancelled(
      Program(options).Run({"-c", "alias.wait=!sleep 1000", "wait"}, stop.get_token()).status()));
  stopper.join();
}

}  // namespace
}  // namespace spacelet::git
