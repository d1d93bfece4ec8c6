#include "pkg/webconfig/access.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "test/pkg/webconfig/files.h"

namespace spacelet::webconfig {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class AccessTest : public ::testing::Test {
 protected:
  Loaded LoadNow(secret::Permissions permissions = secret::Permissions::kWarn) const {
    return Load(directory_.Path("web.yml"), permissions, absl::Now());
  }
  static std::string Said(const Loaded& loaded) { return config::ToText(loaded.diagnostics); }

  const Directory directory_;
  const testing::Certificate ca_ = testing::MakeCa("ca");
  const testing::Certificate server_ = testing::Issue(ca_, "server", {"IP:127.0.0.1"});
};

TEST_F(AccessTest, TakesWhatTheFileNamesFromBesideTheFile) {
  directory_.WriteServer(server_);
  directory_.Write("web.yml", absl::StrCat(kTlsText, kUsersText));
  const Loaded loaded = LoadNow();
  ASSERT_NE(loaded.access, nullptr) << Said(loaded);
  EXPECT_THAT(Said(loaded), IsEmpty());
  EXPECT_NE(loaded.access->tls, nullptr);
  EXPECT_GT(loaded.access->tls->not_after(), absl::Now());
  EXPECT_EQ(loaded.access->users.count("ann"), 1u);
  EXPECT_EQ(loaded.files.size(), 3u);
  EXPECT_EQ(StampsNow(loaded.files), loaded.files);
}

TEST_F(AccessTest, TakesCertificatesFromTheFileItself) {
  const auto indented = [](const std::string& pem) { return absl::StrReplaceAll(pem, {{"\n", "\n    "}}); };
  directory_.Write("web.yml", absl::StrCat("tls_server_config:\n  cert: |\n    ", indented(server_.pem),
                                           "\n  key: |\n    ", indented(server_.key_pem), "\n"));
  const Loaded loaded = LoadNow();
  ASSERT_NE(loaded.access, nullptr) << Said(loaded);
  EXPECT_NE(loaded.access->tls, nullptr);
}

TEST_F(AccessTest, NamesTheFileThatIsAtFault) {
  struct Case {
    std::string name, file, text, says;
  };
  const testing::Certificate other = testing::Issue(ca_, "other", {});
  const std::vector<Case> cases = {
      {"no certificate", "server.crt", "nonsense", "server.crt: there is no PEM certificate in it"},
      {"no key", "server.key", "nonsense", "server.key: there is no PEM private key"},
      {"half a certificate", "server.crt", server_.pem.substr(0, server_.pem.size() / 2), "server.crt: "},
      {"another's key", "server.key", other.key_pem, "server.key: is not the key of the certificate"},
      {"an encrypted key", "server.key",
       "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIH0\n-----END ENCRYPTED PRIVATE KEY-----\n",
       "server.key: there is no PEM private key without a passphrase"},
      {"no CA", "ca.crt", "", "ca.crt: there is no PEM certificate in it"},
  };
  for (const Case& c : cases) {
    directory_.WriteServer(server_);
    directory_.Write("ca.crt", ca_.pem);
    directory_.Write(
        "web.yml",
        "tls_server_config: {cert_file: server.crt, key_file: server.key, client_ca_file: ca.crt, "
        "client_auth_type: RequireAndVerifyClientCert}\n");
    ASSERT_NE(LoadNow().access, nullptr) << Said(LoadNow());
    directory_.Write(c.file, c.text);
    const Loaded loaded = LoadNow();
    EXPECT_EQ(loaded.access, nullptr) << c.name;
    EXPECT_THAT(Said(loaded), HasSubstr(c.says)) << c.name;
    EXPECT_THAT(Said(loaded), HasSubstr("web.yml:1:")) << c.name;
    EXPECT_THAT(Said(loaded), Not(HasSubstr("MIH0"))) << c.name;
  }
}

TEST_F(AccessTest, NamesFilesThatAreNotThere) {
  directory_.Write("web.yml", kTlsText);
  const Loaded loaded = LoadNow();
  EXPECT_EQ(loaded.access, nullptr);
  EXPECT_THAT(Said(loaded), HasSubstr("tls_server_config.cert_file: "));
  EXPECT_THAT(Said(loaded), HasSubstr("tls_server_config.key_file: "));
  EXPECT_THAT(Said(loaded), HasSubstr("No such file"));
  EXPECT_EQ(loaded.files.at(directory_.Path("server.crt")), std::nullopt);
  const Loaded nothing = Load(directory_.Path("absent.yml"), secret::Permissions::kWarn, absl::Now());
  EXPECT_EQ(nothing.access, nullptr);
  EXPECT_THAT(Said(nothing), HasSubstr("absent.yml"));
}

TEST_F(AccessTest, WarnsOfAKeyThatOthersMayReadOrRefusesIt) {
  directory_.WriteServer(server_, 0644);
  directory_.Write("web.yml", kTlsText);
  EXPECT_NE(LoadNow().access, nullptr);
  EXPECT_THAT(Said(LoadNow()), HasSubstr("warning: tls_server_config.key_file: "));
  const Loaded strict = LoadNow(secret::Permissions::kStrict);
  EXPECT_EQ(strict.access, nullptr);
  EXPECT_THAT(Said(strict), HasSubstr("server.key"));
}

TEST_F(AccessTest, ServesACertificateThatIsOutOfDateAndSaysSo) {
  directory_.Write("web.yml", kTlsText);
  directory_.WriteServer(testing::Issue(ca_, "old", {}, absl::Hours(3), absl::Hours(2)));
  EXPECT_NE(LoadNow().access, nullptr);
  EXPECT_THAT(Said(LoadNow()), HasSubstr("warning: tls_server_config: "));
  EXPECT_THAT(Said(LoadNow()), HasSubstr("good until "));
  directory_.WriteServer(testing::Issue(ca_, "coming", {}, absl::Hours(-1), absl::Hours(2)));
  EXPECT_THAT(Said(LoadNow()), HasSubstr("good from "));
}

}  // namespace
}  // namespace spacelet::webconfig
