#include "pkg/controller/records.h"

#include <utility>

#include "pkg/base/digest.h"

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

state::Rollouts Records::LoadRollouts() const {
  if (directory_ == nullptr) return {};
  absl::StatusOr<state::Rollouts> kept = directory_->LoadRollouts();
  if (kept.ok()) return *std::move(kept);
  if (!absl::IsNotFound(kept.status()))
    logger_.Warning("the history of rollouts is lost, what has failed may be tried again",
                    {{"error", std::string(kept.status().message())}});
  return {};
}

void Records::SaveRollouts(const std::function<state::Rollouts()>& newest) const {
  if (directory_ == nullptr) return;
  base::MutexLock lock(mu_);
  const absl::Status saved = directory_->SaveRollouts(newest());
  if (!saved.ok())
    logger_.Warning("the history of rollouts cannot be kept", {{"error", std::string(saved.message())}});
}

state::Networks Records::LoadNetworks() const {
  if (directory_ == nullptr) return {};
  absl::StatusOr<state::Networks> kept = directory_->LoadNetworks();
  if (kept.ok()) return *std::move(kept);
  if (!absl::IsNotFound(kept.status()))
    logger_.Warning("what was tried on the network is lost, what Docker refused may be tried again",
                    {{"error", std::string(kept.status().message())}});
  return {};
}

void Records::SaveNetworks(const std::function<state::Networks()>& newest) const {
  if (directory_ == nullptr) return;
  base::MutexLock lock(mu_);
  const absl::Status saved = directory_->SaveNetworks(newest());
  if (!saved.ok())
    logger_.Warning("what was tried on the network cannot be kept",
                    {{"error", std::string(saved.message())}});
}

state::UsedImages Records::LoadUsedImages() const {
  if (directory_ == nullptr) return {};
  absl::StatusOr<state::UsedImages> kept = directory_->LoadUsedImages();
  if (kept.ok()) return *std::move(kept);
  if (!absl::IsNotFound(kept.status()))
    logger_.Warning("which images were in use is not known any more, some may stay on the disk",
                    {{"error", std::string(kept.status().message())}});
  return {};
}

void Records::SaveUsedImages(const std::function<state::UsedImages()>& newest) const {
  if (directory_ == nullptr) return;
  base::MutexLock lock(mu_);
  const absl::Status saved = directory_->SaveUsedImages(newest());
  if (!saved.ok())
    logger_.Warning("which images were in use cannot be kept", {{"error", std::string(saved.message())}});
}

std::string Records::DigestKey() const {
  return directory_ != nullptr ? directory_->DigestKey() : base::RandomBytes(32);
}

}  // namespace spacelet::controller
