#include "pkg/app/document_source.h"

#include <filesystem>
#include <set>
#include <utility>

#include "pkg/app/git_options.h"
#include "pkg/app/named_files.h"

namespace spacelet::app {
namespace {

constexpr char kLoop[] = "source";
constexpr char kGitLoop[] = "git";

std::string Absolute(const std::string& path) {
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(path, error);
  return error ? path : absolute.lexically_normal().string();
}

}  // namespace

DocumentSource::DocumentSource(const AgentOptions& options, const state::Directory& state, Core& core)
    : options_(options),
      state_(state),
      core_(core),
      file_({.path = git::IsLocation(options.source) ? "" : Absolute(options.source),
             .poll_interval = options.poll_interval,
             .on_turn = [&core](absl::Duration within) { core.heartbeats.Expect(kLoop, within); }},
            core.store, core.clock, core.logger) {}

void DocumentSource::StartFromLastGood() {
  if (const absl::Status prepared = state_.Prepare(); !prepared.ok())
    core_.logger.Warning("state directory cannot be used", {{"error", std::string(prepared.message())}});
  const absl::StatusOr<state::LastGood> kept = state_.LoadLastGood();
  if (absl::IsNotFound(kept.status())) return;
  absl::Status status = kept.status();
  if (status.ok()) {
    restored_ = kept->revision;
    if (kept->source == name()) restored_commit_ = kept->commit;
    status = core_.store.Restore(*kept);
  }
  if (!status.ok())
    core_.logger.Warning("the kept document is of no use", {{"error", std::string(status.message())}});
  else
    core_.logger.Info("started from the kept document",
                      {{"revision", kept->revision}, {"source", kept->source}, {"commit", kept->commit}});
}

source::GitListener DocumentSource::GitListenerHere() {
  return {.before = GuardGitSecrets(options_, core_.redactor, core_.logger),
          .asked = [this](absl::string_view result) { core_.metrics.GitAsked(result); },
          .expect = [this](absl::Duration within) { core_.heartbeats.Expect(kGitLoop, within); }};
}

void DocumentSource::Start(lifecycle::RunGroup& group) {
  group.Start(kLoop, [this](const std::stop_token& stop) {
    absl::Status status = file_.Run(stop);
    core_.heartbeats.Rest(kLoop);
    return status;
  });
  if (!git::IsLocation(name())) return;
  core_.metrics.ExpectGit();
  source::GitOptions git = GitOptionsFor(options_);
  git.in_force = restored_commit_;
  git_ = std::make_unique<source::GitSource>(std::move(git), GitListenerHere(), core_.store, core_.clock,
                                             core_.logger);
  group.Start(kGitLoop, [this](const std::stop_token& stop) {
    absl::Status status = git_->Run(stop);
    core_.heartbeats.Rest(kGitLoop);
    return status;
  });
}

void DocumentSource::Reload() {
  file_.Reload();
  if (git_ != nullptr) git_->Reload();
}

void DocumentSource::AskAgain() {
  file_.Reload();
  if (git_ != nullptr) git_->AskAgain();
}

void DocumentSource::OnAccepted(const source::Snapshot& snapshot) {
  std::set<std::string> paths;
  for (const NamedFile& named : NamedFiles(snapshot.document)) paths.insert(named.path);
  file_.Watch(std::move(paths), [this](const std::string&) { core_.controller.OnFileChanged(); });
  if (std::exchange(restored_, "") == snapshot.revision) return;
  const absl::Status kept = state_.SaveLastGood({.bytes = snapshot.bytes,
                                                 .revision = snapshot.revision,
                                                 .generation = snapshot.generation,
                                                 .source = name(),
                                                 .commit = snapshot.commit,
                                                 .file_name = snapshot.file_name,
                                                 .directory = snapshot.directory,
                                                 .files = snapshot.files,
                                                 .facts = snapshot.facts});
  if (!kept.ok())
    core_.logger.Warning("the document cannot be kept", {{"error", std::string(kept.message())}});
}

bool DocumentSource::looked() const {
  return git_ != nullptr || core_.store.LastAttempt().result != source::Attempt::Result::kNone;
}

}  // namespace spacelet::app
