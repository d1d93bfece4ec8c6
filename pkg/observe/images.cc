#include <sys/stat.h>
#include <sys/statvfs.h>

#include "pkg/base/status_macros.h"
#include "pkg/observe/observe.h"
#include "pkg/plan/ownership.h"

namespace spacelet::observe {
namespace {

// As df(1) does: what only root may use is no room.
std::optional<plan::Disk> DiskOf(const std::string& path) {
  struct statvfs fs;
  if (path.empty() || statvfs(path.c_str(), &fs) != 0) return std::nullopt;
  const auto bytes = [&](fsblkcnt_t blocks) { return static_cast<int64_t>(blocks * fs.f_frsize); };
  return plan::Disk{path, bytes(fs.f_blocks - fs.f_bfree), bytes(fs.f_bavail)};
}

}  // namespace

void Observer::SetDataRoot(const std::string& path) {
  base::MutexLock lock(mu_);
  data_root_ = path;
}

absl::Status Observer::Images(const std::vector<const desired::Container*>& wanted, plan::ObservedState& now,
                              const Stop& stop) {
  for (const desired::Container* want : wanted) {
    if (now.images.contains(want->image())) continue;
    absl::StatusOr<docker::Image> image = docker_.InspectImage(want->image(), stop);
    if (!image.ok() && !absl::IsNotFound(image.status())) return image.status();
    now.images[want->image()] = image.ok() ? std::optional<docker::Image>(*std::move(image)) : std::nullopt;
  }
  return absl::OkStatus();
}

// How full the disk is, and what a new image would take: nobody says beforehand, so as much as the one in
// use.
absl::Status Observer::ImageRoom(const desired::Container& want, plan::ObservedState& now, const Stop& stop) {
  std::string data_root;
  {
    base::MutexLock lock(mu_);
    data_root = data_root_;
  }
  now.facts.image_disk = DiskOf(data_root);
  if (!now.facts.image_disk) return absl::OkStatus();
  struct stat archive;
  if (want.image_archive && stat(want.image_archive->c_str(), &archive) == 0)
    now.facts.bytes_needed[*want.image_archive] = archive.st_size;
  if (const docker::Image* local = plan::LocalImage(want, now)) {
    now.facts.bytes_needed[want.image()] = local->size;
    return absl::OkStatus();
  }
  for (const docker::Container& c : now.containers) {
    if (!plan::IsOwned(c.labels) || plan::ComponentOf(c.labels) != want.component) continue;
    const absl::StatusOr<docker::Image> image = docker_.InspectImage(c.image_id, stop);
    if (absl::IsNotFound(image.status())) continue;
    RETURN_IF_ERROR(image.status());
    int64_t& needed = now.facts.bytes_needed[want.image()];
    needed = std::max(needed, image->size);
  }
  return absl::OkStatus();
}

absl::StatusOr<plan::ImageStore> Observer::LookForImages(const desired::Host& desired,
                                                         const std::vector<api::UsedImage>& used,
                                                         const std::stop_token& stop) {
  plan::ImageStore store;
  for (const api::UsedImage& one : used) {
    absl::StatusOr<docker::Image> image = docker_.InspectImage(one.id, stop);
    if (absl::IsNotFound(image.status())) continue;
    RETURN_IF_ERROR(image.status());
    store.images[one.id] = *std::move(image);
  }
  for (const desired::Container& want : desired.containers) {
    const absl::StatusOr<docker::Image> image = docker_.InspectImage(want.image(), stop);
    if (image.ok()) store.in_use.insert(image->id);
    if (!image.ok() && !absl::IsNotFound(image.status())) return image.status();
  }
  // Last, so that a container that was made meanwhile is seen.
  ASSIGN_OR_RETURN(const std::vector<docker::ContainerSummary> all, docker_.ListContainers("", stop));
  for (const docker::ContainerSummary& c : all) store.in_use.insert(c.image_id);
  return store;
}

}  // namespace spacelet::observe
