// Which images the workloads have run on: what may be removed when newer ones took their place. Persisted
// (pkg/state); losing it leaves images on the disk, nothing else.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace spacelet::api {

struct UsedImage {
  std::string id;          // of this daemon
  std::string repository;  // that it was pulled from, as Docker's lists name it: "box", "host:5000/a/b"
  bool operator==(const UsedImage&) const = default;
};

// Container name -> its images, the one in use first.
using UsedImages = std::map<std::string, std::vector<UsedImage>>;

}  // namespace spacelet::api
