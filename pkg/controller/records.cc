#include "pkg/controller/records.h"

#include <utility>

namespace spacelet::controller {

state::LimitsSet Records::LoadLimitsSet() const {
  if (directory_ == nullptr) return {};
  absl::StatusOr<state::LimitsSet> kept = directory_->LoadLimitsSet();
  if (kept.ok()) return *std::move(kept);
  if (!absl::IsNotFound(kept.status()))
    logger_.Warning("which limits were set in place is not known any more",
                    {{"error", std::string(kept.status().message())}});
  return {};
}

void Records::SaveLimitsSet(const std::function<state::LimitsSet()>& newest) const {
  if (directory_ == nullptr) return;
  base::MutexLock lock(mu_);
  const absl::Status saved = directory_->SaveLimitsSet(newest());
  if (!saved.ok())
    logger_.Warning("which limits were set in place cannot be kept",
                    {{"error", std::string(saved.message())}});
}

}  // namespace spacelet::controller
