// The files of a support bundle, and the archive that they become.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pkg/bundle/mask.h"
#include "pkg/secret/secret.h"

namespace spacelet::bundle {

// Everything passes the redactor where it enters, so each secret must be known to it before. Thread-safety:
// for one thread.
class Bundle {
 public:
  // `name` is the directory in the archive. `redactor` must outlive the bundle.
  Bundle(std::string name, const secret::Redactor& redactor);

  // `path` is relative ("agent/status.json"); `what` says in a few words what it is.
  void Add(const std::string& path, const std::string& what, std::string content);
  // The same where it could not be had: the file then says why.
  void AddOr(const std::string& path, const std::string& what, absl::StatusOr<std::string> content);

  struct File {
    std::string path, what;
    size_t bytes = 0;
    std::string missing;  // why it is not there; empty: it is
  };
  const std::vector<File>& files() const { return files_; }
  // What is in it, what is not and why, and what was hidden: for people, and the archive's first file.
  std::string Manifest(const Hidden& hidden) const;

  // A gzip'ed tar, with the manifest. Errors: those of docker::WriteTar and Gzip.
  absl::StatusOr<std::string> Archive(const Hidden& hidden) const;

 private:
  const std::string name_;
  const secret::Redactor& redactor_;
  std::vector<File> files_;
  std::vector<std::string> contents_;  // of files_
};

}  // namespace spacelet::bundle
