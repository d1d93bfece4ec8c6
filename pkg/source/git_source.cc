#include "pkg/source/git_source.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "pkg/base/status_macros.h"
#include "pkg/config/load.h"
#include "pkg/git/tree_path.h"
#include "pkg/git/trouble.h"

namespace spacelet::source {
namespace {

constexpr absl::Duration kFirstRetry = absl::Seconds(5);
constexpr absl::Duration kLongestRetry = absl::Minutes(5);
constexpr int kMostDoublings = 16;
// One look: a question, fetches at each depth and one without history, and what is asked of the copy here.
constexpr int kRunsOfGit = 40;

}  // namespace

absl::Duration DelayAfter(absl::Duration interval, int failures) {
  if (failures == 0) return interval;
  const absl::Duration first = std::min(interval, kFirstRetry);
  return std::min(first * (1 << std::min(failures - 1, kMostDoublings)), std::max(interval, kLongestRetry));
}

GitSource::GitSource(GitOptions options, GitListener listener, Store& store, base::Clock& clock,
                     const log::Logger& logger)
    : options_(std::move(options)),
      listener_(std::move(listener)),
      store_(store),
      logger_(logger.With("git")),
      repository_(std::make_shared<git::Repository>(options_.repository)),
      sleeper_(clock) {}

absl::Status GitSource::Run(const std::stop_token& stop) {
  const absl::Duration longest_look = kRunsOfGit * options_.repository.timeout;
  in_force_ = repository_->Taken(stop);
  if (in_force_.empty()) in_force_ = options_.in_force;
  int failures = 0;
  absl::Duration delay;
  do {
    listener_.expect(longest_look);
    const absl::Status status = Look(reload_.exchange(false), stop);
    if (stop.stop_requested()) break;
    Announce(status);
    listener_.asked(!status.ok() ? git::ReasonOf(status) : changed_ ? "changed" : "unchanged");
    failures = git::IsPassing(status) ? failures + 1 : 0;
    delay = base::Jittered(DelayAfter(options_.interval, failures));
    listener_.expect(delay + longest_look);
  } while (sleeper_.Sleep(delay, stop));
  return absl::OkStatus();
}

void GitSource::Reload() {
  reload_ = true;
  sleeper_.Wake();
}

absl::Status GitSource::Look(bool forced, const std::stop_token& stop) {
  changed_ = false;
  RETURN_IF_ERROR(listener_.before(stop));
  ASSIGN_OR_RETURN(const git::Tip tip, repository_->Ask(stop));
  if (!forced && decided_ && decided_->object == tip.object) return decided_->status;
  return Take(tip, forced, stop);
}

absl::Status GitSource::Take(const git::Tip& tip, bool forced, const std::stop_token& stop) {
  const bool any_history = forced || options_.rewritten == Rewritten::kFollow;
  const absl::StatusOr<git::Fetched> fetched = repository_->Fetch(tip, any_history ? "" : in_force_, stop);
  if (!fetched.ok()) return Decide(tip.object, fetched.status());
  absl::StatusOr<std::string> bytes = Examine(*fetched, any_history, stop);
  if (absl::IsInternal(bytes.status())) repository_->StartAnew();
  if (absl::IsCancelled(bytes.status())) return bytes.status();
  RETURN_IF_ERROR(Decide(fetched->tip.object, bytes.status()));
  Offer(fetched->tip, *std::move(bytes), stop);
  return absl::OkStatus();
}

absl::Status GitSource::Decide(const std::string& object, absl::Status status) {
  if (!git::IsPassing(status)) decided_ = {object, status};
  return status;
}

absl::StatusOr<std::string> GitSource::Examine(const git::Fetched& fetched, bool any_history,
                                               const std::stop_token& stop) {
  const git::Options& git = options_.repository;
  if (!any_history) RETURN_IF_ERROR(CheckHistory(fetched));
  if (!git.access.allowed_signers.empty()) RETURN_IF_ERROR(repository_->Verify(fetched.tip, stop));
  absl::StatusOr<std::string> bytes =
      repository_->Read(fetched.tip.commit, git.location.path, config::kMaxDocumentBytes, stop);
  if (bytes.ok()) return bytes;
  return absl::Status(bytes.status().code(),
                      absl::StrCat(NameOf(fetched.tip.commit), ":", bytes.status().message()));
}

std::string GitSource::NameOf(const std::string& commit) const {
  return absl::StrCat(options_.repository.location.repository, "@", git::Short(commit));
}

absl::Status GitSource::CheckHistory(const git::Fetched& fetched) const {
  if (in_force_.empty() || fetched.descends) return absl::OkStatus();
  return absl::AbortedError(
      absl::StrCat(options_.repository.location.host, ": ", RefForPeople(), " was rewritten: commit ",
                   git::Short(fetched.tip.commit), " does not descend from ", git::Short(in_force_),
                   ", which stays in force; to take it, send SIGHUP (systemctl reload spacelet), or run with "
                   "--git-rewritten=follow"));
}

void GitSource::Offer(const git::Tip& tip, std::string bytes, const std::stop_token& stop) {
  const git::Location& location = options_.repository.location;
  Version version;
  version.bytes = std::move(bytes);
  version.commit = tip.commit;
  version.file_name = absl::StrCat(NameOf(tip.commit), ":", location.path);
  version.read = [repository = repository_, commit = tip.commit, document = location.path,
                  stop](const std::string& relative_path) -> absl::StatusOr<std::string> {
    ASSIGN_OR_RETURN(const std::string path, git::ResolveInTree(document, relative_path));
    return repository->Read(commit, path, config::kMaxDocumentBytes, stop);
  };
  changed_ = true;
  announced_ = absl::OkStatus();
  const Attempt attempt = store_.Offer(version);
  offered_ = std::move(version);
  if (attempt.result == Attempt::Result::kRejected)
    return logger_.Warning("document rejected", {{"commit", tip.commit}, {"error", attempt.error}});
  logger_.Info(attempt.result == Attempt::Result::kAccepted ? "document accepted" : "document unchanged",
               {{"commit", tip.commit}, {"revision", attempt.revision}});
  in_force_ = tip.commit;
  if (const absl::Status kept = repository_->SetTaken(tip.commit, stop); !kept.ok())
    logger_.Warning("the commit cannot be kept", {{"error", std::string(kept.message())}});
}

// Says what is new: the same trouble at each question is one trouble.
void GitSource::Announce(const absl::Status& status) {
  if (status == announced_) return;
  announced_ = status;
  const std::string message(status.message());
  if (status.ok()) {
    logger_.Info("git answers again");
    store_.Offer(*offered_);
    return;
  }
  logger_.Warning("no document from git", {{"reason", git::ReasonOf(status)}, {"error", message}});
  if (git::SawNothing(status))
    store_.Unreachable(message, git::ReasonOf(status));
  else
    store_.Unreadable(message, git::ReasonOf(status));
}

std::string GitSource::RefForPeople() const {
  const std::string& ref = options_.repository.location.ref;
  return ref.empty() ? "HEAD" : ref;
}

}  // namespace spacelet::source
