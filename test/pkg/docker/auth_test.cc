#include "pkg/docker/auth.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace spacelet::docker {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kHubServer[] = "https://index.docker.io/v1/";

absl::StatusOr<std::string> NoHelper(absl::string_view, absl::string_view) {
  ADD_FAILURE() << "no helper is configured";
  return absl::NotFoundError("");
}

ResolvedCredential Resolve(const std::string& config, const std::string& domain,
                           const HelperRunner& run = NoHelper) {
  return ResolveCredential(*DecodeDockerConfig(config), domain, run);
}

TEST(RegistryAuthHeader, IsPaddedUrlSafeBase64) {
  // By Python: base64.urlsafe_b64encode(json.dumps(…, sort_keys=True, separators=(",", ":")).encode()).
  EXPECT_EQ(RegistryAuthHeader({"user", "p?>~ü", "", kHubServer}),
            "eyJwYXNzd29yZCI6InA_"
            "Pn7DvCIsInNlcnZlcmFkZHJlc3MiOiJodHRwczovL2luZGV4LmRvY2tlci5pby92MS8iLCJ1c2VybmFtZSI6InVz"
            "ZXIifQ==");
  EXPECT_EQ(RegistryAuthHeader({"", "", "tok>>>???", ""}), "eyJpZGVudGl0eXRva2VuIjoidG9rPj4-Pz8_In0=");
}

TEST(RegistryAuthHeader, IsWholeForAnyLength) {
  for (size_t length = 0; length < 5000; length += 97) {
    const std::string header = RegistryAuthHeader({"u", std::string(length, '~'), "", ""});
    EXPECT_EQ(header.size() % 4, 0u);
    std::string json;
    ASSERT_TRUE(absl::WebSafeBase64Unescape(header, &json));
    EXPECT_THAT(json, HasSubstr(std::string(length, '~')));
  }
}

TEST(ResolveCredential, FindsTheHostInEachSpelling) {
  for (const std::string key :
       {"host:5000", "https://host:5000", "http://host:5000/", "https://host:5000/v2/"}) {
    const auto resolved =
        Resolve(absl::StrCat(R"({"auths":{")", key, R"(":{"auth":"dXNlcjpwYTpzcw=="}}})"), "host:5000");
    ASSERT_TRUE(resolved.credential.has_value()) << key;
    EXPECT_EQ(*resolved.credential, (RegistryCredential{"user", "pa:ss", "", "host:5000"}));
  }
}

TEST(ResolveCredential, DockerHubHasManyNames) {
  for (const std::string key :
       {kHubServer, "index.docker.io", "docker.io", "https://registry-1.docker.io/v2/"}) {
    const auto resolved =
        Resolve(absl::StrCat(R"({"auths":{")", key, R"(":{"auth":"dXNlcjpwYXNz"}}})"), "docker.io");
    ASSERT_TRUE(resolved.credential.has_value()) << key;
    EXPECT_EQ(resolved.credential->server_address, kHubServer);
  }
}

TEST(ResolveCredential, AnotherHostIsAnonymous) {
  const auto resolved = Resolve(R"({"auths":{"host":{"auth":"dXNlcjpwYXNz"}}})", "host.evil");
  EXPECT_FALSE(resolved.credential.has_value());
  EXPECT_EQ(resolved.warning, "");
}

TEST(ResolveCredential, AnIdentityTokenWins) {
  const auto resolved = Resolve(R"({"auths":{"h.io":{"auth":"dXNlcjo=","identitytoken":"tok"}}})", "h.io");
  EXPECT_EQ(resolved.credential->identity_token, "tok");
}

TEST(ResolveCredential, DamagedEntriesAreAnonymous) {
  for (const std::string entry :
       {"null", "{}", R"({"auth":""})", R"({"auth":"!!"})", R"({"auth":"bm9jb2xvbg=="})", R"({"auth":7})"}) {
    EXPECT_FALSE(Resolve(absl::StrCat(R"({"auths":{"h.io":)", entry, "}}"), "h.io").credential.has_value())
        << entry;
  }
}

TEST(ResolveCredential, TheHostsHelperGoesBeforeTheStoreAndTheFile) {
  std::vector<std::string> asked;
  const auto run = [&](absl::string_view helper, absl::string_view server) -> absl::StatusOr<std::string> {
    asked.push_back(absl::StrCat(helper, " ", server));
    return R"({"ServerURL":"h.io","Username":"u","Secret":"s"})";
  };
  const std::string config =
      R"({"auths":{"h.io":{"auth":"dXNlcjpwYXNz"}},"credHelpers":{"h.io":"gcloud"},"credsStore":"pass"})";
  EXPECT_EQ(Resolve(config, "h.io", run).credential->password, "s");
  EXPECT_EQ(Resolve(config, "docker.io", run).credential->username, "u");
  EXPECT_THAT(asked, ElementsAre("gcloud h.io", "pass https://index.docker.io/v1/"));
}

TEST(ResolveCredential, AHelpersTokenIsAnIdentityToken) {
  const auto run = [](absl::string_view, absl::string_view) {
    return absl::StatusOr<std::string>(R"({"Username":"<token>","Secret":"t"})");
  };
  const auto resolved = Resolve(R"({"credsStore":"x"})", "h.io", run);
  EXPECT_EQ(*resolved.credential, (RegistryCredential{"", "", "t", "h.io"}));
}

TEST(ResolveCredential, AFailedHelperIsAWarningWithoutItsOutput) {
  const auto run = [](absl::string_view, absl::string_view) {
    return absl::StatusOr<std::string>("garbage with s3cret");
  };
  const auto resolved =
      Resolve(R"({"credsStore":"x","auths":{"h.io":{"auth":"dXNlcjpwYXNz"}}})", "h.io", run);
  EXPECT_EQ(resolved.warning, "docker-credential-x: its answer is no JSON");
  EXPECT_THAT(resolved.warning, Not(HasSubstr("s3cret")));
  EXPECT_EQ(resolved.credential->username, "user");
}

TEST(CredentialFor, NoFileIsAnonymousAndADamagedOneWarns) {
  EXPECT_EQ(CredentialFor("", "h.io", {}).warning, "");
  EXPECT_EQ(CredentialFor("/no/such/config.json", "h.io", {}).warning, "");
  EXPECT_THAT(CredentialFor("/proc", "h.io", {}).warning, HasSubstr("/proc"));
  EXPECT_THAT(CredentialFor("/etc/hostname", "h.io", {}).warning, HasSubstr("/etc/hostname"));
}

}  // namespace
}  // namespace spacelet::docker
