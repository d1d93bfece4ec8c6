// What past rollouts have left. Tidying up is no repair: the workload is in sync before and after it, and
// what Docker or the disk refuses is told and tried again later.
#include <set>
#include <utility>

#include "pkg/controller/reconciler.h"
#include "pkg/plan/image.h"
#include "pkg/plan/pool_files.h"

namespace spacelet::controller {

// Returns the time until it should be tried again.
absl::Duration Reconciler::Tidy(const std::string& key, const desired::Host& host,
                                const plan::ObservedState& observed, const std::stop_token& interrupt,
                                const std::stop_token& shutdown) {
  const desired::Container* want = host.Find(key.substr(key.find('/') + 1));
  if (want == nullptr || plan::ContainerKey(want->name) != key || host.suspend)
    return absl::InfiniteDuration();
  plan::Plan old_files;
  old_files.steps = plan::RemoveOldPoolFiles(*want, observed);
  if (!old_files.steps.empty()) executor_.Run(old_files, interrupt, shutdown);
  return RemoveOldImages(key, host, interrupt, shutdown);
}

absl::Duration Reconciler::RemoveOldImages(const std::string& key, const desired::Host& host,
                                           const std::stop_token& interrupt,
                                           const std::stop_token& shutdown) {
  const std::string name = key.substr(key.find('/') + 1);
  const std::vector<api::UsedImage> used = images_.DueForRemoval(name);
  if (used.empty()) return absl::InfiniteDuration();
  const absl::StatusOr<plan::ImageStore> store = observer_.LookForImages(host, used, shutdown);
  if (!store.ok()) return images_.RemovalFailed(name);
  std::set<std::string> gone;
  for (const api::UsedImage& image : used)
    if (!store->images.contains(image.id)) gone.insert(image.id);
  bool all = true;
  for (plan::Step& step : plan::RemoveOldImages(key, used, *store)) {
    plan::Plan one;
    one.steps.push_back(std::move(step));
    all = executor_.Run(one, interrupt, shutdown).steps_done == 1 && all;
  }
  if (!all) return images_.RemovalFailed(name);
  images_.Removed(name, gone);
  return absl::InfiniteDuration();
}

}  // namespace spacelet::controller
