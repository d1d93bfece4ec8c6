// What a workload's image needs: it is there before a create, it follows a tag that moves, and what it was
// before makes room. Pure.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "pkg/api/used_image.h"
#include "pkg/desired/desired.h"
#include "pkg/plan/observed.h"
#include "pkg/plan/plan.h"

namespace spacelet::plan {

// Above it nothing is pulled: a full disk stops what runs.
inline constexpr double kFullestDisk = 0.9;

// A part of one workload's plan.
struct ImagePlan {
  std::vector<Step> steps;
  std::vector<Waiting> waiting;  // for the next try; its step waits as well
  std::vector<Notice> notices;   // one that blocks: no container can be made
  bool blocked() const;
};

// The image that the workload's reference means on this host; null when it is not here, or one of another
// platform.
const docker::Image* LocalImage(const desired::Container& want, const ObservedState& now);
// Whether an image is for os/arch[/variant]; an empty platform is any, and the variant is the daemon's
// affair.
bool IsForPlatform(const docker::Image& image, const std::string& platform);

// What comes before a create: by the pull policy, by what the registry says of a tag that is followed, and
// from the archive while the registry is out of reach. `cause`: why something is created.
ImagePlan PrepareImage(const desired::Container& want, const ObservedState& now, const std::string& cause);

// The part of it that disturbs nothing and need not be done again at the create: the image is not here, or
// not as its registry has it.
ImagePlan FetchAhead(const desired::Container& want, const ObservedState& now);

// What is due for the image of a container that is as desired: a tag that is followed has moved.
ImagePlan KeepImage(const desired::Container& want, const ObservedState& now);

// What there is on this host of the images that a workload of ours has used.
struct ImageStore {
  std::map<std::string, docker::Image> images;  // by id
  std::set<std::string> in_use;  // ids: of any container of the host, running or not, and of the document
};

// Removes, out of `used` (newest first), what is neither among the last two nor in use nor has a name outside
// of its repository.
std::vector<Step> RemoveOldImages(const std::string& object, const std::vector<api::UsedImage>& used,
                                  const ImageStore& store);

}  // namespace spacelet::plan
