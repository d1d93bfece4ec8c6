// Where a document is in Git: git+https://HOST/REPOSITORY.git//PATH?ref=REF, taken apart. Pure.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace spacelet::git {

enum class Transport { kHttps, kSsh, kFile };

struct Location {
  Transport transport = Transport::kHttps;
  std::string url;         // as git takes it: "https://git.example.com/hosts.git", "file:///srv/hosts.git"
  std::string host;        // "git.example.com", "git.example.com:8443"; of a file the path of the repository
  std::string repository;  // its last part, for people: "hosts.git"
  std::string path;        // of the document in the repository: "eu/host.yaml"; no "." or ".." in it
  std::string ref;         // a branch, a tag, a full name, a full commit id; empty: what HEAD is there
  std::string text;        // the whole of it, as it was given

  bool names_commit() const;  // `ref` is a full commit id: what it names never changes
  bool operator==(const Location&) const = default;
};

// Whether `source` means a place in Git (it begins with "git+"), and no file.
bool IsLocation(absl::string_view source);

// Nothing is decoded: every character stands for itself. Errors: InvalidArgument, one sentence that says what
// to write; no part of a password that stands in it.
absl::StatusOr<Location> ParseLocation(absl::string_view text);

// 40 lower-case hexadecimal digits.
bool IsCommitId(absl::string_view text);
// Its first eight digits, for people.
std::string Short(absl::string_view id);

}  // namespace spacelet::git
