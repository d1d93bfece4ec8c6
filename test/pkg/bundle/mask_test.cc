#include "pkg/bundle/mask.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace spacelet::bundle {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(MaskText, HidesWhatStandsBehindASecretsName) {
  const std::pair<const char*, const char*> cases[] = {
      {"DELEGATE_TOKEN=abc next", "DELEGATE_TOKEN=*** next"},
      {R"(level=info token="a b" x=1)", R"(level=info token="*** b" x=1)"},
      {R"({"password": "abc", "user": "ann"})", R"({"password": "***", "user": "ann"})"},
      {R"("{\"api_key\":\"abc\"}")", R"("{\"api_key\":\"***\"}")"},
      {"Authorization: Bearer abc.def end", "Authorization: *** end"},
      {"authorization: Basic YTpi", "authorization: ***"},
      {"clone https://ann:pass@host/x and http://h:1/", "clone https://***@host/x and http://h:1/"},
      {"got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc done", "got *** done"},
      {"client_secret=", "client_secret="},
      {"the token is gone", "the token is gone"},
      {"https://host/@x", "https://host/@x"},
      {"", ""},
      {"a\nb\n", "a\nb\n"},
  };
  for (const auto& [text, masked] : cases) EXPECT_EQ(MaskText(text), masked) << text;
}

TEST(MaskText, APrivateKeyIsOneLine) {
  EXPECT_EQ(
      MaskText("before\n-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabcd\n-----END RSA PRIVATE KEY-----\nafter"),
      "before\n*** (a private key)\nafter");
  EXPECT_EQ(MaskText("-----BEGIN PRIVATE KEY-----\nMIIE"), "*** (a private key)")
      << "also one without an end";
  EXPECT_EQ(MaskText("-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----"),
            "-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----");
}

TEST(MaskArguments, HidesTheValueOfAFlag) {
  EXPECT_THAT(MaskArguments({"run", "--token", "abc", "--api-token=abc", "--pool", "p.yaml", "TOKEN=abc"}),
              ElementsAre("run", "--token", "***", "--api-token=***", "--pool", "p.yaml", "TOKEN=***"));
  EXPECT_THAT(MaskArguments({"--token", "--pool", "p"}), ElementsAre("--token", "--pool", "p"));
  EXPECT_THAT(MaskArguments({"sh", "-c", "export MY_SECRET=abc; run"}),
              ElementsAre("sh", "-c", "export MY_SECRET=***; run"));
}

constexpr char kInspect[] = R"({"Name":"/vm-runner","Config":{
  "Env":["PATH=/bin","DELEGATE_TOKEN=abc","DB=sesame","URL=https://u:p@h","EMPTY="],
  "Cmd":["delegate","--password","abc"],"Labels":{"dev.spacelet.managed":"true","my.secret":"abc"}},
  "State":{"Health":{"Log":[{"Output":"token=abc"}]}}})";

TEST(MaskInspect, HidesVariablesArgumentsLabelsAndHealth) {
  Hidden hidden;
  const std::string text = MaskInspect(kInspect, {"DB"}, hidden);
  for (const char* shown :
       {"PATH=/bin", "DELEGATE_TOKEN=***", "DB=***", "URL=https://***@h", "\"my.secret\": \"***\"",
        "\"dev.spacelet.managed\": \"true\"", "token=***", "--password"})
    EXPECT_THAT(text, HasSubstr(shown));
  for (const char* secret : {"abc", "sesame", "u:p"}) EXPECT_THAT(text, Not(HasSubstr(secret)));
  EXPECT_THAT(hidden, ElementsAre("DB", "DELEGATE_TOKEN", "my.secret"));
}

TEST(MaskInspect, WhatIsNoJsonIsNotPassedOn) {
  Hidden hidden;
  for (const char* text : {"", "{\"Config\":{\"Env\":[\"TOKEN=abc", "abc"})
    EXPECT_THAT(MaskInspect(text, {}, hidden), Not(HasSubstr("abc"))) << text;
  for (const char* text : {"null", "[1]", R"({"Config":7})", R"({"Config":{"Env":{"a":1},"Cmd":null}})"})
    EXPECT_NE(MaskInspect(text, {}, hidden), "") << text;
}

TEST(SecretValuesIn, AreThoseThatAreHidden) {
  EXPECT_THAT(SecretValuesIn(kInspect, {"DB"}), ElementsAre("abc", "sesame"));
  for (const char* text : {"", "{", "[]", R"({"Config":{"Env":[7]}})"})
    EXPECT_THAT(SecretValuesIn(text, {}), IsEmpty());
}

TEST(MaskDocument, KeepsWhereASecretComesFromAndHidesWhatItIs) {
  Hidden hidden;
  const std::string text = MaskDocument(
      "# token abc\n"
      "spec:\n"
      "  delegate:\n"
      "    token: {value: abc}\n"
      "  runner:\n"
      "    env:\n"
      "      API_KEY: abc\n"
      "      PLAIN: hello\n"
      "      FROM: {file: /etc/t}\n"
      "    files:\n"
      "      - {path: /x, content: abc}\n"
      "    args: [--token, abc]\n"
      "    pool:\n"
      "      inline:\n"
      "        instances:\n"
      "          - account: {access_key_id: abc, access_key_secret: abc}\n"
      "  containers:\n"
      "    - name: box\n"
      "      imagePullSecret:\n"
      "        password: {command: [vault, read, --token=abc]}\n",
      hidden);
  EXPECT_THAT(text, Not(HasSubstr("abc")));
  for (const char* shown : {"PLAIN: hello", "file: /etc/t", "path: /x", "vault", "name: box"})
    EXPECT_THAT(text, HasSubstr(shown));
}

TEST(MaskDocument, WhatIsNoYamlIsNotPassedOn) {
  Hidden hidden;
  for (const char* text : {"", "token: [abc", "\xff token: abc"})
    EXPECT_THAT(MaskDocument(text, hidden), Not(HasSubstr("abc"))) << text;
}

}  // namespace
}  // namespace spacelet::bundle
