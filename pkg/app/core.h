// Everything that converges a host on a document, wired: the agent and `apply` are made of it.
#pragma once

#include <functional>
#include <string>

#include "pkg/app/docker_endpoint.h"
#include "pkg/app/host_facts.h"
#include "pkg/app/options.h"
#include "pkg/base/clock.h"
#include "pkg/controller/controller.h"
#include "pkg/docker/http_client.h"
#include "pkg/lifecycle/run_group.h"
#include "pkg/log/log.h"
#include "pkg/observe/observe.h"
#include "pkg/probe/checker.h"
#include "pkg/probe/prober.h"
#include "pkg/report/events.h"
#include "pkg/report/heartbeat.h"
#include "pkg/report/metrics.h"
#include "pkg/report/status_board.h"
#include "pkg/secret/secret.h"
#include "pkg/source/store.h"
#include "pkg/state/state.h"

namespace spacelet::app {

struct CoreOptions {
  DockerEndpoint docker;
  std::string docker_config;
  std::string source;     // as given to --config, for the status
  std::string host_name;  // of this machine: tells the hosts of one document apart (rollout.splay)
  Turns turns = Turns::kObeyed;
  controller::Options controller;
  HostOptions host;
  secret::Permissions secret_permissions = secret::Permissions::kWarn;
  const state::Directory* state = nullptr;  // must outlive the core; null: nothing is kept
  LogOptions log;
  int log_fd = -1;  // negative: no log
  // Called after the controller was told of an accepted document, from the offering thread; may be null.
  std::function<void(const source::Snapshot&)> on_accepted;
};

// In the order of construction; each member uses only those above it. Nothing runs before Start.
// Thread-safety: the members are; Start once.
struct Core {
  explicit Core(const CoreOptions& options);
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  // The threads, without sources and without HTTP.
  void Start(lifecycle::RunGroup& group);

  base::Clock& clock;
  secret::Redactor redactor;
  log::Logger logger;
  report::Metrics metrics;
  report::Heartbeats heartbeats;
  report::EventLog events;
  report::StatusBoard board;
  docker::HttpClient docker;
  secret::Store secrets;
  observe::Observer observer;
  probe::HostChecker checker;
  probe::Prober prober;
  HostFacts facts;
  source::Store store;
  controller::Controller controller;
};

// Messages of absl, Docker and files pass here before they are logged or shown.
report::Redact RedactWith(const secret::Redactor& redactor);

}  // namespace spacelet::app
