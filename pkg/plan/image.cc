#include "pkg/plan/image.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "pkg/api/reasons.h"

namespace spacelet::plan {
namespace {

constexpr size_t kKeptImages = 2;  // the one in use, and the one to go back to

// The spellings that Docker takes for one (containerd platforms.normalizeArch).
std::string Architecture(const std::string& name) {
  if (name == "x86_64" || name == "x86-64") return "amd64";
  return name == "aarch64" ? "arm64" : name;
}

std::string InGiB(int64_t bytes) {
  return absl::StrFormat("%.1f GiB", static_cast<double>(bytes) / (int64_t{1} << 30));
}

class ImagePlanner {
 public:
  ImagePlanner(const desired::Container& want, const ObservedState& now)
      : want_(want),
        now_(now),
        object_(ContainerKey(want.name)),
        local_(LocalImage(want, now)),
        backs_off_(now.facts.pulls_backing_off.contains(want.image())) {}

  ImagePlan Prepare(const std::string& cause) {
    const bool outdated = IsOutdated();
    if (local_ != nullptr && !outdated && want_.pull_policy != api::PullPolicy::kAlways) return {};
    if (want_.pull_policy == api::PullPolicy::kNever) {
      CreateWithoutPull();
    } else if (IsAway() && want_.image_archive) {
      TakeTheArchive();
    } else {
      Pull(local_ == nullptr ? "image not on this host"
           : outdated        ? "the registry has a newer one"
                             : absl::StrCat(cause, ", pull policy Always"));
    }
    return std::move(plan_);
  }

  ImagePlan FetchAhead() { return local_ == nullptr || IsOutdated() ? Prepare("") : ImagePlan{}; }

  ImagePlan Keep() {
    if (IsOutdated()) Pull("the registry has a newer one");
    const std::string& error = Remote().error;
    if (!error.empty()) Note(api::reason::kAutoUpdateFailed, error, false);
    return std::move(plan_);
  }

 private:
  RemoteDigest Remote() const {
    auto it = now_.facts.remote_digests.find(want_.image());
    const bool followed = want_.auto_update_interval && want_.pull_policy != api::PullPolicy::kNever;
    return !followed || it == now_.facts.remote_digests.end() ? RemoteDigest{} : it->second;
  }

  // Digests are compared with digests: an id is the digest of something else on graph drivers.
  bool IsOutdated() const {
    const std::string digest = Remote().digest;
    return local_ != nullptr && !digest.empty() &&
           std::none_of(local_->repo_digests.begin(), local_->repo_digests.end(),
                        [&](const std::string& name) { return absl::EndsWith(name, "@" + digest); });
  }

  bool IsAway() const { return now_.facts.registries_away.contains(want_.image()); }

  void Note(const char* reason, std::string message, bool blocks) {
    plan_.notices.push_back({object_, reason, std::move(message), blocks});
  }

  // A host that has no registry at all.
  void CreateWithoutPull() {
    if (want_.image_archive) return Load("image not on this host, pull policy Never");
    Note(api::reason::kImageNeverPulled,
         absl::StrCat("image ", want_.image(),
                      " is not on this host and imagePullPolicy is Never: load it (docker load), or choose "
                      "IfNotPresent"),
         true);
  }

  void TakeTheArchive() {
    if (local_ == nullptr) return Load("the registry is out of reach");
    Note(api::reason::kRegistryUnreachable,
         absl::StrCat("image ", want_.image(),
                      " is taken as it is on this host, from imageArchive or an "
                      "earlier pull: its registry is out of reach"),
         false);
  }

  void Load(std::string cause) {
    if (WouldFillTheDisk(*want_.image_archive)) return;
    const bool waits = backs_off_ && !IsAway();
    if (waits) Wait("the next try to load it");
    plan_.steps.push_back({LoadImage{*want_.image_archive, want_.image(), want_.platform},
                           object_,
                           std::move(cause),
                           {},
                           waits});
  }

  void Pull(std::string cause) {
    if (WouldFillTheDisk(want_.image())) return;
    if (backs_off_) Wait("the next try to pull it");
    plan_.steps.push_back({PullImage{want_.image(), want_.platform, want_.image_pull_secret},
                           object_,
                           std::move(cause),
                           {},
                           backs_off_});
  }

  void Wait(const char* until) {
    plan_.waiting.push_back(
        {object_, absl::StrCat("image ", want_.image()), until, api::reason::kImagePullBackOff});
  }

  // The registry does not say beforehand how large an image is: it is taken to be as large as the one in use.
  bool WouldFillTheDisk(const std::string& what) {
    const std::optional<Disk>& disk = now_.facts.image_disk;
    if (!disk || disk->used + disk->free <= 0) return false;
    auto it = now_.facts.bytes_needed.find(what);
    const int64_t needed = it == now_.facts.bytes_needed.end() ? 0 : it->second;
    const double full =
        static_cast<double>(disk->used + needed) / static_cast<double>(disk->used + disk->free);
    if (full < kFullestDisk) return false;
    Note(api::reason::kDiskPressure,
         absl::StrCat("image ", want_.image(), " is not fetched: with it the disk of ", disk->path, " (",
                      InGiB(disk->free), " free) would be ", absl::StrFormat("%.0f", full * 100),
                      " % full, and the limit is 90 %: free space (docker system df shows where it went), or "
                      "enlarge the disk"),
         true);
    return true;
  }

  const desired::Container& want_;
  const ObservedState& now_;
  const std::string object_;
  const docker::Image* local_;
  const bool backs_off_;
  ImagePlan plan_;
};

// "host:5000/a/b" of "host:5000/a/b:1" and "host:5000/a/b@sha256:…".
absl::string_view RepositoryOf(absl::string_view name) {
  name = name.substr(0, name.find('@'));
  const size_t colon = name.rfind(':');
  const bool tagged = colon != absl::string_view::npos && name.find('/', colon) == absl::string_view::npos;
  return tagged ? name.substr(0, colon) : name;
}

// Nobody else gave it a name.
bool IsOurs(const api::UsedImage& used, const docker::Image& image) {
  const auto ours = [&](const std::string& name) { return RepositoryOf(name) == used.repository; };
  return std::all_of(image.repo_tags.begin(), image.repo_tags.end(), ours) &&
         std::all_of(image.repo_digests.begin(), image.repo_digests.end(), ours);
}

}  // namespace

bool ImagePlan::blocked() const {
  return std::any_of(notices.begin(), notices.end(), [](const Notice& n) { return n.blocks; });
}

bool IsForPlatform(const docker::Image& image, const std::string& platform) {
  const std::vector<std::string> parts = absl::StrSplit(platform, '/');
  if (parts.size() < 2 || image.os.empty() || image.architecture.empty()) return true;
  return image.os == parts[0] && Architecture(image.architecture) == Architecture(parts[1]);
}

const docker::Image* LocalImage(const desired::Container& want, const ObservedState& now) {
  auto it = now.images.find(want.image());
  if (it == now.images.end() || !it->second || !IsForPlatform(*it->second, want.platform)) return nullptr;
  return &*it->second;
}

ImagePlan PrepareImage(const desired::Container& want, const ObservedState& now, const std::string& cause) {
  return ImagePlanner(want, now).Prepare(cause);
}

ImagePlan FetchAhead(const desired::Container& want, const ObservedState& now) {
  return ImagePlanner(want, now).FetchAhead();
}

ImagePlan KeepImage(const desired::Container& want, const ObservedState& now) {
  return ImagePlanner(want, now).Keep();
}

std::vector<Step> RemoveOldImages(const std::string& object, const std::vector<api::UsedImage>& used,
                                  const ImageStore& store) {
  std::vector<Step> steps;
  for (size_t i = kKeptImages; i < used.size(); ++i) {
    auto image = store.images.find(used[i].id);
    if (image == store.images.end() || store.in_use.contains(used[i].id) || !IsOurs(used[i], image->second))
      continue;
    const auto add = [&](const std::string& name) {
      steps.push_back({RemoveImage{name}, object, "no longer used", {}});
    };
    // By its names: Docker refuses an id that has several. The last one takes the image along.
    for (const std::string& tag : image->second.repo_tags) add(tag);
    if (image->second.repo_tags.empty()) add(used[i].id);
  }
  return steps;
}

}  // namespace spacelet::plan
