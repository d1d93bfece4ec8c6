#include "pkg/webconfig/live.h"

#include <utility>

namespace spacelet::webconfig {
namespace {

// Whether what was read is what was looked at.
bool Agree(const Stamps& read, const Stamps& seen) {
  for (const auto& [path, stamp] : read) {
    const auto before = seen.find(path);
    if (stamp && before != seen.end() && before->second != stamp) return false;
  }
  return true;
}

}  // namespace

Live::Live(std::string path, secret::Permissions permissions, Loaded first, base::Clock& clock,
           OnAttempt on_attempt)
    : path_(std::move(path)),
      permissions_(permissions),
      clock_(clock),
      on_attempt_(std::move(on_attempt)),
      taken_(first.files),
      seen_(first.files),
      in_force_(first.access) {
  on_attempt_(first);
}

std::shared_ptr<const Access> Live::InForce() const {
  base::MutexLock lock(mu_);
  return in_force_;
}

void Live::Look() {
  Stamps now = StampsNow(taken_);
  const bool settled = now == seen_;
  seen_ = std::move(now);
  if (!settled || seen_ == taken_) return;
  Loaded loaded = Load(path_, permissions_, clock_.Now());
  if (Agree(loaded.files, seen_)) Take(std::move(loaded));
}

void Live::Take(Loaded loaded) {
  taken_ = loaded.files;
  seen_ = loaded.files;
  std::string said = loaded.access != nullptr ? "" : config::ToText(loaded.diagnostics);
  const bool again = loaded.access == nullptr && said == reported_;
  reported_ = std::move(said);
  if (loaded.access != nullptr) {
    base::MutexLock lock(mu_);
    in_force_ = loaded.access;
  }
  if (!again) on_attempt_(loaded);
}

absl::Status Live::Run(const std::stop_token& stop) {
  const std::stop_callback on_stop(stop, [this] {
    base::MutexLock lock(mu_);
    stopped_.NotifyAll();
  });
  while (!stop.stop_requested()) {
    Look();
    const base::Instant next = clock_.Monotonic() + kLookEvery;
    base::MutexLock lock(mu_);
    while (!stop.stop_requested() && clock_.Monotonic() < next) clock_.WaitUntil(mu_, stopped_, next);
  }
  return absl::OkStatus();
}

}  // namespace spacelet::webconfig
