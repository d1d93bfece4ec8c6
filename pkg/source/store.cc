#include "pkg/source/store.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "pkg/base/text.h"
#include "pkg/config/relative_path.h"

namespace spacelet::source {
namespace {

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

std::shared_ptr<Snapshot> SnapshotOf(const Version& version, config::Loaded loaded, absl::Time now) {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->document = *std::move(loaded.document);
  snapshot->bytes = version.bytes;
  snapshot->files = std::move(loaded.files);
  snapshot->facts = std::move(loaded.facts);
  snapshot->file_name = version.file_name;
  snapshot->directory = version.directory;
  snapshot->revision = std::move(loaded.revision);
  snapshot->commit = version.commit;
  snapshot->from_git = IsFromGit(version);
  snapshot->prune_at_once = !version.commit.empty();
  snapshot->accepted_at = now;
  snapshot->warnings = Warnings(loaded.diagnostics);
  return snapshot;
}

// The same files on the same host. Facts may change: a disk is attached to another machine.
bool IsSame(const Snapshot& a, const Snapshot& b) { return a.revision == b.revision && a.facts == b.facts; }

config::AskFact AskOnly(const config::Facts& facts) {
  return [&facts](const std::string& name) -> absl::StatusOr<std::string> {
    const auto found = facts.find(name);
    if (found == facts.end()) return absl::NotFoundError("it was not kept");
    return found->second;
  };
}

Version VersionOf(const Snapshot& snapshot) {
  const Version version{.bytes = snapshot.bytes,
                        .file_name = snapshot.file_name,
                        .commit = snapshot.commit,
                        .from_git = snapshot.from_git,
                        .directory = snapshot.directory};
  return WithFiles(version, snapshot.files);
}

}  // namespace

Version VersionOf(const state::LastGood& kept) {
  const Version version{.bytes = kept.bytes,
                        .file_name = kept.file_name.empty() ? kept.source : kept.file_name,
                        .commit = kept.commit,
                        .from_git = absl::StartsWith(kept.source, "git+"),
                        .directory = kept.directory};
  return WithFiles(version, kept.files);
}

bool IsFromGit(const Version& version) { return version.from_git || !version.commit.empty(); }

config::Input InputOf(const Version& version, absl::Time today, const config::AskFact& fact) {
  return {.bytes = version.bytes,
          .file_name = version.file_name,
          .today = today,
          .directory = version.directory,
          .read = version.read,
          .fact = fact};
}

std::map<std::string, std::string> TextsOf(const Version& version, const config::Loaded& loaded) {
  std::map<std::string, std::string> texts = {{base::OneLine(version.file_name), version.bytes}};
  for (const auto& [path, bytes] : loaded.files)
    texts[base::OneLine(config::NameBeside(version.file_name, path))] = bytes;
  return texts;
}

Version WithFiles(Version version, config::Files files) {
  version.read = [files = std::move(files)](const std::string& path) -> absl::StatusOr<std::string> {
    const auto file = files.find(path);
    if (file == files.end()) return absl::NotFoundError(absl::StrCat(path, " was not kept"));
    return file->second;
  };
  version.is_whole = nullptr;
  return version;
}

Store::Store(base::Clock& clock, config::AskFact fact, Admit admit)
    : clock_(clock), fact_(std::move(fact)), admit_(std::move(admit)) {}

void Store::OnAccepted(std::function<void(std::shared_ptr<const Snapshot>)> listener) {
  on_accepted_ = std::move(listener);
}

void Store::OnAttempt(std::function<void(const Attempt&)> listener) { on_attempt_ = std::move(listener); }

absl::Status Store::Restore(const state::LastGood& kept) {
  const Version version = VersionOf(kept);
  Attempt attempt;
  attempt.at = clock_.Now();
  config::Loaded loaded = config::Load(InputOf(version, attempt.at, AskOnly(kept.facts)));
  if (!loaded.ok()) return absl::InvalidArgumentError(Summary(loaded.Problems()));
  attempt.revision = loaded.revision;
  if (!Admits(loaded, version, attempt)) return absl::PermissionDeniedError(attempt.error);
  const std::shared_ptr<Snapshot> snapshot = SnapshotOf(version, std::move(loaded), attempt.at);
  snapshot->generation = kept.generation;
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
  config::Loaded loaded = config::Load(InputOf(version, attempt.at, fact_));
  if (loaded.is_changing || (version.is_whole && !version.is_whole())) return {};
  attempt.commit = version.commit;
  attempt.revision = loaded.revision;
  attempt.diagnostics = loaded.diagnostics;
  if (!loaded.ok()) {
    attempt.result = loaded.not_now ? Attempt::Result::kWaiting : Attempt::Result::kRejected;
    attempt.reason = loaded.not_now ? api::reason::kHostFactUnavailable : api::reason::kRejected;
    attempt.error = Summary(loaded.Problems());
    return Finish(std::move(attempt));
  }
  if (!Admits(loaded, version, attempt)) return attempt;
  const std::shared_ptr<Snapshot> snapshot = SnapshotOf(version, std::move(loaded), attempt.at);
  {
    base::MutexLock lock(mu_);
    const bool is_same = latest_ != nullptr && IsSame(*latest_, *snapshot);
    attempt.result = is_same ? Attempt::Result::kUnchanged : Attempt::Result::kAccepted;
    snapshot->generation = (latest_ != nullptr ? latest_->generation : 0) + (is_same ? 0 : 1);
    if (!is_same) latest_ = snapshot;
  }
  attempt.reason = api::reason::kAccepted;
  if (attempt.result == Attempt::Result::kAccepted && on_accepted_) on_accepted_(snapshot);
  return Finish(std::move(attempt));
}

void Store::Recheck() {
  const std::shared_ptr<const Snapshot> snapshot = Latest();
  if (snapshot == nullptr) return;
  const Version version = VersionOf(*snapshot);
  Attempt attempt;
  attempt.at = clock_.Now();
  attempt.revision = snapshot->revision;
  const config::Loaded loaded = config::Load(InputOf(version, attempt.at, AskOnly(snapshot->facts)));
  if (loaded.ok()) Admits(loaded, version, attempt);
}

bool Store::Admits(const config::Loaded& loaded, const Version& version, Attempt& attempt) {
  attempt.diagnostics = admit_ ? admit_(loaded, version) : std::vector<config::Diagnostic>{};
  if (attempt.diagnostics.empty()) {
    attempt.diagnostics = loaded.diagnostics;
    return true;
  }
  attempt.result = Attempt::Result::kForbidden;
  attempt.reason = api::reason::kPolicyViolation;
  attempt.error = Summary(attempt.diagnostics);
  Finish(attempt);
  return false;
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
