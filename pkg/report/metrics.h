// Every series of the agent, by the question it answers (docs/metrics.md has the table). prometheus-cpp
// underneath, seen in metrics*.cc only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "pkg/base/clock.h"
#include "pkg/report/status.h"

namespace spacelet::report {

// Series whose labels are known beforehand exist from the start, at zero; those of an object from ObjectKnown
// until ObjectGone. Label values are made valid UTF-8 and cut at 256 bytes: one bad value would cost the
// whole scrape. Thread-safety: thread-safe.
class Metrics {
 public:
  // `clock` must outlive it. `version` and `revision` of the build.
  Metrics(base::Clock& clock, const std::string& version, const std::string& revision);
  ~Metrics();

  // Text exposition 0.0.4, `Content-Type: text/plain; version=0.0.4; charset=utf-8`. Runs what BeforeRender
  // was given.
  std::string Render();
  // For gauges that are read when somebody asks (queue depth). Set before use.
  void BeforeRender(std::function<void(Metrics&)> refresh);

  // The document. `result`: accepted, unchanged, rejected, unreadable.
  void ConfigReloaded(absl::string_view result);
  void Generations(int64_t generation, int64_t observed);
  // Which document is in force; `commit` is empty when it came from a file.
  void ConfigInfo(const std::string& revision, const std::string& commit);
  // The document comes from Git: its series exist from now on.
  void ExpectGit();
  // Git was asked for the document. `result`: unchanged, changed, or one of api::reason::kGit*, kUnreadable.
  void GitAsked(absl::string_view result);
  // First day of the month that the delegate's tag names (yy.mm); nullopt when there is no delegate or no
  // such tag.
  void DelegateRelease(std::optional<absl::Time> month);

  // The web configuration; its series exist once one of these was called. `not_after`: of the certificate in
  // force; nothing without TLS.
  void WebConfigReloaded(bool good, std::optional<absl::Time> not_after);
  // A TLS handshake that came to nothing. `reason`: plaintext, refused, timeout, busy.
  void HttpHandshakeFailed(absl::string_view reason);
  // A request that needed a password. `result`: accepted, rejected, busy.
  void HttpAuthenticated(absl::string_view result);

  // Docker. `code`: the HTTP status as text, or "error" when there was none.
  void DockerUp(bool up);
  void DockerRequest(absl::string_view operation, absl::string_view code, absl::Duration took);
  void DockerEvent(absl::string_view type);
  void EventStreamReconnected();

  // Objects.
  void ObjectKnown(const std::string& object);
  void ObjectGone(const std::string& object);
  // `expected`: it should be running now (not suspended, not completed, Docker may be away). `correct`: it
  // runs and is in sync. The seconds since the last call count by what was said then.
  void ObjectState(const std::string& object, bool ready, bool synced, bool expected, bool correct);
  // The conditions of the host and of each object that is known: the board and the metrics forget one after
  // the other.
  void StatusIs(const Status& status);
  // Its rollout is due and waits for its window or its share of the splay. Only of containers.
  void RolloutWaits(const std::string& object, bool waits);
  void ContainerInfo(const std::string& object, const std::string& image, const std::string& image_id);
  void ContainerRestarted(const std::string& object, int64_t times);

  // Reconciling. `result`: success, error, terminal, waiting, suspended, cancelled.
  void Reconciled(const std::string& object, absl::string_view result, absl::Duration took);
  void Resynced(absl::Duration took);
  void Drifted(const std::string& object, absl::string_view field);
  void DriftMissedByEvents(const std::string& object);
  void Converged(const std::string& object,
                 absl::Duration took);  // from first seen out of sync to in sync and ready
  void RolloutEnded(const std::string& object, absl::string_view result, absl::Duration took);
  void StepDone(absl::string_view operation, bool ok,
                absl::Duration took);  // an operation's name as in plan::Name
  void PulledBytes(int64_t bytes);
  void RivalsDetected(const std::set<std::string>& names);  // replaces the set
  // A notification has ended: "delivered", "given_up" or "dropped"; and how many wait.
  void Notified(absl::string_view result);
  void NotificationsQueued(size_t count);
  void UncleanRunnerStop();

  // Kernel boot to the first time that the host was ready (boot_to_ready.h).
  void BootToReady(absl::Duration took);

  // The work queue.
  void QueueAdded();
  void QueueRetried();
  void QueueTaken(absl::Duration waited);
  void QueueState(size_t depth, absl::Duration unfinished);

 private:
  struct Series;
  std::unique_ptr<Series> series_;
};

}  // namespace spacelet::report
