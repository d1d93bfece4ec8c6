// Asks Git for the document, and offers each commit that it may take.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "pkg/base/clock.h"
#include "pkg/base/sleeper.h"
#include "pkg/git/repository.h"
#include "pkg/log/log.h"
#include "pkg/source/store.h"

namespace spacelet::source {

// What becomes of a commit that does not descend from the one in force.
enum class Rewritten { kHold, kFollow };

struct GitOptions {
  static constexpr absl::Duration kInterval = absl::Seconds(60);  // SPEC 2

  git::Options repository;
  absl::Duration interval = kInterval;
  Rewritten rewritten = Rewritten::kHold;
  std::string in_force = {};  // commit of the document that was kept, when it came from the same place
};

// How the source talks to who runs it. None may be null.
struct GitListener {
  // Before Git is asked; an error is reported in its place (codes as in git/trouble.h).
  std::function<absl::Status(const std::stop_token&)> before;
  // After each question. `result`: unchanged, changed or one of api::reason.
  std::function<void(absl::string_view result)> asked;
  // A sign of life is due within this time.
  std::function<void(absl::Duration within)> expect;
};

// How long until the next question, before jitter: the interval; after `failures` in a row 5 s (less, where
// the interval is less) ×2 to 5 min (more, where the interval is more).
absl::Duration DelayAfter(absl::Duration interval, int failures);

// One question every interval; a fetch only when the ref names another object than the one that was decided
// on. The document and the files beside it are read from one commit; what waits for a fact of the host is
// offered again between two questions. Whatever fails changes nothing but the store's last attempt.
// Thread-safety: Reload and AskAgain from any thread; Run once.
class GitSource {
 public:
  static constexpr absl::Duration kFactRetry = absl::Seconds(5);  // a metadata service that is late

  // `store` and `clock` outlive it.
  GitSource(GitOptions options, GitListener listener, Store& store, base::Clock& clock,
            const log::Logger& logger);

  // Blocks until the token is stopped. Always OK: what fails is reported and tried again.
  absl::Status Run(const std::stop_token& stop);

  // Asks now (SIGHUP), and takes what the ref names even when its history was rewritten.
  void Reload();
  // Asks now, and offers what the ref names again: what was refused may be admitted now.
  void AskAgain();

 private:
  // How the object that the ref named last was decided on.
  struct Decided {
    std::string object;
    absl::Status status;
  };

  absl::Status Look(bool forced, const std::stop_token& stop);
  absl::Status Take(const git::Tip& tip, bool forced, const std::stop_token& stop);
  absl::StatusOr<std::string> ReadDocument(const std::string& commit, const std::stop_token& stop);
  absl::StatusOr<std::string> ReadBeside(const std::string& commit, const std::string& relative_path,
                                         const std::stop_token& stop);
  absl::StatusOr<std::string> Examine(const git::Fetched& fetched, bool any_history,
                                      const std::stop_token& stop);
  absl::Status CheckHistory(const git::Fetched& fetched) const;
  absl::Status Decide(const std::string& object, absl::Status status);
  std::string NameOf(const std::string& commit) const;  // "hosts.git@1a2b3c4d"
  absl::Status Offer(const git::Tip& tip, std::string bytes, const std::stop_token& stop);
  absl::Status OfferAgain(const std::stop_token& stop);
  void Settle(const Attempt& attempt, const std::stop_token& stop);
  bool Rest(absl::Duration time, const std::stop_token& stop);
  void Announce(const absl::Status& status, const std::stop_token& stop);
  std::string RefForPeople() const;

  const GitOptions options_;
  const GitListener listener_;
  Store& store_;
  base::Clock& clock_;
  log::Logger logger_;
  git::Repository repository_;
  base::Sleeper sleeper_;
  std::atomic<bool> reload_ = false, again_ = false;

  // Of Run's thread.
  std::string in_force_;
  std::optional<Decided> decided_;
  std::optional<Version> offered_;
  absl::Status beside_;  // what was wrong with Git when a file beside the document was read last
  bool waits_ = false;   // what was offered waits for a fact of the host
  std::string told_;     // the last reason for waiting that was logged
  absl::Status announced_;
  bool changed_ = false;  // the last look offered a version
};

}  // namespace spacelet::source
