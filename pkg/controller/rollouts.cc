#include "pkg/controller/rollouts.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "pkg/base/digest.h"

namespace spacelet::controller {
namespace {

// Lengths in front, so that no two sets of values give the same bytes.
void AppendValues(const std::map<std::string, plan::SecretValue>& values, const std::string& container,
                  std::string& bytes) {
  for (const auto& [key, secret] : values)
    if (absl::StartsWith(key, absl::StrCat(container, "/")) && secret.value)
      absl::StrAppend(&bytes, key.size(), ":", key, secret.value->size(), ":", *secret.value);
}

}  // namespace

Rollouts::Rollouts(const Records& records)
    : records_(records), digest_key_(records.DigestKey()), histories_(records.LoadRollouts()) {}

void Rollouts::FillFacts(const std::string& container, plan::ObservedState& observed) const {
  std::string secrets;
  AppendValues(observed.facts.secret_env, container, secrets);
  AppendValues(observed.facts.secret_files, container, secrets);
  if (!secrets.empty()) observed.facts.secret_digests[container] = base::HmacSha256Hex(digest_key_, secrets);
  base::MutexLock lock(mu_);
  auto history = histories_.find(container);
  if (history != histories_.end()) observed.facts.rollouts[container] = history->second;
}

api::RolloutHistory Rollouts::Keep(const std::string& container, api::RolloutHistory history) {
  {
    base::MutexLock lock(mu_);
    std::swap(histories_[container], history);
  }
  Save();
  return history;
}

void Rollouts::ForgetFailed() {
  {
    base::MutexLock lock(mu_);
    bool any = false;
    for (auto& [container, history] : histories_) {
      any = any || !history.failed.empty();
      history.failed.clear();
    }
    if (!any) return;
  }
  Save();
}

void Rollouts::Save() const {
  records_.SaveRollouts([this] {
    base::MutexLock lock(mu_);
    return histories_;
  });
}

}  // namespace spacelet::controller
