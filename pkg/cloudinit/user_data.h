// The user-data of a new machine: the #cloud-config by which cloud-init makes it a Gitspaces host, once, and
// however late Docker, network and registry come. Pure: the same input gives the same text.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "pkg/cloudinit/package.h"

namespace spacelet::cloudinit {

inline constexpr char kDocumentPath[] = "/etc/spacelet/host.yaml";
inline constexpr char kPolicyPath[] = "/etc/spacelet/policy.yaml";

// What a cloud accepts as user-data, in bytes; AWS before base64, Google per value of the metadata.
inline constexpr size_t kAwsLimit = 16 << 10;
inline constexpr size_t kGcpLimit = 256 << 10;

struct File {
  std::string path;  // on the new machine. Requires: IsPlainPath
  std::string content;
  std::string comment;  // above it, for who edits the user-data; one line
};

struct UserData {
  std::vector<File> files;  // for the agent, which reads what only root may read
  Package package;
  std::string runner_directory = "/runner";  // Requires: IsPlainPath
  bool has_policy = false;  // one of the files is kPolicyPath, and the agent is started with it
};

enum class Format {
  kCloudConfig,
  kScript,  // the same as a shell script, to be run at each boot where there is no cloud-init
};

// Files that the format cannot hold as they are (control characters, CRLF, invalid UTF-8) become base64.
std::string Render(const UserData& user_data, Format format = Format::kCloudConfig);

// "6.1 KiB", "812 bytes".
std::string SizeText(size_t bytes);

}  // namespace spacelet::cloudinit
