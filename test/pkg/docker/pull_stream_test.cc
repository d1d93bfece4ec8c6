#include "pkg/docker/pull_stream.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "absl/strings/str_cat.h"

namespace spacelet::docker {
namespace {

TEST(PullStream, AddsUpItsLayers) {
  PullStream stream;
  ASSERT_TRUE(stream.Feed(R"({"status":"Pulling from library/busybox","id":"1.36"})").ok());
  ASSERT_TRUE(stream.Feed(R"({"status":"Pulling fs layer","progressDetail":{},"id":"aa"})").ok());
  ASSERT_TRUE(stream.Feed(R"({"status":"Already exists","progressDetail":{},"id":"bb"})").ok());
  ASSERT_TRUE(
      stream.Feed(R"({"status":"Downloading","progressDetail":{"current":40,"total":100},"id":"aa"})").ok());
  PullProgress progress = stream.Progress();
  EXPECT_EQ(progress.layers_total, 2);
  EXPECT_EQ(progress.layers_done, 1);
  EXPECT_EQ(progress.bytes_done, 40);
  EXPECT_EQ(progress.bytes_total, 100);
  EXPECT_EQ(progress.status, "aa: Downloading");
  ASSERT_TRUE(
      stream.Feed(R"({"status":"Extracting","progressDetail":{"current":5,"total":7},"id":"aa"})").ok());
  EXPECT_EQ(stream.Progress().bytes_done, 100);
  ASSERT_TRUE(
      stream
          .Feed(R"({"status":"Pull complete","progressDetail":{},"id":"aa"}{"status":"Status: Downloaded"})")
          .ok());
  progress = stream.Progress();
  EXPECT_EQ(progress.layers_done, 2);
  EXPECT_EQ(progress.status, "Status: Downloaded");
  EXPECT_TRUE(stream.Finish().ok());
}

TEST(PullStream, CountsNoMoreThanCanBeCounted) {
  PullStream stream;
  for (int i = 0; i < 2000; ++i)
    ASSERT_TRUE(
        stream
            .Feed(absl::StrCat(R"({"status":"Downloading","id":")", i,
                               R"(","progressDetail":{"current":9223372036854775807,"total":1e300}})"))
            .ok());
  const PullProgress progress = stream.Progress();
  EXPECT_GT(progress.bytes_done, 0);
  EXPECT_LE(progress.bytes_done, std::numeric_limits<int64_t>::max() / 100);
  EXPECT_EQ(progress.bytes_done, progress.bytes_total);
}

struct Row {
  std::string line;
  absl::StatusCode want;
};

TEST(PullStream, AnErrorLineIsAFailureWithItsReason) {
  const Row rows[] = {
      {R"({"errorDetail":{"message":"manifest for x:1 not found"},"error":"manifest for x:1 not found"})",
       absl::StatusCode::kNotFound},
      {R"({"errorDetail":{"message":"denied: requested access to the resource is denied"}})",
       absl::StatusCode::kPermissionDenied},
      {R"({"error":"toomanyrequests: slow down"})", absl::StatusCode::kResourceExhausted},
      {R"({"errorDetail":{"message":"write /var/lib/docker/x: no space left on device"}})",
       absl::StatusCode::kResourceExhausted},
      {R"({"errorDetail":{"message":"received unexpected HTTP status: 502 Bad Gateway"}})",
       absl::StatusCode::kUnavailable},
      {R"({"errorDetail":{"code":1}})", absl::StatusCode::kUnavailable},
      {R"({"errorDetail":null})", absl::StatusCode::kUnavailable},
  };
  for (const Row& row : rows) {
    PullStream stream;
    ASSERT_TRUE(
        stream.Feed(R"({"status":"Downloading","progressDetail":{"current":90,"total":100},"id":"aa"})")
            .ok());
    EXPECT_EQ(stream.Feed(row.line).code(), row.want) << row.line;
  }
}

TEST(PullStream, AnEndInTheMiddleOrWithoutAWordIsNoSuccess) {
  PullStream silent;
  EXPECT_FALSE(silent.Finish().ok());
  PullStream cut;
  ASSERT_TRUE(cut.Feed(R"({"status":"a"}{"status)").ok());
  EXPECT_EQ(cut.Finish().code(), absl::StatusCode::kInternal);
}

TEST(PullStream, CountsABoundedNumberOfLayers) {
  PullStream stream;
  for (int i = 0; i < 10000; ++i) {
    ASSERT_TRUE(stream.Feed(absl::StrCat(R"({"status":"Waiting","id":"layer)", i, R"("})")).ok());
  }
  EXPECT_EQ(stream.Progress().layers_total, 1000);
}

TEST(PullStream, HostileNumbersAndTypesAreHarmless) {
  PullStream stream;
  EXPECT_TRUE(
      stream
          .Feed(
              R"({"status":"Downloading","id":"a","progressDetail":{"current":-5,"total":18446744073709551615}})")
          .ok());
  EXPECT_TRUE(stream.Feed(R"({"status":5,"id":[],"progressDetail":null,"unknown":{}})").ok());
  EXPECT_GE(stream.Progress().bytes_done, 0);
  EXPECT_EQ(PullStream().Feed("<html>").code(), absl::StatusCode::kInternal);
}

}  // namespace
}  // namespace spacelet::docker
