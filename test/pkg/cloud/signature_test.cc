#include "pkg/cloud/signature.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/time/civil_time.h"
#include "pkg/cloud/crc32c.h"

namespace spacelet::cloud {
namespace {

using ::testing::HasSubstr;

// The keys, the moment and the signatures are those of AWS's published test suite for Signature Version 4.
const AwsCredentials kKeys = {"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", ""};

ToSign Request(const std::string& method) {
  ToSign request;
  request.method = method;
  request.headers = {{"host", "example.amazonaws.com"}};
  request.region = "us-east-1";
  request.service = "service";
  request.time = absl::FromCivil(absl::CivilSecond(2015, 8, 30, 12, 36, 0), absl::UTCTimeZone());
  return request;
}

std::string SignatureOf(const ToSign& request, const AwsCredentials& keys = kKeys) {
  const std::string authorization = Sign(request, keys).at("authorization");
  return authorization.substr(authorization.rfind('=') + 1);
}

TEST(Sign, GivesTheSignaturesOfThePublishedTestSuite) {
  EXPECT_EQ(SignatureOf(Request("GET")), "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
  EXPECT_EQ(SignatureOf(Request("POST")), "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b");
  ToSign form = Request("POST");
  form.headers["content-type"] = "application/x-www-form-urlencoded";
  form.body = "Param1=value1";
  EXPECT_EQ(SignatureOf(form), "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a");
}

TEST(Sign, SaysWhatWasSignedAndWithWhichKey) {
  EXPECT_EQ(Sign(Request("GET"), kKeys),
            (std::map<std::string, std::string>{
                {"authorization",
                 "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                 "SignedHeaders=host;x-amz-date, "
                 "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
                {"x-amz-date", "20150830T123600Z"}}));
}

TEST(Sign, SignsTheSessionToken) {
  AwsCredentials keys = kKeys;
  keys.session_token = "session";
  const auto added = Sign(Request("POST"), keys);
  EXPECT_EQ(added.at("x-amz-security-token"), "session");
  EXPECT_THAT(added.at("authorization"), HasSubstr("SignedHeaders=host;x-amz-date;x-amz-security-token,"));
}

TEST(Sign, IsAnotherForEachPart) {
  const std::string signature = SignatureOf(Request("POST"));
  ToSign other = Request("POST");
  other.body = "x";
  EXPECT_NE(SignatureOf(other), signature);
  other = Request("POST");
  other.region = "eu-west-1";
  EXPECT_NE(SignatureOf(other), signature);
  other = Request("POST");
  other.time += absl::Seconds(1);
  EXPECT_NE(SignatureOf(other), signature);
}

TEST(Crc32c, IsCastagnolis) {
  EXPECT_EQ(Crc32c("123456789"), 0xe3069283u);  // the check value of the catalogue of CRC algorithms
  EXPECT_EQ(Crc32c(""), 0u);
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8a9136aau);  // RFC 3720, B.4
}

}  // namespace
}  // namespace spacelet::cloud
