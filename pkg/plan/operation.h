// The operations a plan is made of. Each Docker operation is exactly one call; new objects are named by name,
// old ones by id. A plan is a value: it can be printed, compared and thrown away.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "pkg/api/types.h"
#include "pkg/desired/desired.h"
#include "pkg/docker/types.h"

namespace spacelet::plan {

struct PullImage {
  std::string reference, platform;
  std::optional<api::ImagePullSecret> secret;
  bool operator==(const PullImage&) const = default;
};
struct LoadImage {
  std::string archive, reference, platform;
  bool operator==(const LoadImage&) const = default;
};
struct CreateNetwork {
  docker::NetworkConfig config;
  bool operator==(const CreateNetwork&) const = default;
};
struct RemoveNetwork {
  std::string id, name;
  bool operator==(const RemoveNetwork&) const = default;
};
struct ConnectNetwork {
  std::string network, container;  // a network's name or id; a container's name or id
  std::vector<std::string> aliases;
  bool operator==(const ConnectNetwork&) const = default;
};
struct DisconnectNetwork {
  std::string network, container;
  bool force = false;
  bool operator==(const DisconnectNetwork&) const = default;
};
struct CreateContainer {
  docker::CreateContainerRequest request;
  bool operator==(const CreateContainer&) const = default;
};
struct CopyFiles {
  std::string container;
  std::vector<docker::FileToCopy> files;
  bool operator==(const CopyFiles&) const = default;
};
struct StartContainer {
  std::string container;
  bool operator==(const StartContainer&) const = default;
};
struct StopContainer {
  std::string id;
  absl::Duration grace;
  bool operator==(const StopContainer&) const = default;
};
struct KillContainer {
  std::string id;
  bool operator==(const KillContainer&) const = default;
};
struct RestartContainer {
  std::string id;
  absl::Duration grace;
  bool operator==(const RestartContainer&) const = default;
};
struct RenameContainer {
  std::string container, new_name;
  bool operator==(const RenameContainer&) const = default;
};
struct UpdateContainer {
  std::string id;
  docker::LiveResources resources;
  std::optional<docker::RestartPolicy> restart_policy;
  bool operator==(const UpdateContainer&) const = default;
};
struct UnpauseContainer {
  std::string id;
  bool operator==(const UnpauseContainer&) const = default;
};
// Never by force: Docker may perform a removal long after whoever asked for it has given it up, and by then
// the container may be the one that runs.
struct RemoveContainer {
  std::string id;
  bool volumes = true;  // its anonymous volumes, too
  bool operator==(const RemoveContainer&) const = default;
};
struct RemoveImage {
  std::string reference;
  bool operator==(const RemoveImage&) const = default;
};
// Local, not Docker.
struct CreateDirectory {
  std::string path;
  uint32_t mode = 0755;
  std::string owner;  // as desired::Directory::owner
  bool operator==(const CreateDirectory&) const = default;
};
struct WritePoolFile {
  desired::PoolFile file;
  bool operator==(const WritePoolFile&) const = default;
};
struct RemovePoolFile {
  std::string path;
  bool operator==(const RemovePoolFile&) const = default;
};
struct CopyOutFile {
  std::string id, container_path, host_path;  // a file that is not there is nothing to copy
  int keep = 0;  // of the copies beside it that differ from it only behind the last '-'; 0: all
  bool operator==(const CopyOutFile&) const = default;
};
// A file takes the place of another, which is kept: `aside` is written before `path` is, so that either of
// them says how far it got. Owner and mode stay.
struct PutBackFile {
  std::string copy, path, aside;
  bool operator==(const PutBackFile&) const = default;
};

using Operation =
    std::variant<PullImage, LoadImage, CreateNetwork, RemoveNetwork, ConnectNetwork, DisconnectNetwork,
                 CreateContainer, CopyFiles, StartContainer, StopContainer, KillContainer, RestartContainer,
                 RenameContainer, UpdateContainer, UnpauseContainer, RemoveContainer, RemoveImage,
                 CreateDirectory, WritePoolFile, RemovePoolFile, CopyOutFile, PutBackFile>;

}  // namespace spacelet::plan
