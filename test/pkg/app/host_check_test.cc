#include "pkg/app/host_check.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "test/testing/temporary.h"

namespace spacelet::app {
namespace {

using config::Severity;

std::string Document(const std::string& secret) {
  return absl::StrCat(
      "apiVersion: spacelet.dev/v1alpha1\n"
      "kind: GitspaceHost\n"
      "metadata: {name: test}\n"
      "spec:\n"
      "  containers:\n"
      "    - name: box\n"
      "      image: example.org/box:1.0\n"
      "      env:\n"
      "        SECRET: {file: ",
      secret, "}\n");
}

const config::Diagnostic* About(const Checked& checked, const std::string& path) {
  for (const config::Diagnostic& diagnostic : checked.diagnostics)
    if (diagnostic.message.find(path) != std::string::npos) return &diagnostic;
  return nullptr;
}

TEST(HostCheck, AnAbsentFileIsAWarningElsewhereAndAnErrorOnTheHost) {
  const struct {
    bool is_host;
    Severity severity;
  } kCases[] = {{false, Severity::kWarning}, {true, Severity::kError}};
  for (const auto& c : kCases) {
    const Checked checked = CheckDocument({.bytes = Document("/nonexistent/token"), .file_name = "host.yaml"},
                                          nullptr, {.is_host = c.is_host});
    const config::Diagnostic* absent = About(checked, "/nonexistent/token");
    ASSERT_NE(absent, nullptr);
    EXPECT_EQ(absent->severity, c.severity);
    EXPECT_EQ(absent->line, 9);
    EXPECT_EQ(checked.valid, !c.is_host);
  }
}

TEST(HostCheck, AFileThatIsThereIsNotMentioned) {
  const std::string path = testing::TemporaryPath("host_check_token");
  std::ofstream(path) << "secret";
  chmod(path.c_str(), 0600);
  const Checked checked =
      CheckDocument({.bytes = Document(path), .file_name = "host.yaml"}, nullptr, {.is_host = true});
  EXPECT_TRUE(checked.valid);
  EXPECT_EQ(About(checked, path), nullptr);
}

TEST(HostCheck, ASecretsFileThatOthersMayReadIsAWarningOnTheHostAndStrictlyAnError) {
  const std::string path = testing::TemporaryPath("host_check_open_token");
  std::ofstream(path) << "secret";
  chmod(path.c_str(), 0644);
  using secret::Permissions;
  const Checked elsewhere = CheckDocument({.bytes = Document(path), .file_name = "host.yaml"}, nullptr, {});
  EXPECT_EQ(About(elsewhere, path), nullptr);
  for (const Permissions permissions : {Permissions::kWarn, Permissions::kStrict}) {
    const bool strict = permissions == Permissions::kStrict;
    const Checked checked = CheckDocument({.bytes = Document(path), .file_name = "host.yaml"}, nullptr,
                                          {.is_host = true, .secret_permissions = permissions});
    const config::Diagnostic* open = About(checked, "chmod 600 " + path);
    ASSERT_NE(open, nullptr);
    EXPECT_EQ(open->severity, strict ? Severity::kError : Severity::kWarning);
    EXPECT_EQ(open->line, 9);
    EXPECT_EQ(checked.valid, !strict);
  }
}

TEST(HostCheck, AnInvalidDocumentIsNotCheckedAnyFurther) {
  const Checked checked =
      CheckDocument({.bytes = "nonsense: true\n", .file_name = "host.yaml"}, nullptr, {.is_host = true});
  EXPECT_FALSE(checked.valid);
  EXPECT_FALSE(checked.diagnostics.empty());
}

}  // namespace
}  // namespace spacelet::app
