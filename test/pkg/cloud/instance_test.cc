#include "pkg/cloud/instance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "test/testing/raw_server.h"

namespace spacelet::cloud {
namespace {

using ::spacelet::testing::Answer;
using ::spacelet::testing::RawServer;
using ::testing::HasSubstr;

constexpr Patience kPatience = {absl::Seconds(20), absl::Seconds(20), absl::Milliseconds(1)};

std::string Google(const std::string& request, const std::string& zone) {
  const auto flavored = [](int status, const std::string& body) {
    return Answer(status, body, "Metadata-Flavor: Google\r\n");
  };
  if (!absl::StrContains(request, "Metadata-Flavor: Google\r\n")) return flavored(403, "");
  if (absl::StartsWith(request, "GET /computeMetadata/v1/instance/id "))
    return flavored(200, "4520031799277581759");
  if (absl::StartsWith(request, "GET /computeMetadata/v1/instance/zone ")) return flavored(200, zone);
  return flavored(404, "");
}

std::string Aws(const std::string& request) {
  if (absl::StartsWith(request, "PUT /latest/api/token ")) return Answer(200, "c2Vzc2lvbg==");
  if (!absl::StrContains(request, "aws-ec2-metadata-token: c2Vzc2lvbg==\r\n")) return Answer(401, "");
  if (absl::StartsWith(request, "GET /latest/meta-data/instance-id "))
    return Answer(200, "i-1234567890abcdef0");
  if (absl::StartsWith(request, "GET /latest/meta-data/placement/availability-zone "))
    return Answer(200, "us-west-2a");
  if (absl::StartsWith(request, "GET /latest/meta-data/placement/region ")) return Answer(200, "us-west-2");
  return Answer(404, "");
}

TEST(Instance, OfGoogleIsReadFromItsMetadata) {
  RawServer server(RawServer::Answering(
      [](const std::string& request) { return Google(request, "projects/123/zones/us-west1-b"); }));
  EXPECT_EQ(*ReadGoogleInstance(server.url(), kPatience),
            (Instance{"4520031799277581759", "us-west1-b", "us-west1"}));
}

TEST(Instance, OfAwsIsReadFromItsMetadataInASession) {
  RawServer server(RawServer::Answering(Aws));
  EXPECT_EQ(*ReadAwsInstance(server.url(), kPatience),
            (Instance{"i-1234567890abcdef0", "us-west-2a", "us-west-2"}));
  EXPECT_EQ(server.requests().size(), 4u);  // one session
}

TEST(Instance, AnAnswerThatIsNoneIsAnError) {
  RawServer odd(RawServer::Answering([](const std::string& request) { return Google(request, "nowhere"); }));
  EXPECT_TRUE(absl::IsInternal(ReadGoogleInstance(odd.url(), kPatience).status()));
  RawServer other(RawServer::Answering([](const std::string&) { return Answer(200, "hello"); }));
  EXPECT_THAT(ReadGoogleInstance(other.url(), kPatience).status().message(),
              HasSubstr("is no metadata server of Google Cloud"));
  RawServer off(RawServer::Answering([](const std::string&) { return Answer(403, ""); }));
  EXPECT_THAT(ReadAwsInstance(off.url(), kPatience).status().message(), HasSubstr("switched off"));
}

}  // namespace
}  // namespace spacelet::cloud
