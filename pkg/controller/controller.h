// The control loops: what wakes an object (a new document, an event, a probe, the resync) and the workers
// that bring one object at a time in line. Level-triggered: a key says which object to look at and nothing
// about why; Reconcile in reconciler.h is the whole story of one look.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "pkg/base/clock.h"
#include "pkg/controller/removals.h"
#include "pkg/desired/compile.h"
#include "pkg/docker/client.h"
#include "pkg/execute/execute.h"
#include "pkg/log/log.h"
#include "pkg/observe/observe.h"
#include "pkg/probe/prober.h"
#include "pkg/report/events.h"
#include "pkg/report/heartbeat.h"
#include "pkg/report/metrics.h"
#include "pkg/report/redact.h"
#include "pkg/report/status_board.h"
#include "pkg/secret/secret.h"
#include "pkg/source/store.h"
#include "pkg/state/state.h"

namespace spacelet::controller {

struct Options {
  std::string docker_host;                             // for the status and for remedies
  absl::Duration resync_interval = absl::Seconds(60);  // ±10 %
  absl::Duration poll_interval = absl::Seconds(15);    // pool and secret files
  absl::Duration prune_delay = absl::Seconds(60);      // before a dropped workload is removed
};

// What a controller works with. Everything referred to must outlive it.
struct Parts {
  docker::Client& docker;
  observe::Observer& observer;
  execute::LocalFiles& files;
  secret::Store& secrets;
  probe::Prober& prober;
  report::StatusBoard& board;
  report::EventLog& events;
  report::Metrics& metrics;
  report::Heartbeats& heartbeats;
  base::Clock& clock;
  log::Logger logger;
  // Document → compiled form; reads the pool file (desired::Compile with the host's files).
  std::function<desired::Compiled(const source::Snapshot&)> compile;
  // Where it writes down what the next agent has to know (Records); null: nowhere.
  const state::Directory* state = nullptr;
  // What containers have printed passes here before it is kept; null: as it is.
  report::Redact redact = nullptr;
};

// How far the host is; for one-shot convergence.
struct Progress {
  bool converged = false;  // every object in sync and ready, at the newest generation
  // Nothing more will happen by itself before long: converged, or the rest waits for a person or a window.
  bool settled = false;
  std::vector<std::string> missing;  // one sentence each (report::Missing)
  bool operator==(const Progress&) const = default;
};

// Thread-safety: thread-safe. The Run functions block until their token is stopped and then return OK;
// stopping leaves every container as it is. A step that was begun is seen through (execute::Executor).
class Controller {
 public:
  // Sets itself as the prober's listener.
  Controller(Parts parts, Options options);
  ~Controller();

  // Works off the queue; run it on kWorkers threads. Several objects side by side, never one twice at once.
  static constexpr int kWorkers = 4;
  absl::Status RunWorker(const std::stop_token& stop);
  // Keeps the event stream: reconnects with back-off 1 s ×2 to 30 s ±20 %, and at each (re)connect
  // renegotiates, looks for rivals and queues everything.
  absl::Status RunEvents(const std::stop_token& stop);
  // One snapshot each resync interval: the authority, since events are lossy. Queues only what is out of
  // sync.
  absl::Status RunResync(const std::stop_token& stop);
  // Looks each poll interval, and at once after OnFileChanged, whether the pool file or a secret has changed.
  absl::Status RunInputs(const std::stop_token& stop);
  // Asks registries whether the tags that are followed (autoUpdate) have moved (TagWatch).
  absl::Status RunTags(const std::stop_token& stop);

  // A new document is in force. Ends pulls and waits of the objects whose desired state it changes, forgets
  // their back-off, queues everything.
  void OnDocument(const std::shared_ptr<const source::Snapshot>& snapshot);
  // The newest attempt to read the document: condition ConfigAccepted, events, metrics.
  void OnAttempt(const source::Attempt& attempt);
  // A file that the document names may have changed.
  void OnFileChanged();
  // Everything is looked at again now, without back-off, and what has failed is tried again (SIGHUP).
  void TryAgain();

  Progress GetProgress() const;

 private:
  class Core;
  std::unique_ptr<Core> core_;
};

}  // namespace spacelet::controller
