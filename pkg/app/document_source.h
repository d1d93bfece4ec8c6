// Where the agent's document comes from: the file it watches or the repository it asks, and at boot the last
// good one that was kept.
#pragma once

#include <memory>
#include <string>

#include "pkg/app/core.h"
#include "pkg/app/options.h"
#include "pkg/lifecycle/run_group.h"
#include "pkg/source/file_source.h"
#include "pkg/source/git_source.h"
#include "pkg/state/state.h"

namespace spacelet::app {

// Offers every version of the document to core.store, keeps what was accepted in the state directory, and
// tells the controller of changes of the files that the document names. A state directory that cannot be used
// costs only what it would have kept. Thread-safety: StartFromLastGood and Start from the main thread; the
// rest from any.
class DocumentSource {
 public:
  // All must outlive it. Requires: CheckGitFlags(options) is OK.
  DocumentSource(const AgentOptions& options, const state::Directory& state, Core& core);

  // Puts the kept document in force, when there is one and it is still valid.
  void StartFromLastGood();
  void Start(lifecycle::RunGroup& group);
  void Reload();    // SIGHUP: takes a rewritten history, too
  void AskAgain();  // the policy is another one: offers what was read last
  // To be called for each accepted document (CoreOptions::on_accepted).
  void OnAccepted(const source::Snapshot& snapshot);

  // Whether the document has been looked at once, whatever came of it. Git may be out of reach, and is not
  // waited for.
  bool looked() const;
  const std::string& name() const { return options_.source; }

 private:
  source::GitListener GitListenerHere();

  const AgentOptions options_;
  const state::Directory& state_;
  Core& core_;
  source::FileSource file_;      // of the document unless that is in Git, and of the files that it names
  std::string restored_;         // revision of the document that StartFromLastGood put in force
  std::string restored_commit_;  // of it, when it came from the same place
  std::unique_ptr<source::GitSource> git_;  // from Start on, when the document is in Git
};

}  // namespace spacelet::app
