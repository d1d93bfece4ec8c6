#include "pkg/policy/pattern.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace spacelet::policy {
namespace {

using ::testing::HasSubstr;

TEST(Glob, AStarIsAnyText) {
  const struct {
    const char *pattern, *text;
    bool matches;
  } kRows[] = {
      {"", "", true},        {"*", "", true},          {"a*c", "ac", true},       {"a*c", "abbc", true},
      {"a*c", "acb", false}, {"*a*b*", "xaxbx", true}, {"*a*b*", "xbxax", false}, {"ab", "abc", false},
      {"a", "A", false},     {"a**b", "ab", true},     {"", "a", false},
  };
  for (const auto& row : kRows)
    EXPECT_EQ(GlobMatches(row.pattern, row.text), row.matches) << row.pattern << " " << row.text;
}

TEST(Glob, ManyStarsDoNotMakeItSlow) {
  const std::string text(20000, 'a');
  EXPECT_FALSE(GlobMatches("*a*a*a*a*a*a*a*a*a*b", text));
}

TEST(ImagePattern, ItIsMatchedOnTheNormalisedReference) {
  const struct {
    const char *pattern, *image;
    bool matches;
  } kRows[] = {
      {"drone/drone-runner-aws", "drone/drone-runner-aws:1.0.0-rc.310", true},
      {"drone/*", "docker.io/drone/drone-runner-aws", true},
      {"docker.io/drone/*", "index.docker.io/drone/x:1", true},
      {"index.docker.io/drone/*", "drone/x:1", true},
      {"busybox", "busybox", true},
      {"busybox", "docker.io/library/busybox:1", true},
      {"docker.io/busybox", "busybox", true},
      {"docker.io/library/*",
       "busybox@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", true},
      {"docker.io/*", "drone/x", true},
      {"us-docker.pkg.dev/my-proj/*", "us-docker.pkg.dev/my-proj/docker/delegate:1", true},
      {"us-docker.pkg.dev/my-proj/*", "us-docker.pkg.dev/my-proj/x", true},
      {"*-docker.pkg.dev/my-proj/*", "us-west1-docker.pkg.dev/my-proj/x/y", true},
      {"ghcr.io/acme/*-app/web", "ghcr.io/acme/my-app/web", true},
      {"host.example:5000/x", "host.example:5000/x:1", true},
      {"*/*", "evil.com:5000/x/y", true},
      // What looks like it and is not.
      {"docker.io/library/*", "docker.io.evil.com/library/busybox", false},
      {"docker.io/*", "evil.com/docker.io/busybox", false},
      {"docker.io/*", "registry-1.docker.io/library/busybox", false},
      {"docker.io/*", "docker.io:5000/library/busybox", false},
      {"docker.io/*", "Docker.io/library/busybox", false},
      {"docker.io/*", "DOCKER.IO/library/busybox", false},
      {"us-docker.pkg.dev/my-proj/*", "us-docker.pkg.dev/my-proj-evil/x", false},
      {"us-docker.pkg.dev/my-proj/*", "us-docker.pkg.dev/my-proj", false},
      {"us-docker.pkg.dev/my-proj/*", "us-docker.pkg.dev:443/my-proj/x", false},
      {"us-docker.pkg.dev/my-proj/*", "us-docker.pkg.dev.evil.com/my-proj/x", false},
      {"us-docker.pkg.dev/my-proj/*", "user@us-docker.pkg.dev/my-proj/x", false},
      {"*-docker.pkg.dev/my-proj/*", "evil.com/a-docker.pkg.dev/my-proj/x", false},
      {"*-docker.pkg.dev/my-proj/*", "evil.com-docker.pkg.dev/my-proj/x", false},
      {"*.pkg.dev/x", "a.b.pkg.dev/x", false},
      {"drone/runner", "drone/runner/x", false},
      {"drone/runner", "evil/drone/runner", false},
      {"drone/runner", "drone/runner-evil", false},
      {"ghcr.io/*/web", "ghcr.io/a/b/web", false},
      {"host.example:5000/x", "host.example:5001/x", false},
      {"host.example/x", "host.example:5000/x", false},
      {"localhost/x", "localhost/x", true},
      {"localhost/x", "localhost:5000/x", false},
      {"*/*", "", false},
      {"*/*", "UPPER/../x", false},
  };
  for (const auto& row : kRows) {
    const auto pattern = ImagePattern::Parse(row.pattern);
    ASSERT_TRUE(pattern.ok()) << row.pattern << ": " << pattern.status();
    EXPECT_EQ(pattern->Matches(row.image), row.matches) << row.pattern << " " << row.image;
  }
}

TEST(ImagePattern, WhatDoesNotSayWhatItSeemsToIsRefused) {
  const struct {
    const char *pattern, *message;
  } kRows[] = {
      {"ghcr.io", "write ghcr.io/* for all of it"},
      {"localhost:5000", "write localhost:5000/*"},
      {"*", "write */* for all of it"},
      {"dr*/runner", "write the registry before it"},
      {"ghcr.io/x/**", "write one *"},
      {"ghcr.io/x:1.0", "has a tag or digest"},
      {"ghcr.io/x@sha256:00", "has a tag or digest"},
      {"GHCR.io/x", "in lower case"},
      {"ghcr.io/X", "in lower case"},
      {"ghcr.io//x", "in lower case"},
      {"https://ghcr.io/x", ""},
      {"ghcr.io/x/", "in lower case"},
      {"", "in lower case"},
      {"user@ghcr.io/x", "in lower case"},
  };
  for (const auto& row : kRows)
    EXPECT_THAT(std::string(ImagePattern::Parse(row.pattern).status().message()), HasSubstr(row.message))
        << row.pattern;
  for (const auto& row : kRows) EXPECT_FALSE(ImagePattern::Parse(row.pattern).ok()) << row.pattern;
}

// A host with the links that `links` tells; the longest prefix wins, once.
Host HostWith(std::map<std::string, std::string> links, std::vector<std::string> guarded = {}) {
  const Host plain;
  return {[links](const std::string& path) -> absl::StatusOr<std::string> {
            std::string out = path;
            while (out.size() > 1 && out.back() == '/') out.pop_back();
            for (const auto& [from, to] : links)
              if (out == from || out.rfind(from + "/", 0) == 0) return to + out.substr(from.size());
            return out;
          },
          std::move(guarded)};
}

bool Covers(const std::string& pattern, const std::string& path, const Host& host = {}) {
  return CoversPath({pattern}, path, host).value_or(false);
}

TEST(PathPattern, APathIsItselfAStarOneNameTwoStarsEverythingBelow) {
  const struct {
    const char *pattern, *path;
    bool covers;
  } kRows[] = {
      {"/srv/app", "/srv/app", true},
      {"/srv/app", "/srv/app/", true},
      {"/srv/app", "/srv//./app", true},
      {"/srv/app", "/srv/x/../app", true},
      {"/srv/app", "/srv/app/below", false},
      {"/srv/app", "/srv/apple", false},
      {"/srv/app", "/srv", false},
      {"/srv/app", "/srv/app/..", false},
      {"/srv/app", "/Srv/app", false},
      {"/srv/*", "/srv/app", true},
      {"/srv/*", "/srv", false},
      {"/srv/*", "/srv/", false},
      {"/srv/*", "/srv/app/below", false},
      {"/srv/*", "/srv/../etc", false},
      {"/srv/*/data", "/srv/app/data", true},
      {"/srv/*/data", "/srv/app/x/data", false},
      {"/srv/*.tar", "/srv/runner.tar", true},
      {"/srv/*.tar", "/srv/runner.tar.gz", false},
      {"/srv/**", "/srv/app/below", true},
      {"/srv/**", "/srv", false},
      {"/srv/**", "/srv/app/../../etc/shadow", false},
      {"/srv/**", "/srvice", false},
      {"/srv/a*/**", "/srv/app/x/y", true},
      {"/srv/a*/**", "/srv/b/x", false},
      {"/", "/", true},
      {"/", "/etc", false},
      {"/**", "/srv/app", true},
  };
  for (const auto& row : kRows)
    EXPECT_EQ(Covers(row.pattern, row.path), row.covers) << row.pattern << " " << row.path;
}

TEST(PathPattern, LinksOfTheHostAreFollowedOnBothSides) {
  const Host host = HostWith({{"/srv/data", "/mnt/disk"}, {"/mnt/disk/link", "/etc"}, {"/var/run", "/run"}});
  EXPECT_TRUE(Covers("/srv/data", "/mnt/disk", host));
  EXPECT_TRUE(Covers("/mnt/disk", "/srv/data", host));
  EXPECT_TRUE(Covers("/srv/data/*", "/mnt/disk/x", host));
  EXPECT_TRUE(Covers("/var/run/docker.sock", "/run/docker.sock", host));
  EXPECT_FALSE(Covers("/mnt/disk/**", "/mnt/disk/link/shadow", host));
}

TEST(PathPattern, WhatCannotBeResolvedIsNotCovered) {
  Host host;
  host.resolve = [](const std::string& path) -> absl::StatusOr<std::string> {
    if (path == "/bad") return absl::UnavailableError("/bad: Permission denied");
    return path;
  };
  EXPECT_FALSE(CoversPath({"/bad"}, "/bad", host).ok());
  EXPECT_FALSE(CoversPath({"/bad", "/bad/*"}, "/good", host).value());
}

TEST(PathPattern, WhatIsGuardedIsCoveredByItsOwnNameOnly) {
  for (const char* path : {"/",
                           "/etc",
                           "/proc",
                           "/sys",
                           "/dev",
                           "/root",
                           "/usr",
                           "/boot",
                           "/run",
                           "/var",
                           "/var/lib",
                           "/var/lib/docker",
                           "/run/docker.sock",
                           "/var/run/docker.sock",
                           "/var/run",
                           "/srv/docker.sock",
                           "/run/containerd",
                           "/run/containerd/containerd.sock",
                           "/home/x/podman.sock",
                           "/run/dbus"}) {
    for (const char* pattern :
         {"/**", "/*", "/var/**", "/var/*", "/run/**", "/run/*", "/srv/**", "/home/**", "/e*"})
      EXPECT_FALSE(Covers(pattern, path)) << pattern << " " << path;
    EXPECT_TRUE(Covers(path, path)) << path;
  }
  EXPECT_TRUE(Covers("/etc/ssl/*", "/etc/ssl/certs"));  // below is not guarded
  const Host host =
      HostWith({{"/opt/state", "/var/lib/spacelet"}}, {"/etc/spacelet/policy.yaml", "/opt/state"});
  EXPECT_FALSE(Covers("/etc/*", "/etc/spacelet", host));
  EXPECT_FALSE(Covers("/etc/spacelet/*", "/etc/spacelet/policy.yaml", host));
  EXPECT_FALSE(Covers("/var/lib/**", "/var/lib/spacelet", host));
  EXPECT_TRUE(Covers("/etc/spacelet/*", "/etc/spacelet/token", host));
}

TEST(PathPattern, WhatIsNoPlainPathIsRefused) {
  for (const char* pattern :
       {"", "srv", "/srv/", "/srv//x", "/srv/.", "/srv/../etc", "/srv/**/x", "/srv/a**", "/srv/***"})
    EXPECT_FALSE(CheckPathPattern(pattern).ok()) << pattern;
  for (const char* pattern : {"/", "/srv", "/srv/*", "/srv/**", "/srv/*.d/x", "/srv/.hidden", "/srv/..x"})
    EXPECT_TRUE(CheckPathPattern(pattern).ok()) << pattern;
}

TEST(CommandPattern, ItIsMatchedWordByWord) {
  using Words = std::vector<std::string>;
  const struct {
    Words pattern, command;
    bool matches;
  } kRows[] = {
      {{"spacelet", "secret", "gcp", "token"}, {"spacelet", "secret", "gcp", "token"}, true},
      {{"spacelet", "secret", "gcp", "token"}, {"spacelet", "secret", "gcp", "other"}, false},
      {{"spacelet", "secret", "gcp", "token"},
       {"spacelet", "secret", "gcp", "token", "--json-key", "x"},
       false},
      {{"spacelet", "secret", "gcp", "token"}, {"spacelet", "secret", "gcp"}, false},
      {{"spacelet", "secret", "gcp", "token"}, {"/tmp/spacelet", "secret", "gcp", "token"}, false},
      {{"spacelet"}, {"spacelet", "down", "--yes"}, false},
      {{"sops", "**"}, {"sops"}, true},
      {{"sops", "**"}, {"sops", "-d", "x"}, true},
      {{"sops", "-d", "**"}, {"sops", "exec-file"}, false},
      {{"sops", "-d", "*"}, {"sops", "-d", "x"}, true},
      {{"sops", "-d", "*"}, {"sops", "-d", "--config=x"}, false},
      {{"sops", "-d", "*"}, {"sops", "-d"}, false},
      {{"gcloud", "--secret=*"}, {"gcloud", "--secret=x"}, true},
      {{"gcloud", "--secret=*"}, {"gcloud", "--secretx"}, false},
      {{"**"}, {"anything"}, false},
      {{"sh"}, {}, false},
  };
  for (const auto& row : kRows)
    EXPECT_EQ(CommandMatches(row.pattern, row.command), row.matches) << row.pattern.back();
  EXPECT_FALSE(CheckCommandPattern({"*"}).ok());
  EXPECT_FALSE(CheckCommandPattern({""}).ok());
  EXPECT_FALSE(CheckCommandPattern({"sh", "**", "x"}).ok());
}

TEST(Endpoint, AUrlHasOneReadingOrNone) {
  const struct {
    const char *url, *host;
    uint16_t port;  // 0: refused
  } kRows[] = {
      {"https://app.harness.io", "app.harness.io", 443},
      {"https://APP.harness.IO/gratis", "app.harness.io", 443},
      {"https://app.harness.io:443/", "app.harness.io", 443},
      {"http://vm-runner:3000/", "vm-runner", 3000},
      {"http://[::1]:3000/", "[::1]", 3000},
      {"https://app.harness.io.", "app.harness.io.", 443},
      {"https://app.harness.io@evil.com", "", 0},
      {"https://app.harness.io:x@evil.com/", "", 0},
      {"https://evil.com\\@app.harness.io/", "", 0},
      {"https://evil.com?app.harness.io", "", 0},
      {"https://evil.com#@app.harness.io", "", 0},
      {"https://app.harness.io%2eevil.com", "", 0},
      {"https://app.harness.io:0", "", 0},
      {"https://app.harness.io:70000", "", 0},
      {"https://app.harness.io:", "", 0},
      {"https://", "", 0},
      {"https:///app.harness.io", "", 0},
      {" https://app.harness.io", "", 0},
      {"https://app.harness.io\n", "", 0},
      {"HTTPS://app.harness.io", "", 0},
      {"ftp://app.harness.io", "", 0},
      {"app.harness.io", "", 0},
  };
  for (const auto& row : kRows) {
    const auto endpoint = ParseEndpoint(row.url);
    ASSERT_EQ(endpoint.ok(), row.port != 0) << row.url;
    if (!endpoint.ok()) continue;
    EXPECT_EQ(endpoint->host, row.host) << row.url;
    EXPECT_EQ(endpoint->port, row.port) << row.url;
  }
}

}  // namespace
}  // namespace spacelet::policy
