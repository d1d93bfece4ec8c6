#include "pkg/controller/tag_watch.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "pkg/api/reasons.h"
#include "pkg/base/status_macros.h"
#include "pkg/docker/errors.h"
#include "pkg/execute/execute.h"

namespace spacelet::controller {
namespace {

constexpr absl::Duration kFirstRetry = absl::Minutes(1);
constexpr absl::Duration kLongestSleep = absl::Hours(1);

absl::Duration RetryWait(absl::Duration interval, int failures) {
  return std::min(interval, kFirstRetry * (1 << std::min(failures - 1, 10)));
}

const char* ReasonOf(const absl::Status& status) {
  return absl::IsDeadlineExceeded(status) ? api::reason::kRegistryUnreachable : docker::PullReason(status);
}

absl::StatusOr<std::string> AskFor(docker::Reader& docker, secret::Store& secrets,
                                   const std::string& reference,
                                   const std::optional<api::ImagePullSecret>& secret,
                                   const std::stop_token& stop) {
  ASSIGN_OR_RETURN(const auto credential, execute::CredentialFor(secret, secrets, stop));
  return docker.DistributionDigest(reference, credential, stop);
}

}  // namespace

TagWatch::TagWatch(docker::Reader& docker, secret::Store& secrets, base::Clock& clock, Images& images,
                   Listener listener)
    : docker_(docker),
      secrets_(secrets),
      clock_(clock),
      images_(images),
      listener_(std::move(listener)),
      sleep_(clock) {}

void TagWatch::Follow(const desired::Host& host) {
  {
    base::MutexLock lock(mu_);
    std::map<std::string, Followed> known = std::exchange(followed_, {});
    for (const desired::Container& c : host.containers) {
      if (!c.auto_update_interval || c.pull_policy == api::PullPolicy::kNever) continue;
      const Followed tag{c.image(), c.image_pull_secret, *c.auto_update_interval, clock_.Monotonic()};
      const Followed& before = known[c.name];
      const bool same =
          before.reference == tag.reference && before.secret == tag.secret && before.interval == tag.interval;
      followed_[c.name] = same ? before : tag;
    }
  }
  sleep_.Wake();
}

void TagWatch::AskNow() {
  {
    base::MutexLock lock(mu_);
    for (auto& [container, tag] : followed_) tag.next = clock_.Monotonic();
  }
  sleep_.Wake();
}

absl::Status TagWatch::Run(const std::stop_token& stop) {
  do {
    while (!stop.stop_requested() && listener_.docker_is_up()) {
      const auto due = Due();
      if (!due) break;
      Ask(due->first, due->second, stop);
    }
  } while (sleep_.Sleep(UntilNext(), stop));
  return absl::OkStatus();
}

std::optional<std::pair<std::string, TagWatch::Followed>> TagWatch::Due() const {
  base::MutexLock lock(mu_);
  for (const auto& [container, tag] : followed_)
    if (tag.next <= clock_.Monotonic()) return std::pair(container, tag);
  return std::nullopt;
}

absl::Duration TagWatch::UntilNext() const {
  if (!listener_.docker_is_up()) return kLongestSleep;  // OnDockerUp ends it
  base::MutexLock lock(mu_);
  absl::Duration time = kLongestSleep;
  for (const auto& [container, tag] : followed_) time = std::min(time, tag.next - clock_.Monotonic());
  return time;
}

void TagWatch::Ask(const std::string& container, const Followed& tag, const std::stop_token& stop) {
  const absl::StatusOr<std::string> digest = AskFor(docker_, secrets_, tag.reference, tag.secret, stop);
  if (absl::IsCancelled(digest.status())) return;
  const int failures = digest.ok() ? 0 : tag.failures + 1;
  if (!Schedule(container, tag, failures, digest.ok() ? tag.interval : RetryWait(tag.interval, failures)))
    return;
  plan::RemoteDigest answer;
  if (digest.ok()) answer.digest = *digest;
  if (!digest.ok())
    answer.error = absl::StrCat("the registry was asked in vain whether ", tag.reference,
                                " has moved: ", ReasonOf(digest.status()), ": ", digest.status().message());
  if (images_.Answered(tag.reference, answer))
    listener_.on_news(tag.reference, failures == 1 ? answer.error : "");
}

bool TagWatch::Schedule(const std::string& container, const Followed& tag, int failures,
                        absl::Duration wait) {
  base::MutexLock lock(mu_);
  auto found = followed_.find(container);
  if (found == followed_.end() || found->second.reference != tag.reference) return false;
  found->second.failures = failures;
  found->second.next = clock_.Monotonic() + base::Jittered(wait);
  return true;
}

}  // namespace spacelet::controller
