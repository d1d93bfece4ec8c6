#include "pkg/cloud/gcp.h"

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

constexpr char kToken[] = "ya29.canary-token";
constexpr char kPayload[] = R"({"name":"projects/1/secrets/delegate-token/versions/3",)"
                            R"("payload":{"data":"Y2FuYXJ5LXNlY3JldA==","dataCrc32c":"320383716"}})";

std::string Flavored(int status, const std::string& body) {
  return Answer(status, body, "Metadata-Flavor: Google\r\n");
}

std::string Metadata(const std::string& request) {
  if (!absl::StrContains(request, "Metadata-Flavor: Google\r\n")) return Flavored(403, "");
  if (absl::StartsWith(request, "GET /computeMetadata/v1/project/project-id "))
    return Flavored(200, "my-project");
  if (absl::StartsWith(request, "GET /computeMetadata/v1/instance/service-accounts/default/token "))
    return Flavored(
        200, absl::StrCat(R"({"access_token":")", kToken, R"(","expires_in":3599,"token_type":"Bearer"})"));
  if (absl::StartsWith(request, "GET /computeMetadata/v1/instance/service-accounts/default/email "))
    return Flavored(200, "host@my-project.iam.gserviceaccount.com");
  return Flavored(404, "");
}

class Gcp : public ::testing::Test {
 protected:
  absl::StatusOr<std::string> Read(const GcpSecret& secret, const RawServer& metadata,
                                   const RawServer& manager) {
    return ReadGcpSecret(secret, {metadata.url(), manager.url()}, patience_);
  }
  // With a good metadata server and a Secret Manager that answers so.
  absl::StatusOr<std::string> ReadWith(const std::string& answer,
                                       const GcpSecret& secret = {"delegate-token"}) {
    RawServer metadata(RawServer::Answering(Metadata));
    RawServer manager(RawServer::Answering([&](const std::string&) { return answer; }));
    absl::StatusOr<std::string> read = Read(secret, metadata, manager);
    requests_ = manager.requests();
    // Whatever happens, neither the token nor the secret is in a message.
    EXPECT_THAT(read.status().ToString(), Not(HasSubstr("canary")));
    return read;
  }
  std::string Line(size_t request) {
    return requests_.at(request).substr(0, requests_.at(request).find(" HTTP/"));
  }

  Patience patience_ = {absl::Seconds(20), absl::Seconds(20), absl::Milliseconds(1)};
  std::vector<std::string> requests_;
};

TEST_F(Gcp, ReadsTheLatestVersionInTheVmsProjectAsItsServiceAccount) {
  EXPECT_EQ(*ReadWith(Answer(200, kPayload)), "canary-secret");
  EXPECT_EQ(Line(0), "GET /v1/projects/my-project/secrets/delegate-token/versions/latest:access");
  EXPECT_THAT(requests_[0], HasSubstr(absl::StrCat("Authorization: Bearer ", kToken, "\r\n")));
}

TEST_F(Gcp, TakesAnotherProjectVersionOrAFullName) {
  ASSERT_TRUE(ReadWith(Answer(200, kPayload), {"t", "other", "3"}).ok());
  EXPECT_EQ(Line(0), "GET /v1/projects/other/secrets/t/versions/3:access");
  ASSERT_TRUE(ReadWith(Answer(200, kPayload), {"projects/p/secrets/t"}).ok());
  EXPECT_EQ(Line(0), "GET /v1/projects/p/secrets/t/versions/latest:access");
  ASSERT_TRUE(ReadWith(Answer(200, kPayload), {"projects/p/secrets/t/versions/7"}).ok());
  EXPECT_EQ(Line(0), "GET /v1/projects/p/secrets/t/versions/7:access");
}

TEST_F(Gcp, NamesThatAreNoneAreNotSent) {
  for (const char* name : {"", "a/b", "a b", "a?b", "a\r\nb", "projects/p/secrets/t?x", "../a"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ReadWith(Answer(200, kPayload), {name}).status())) << name;
    EXPECT_TRUE(requests_.empty());
  }
}

TEST_F(Gcp, AWrongChecksumIsNoSecret) {
  const absl::Status status =
      ReadWith(Answer(200, R"({"payload":{"data":"Y2FuYXJ5LXNlY3JldA==","dataCrc32c":"1"}})")).status();
  EXPECT_THAT(status.message(), HasSubstr("checksum"));
}

TEST_F(Gcp, GarbageIsNoSecret) {
  for (const char* body : {"", "canary", "[]", "{}", R"({"payload":{}})", R"({"payload":{"data":7}})",
                           R"({"payload":{"data":"§§"}})", R"({"payload":"canary"})", "{\"payload\":"})
    EXPECT_TRUE(absl::IsInternal(ReadWith(Answer(200, body)).status())) << body;
}

TEST_F(Gcp, ARoleThatIsMissingIsNamedWithWhoNeedsIt) {
  const absl::Status status =
      ReadWith(Answer(403,
                      R"({"error":{"code":403,"message":"Permission 'secretmanager.versions.access' denied",)"
                      R"("status":"PERMISSION_DENIED"}})"))
          .status();
  EXPECT_TRUE(absl::IsPermissionDenied(status));
  EXPECT_THAT(status.message(),
              HasSubstr("host@my-project.iam.gserviceaccount.com may not read "
                        "projects/my-project/secrets/delegate-token/versions/latest: grant it "
                        "roles/secretmanager.secretAccessor"));
  EXPECT_THAT(status.message(), HasSubstr("'secretmanager.versions.access' denied"));
}

TEST_F(Gcp, AScopeThatIsMissingIsNamed) {
  const absl::Status status =
      ReadWith(Answer(403, R"({"error":{"message":"Request had insufficient authentication scopes."}})"))
          .status();
  EXPECT_THAT(status.message(), HasSubstr("it needs the scope cloud-platform"));
}

TEST_F(Gcp, AnApiThatIsOffIsNamed) {
  const absl::Status status =
      ReadWith(Answer(403, R"({"error":{"message":"off","details":[{"reason":"SERVICE_DISABLED"}]}})"))
          .status();
  EXPECT_THAT(status.message(), HasSubstr("gcloud services enable secretmanager.googleapis.com"));
}

TEST_F(Gcp, ASecretThatIsNotThereIsNamed) {
  const absl::Status status = ReadWith(Answer(404, R"({"error":{"message":"Secret not found"}})")).status();
  EXPECT_TRUE(absl::IsNotFound(status));
  EXPECT_THAT(status.message(), HasSubstr("projects/my-project/secrets/delegate-token/versions/latest"));
}

TEST_F(Gcp, ADisabledVersionIsSaidAsTheCloudSaysIt) {
  const absl::Status status =
      ReadWith(Answer(400, R"({"error":{"message":"Secret Version is in DISABLED state."}})")).status();
  EXPECT_THAT(status.message(), HasSubstr("DISABLED state"));
}

TEST_F(Gcp, AMessageThatRepeatsTheTokenIsNotRepeated) {
  const absl::Status status =
      ReadWith(Answer(404, absl::StrCat(R"({"error":{"message":"who is )", kToken, R"(?"}})"))).status();
  EXPECT_THAT(status.message(), HasSubstr("who is ***?"));
}

TEST_F(Gcp, FailuresThatPassAreTriedAgain) {
  std::atomic<int> calls = 0;
  RawServer metadata(RawServer::Answering(Metadata));
  RawServer manager([&](Peer& peer, const std::string&) {
    const int call = calls++;
    if (call == 0) peer.Send(Answer(500, "{}"));
    if (call == 1) peer.Send(Answer(429, "{}"));
    if (call == 2) peer.Send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{");  // cut
    if (call == 3) peer.Send(Answer(200, kPayload));
  });
  EXPECT_EQ(*Read({"delegate-token"}, metadata, manager), "canary-secret");
  EXPECT_EQ(calls, 4);
}

TEST_F(Gcp, AServerThatNeverAnswersEndsWithinTheBound) {
  patience_ = {absl::Seconds(2), absl::Milliseconds(500), absl::Milliseconds(1)};
  RawServer metadata(RawServer::Answering(Metadata));
  RawServer manager([](Peer& peer, const std::string&) { peer.WaitForClose(); });
  const absl::Status status = Read({"delegate-token"}, metadata, manager).status();
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  EXPECT_GE(manager.requests().size(), 2u);
}

TEST_F(Gcp, NoMetadataServerIsSaid) {
  patience_.total = absl::Milliseconds(50);
  RawServer manager(RawServer::Answering([](const std::string&) { return ""; }));
  const absl::Status status =
      ReadGcpSecret({"a"}, {"unix:///no/such/socket", manager.url()}, patience_).status();
  EXPECT_THAT(status.message(), HasSubstr("is this a VM of Google Cloud, and is its network up?"));
}

TEST_F(Gcp, AnotherServerAtTheMetadataAddressGetsNoFurther) {
  RawServer metadata(RawServer::Answering([](const std::string&) { return Answer(200, "<html>"); }));
  RawServer manager(RawServer::Answering([](const std::string&) { return Answer(200, kPayload); }));
  const absl::Status status = Read({"a"}, metadata, manager).status();
  EXPECT_THAT(status.message(), HasSubstr("no metadata server of Google Cloud"));
  EXPECT_TRUE(manager.requests().empty());
}

TEST_F(Gcp, AVmWithoutAServiceAccountIsSaid) {
  RawServer metadata(RawServer::Answering([](const std::string& request) {
    return absl::StrContains(request, "/token ") ? Flavored(404, "") : Metadata(request);
  }));
  RawServer manager(RawServer::Answering([](const std::string&) { return Answer(200, kPayload); }));
  const absl::Status status = Read({"a"}, metadata, manager).status();
  EXPECT_TRUE(absl::IsNotFound(status));
  EXPECT_THAT(status.message(), HasSubstr("this VM has no service account"));
}

}  // namespace
}  // namespace spacelet::cloud
