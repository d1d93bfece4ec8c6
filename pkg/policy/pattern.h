// The patterns of a policy, each with what it is matched on. All of them match whole values, with regard to
// case. Thread-safety: pure functions.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pkg/policy/policy.h"

namespace spacelet::policy {

// Whether `text` is `pattern`, in which each `*` stands for any text, the empty one too.
bool GlobMatches(absl::string_view pattern, absl::string_view text);

// Repositories: "drone/*" is "docker.io/drone/*". A `*` stands for any text inside one component, or inside
// one part of a host's name; as the last component for everything below; as the whole host for any one.
class ImagePattern {
 public:
  // Errors: InvalidArgument, saying what is wrong and what to write.
  static absl::StatusOr<ImagePattern> Parse(absl::string_view text);
  // `image` as in the document: with or without registry, tag and digest. What Docker cannot read matches
  // nothing.
  bool Matches(absl::string_view image) const;

 private:
  std::string host_;
  std::vector<std::string> path_;
};

// "docker.io/drone/drone-runner-aws" for "drone/drone-runner-aws:1"; `image` itself when it cannot be read.
std::string NormalizedRepository(const std::string& image);

// Paths: absolute. A `*` stands for any text inside one component; `**` as the last one for everything
// below. Without a `*` it is this path and nothing below it.
absl::Status CheckPathPattern(absl::string_view pattern);
// Whether one of `patterns` covers `path`, both as `host` resolves them. A guarded path (policy.h) is covered
// by its own name alone. Errors: those of Host::resolve for `path`.
absl::StatusOr<bool> CoversPath(const std::vector<std::string>& patterns, const std::string& path,
                                const Host& host);

// Commands: word by word. A `*` stands for any text, but at the beginning of a word for none that begins
// with `-`, so that a value cannot become a flag; `**` as the last word for any further words, or none.
absl::Status CheckCommandPattern(const std::vector<std::string>& pattern);
bool CommandMatches(const std::vector<std::string>& pattern, const std::vector<std::string>& command);

// Where requests go. Entries are HOST[:PORT], reached by https, or http://HOST[:PORT].
struct Endpoint {
  std::string scheme, host;  // in lower case
  uint16_t port = 0;         // the scheme's own when not written
  bool operator==(const Endpoint&) const = default;
};
// Of a URL. Errors: InvalidArgument for whatever two readers could read differently (user names, escapes,
// backslashes, white space).
absl::StatusOr<Endpoint> ParseEndpoint(absl::string_view url);
// Of an entry; one without a scheme is taken as https.
absl::StatusOr<Endpoint> ParseEndpointEntry(absl::string_view entry);

}  // namespace spacelet::policy
