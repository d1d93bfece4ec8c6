#include "pkg/controller/images.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <variant>

#include "absl/strings/match.h"
#include "pkg/api/reasons.h"
#include "pkg/docker/errors.h"
#include "pkg/docker/reference.h"
#include "pkg/execute/execute.h"

namespace spacelet::controller {
namespace {

namespace reason = api::reason;

constexpr size_t kKept = 2;         // plan::RemoveOldImages keeps the newest two
constexpr size_t kRemembered = 10;  // of one workload; what is older was refused often enough
constexpr absl::Duration kLongestHint = absl::Hours(1);

// Asking again soon changes nothing, and too many wrong answers lock an account.
bool NeedsTheOwner(absl::string_view why) {
  static constexpr const char* kReasons[] = {reason::kRegistryUnauthorized,  reason::kRegistryForbidden,
                                             reason::kRepositoryNotFound,    reason::kImageNotFound,
                                             reason::kImagePlatformMismatch, reason::kDiskFull};
  return std::any_of(std::begin(kReasons), std::end(kReasons), [&](const char* r) { return why == r; });
}

}  // namespace

Images::Images(base::Clock& clock, const Records& records)
    : clock_(clock),
      records_(records),
      brisk_(absl::Seconds(5), absl::Minutes(5)),
      slow_(absl::Seconds(30), absl::Minutes(5)),
      limited_(absl::Minutes(2), absl::Minutes(15)),
      removals_(absl::Minutes(1), absl::Hours(1)),
      used_(records.LoadUsedImages()) {
  for (const auto& [container, images] : used_)
    if (images.size() > kKept) due_.insert(container);
}

void Images::FillFacts(const desired::Container& want, plan::Facts& facts) const {
  base::MutexLock lock(mu_);
  const base::Instant now = clock_.Monotonic();
  auto failure = failures_.find(want.image());
  if (failure != failures_.end() && failure->second.until > now) {
    facts.pulls_backing_off.insert(want.image());
    if (failure->second.away) facts.registries_away.insert(want.image());
  }
  auto remote = remotes_.find(want.image());
  if (want.auto_update_interval && remote != remotes_.end())
    facts.remote_digests[want.image()] = remote->second;
}

// ---- what failed

workqueue::BackOff& Images::BackOffFor(const absl::Status& cause) {
  const absl::string_view why = docker::PullReason(cause);
  if (why == reason::kRegistryRateLimited) return limited_;
  return NeedsTheOwner(why) ? slow_ : brisk_;
}

void Images::FetchFailed(const plan::Operation& operation, const absl::Status& cause, std::string message) {
  const std::string reference = execute::ReferenceOf(operation);
  absl::Duration wait = BackOffFor(cause).Next(reference);
  if (const auto hint = docker::RetryAfterHint(cause.message()))
    wait = std::max(wait, std::min(*hint, kLongestHint));
  const bool pull = std::holds_alternative<plan::PullImage>(operation);
  base::MutexLock lock(mu_);
  failures_[reference] = {clock_.Monotonic() + wait, std::move(message),
                          pull && docker::IsRegistryAway(cause)};
}

void Images::Fetched(const plan::Operation& operation) {
  const std::string reference = execute::ReferenceOf(operation);
  // An archive stands in for the registry, which has not been heard of.
  if (!std::holds_alternative<plan::PullImage>(operation)) return;
  ForgetFailure(reference);
  base::MutexLock lock(mu_);
  auto remote = remotes_.find(reference);
  if (remote != remotes_.end()) remote->second.digest.clear();
}

void Images::ResetBackOff(const std::string& reference) {
  for (workqueue::BackOff* back_off : {&brisk_, &slow_, &limited_}) back_off->Forget(reference);
}

void Images::ForgetFailures() {
  base::MutexLock lock(mu_);
  for (const auto& [reference, failure] : failures_) ResetBackOff(reference);
  failures_.clear();
}

void Images::ForgetFailure(const std::string& reference) {
  ResetBackOff(reference);
  base::MutexLock lock(mu_);
  failures_.erase(reference);
}

std::string Images::Error(const std::string& reference) const {
  base::MutexLock lock(mu_);
  auto failure = failures_.find(reference);
  return failure == failures_.end() ? "" : failure->second.error;
}

absl::Duration Images::Wait(const std::string& reference) const {
  base::MutexLock lock(mu_);
  auto failure = failures_.find(reference);
  if (failure == failures_.end()) return absl::ZeroDuration();
  return std::max(failure->second.until - clock_.Monotonic(), absl::ZeroDuration());
}

// ---- what registries say

bool Images::Answered(const std::string& reference, const plan::RemoteDigest& answer) {
  base::MutexLock lock(mu_);
  plan::RemoteDigest& known = remotes_[reference];
  if (known == answer) return false;
  known = answer;
  return true;
}

// ---- what was used

void Images::Used(const std::string& container, const std::string& reference, const std::string& image_id) {
  {
    base::MutexLock lock(mu_);
    std::vector<api::UsedImage>& images = used_[container];
    if (!images.empty() && images.front().id == image_id) return;
    const auto parsed = docker::ParseReference(reference);
    if (!parsed.ok() || absl::StartsWith(reference, "sha256:")) return;  // an id: nobody knows from where
    std::erase_if(images, [&](const api::UsedImage& image) { return image.id == image_id; });
    images.insert(images.begin(), {image_id, docker::FamiliarName(*parsed)});
    if (images.size() > kRemembered) images.resize(kRemembered);
    if (images.size() > kKept) due_.insert(container);
  }
  Save();
}

std::vector<api::UsedImage> Images::DueForRemoval(const std::string& container) const {
  base::MutexLock lock(mu_);
  auto images = used_.find(container);
  return images == used_.end() || !due_.contains(container) ? std::vector<api::UsedImage>() : images->second;
}

void Images::Removed(const std::string& container, const std::set<std::string>& gone) {
  removals_.Forget(container);
  {
    base::MutexLock lock(mu_);
    due_.erase(container);
    std::erase_if(used_[container], [&](const api::UsedImage& image) { return gone.contains(image.id); });
  }
  Save();
}

void Images::Save() const {
  records_.SaveUsedImages([this] {
    base::MutexLock lock(mu_);
    return used_;
  });
}

}  // namespace spacelet::controller
