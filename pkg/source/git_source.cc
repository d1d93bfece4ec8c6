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
      clock_(clock),
      logger_(logger.With("git")),
      repository_(options_.repository),
      sleeper_(clock) {}

absl::Status GitSource::Run(const std::stop_token& stop) {
  const absl::Duration longest_look = kRunsOfGit * options_.repository.timeout;
  in_force_ = repository_.Taken(stop);
  if (in_force_.empty()) in_force_ = options_.in_force;
  int failures = 0;
  absl::Duration delay;
  do {
    listener_.expect(longest_look);
    const absl::Status status = Look(reload_.exchange(false), stop);
    if (stop.stop_requested()) break;
    Announce(status, stop);
    listener_.asked(!status.ok() ? git::ReasonOf(status) : changed_ ? "changed" : "unchanged");
    failures = git::IsPassing(status) ? failures + 1 : 0;
    delay = base::Jittered(DelayAfter(options_.interval, failures));
    listener_.expect(delay + longest_look);
  } while (Rest(delay, stop));
  return absl::OkStatus();
}

// Until the next question. Returns whether to go on.
bool GitSource::Rest(absl::Duration time, const std::stop_token& stop) {
  const base::Instant end = clock_.Monotonic() + time;
  while (waits_ && clock_.Monotonic() < end) {
    if (!sleeper_.Sleep(std::min(kFactRetry, end - clock_.Monotonic()), stop)) return false;
    if (reload_ || again_ || !OfferAgain(stop).ok()) return true;
  }
  return sleeper_.Sleep(end - clock_.Monotonic(), stop);
}

void GitSource::Reload() {
  reload_ = true;
  sleeper_.Wake();
}

void GitSource::AskAgain() {
  again_ = true;
  sleeper_.Wake();
}

absl::Status GitSource::Look(bool forced, const std::stop_token& stop) {
  changed_ = false;
  const bool again = again_.exchange(false) || forced;
  RETURN_IF_ERROR(listener_.before(stop));
  ASSIGN_OR_RETURN(const git::Tip tip, repository_.Ask(stop));
  if (!again && decided_ && decided_->object == tip.object) return decided_->status;
  return Take(tip, forced, stop);
}

absl::Status GitSource::Take(const git::Tip& tip, bool forced, const std::stop_token& stop) {
  const bool any_history = forced || options_.rewritten == Rewritten::kFollow;
  const absl::StatusOr<git::Fetched> fetched = repository_.Fetch(tip, any_history ? "" : in_force_, stop);
  if (!fetched.ok()) return Decide(tip.object, fetched.status());
  absl::StatusOr<std::string> bytes = Examine(*fetched, any_history, stop);
  if (absl::IsInternal(bytes.status())) repository_.StartAnew();
  if (absl::IsCancelled(bytes.status())) return bytes.status();
  RETURN_IF_ERROR(Decide(fetched->tip.object, bytes.status()));
  return Offer(fetched->tip, *std::move(bytes), stop);
}

absl::Status GitSource::Decide(const std::string& object, absl::Status status) {
  if (!git::IsPassing(status)) decided_ = {object, status};
  return status;
}

absl::StatusOr<std::string> GitSource::Examine(const git::Fetched& fetched, bool any_history,
                                               const std::stop_token& stop) {
  const git::Options& git = options_.repository;
  if (!any_history) RETURN_IF_ERROR(CheckHistory(fetched));
  if (!git.access.allowed_signers.empty()) RETURN_IF_ERROR(repository_.Verify(fetched.tip, stop));
  return ReadDocument(fetched.tip.commit, stop);
}

absl::StatusOr<std::string> GitSource::ReadDocument(const std::string& commit, const std::stop_token& stop) {
  absl::StatusOr<std::string> bytes =
      repository_.Read(commit, options_.repository.location.path, config::kMaxDocumentBytes, stop);
  if (bytes.ok()) return bytes;
  // That the commit has no document is not that the repository has no commit.
  const bool absent = absl::IsNotFound(bytes.status());
  return absl::Status(absent ? absl::StatusCode::kFailedPrecondition : bytes.status().code(),
                      absl::StrCat(NameOf(commit), ":", bytes.status().message()));
}

// Aborted: nothing is known of the file, for a trouble that may pass.
absl::StatusOr<std::string> GitSource::ReadBeside(const std::string& commit, const std::string& relative_path,
                                                  const std::stop_token& stop) {
  ASSIGN_OR_RETURN(const std::string path,
                   git::ResolveInTree(options_.repository.location.path, relative_path));
  absl::StatusOr<std::string> bytes = repository_.Read(commit, path, config::kMaxDocumentBytes, stop);
  if (bytes.ok() || absl::IsNotFound(bytes.status()) || !git::IsPassing(bytes.status())) return bytes;
  beside_ = bytes.status();
  return absl::AbortedError(beside_.message());
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

absl::Status GitSource::Offer(const git::Tip& tip, std::string bytes, const std::stop_token& stop) {
  const git::Location& location = options_.repository.location;
  Version version;
  version.bytes = std::move(bytes);
  version.commit = tip.commit;
  version.file_name = absl::StrCat(NameOf(tip.commit), ":", location.path);
  version.read = [this, commit = tip.commit, stop](const std::string& relative_path) {
    return ReadBeside(commit, relative_path, stop);
  };
  offered_ = std::move(version);
  changed_ = true;
  RETURN_IF_ERROR(OfferAgain(stop));
  announced_ = absl::OkStatus();
  return absl::OkStatus();
}

// An error: a file beside the document could not be read, and nobody was told of the offer.
absl::Status GitSource::OfferAgain(const std::stop_token& stop) {
  beside_ = absl::OkStatus();
  const Attempt attempt = store_.Offer(*offered_);
  waits_ = attempt.result == Attempt::Result::kWaiting;
  if (attempt.result == Attempt::Result::kNone) {
    decided_.reset();
    changed_ = false;
    if (absl::IsInternal(beside_)) repository_.StartAnew();
    return beside_;
  }
  if (!waits_) announced_ = absl::OkStatus();  // by what is told of this offer
  Settle(attempt, stop);
  return absl::OkStatus();
}

void GitSource::Settle(const Attempt& attempt, const std::stop_token& stop) {
  using Result = Attempt::Result;
  const std::string& commit = attempt.commit;
  const bool told = std::exchange(told_, waits_ ? attempt.error : "") == attempt.error;
  if (attempt.result == Result::kRejected || attempt.result == Result::kForbidden)
    return logger_.Warning("document rejected", {{"commit", commit}, {"error", attempt.error}});
  if (waits_ && told) return;
  if (waits_)
    return logger_.Warning("document waits for a fact of this host",
                           {{"commit", commit}, {"error", attempt.error}});
  logger_.Info(attempt.result == Result::kAccepted ? "document accepted" : "document unchanged",
               {{"commit", commit}, {"revision", attempt.revision}});
  in_force_ = commit;
  if (const absl::Status kept = repository_.SetTaken(commit, stop); !kept.ok())
    logger_.Warning("the commit cannot be kept", {{"error", std::string(kept.message())}});
}

// Says what is new: the same trouble at each question is one trouble.
void GitSource::Announce(const absl::Status& status, const std::stop_token& stop) {
  if (status == announced_) return;
  announced_ = status;
  const std::string message(status.message());
  if (status.ok()) {
    logger_.Info("git answers again");
    return OfferAgain(stop).IgnoreError();  // the next question finds the same, and says so
  }
  logger_.Warning("no document from git", {{"reason", git::ReasonOf(status)}, {"error", message}});
  if (git::SawNothing(status)) return store_.Unreachable(message, git::ReasonOf(status));
  waits_ = false;  // there is a newer one
  store_.Unreadable(message, git::ReasonOf(status));
}

std::string GitSource::RefForPeople() const {
  const std::string& ref = options_.repository.location.ref;
  return ref.empty() ? "HEAD" : ref;
}

}  // namespace spacelet::source
