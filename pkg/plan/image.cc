#include "pkg/plan/image.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "pkg/api/reasons.h"

namespace spacelet::plan {
namespace {

// The spellings that Docker takes for one (containerd platforms.normalizeArch).
std::string Architecture(const std::string& name) {
  if (name == "x86_64" || name == "x86-64") return "amd64";
  return name == "aarch64" ? "arm64" : name;
}

// `platform`: os/arch[/variant]; empty: any. A variant is compared only where both sides name one.
bool IsFor(const docker::Image& image, const std::string& platform) {
  const std::vector<std::string> parts = absl::StrSplit(platform, '/');
  if (parts.size() < 2 || image.os.empty() || image.architecture.empty()) return true;
  return image.os == parts[0] && Architecture(image.architecture) == Architecture(parts[1]);
}

bool BacksOff(const desired::Container& want, const ObservedState& now) {
  return now.facts.pulls_backing_off.contains(want.image());
}

void AddPull(const desired::Container& want, const ObservedState& now, std::string cause, ImagePlan& plan) {
  const std::string object = ContainerKey(want.name);
  const bool waits = BacksOff(want, now);
  if (waits)
    plan.waiting.push_back({object, absl::StrCat("image ", want.image()), "the next try to pull it",
                            api::reason::kImagePullBackOff});
  plan.steps.push_back(
      {PullImage{want.image(), want.platform, want.image_pull_secret}, object, std::move(cause), {}, waits});
}

}  // namespace

bool ImagePlan::blocked() const {
  return std::any_of(notices.begin(), notices.end(), [](const Notice& n) { return n.blocks; });
}

const docker::Image* LocalImage(const desired::Container& want, const ObservedState& now) {
  auto it = now.images.find(want.image());
  if (it == now.images.end() || !it->second || !IsFor(*it->second, want.platform)) return nullptr;
  return &*it->second;
}

ImagePlan PrepareImage(const desired::Container& want, const ObservedState& now, const std::string& cause) {
  ImagePlan plan;
  const bool present = LocalImage(want, now) != nullptr;
  if (want.pull_policy == api::PullPolicy::kNever) {
    if (!present)
      plan.notices.push_back({ContainerKey(want.name), api::reason::kImageNeverPulled,
                              absl::StrCat("image ", want.image(),
                                           " is not on this host and imagePullPolicy is Never: load "
                                           "it (docker load), or choose IfNotPresent"),
                              true});
    return plan;
  }
  if (present && want.pull_policy == api::PullPolicy::kIfNotPresent) return plan;
  AddPull(want, now, present ? absl::StrCat(cause, ", pull policy Always") : "image not on this host", plan);
  return plan;
}

ImagePlan KeepImage(const desired::Container&, const ObservedState&) { return {}; }

}  // namespace spacelet::plan
