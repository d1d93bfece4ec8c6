#include "pkg/cloud/aws.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "test/testing/raw_server.h"

namespace spacelet::cloud {
namespace {

using ::spacelet::testing::Answer;
using ::spacelet::testing::Peer;
using ::spacelet::testing::RawServer;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kRole[] = "my-infra-provisioner-role";
constexpr char kSecret[] = R"({"Name":"delegate-token","SecretString":"canary-secret"})";

std::string Metadata(const std::string& request) {
  if (absl::StartsWith(request, "PUT /latest/api/token "))
    return absl::StrContains(request, "X-aws-ec2-metadata-token-ttl-seconds: 60\r\n")
               ? Answer(200, "canary-session==")
               : Answer(400, "");
  if (!absl::StrContains(request, "X-aws-ec2-metadata-token: canary-session==\r\n")) return Answer(401, "");
  if (absl::StartsWith(request, "GET /latest/meta-data/placement/region ")) return Answer(200, "us-east-1");
  if (absl::StartsWith(request, "GET /latest/meta-data/iam/security-credentials/ "))
    return Answer(200, kRole);
  if (absl::StartsWith(request, absl::StrCat("GET /latest/meta-data/iam/security-credentials/", kRole, " ")))
    return Answer(200, R"({"Code":"Success","AccessKeyId":"AKIDEXAMPLE","SecretAccessKey":"canary-key",)"
                       R"("Token":"canary-credentials","Expiration":"2099-01-01T00:00:00Z"})");
  return Answer(404, "");
}

class Aws : public ::testing::Test {
 protected:
  absl::StatusOr<std::string> ReadWith(const std::string& answer,
                                       const AwsSecret& secret = {"delegate-token"}) {
    RawServer metadata(RawServer::Answering(Metadata));
    RawServer manager(RawServer::Answering([&](const std::string&) { return answer; }));
    absl::StatusOr<std::string> read = ReadAwsSecret(secret, {metadata.url(), manager.url()}, patience_);
    requests_ = manager.requests();
    EXPECT_THAT(read.status().ToString(), Not(HasSubstr("canary")));
    return read;
  }
  std::string Refusal(const std::string& type) {
    return ReadWith(
               Answer(400, absl::StrCat(R"({"__type":"com.amazonaws.x#)", type, R"(","Message":"said"})")))
        .status()
        .ToString();
  }

  Patience patience_ = {absl::Seconds(20), absl::Seconds(20), absl::Milliseconds(1)};
  std::vector<std::string> requests_;
};

TEST_F(Aws, ReadsTheSecretInTheInstancesRegionWithItsRole) {
  EXPECT_EQ(*ReadWith(Answer(200, kSecret)), "canary-secret");
  const std::string& request = requests_.at(0);
  EXPECT_TRUE(absl::StartsWith(request, "POST / HTTP/1.1\r\n"));
  EXPECT_TRUE(absl::EndsWith(request, "\r\n\r\n{\"SecretId\":\"delegate-token\"}"));
  for (const char* header :
       {"x-amz-target: secretsmanager.GetSecretValue\r\n", "Content-Type: application/x-amz-json-1.1\r\n",
        "x-amz-security-token: canary-credentials\r\n", "Credential=AKIDEXAMPLE/",
        "/us-east-1/secretsmanager/aws4_request, "
        "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target, Signature="})
    EXPECT_THAT(request, HasSubstr(header));
}

TEST_F(Aws, TheRegionIsTheOneThatIsGivenElseTheArnsElseTheInstances) {
  const std::string arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:delegate-token-AbCdEf";
  ASSERT_TRUE(ReadWith(Answer(200, kSecret), {arn}).ok());
  EXPECT_THAT(requests_.at(0), HasSubstr("/eu-central-1/secretsmanager/"));
  ASSERT_TRUE(ReadWith(Answer(200, kSecret), {arn, "us-west-2"}).ok());
  EXPECT_THAT(requests_.at(0), HasSubstr("/us-west-2/secretsmanager/"));
}

TEST_F(Aws, AStageCanBeChosen) {
  ASSERT_TRUE(ReadWith(Answer(200, kSecret), {"a", "", "AWSPREVIOUS"}).ok());
  EXPECT_THAT(requests_.at(0), HasSubstr(R"("VersionStage":"AWSPREVIOUS")"));
}

TEST_F(Aws, ABinarySecretComesAsItsBytes) {
  EXPECT_EQ(*ReadWith(Answer(200, R"({"SecretBinary":"AAEC"})")), std::string("\0\1\2", 3));
}

TEST_F(Aws, NamesThatAreNoneAreNotSent) {
  for (const char* id : {"", "a b", "a\"b", "a\r\nb", "\xff"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ReadWith(Answer(200, kSecret), {id}).status())) << id;
    EXPECT_TRUE(requests_.empty());
  }
  EXPECT_TRUE(absl::IsInvalidArgument(ReadWith(Answer(200, kSecret), {"a", "evil.example/"}).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(ReadWith(Answer(200, kSecret), {"a", "", "\xff"}).status()));
}

TEST_F(Aws, WhatIsMissingIsNamed) {
  EXPECT_THAT(
      Refusal("AccessDeniedException"),
      HasSubstr("PERMISSION_DENIED: the role my-infra-provisioner-role may not read delegate-token: allow it "
                "secretsmanager:GetSecretValue"));
  EXPECT_THAT(Refusal("DecryptionFailure"), HasSubstr("kms:Decrypt"));
  EXPECT_THAT(Refusal("ResourceNotFoundException"),
              HasSubstr("NOT_FOUND: no secret delegate-token in us-east-1"));
  EXPECT_THAT(Refusal("InvalidSignatureException"), HasSubstr("is the clock right?"));
  EXPECT_THAT(Refusal("ExpiredTokenException"), HasSubstr("is the clock right?"));
  EXPECT_THAT(Refusal("InvalidRequestException"), HasSubstr("InvalidRequestException: said"));
}

TEST_F(Aws, AMessageThatRepeatsACredentialIsNotRepeated) {
  EXPECT_THAT(ReadWith(Answer(400, R"({"__type":"X","message":"canary-credentials?"})")).status().message(),
              HasSubstr("***?"));
}

TEST_F(Aws, GarbageIsNoSecret) {
  for (const char* body : {"", "canary", "[]", "{}", R"({"SecretString":1})", R"({"SecretBinary":"§"})"})
    EXPECT_TRUE(absl::IsInternal(ReadWith(Answer(200, body)).status())) << body;
}

TEST_F(Aws, FailuresThatPassAreTriedAgain) {
  std::atomic<int> metadata_calls = 0, calls = 0;
  RawServer metadata([&](Peer& peer, const std::string& request) {
    peer.Send(metadata_calls++ == 0 ? Answer(503, "") : Metadata(request));
  });
  RawServer manager([&](Peer& peer, const std::string&) {
    peer.Send(calls++ == 0 ? Answer(500, R"({"__type":"InternalServiceError"})") : Answer(200, kSecret));
  });
  EXPECT_EQ(*ReadAwsSecret({"a"}, {metadata.url(), manager.url()}, patience_), "canary-secret");
  EXPECT_EQ(calls, 2);
}

TEST_F(Aws, AMetadataServiceThatNeverAnswersEndsWithinTheBoundAndNamesTheHopLimit) {
  patience_ = {absl::Milliseconds(200), absl::Milliseconds(100), absl::Milliseconds(1)};
  RawServer metadata([](Peer& peer, const std::string&) { peer.WaitForClose(); });
  const absl::Status status = ReadAwsSecret({"a"}, {metadata.url(), "unix:///none"}, patience_).status();
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  EXPECT_THAT(status.message(), HasSubstr("hop limit 2"));
}

TEST_F(Aws, AnInstanceWithoutARoleOrWithItsMetadataOffIsSaid) {
  RawServer without([](Peer& peer, const std::string& request) {
    peer.Send(absl::StrContains(request, "/iam/") ? Answer(404, "") : Metadata(request));
  });
  EXPECT_THAT(ReadAwsSecret({"a"}, {without.url(), "unix:///none"}, patience_).status().message(),
              HasSubstr("this instance has no role: attach an instance profile"));
  RawServer off(RawServer::Answering([](const std::string&) { return Answer(403, ""); }));
  EXPECT_THAT(ReadAwsSecret({"a"}, {off.url(), "unix:///none"}, patience_).status().message(),
              HasSubstr("switched off"));
}

TEST_F(Aws, CredentialsThatAreNoneAreSaid) {
  RawServer metadata([](Peer& peer, const std::string& request) {
    peer.Send(absl::StrContains(request, absl::StrCat("/", kRole))
                  ? Answer(200, R"({"Code":"AssumeRoleUnauthorizedAccess"})")
                  : Metadata(request));
  });
  EXPECT_THAT(ReadAwsSecret({"a"}, {metadata.url(), "unix:///none"}, patience_).status().message(),
              HasSubstr("AssumeRoleUnauthorizedAccess"));
}

}  // namespace
}  // namespace spacelet::cloud
