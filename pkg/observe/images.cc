#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "pkg/base/status_macros.h"
#include "pkg/observe/observe.h"
#include "pkg/plan/ownership.h"

namespace spacelet::observe {
namespace {

constexpr size_t kMostPlatforms = 1000;  // a host has fewer images of the document's in a year

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
  std::set<std::string> references;
  for (const desired::Container* want : wanted) references.insert(want->image());
  if (references.size() > 1) RETURN_IF_ERROR(ListImages(references, now, stop));
  for (const std::string& reference : references) {
    if (now.images.contains(reference)) continue;
    absl::StatusOr<docker::Image> image = docker_.InspectImage(reference, stop);
    if (!image.ok() && !absl::IsNotFound(image.status())) return image.status();
    if (image.ok()) Remember(*image);
    now.images[reference] = image.ok() ? std::optional<docker::Image>(*std::move(image)) : std::nullopt;
  }
  return absl::OkStatus();
}

// All of them in one call. It does not tell the platform, which never changes: an image that was not seen
// before is left for an inspect.
absl::Status Observer::ListImages(const std::set<std::string>& references, plan::ObservedState& now,
                                  const Stop& stop) {
  ASSIGN_OR_RETURN(const auto found, docker_.FindImages({references.begin(), references.end()}, stop));
  base::MutexLock lock(mu_);
  for (const std::string& reference : references) {
    auto image = found.find(reference);
    if (image == found.end()) {
      now.images[reference] = std::nullopt;
      continue;
    }
    auto platform = platforms_.find(image->second.id);
    if (platform == platforms_.end()) continue;
    docker::Image& known = now.images[reference].emplace(image->second);
    std::tie(known.os, known.architecture) = platform->second;
  }
  return absl::OkStatus();
}

void Observer::Remember(const docker::Image& image) {
  base::MutexLock lock(mu_);
  if (platforms_.size() >= kMostPlatforms) platforms_.clear();
  platforms_[image.id] = {image.os, image.architecture};
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
