#include "pkg/cloudinit/user_data.h"

#include <gtest/gtest.h>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "pkg/yaml/tree.h"

namespace spacelet::cloudinit {
namespace {

const yaml::Node* FindFile(const yaml::Node& root, absl::string_view path) {
  for (const yaml::Node& file : root.Find("write_files")->items)
    if (file.Find("path")->text == path) return &file;
  return nullptr;
}

// The file as cloud-init would write it.
std::string Written(const UserData& user_data, absl::string_view path) {
  const yaml::Parsed parsed = yaml::Parse(Render(user_data));
  EXPECT_TRUE(parsed.ok());
  const yaml::Node* file = parsed.ok() ? FindFile(*parsed.root, path) : nullptr;
  if (file == nullptr) return "not there";
  const std::string& content = file->Find("content")->text;
  if (file->Find("encoding") == nullptr) return content;
  EXPECT_EQ(file->Find("encoding")->text, "b64");
  std::string decoded;
  EXPECT_TRUE(absl::Base64Unescape(content, &decoded));
  return decoded;
}

TEST(Render, BeginsWithTheLineByWhichCloudInitKnowsIt) {
  EXPECT_TRUE(absl::StartsWith(Render({}), "#cloud-config\n"));
}

TEST(Render, GivesEveryContentBackByteForByte) {
  for (const std::string& content :
       {std::string("a: 1\n"), std::string("no newline at the end"), std::string("two newlines\n\n"),
        std::string(""), std::string("\n"), std::string("\nfirst line empty\n"), std::string("  indented\n"),
        std::string("\ttab\n"), std::string("a\n\tb\n"), std::string("trailing blanks  \nand a tab\t\n"),
        std::string("CRLF\r\n"), std::string("nul \0 byte\n", 11), std::string("\xff\xfe\n"),
        std::string("ü € 😀\n"), std::string("\xc2\x85 next line\n"),
        std::string("\xe2\x80\xa8 line separator\n"), std::string("\xef\xbf\xbf not a character\n"),
        std::string("# comment\n---\n...\n'\"|>%@`\n"), std::string("a\n\n\nb\n \nc\n")}) {
    EXPECT_EQ(Written({{{"/a", content, ""}}, {}}, "/a"), content) << absl::CHexEscape(content);
  }
}

TEST(Render, GivesEveryContentBackFromTheScriptToo) {
  for (const std::string& content :
       {std::string("a: 1\n"), std::string("no newline at the end"), std::string("'\"$x`id`\\\n"),
        std::string(""), std::string("END-OF-FILE\n"), std::string("nul \0 byte\n", 11)}) {
    const std::string script = Render({{{"/a", content, ""}}, {}}, Format::kScript);
    const std::string literal = absl::StrCat("\nwrite /a 0600 <<'END-OF-FILE'\n", content, "END-OF-FILE\n");
    const std::string encoded = absl::StrCat("\nbase64 -d <<'END-OF-FILE' | write /a 0600\n",
                                             absl::Base64Escape(content), "\nEND-OF-FILE\n");
    const bool plain = content == "a: 1\n" || content[0] == '\'';
    EXPECT_TRUE(absl::StrContains(script, plain ? literal : encoded)) << absl::CHexEscape(content);
  }
}

TEST(Render, WritesWhatIsForTheAgentSoThatOnlyRootReadsIt) {
  const yaml::Parsed parsed = yaml::Parse(Render({{{"/etc/spacelet/host.yaml", "a: 1\n", "x"}}, {}}));
  ASSERT_TRUE(parsed.ok());
  const yaml::Node* file = FindFile(*parsed.root, "/etc/spacelet/host.yaml");
  ASSERT_NE(file, nullptr);
  EXPECT_EQ(file->Find("permissions")->text, "0600");
  EXPECT_TRUE(file->Find("permissions")->quoted) << "a plain 0600 is the number 384";
  EXPECT_EQ(file->Find("owner")->text, "root:root");
  EXPECT_EQ(FindFile(*parsed.root, "/usr/local/sbin/spacelet-bootstrap")->Find("permissions")->text, "0755");
}

TEST(Render, TellsTheScriptWhatToInstall) {
  UserData user_data;
  user_data.package = {"https://example.org/a.deb", "abc"};
  user_data.runner_directory = "/srv/runner";
  const std::string script = Written(user_data, "/usr/local/sbin/spacelet-bootstrap");
  EXPECT_TRUE(absl::StrContains(script, "\npackage='https://example.org/a.deb' "));
  EXPECT_TRUE(absl::StrContains(script, "\nsha256='abc' "));
  EXPECT_TRUE(absl::StrContains(script, "\ndirectory='/srv/runner' "));
}

TEST(Render, LeavesTheSettingsOfTheScriptAloneWhereThereAreNone) {
  const std::string script = Written({}, "/usr/local/sbin/spacelet-bootstrap");
  EXPECT_TRUE(absl::StrContains(script, "\npackage='' "));
}

TEST(Render, OpensARunnersDirectoryThatTheUnitDoesNot) {
  const std::string drop_in = "/etc/systemd/system/spacelet.service.d/runner-directory.conf";
  UserData user_data;
  EXPECT_EQ(FindFile(*yaml::Parse(Render(user_data)).root, drop_in), nullptr);
  user_data.runner_directory = "/srv/runner";
  EXPECT_EQ(Written(user_data, drop_in), "[Service]\nReadWritePaths=-/srv/runner\n");
}

TEST(Render, StartsTheAgentWithThePolicyThatComesAlong) {
  const std::string drop_in = "/etc/systemd/system/spacelet.service.d/policy.conf";
  UserData user_data;
  EXPECT_EQ(FindFile(*yaml::Parse(Render(user_data)).root, drop_in), nullptr);
  user_data.has_policy = true;
  EXPECT_EQ(
      Written(user_data, drop_in),
      "[Service]\nExecStart=\nExecStart=/usr/bin/spacelet agent --config /etc/spacelet/host.yaml --policy "
      "/etc/spacelet/policy.yaml $SPACELET_FLAGS\n");
}

TEST(SizeText, IsForPeople) {
  EXPECT_EQ(SizeText(812), "812 bytes");
  EXPECT_EQ(SizeText(6246), "6.1 KiB");
}

}  // namespace
}  // namespace spacelet::cloudinit
