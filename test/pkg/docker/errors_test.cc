#include "pkg/docker/errors.h"

#include <gtest/gtest.h>

#include <string>

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

}  // namespace
}  // namespace spacelet::docker
