#include "pkg/docker/reference.h"

#include <gtest/gtest.h>

#include <string>

namespace spacelet::docker {
namespace {

const std::string kDigest = "sha256:" + std::string(64, 'a');

struct Row {
  std::string text;
  Reference want;
  std::string familiar;
};

TEST(ParseReference, ReadsAsDockerDoes) {
  const Row rows[] = {
      {"busybox", {"docker.io", "library/busybox", "latest", ""}, "busybox:latest"},
      {"docker.io/busybox:1", {"docker.io", "library/busybox", "1", ""}, "busybox:1"},
      {"index.docker.io/library/busybox:1", {"docker.io", "library/busybox", "1", ""}, "busybox:1"},
      {"drone/drone-runner-aws:1.0.0-rc.310",
       {"docker.io", "drone/drone-runner-aws", "1.0.0-rc.310", ""},
       "drone/drone-runner-aws:1.0.0-rc.310"},
      {"us-west1-docker.pkg.dev/gar-setup/docker/delegate:25.03.85504",
       {"us-west1-docker.pkg.dev", "gar-setup/docker/delegate", "25.03.85504", ""},
       "us-west1-docker.pkg.dev/gar-setup/docker/delegate:25.03.85504"},
      {"localhost/x", {"localhost", "x", "latest", ""}, "localhost/x:latest"},
      {"127.0.0.1:5000/a/b:c", {"127.0.0.1:5000", "a/b", "c", ""}, "127.0.0.1:5000/a/b:c"},
      {"host:5000/a", {"host:5000", "a", "latest", ""}, "host:5000/a:latest"},
      {"busybox@" + kDigest, {"docker.io", "library/busybox", "", kDigest}, "busybox@" + kDigest},
      {"a/b:t@" + kDigest, {"docker.io", "a/b", "t", kDigest}, "a/b:t@" + kDigest},
      {"a__b/c--d.e:T_1", {"docker.io", "a__b/c--d.e", "T_1", ""}, "a__b/c--d.e:T_1"},
      {"docker.io/library/a/b:1", {"docker.io", "library/a/b", "1", ""}, "library/a/b:1"},
  };
  for (const Row& row : rows) {
    const auto reference = ParseReference(row.text);
    ASSERT_TRUE(reference.ok()) << row.text << " " << reference.status();
    EXPECT_EQ(*reference, row.want) << row.text;
    EXPECT_EQ(FamiliarString(*reference), row.familiar);
  }
}

TEST(ParseReference, RefusesWhatDockerRefuses) {
  for (const std::string& text : {std::string(),
                                  std::string(":tag"),
                                  std::string("a:"),
                                  std::string("Busybox"),
                                  std::string("a//b"),
                                  std::string("/a"),
                                  std::string("a/"),
                                  std::string("a b"),
                                  std::string("a:b c"),
                                  std::string("-a"),
                                  std::string("a-"),
                                  std::string("a..b"),
                                  std::string("a___b"),
                                  std::string("a@sha256:12"),
                                  std::string("a@md5:") + std::string(64, 'a'),
                                  std::string(64, 'a'),
                                  std::string(256, 'a') + "/b",
                                  std::string("a:.x"),
                                  std::string("a:") + std::string(129, 'x'),
                                  std::string("a\n"),
                                  std::string("../x"),
                                  std::string("host:5000/"),
                                  std::string("ho st.x/a"),
                                  std::string("https://host/a")}) {
    EXPECT_EQ(ParseReference(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

}  // namespace
}  // namespace spacelet::docker
