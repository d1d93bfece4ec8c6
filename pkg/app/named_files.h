// The files on the host that a document names.
#pragma once

#include <string>
#include <vector>

#include "pkg/api/types.h"

namespace spacelet::app {

struct NamedFile {
  std::string field;  // "spec.delegate.token.file"
  std::string path;
  bool secret = false;
  bool operator==(const NamedFile&) const = default;
};

// In document order: the pool (also the one at its default place), secrets, image archives.
std::vector<NamedFile> NamedFiles(const api::Document& document);

}  // namespace spacelet::app
