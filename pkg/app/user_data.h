// A document and the pool beside it → user-data for a new machine, without a secret in it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "pkg/config/load.h"

namespace spacelet::app {

enum class Cloud { kNone, kAws, kGcp };

struct UserDataOptions {
  std::string package;         // as cloudinit::ParsePackage
  std::string package_sha256;  // the same
  std::string pool;  // the file here whose content becomes the pool's; empty: the one that the document names
  std::string
      directory;  // where the document lies here: a pool that it names by a relative path lies there too
  Cloud cloud = Cloud::kNone;  // whose limit counts
  bool script = false;         // a shell script instead of a #cloud-config
};

struct MadeUserData {
  std::string text;                   // empty when there are problems
  std::vector<std::string> problems;  // why there is none, one sentence each
  std::vector<std::string> contents;  // what is in it
  std::vector<std::string> needs;     // what has to be on the machine, or granted to it, besides
  std::vector<std::string> warnings;
};

// `bytes` is the text of `document`, which goes into the user-data as it is; one with overlays goes merged,
// and its ${host.…} are left to the machine. Reads the pool file. Requires: loaded.ok(), loaded with the
// directory of cloudinit::kDocumentPath.
MadeUserData MakeUserData(absl::string_view bytes, const config::Loaded& loaded,
                          const UserDataOptions& options);

}  // namespace spacelet::app
