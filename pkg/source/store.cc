#include "pkg/source/store.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "pkg/base/digest.h"
#include "pkg/base/text.h"

namespace spacelet::source {
namespace {

std::string RevisionOf(absl::string_view bytes) { return absl::StrCat("sha256:", base::Sha256Hex(bytes)); }

bool IsWarning(const config::Diagnostic& d) { return d.severity == config::Severity::kWarning; }

std::vector<config::Diagnostic> Warnings(const std::vector<config::Diagnostic>& diagnostics) {
  std::vector<config::Diagnostic> out;
  std::copy_if(diagnostics.begin(), diagnostics.end(), std::back_inserter(out), IsWarning);
  return out;
}

std::string Summary(const std::vector<config::Diagnostic>& diagnostics) {
  const auto first = std::find_if_not(diagnostics.begin(), diagnostics.end(), IsWarning);
  if (first == diagnostics.end()) return "not valid";
  const auto more = std::count_if(first + 1, diagnostics.end(), [](const auto& d) { return !IsWarning(d); });
  return more == 0 ? config::ToText(*first) : absl::StrCat(config::ToText(*first), " (and ", more, " more)");
}

}  // namespace

Store::Store(base::Clock& clock) : clock_(clock) {}

void Store::OnAccepted(std::function<void(std::shared_ptr<const Snapshot>)> listener) {
  on_accepted_ = std::move(listener);
}

void Store::OnAttempt(std::function<void(const Attempt&)> listener) { on_attempt_ = std::move(listener); }

absl::Status Store::Restore(const Version& version, int64_t generation) {
  config::Loaded loaded = config::Load(version.bytes, version.file_name, clock_.Now());
  if (!loaded.ok()) return absl::InvalidArgumentError(Summary(loaded.diagnostics));
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->document = *std::move(loaded.document);
  snapshot->bytes = version.bytes;
  snapshot->revision = RevisionOf(version.bytes);
  snapshot->commit = version.commit;
  snapshot->prune_at_once = !version.commit.empty();
  snapshot->generation = generation;
  snapshot->accepted_at = clock_.Now();
  snapshot->warnings = Warnings(loaded.diagnostics);
  {
    base::MutexLock lock(mu_);
    latest_ = snapshot;
  }
  if (on_accepted_) on_accepted_(snapshot);
  return absl::OkStatus();
}

Attempt Store::Offer(const Version& version) {
  Attempt attempt;
  attempt.at = clock_.Now();
  attempt.commit = version.commit;
  attempt.revision = RevisionOf(version.bytes);
  config::Loaded loaded = config::Load(version.bytes, version.file_name, attempt.at);
  attempt.diagnostics = loaded.diagnostics;
  if (!loaded.ok()) {
    attempt.result = Attempt::Result::kRejected;
    attempt.reason = api::reason::kRejected;
    attempt.error = Summary(loaded.diagnostics);
    return Finish(std::move(attempt));
  }
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->document = *std::move(loaded.document);
  snapshot->bytes = version.bytes;
  snapshot->revision = attempt.revision;
  snapshot->commit = version.commit;
  snapshot->prune_at_once = !version.commit.empty();
  snapshot->accepted_at = attempt.at;
  snapshot->warnings = Warnings(loaded.diagnostics);
  {
    base::MutexLock lock(mu_);
    const bool is_same = latest_ != nullptr && latest_->revision == attempt.revision;
    attempt.result = is_same ? Attempt::Result::kUnchanged : Attempt::Result::kAccepted;
    snapshot->generation = (latest_ != nullptr ? latest_->generation : 0) + (is_same ? 0 : 1);
    if (!is_same) latest_ = snapshot;
  }
  attempt.reason = api::reason::kAccepted;
  if (attempt.result == Attempt::Result::kAccepted && on_accepted_) on_accepted_(snapshot);
  return Finish(std::move(attempt));
}

void Store::Unreadable(std::string error, absl::string_view reason) {
  Attempt attempt;
  attempt.result = Attempt::Result::kUnreadable;
  attempt.reason = std::string(reason);
  attempt.error = base::OneLine(error);
  attempt.at = clock_.Now();
  Finish(std::move(attempt));
}

void Store::Unreachable(std::string error, absl::string_view reason) {
  Attempt attempt;
  attempt.result = Attempt::Result::kUnreachable;
  attempt.reason = std::string(reason);
  attempt.error = base::OneLine(error);
  attempt.at = clock_.Now();
  Finish(std::move(attempt));
}

Attempt Store::Finish(Attempt attempt) {
  {
    base::MutexLock lock(mu_);
    if (attempt.result != Attempt::Result::kUnreachable)
      refused_ = attempt.error;
    else if (!refused_.empty())
      absl::StrAppend(&attempt.error, "; the newest that was seen: ", refused_);
    attempt.stands = latest_ != nullptr && refused_.empty();
    last_attempt_ = attempt;
  }
  if (on_attempt_) on_attempt_(attempt);
  return attempt;
}

std::shared_ptr<const Snapshot> Store::Latest() const {
  base::MutexLock lock(mu_);
  return latest_;
}

Attempt Store::LastAttempt() const {
  base::MutexLock lock(mu_);
  return last_attempt_;
}

}  // namespace spacelet::source
