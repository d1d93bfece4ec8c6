#include "pkg/source/store.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
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

bool IsFromGit(const Version& version) {
  return !version.commit.empty() ||
         absl::StartsWith(version.file_name, "git+");  // the latter: one that was kept
}

Store::Store(base::Clock& clock, Admit admit) : clock_(clock), admit_(std::move(admit)) {}

void Store::OnAccepted(std::function<void(std::shared_ptr<const Snapshot>)> listener) {
  on_accepted_ = std::move(listener);
}

void Store::OnAttempt(std::function<void(const Attempt&)> listener) { on_attempt_ = std::move(listener); }

absl::Status Store::Restore(absl::string_view bytes, absl::string_view file_name, int64_t generation) {
  config::Loaded loaded = config::Load(bytes, file_name, clock_.Now());
  if (!loaded.ok()) return absl::InvalidArgumentError(Summary(loaded.diagnostics));
  Attempt attempt;
  attempt.at = clock_.Now();
  attempt.revision = RevisionOf(bytes);
  if (!Admits(loaded, {.file_name = std::string(file_name)}, attempt))
    return absl::PermissionDeniedError(attempt.error);
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->document = *std::move(loaded.document);
  snapshot->bytes = std::string(bytes);
  snapshot->file_name = std::string(file_name);
  snapshot->revision = RevisionOf(bytes);
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
  attempt.revision = RevisionOf(version.bytes);
  config::Loaded loaded = config::Load(version.bytes, version.file_name, attempt.at);
  attempt.diagnostics = loaded.diagnostics;
  if (!loaded.ok()) {
    attempt.result = Attempt::Result::kRejected;
    attempt.error = Summary(loaded.diagnostics);
    return Finish(std::move(attempt));
  }
  if (!Admits(loaded, version, attempt)) return attempt;
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->document = *std::move(loaded.document);
  snapshot->bytes = version.bytes;
  snapshot->file_name = version.file_name;
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
  if (attempt.result == Attempt::Result::kAccepted && on_accepted_) on_accepted_(snapshot);
  return Finish(std::move(attempt));
}

void Store::Recheck() {
  const std::shared_ptr<const Snapshot> snapshot = Latest();
  if (snapshot == nullptr) return;
  const Version version{
      .bytes = snapshot->bytes, .file_name = snapshot->file_name, .commit = snapshot->commit};
  Attempt attempt;
  attempt.at = clock_.Now();
  attempt.revision = snapshot->revision;
  const config::Loaded loaded = config::Load(version.bytes, version.file_name, attempt.at);
  if (loaded.ok()) Admits(loaded, version, attempt);
}

bool Store::Admits(const config::Loaded& loaded, const Version& version, Attempt& attempt) {
  attempt.diagnostics = admit_ ? admit_(loaded, version) : std::vector<config::Diagnostic>{};
  if (attempt.diagnostics.empty()) {
    attempt.diagnostics = loaded.diagnostics;
    return true;
  }
  attempt.result = Attempt::Result::kForbidden;
  attempt.error = Summary(attempt.diagnostics);
  Finish(attempt);
  return false;
}

void Store::Unreadable(std::string error) {
  Attempt attempt;
  attempt.result = Attempt::Result::kUnreadable;
  attempt.error = base::OneLine(error);
  attempt.at = clock_.Now();
  Finish(std::move(attempt));
}

Attempt Store::Finish(Attempt attempt) {
  {
    base::MutexLock lock(mu_);
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
