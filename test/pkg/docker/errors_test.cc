#include "pkg/docker/errors.h"

#include <gtest/gtest.h>

#include <string>

#include "pkg/api/reasons.h"

namespace spacelet::docker {
namespace {

using absl::StatusCode;

struct Row {
  int http_status;
  CallClass call_class;
  StatusCode want;
  std::string message = "text";
};

TEST(StatusFromHttp, IsThisTable) {
  const Row rows[] = {
      {200, CallClass::kOther, StatusCode::kOk},
      {201, CallClass::kCreate, StatusCode::kOk},
      {204, CallClass::kOther, StatusCode::kOk},
      {304, CallClass::kOther, StatusCode::kOk},
      {400, CallClass::kOther, StatusCode::kInvalidArgument},
      {401, CallClass::kOther, StatusCode::kPermissionDenied},
      {403, CallClass::kOther, StatusCode::kPermissionDenied},
      {403, CallClass::kOther, StatusCode::kAborted,
       "error while removing network: network harness id 0123 has active endpoints"},
      {404, CallClass::kOther, StatusCode::kNotFound},
      {404, CallClass::kCreate, StatusCode::kNotFound},
      {406, CallClass::kOther, StatusCode::kInvalidArgument},
      {409, CallClass::kCreate, StatusCode::kAlreadyExists},
      {409, CallClass::kOther, StatusCode::kAborted},
      {429, CallClass::kPull, StatusCode::kResourceExhausted},
      {500, CallClass::kOther, StatusCode::kUnavailable},
      {501, CallClass::kOther, StatusCode::kUnimplemented},
      {503, CallClass::kOther, StatusCode::kUnavailable},
      {100, CallClass::kOther, StatusCode::kInternal},
      {302, CallClass::kOther, StatusCode::kInternal},
      {500, CallClass::kOther, StatusCode::kResourceExhausted, "write /x: no space left on device"},
      {500, CallClass::kPull, StatusCode::kResourceExhausted,
       "toomanyrequests: You have reached your pull rate limit"},
      {500, CallClass::kPull, StatusCode::kPermissionDenied, "unauthorized: authentication required"},
      {404, CallClass::kPull, StatusCode::kPermissionDenied,
       "pull access denied for x, repository does not exist"},
      {404, CallClass::kPull, StatusCode::kNotFound, "manifest for x:1 not found: manifest unknown"},
      {500, CallClass::kPull, StatusCode::kUnavailable,
       "dial tcp 127.0.0.1:5000: connect: connection refused"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(StatusFromHttp(row.http_status, row.call_class, "GET /x", row.message).code(), row.want)
        << row.http_status << " " << row.message;
  }
}

TEST(StatusFromHttp, SaysWhatWasAskedAndWhatTheDaemonSaid) {
  EXPECT_EQ(StatusFromHttp(409, CallClass::kCreate, "POST /containers/create", "Conflict.").message(),
            "POST /containers/create: Conflict.");
  EXPECT_EQ(StatusFromHttp(500, CallClass::kOther, "GET /x", "").message(), "GET /x: status 500");
}

TEST(StatusFromHttp, CarriesTheDaemonsAnswerAsLongAsThereWasOne) {
  EXPECT_EQ(HttpStatusOf(StatusFromHttp(403, CallClass::kCreate, "POST /networks/create", "overlaps")), 403);
  EXPECT_EQ(HttpStatusOf(StatusFromHttp(500, CallClass::kCreate, "POST /networks/create", "")), 500);
  EXPECT_EQ(HttpStatusOf(absl::UnavailableError("cannot connect")), std::nullopt);
  EXPECT_EQ(HttpStatusOf(absl::OkStatus()), std::nullopt);
}

struct PullRow {
  const char* message;
  const char* reason;
  StatusCode code;
};

// What daemons say. The first of each group is dockerd 20.10 with registry:2, taken down as it came.
const PullRow kPullRows[] = {
    {R"(Head "http://127.0.0.1:5000/v2/run/manifests/1": no basic auth credentials)",
     api::reason::kRegistryUnauthorized, StatusCode::kPermissionDenied},
    {"unauthorized: authentication required", api::reason::kRegistryUnauthorized,
     StatusCode::kPermissionDenied},
    {R"(Get "https://registry-1.docker.io/v2/a/manifests/1": unauthorized: incorrect username or password)",
     api::reason::kRegistryUnauthorized, StatusCode::kPermissionDenied},
    {"denied: Your authorization token has expired. Reauthenticate and try again.",
     api::reason::kRegistryUnauthorized, StatusCode::kPermissionDenied},
    {R"(failed to resolve reference "r.example/a:1": failed to authorize: failed to fetch anonymous token: )"
     "unexpected status from GET request to https://r.example/token: 401 Unauthorized",
     api::reason::kRegistryUnauthorized, StatusCode::kPermissionDenied},

    {R"(error parsing HTTP 403 response body: unexpected end of JSON input: "")",
     api::reason::kRegistryForbidden, StatusCode::kPermissionDenied},
    {"pull access denied for nope/nope, repository does not exist or may require 'docker login': denied: "
     "requested access to the resource is denied",
     api::reason::kRegistryForbidden, StatusCode::kPermissionDenied},
    {R"(Head "https://ghcr.io/v2/a/b/manifests/1": denied: denied)", api::reason::kRegistryForbidden,
     StatusCode::kPermissionDenied},
    {R"(denied: Permission "artifactregistry.repositories.downloadArtifacts" denied on resource "projects/x" )"
     "(or it may not exist)",
     api::reason::kRegistryForbidden, StatusCode::kPermissionDenied},
    {"failed to authorize: failed to fetch oauth token: unexpected status from GET request to "
     "https://ghcr.io/token: 403 Forbidden",
     api::reason::kRegistryForbidden, StatusCode::kPermissionDenied},

    {"manifest for 127.0.0.1:5000/run:nope not found: manifest unknown: manifest unknown",
     api::reason::kImageNotFound, StatusCode::kNotFound},
    {R"(error parsing HTTP 404 response body: unexpected end of JSON input: "")", api::reason::kImageNotFound,
     StatusCode::kNotFound},
    {R"(failed to resolve reference "docker.io/library/busybox:nope": docker.io/library/busybox:nope: not )"
     "found",
     api::reason::kImageNotFound, StatusCode::kNotFound},

    {"name unknown: repository name not known to registry", api::reason::kRepositoryNotFound,
     StatusCode::kNotFound},
    {"repository registry.example/a not found: name unknown: The repository with name 'a' does not exist",
     api::reason::kRepositoryNotFound, StatusCode::kNotFound},

    {R"(error parsing HTTP 429 response body: unexpected end of JSON input: "")",
     api::reason::kRegistryRateLimited, StatusCode::kResourceExhausted},
    {"toomanyrequests: You have reached your pull rate limit. You may increase the limit by authenticating "
     "and upgrading: https://www.docker.com/increase-rate-limit",
     api::reason::kRegistryRateLimited, StatusCode::kResourceExhausted},
    {"toomanyrequests: Rate exceeded", api::reason::kRegistryRateLimited, StatusCode::kResourceExhausted},
    {"unexpected status from HEAD request to https://r.example/v2/a/manifests/1: 429 Too Many Requests",
     api::reason::kRegistryRateLimited, StatusCode::kResourceExhausted},

    {"received unexpected HTTP status: 500 Internal Server Error", api::reason::kRegistryFailed,
     StatusCode::kUnavailable},
    {"received unexpected HTTP status: 503 Service Unavailable", api::reason::kRegistryFailed,
     StatusCode::kUnavailable},
    {R"(error parsing HTTP 502 response body: invalid character '<' looking for beginning of value: "<html>")",
     api::reason::kRegistryFailed, StatusCode::kUnavailable},
    {"unexpected status from HEAD request to https://r.example/v2/a/manifests/1: 504 Gateway Timeout",
     api::reason::kRegistryFailed, StatusCode::kUnavailable},

    {R"(Get "http://127.0.0.1:1/v2/": dial tcp 127.0.0.1:1: connect: connection refused)",
     api::reason::kRegistryUnreachable, StatusCode::kUnavailable},
    {R"(Get "https://nope.invalid/v2/": dial tcp: lookup nope.invalid on 10.0.0.53:53: no such host)",
     api::reason::kRegistryUnreachable, StatusCode::kUnavailable},
    {R"(Get "https://r.example/v2/": net/http: request canceled while waiting for connection )"
     "(Client.Timeout exceeded while awaiting headers)",
     api::reason::kRegistryUnreachable, StatusCode::kUnavailable},
    {R"(Get "https://r.example/v2/": net/http: TLS handshake timeout)", api::reason::kRegistryUnreachable,
     StatusCode::kUnavailable},
    {R"(Get "https://r.example/v2/": EOF)", api::reason::kRegistryUnreachable, StatusCode::kUnavailable},
    {"unexpected EOF", api::reason::kRegistryUnreachable, StatusCode::kUnavailable},
    {R"(Get "https://forbidden.example/v2/not%20found": dial tcp 10.0.0.1:443: i/o timeout)",
     api::reason::kRegistryUnreachable, StatusCode::kUnavailable},
    {R"(failed to authorize: failed to fetch anonymous token: Get "https://auth.docker.io/token": dial tcp: )"
     "lookup auth.docker.io: no such host",
     api::reason::kRegistryUnreachable, StatusCode::kUnavailable},

    {R"(Get "https://r.example/v2/": x509: certificate signed by unknown authority)",
     api::reason::kRegistryUntrusted, StatusCode::kUnavailable},
    {R"(Get "https://r.example/v2/": tls: failed to verify certificate: x509: certificate has expired)",
     api::reason::kRegistryUntrusted, StatusCode::kUnavailable},
    {R"(Get "https://r.example:5000/v2/": http: server gave HTTP response to HTTPS client)",
     api::reason::kRegistryUntrusted, StatusCode::kUnavailable},

    {"failed to register layer: Error processing tar file(exit status 1): write /x: no space left on device",
     api::reason::kDiskFull, StatusCode::kResourceExhausted},
    {"write /var/lib/docker/tmp/GetImageBlob1: disk quota exceeded", api::reason::kDiskFull,
     StatusCode::kResourceExhausted},

    {"no matching manifest for linux/arm64/v8 in the manifest list entries",
     api::reason::kImagePlatformMismatch, StatusCode::kNotFound},
    {"image with reference 127.0.0.1:5000/run:1 was found but does not match the specified platform: wanted "
     "linux/arm64, actual: linux/amd64",
     api::reason::kImagePlatformMismatch, StatusCode::kNotFound},
    {"image with reference r.example/a:1 was found but does not provide the specified platform (linux/arm64)",
     api::reason::kImagePlatformMismatch, StatusCode::kNotFound},

    {"filesystem layer verification failed for digest sha256:4f4f", api::reason::kImageCorrupt,
     StatusCode::kUnavailable},
    {"manifest verification failed for digest sha256:4f4f", api::reason::kImageCorrupt,
     StatusCode::kUnavailable},

    {"failed to register layer: lchown /x: permission denied", api::reason::kImagePullFailed,
     StatusCode::kUnavailable},
    {"unsupported media type application/x", api::reason::kImagePullFailed, StatusCode::kUnavailable},
};

TEST(PullReason, IsThisTable) {
  for (const PullRow& row : kPullRows) {
    EXPECT_STREQ(PullReason(absl::Status(row.code, row.message)), row.reason) << row.message;
    EXPECT_EQ(PullErrorCode(row.message), row.code) << row.message;
  }
}

TEST(PullReason, SilenceIsAReasonOfItsOwnAndTheDaemonsAbsenceIsNotTheRegistrys) {
  EXPECT_STREQ(PullReason(absl::DeadlineExceededError("POST /images/create: silent for 10m")),
               api::reason::kPullStalled);
  const absl::Status daemon = absl::UnavailableError(
      "POST /images/create: cannot connect to /var/run/docker.sock: Connection refused");
  EXPECT_STREQ(PullReason(daemon), api::reason::kImagePullFailed);
  EXPECT_FALSE(IsRegistryAway(daemon));
}

TEST(IsRegistryAway, HoldsUnlessItSaidNo) {
  const auto away = [](const char* message) { return IsRegistryAway(absl::UnavailableError(message)); };
  EXPECT_TRUE(away("dial tcp 127.0.0.1:1: connect: connection refused"));
  EXPECT_TRUE(away("received unexpected HTTP status: 503 Service Unavailable"));
  EXPECT_TRUE(away("toomanyrequests: slow down"));
  EXPECT_TRUE(away("x509: certificate has expired or is not yet valid"));
  EXPECT_TRUE(IsRegistryAway(absl::DeadlineExceededError("silent for 10m")));
  EXPECT_FALSE(away("unauthorized: authentication required"));
  EXPECT_FALSE(away("denied: denied"));
  EXPECT_FALSE(away("manifest unknown: manifest unknown"));
  EXPECT_FALSE(away("no space left on device"));
  EXPECT_FALSE(away("no matching manifest for linux/arm64"));
}

TEST(RetryAfterHint, IsReadWhereTheRegistrysWordsCameThrough) {
  EXPECT_EQ(RetryAfterHint("toomanyrequests: Retry-After: 30"), absl::Seconds(30));
  EXPECT_EQ(RetryAfterHint("toomanyrequests: retry-after: 1m30s, allowed: 44000/minute"), absl::Seconds(90));
  EXPECT_EQ(RetryAfterHint("toomanyrequests: retry-after: 808.241\xc2\xb5s, allowed: 44000/minute"),
            absl::Nanoseconds(808241));
  EXPECT_EQ(RetryAfterHint("toomanyrequests: retry-after: soon"), std::nullopt);
  EXPECT_EQ(RetryAfterHint("toomanyrequests"), std::nullopt);
}

}  // namespace
}  // namespace spacelet::docker
