// The web configuration as a part of the agent: its threads, and what is said about it in log, events and
// metrics.
#pragma once

#include <memory>
#include <string>

#include "pkg/app/core.h"
#include "pkg/http/server.h"
#include "pkg/lifecycle/run_group.h"
#include "pkg/webconfig/live.h"
#include "pkg/webconfig/passwords.h"

namespace spacelet::app {

// Thread-safety: Start from the main thread; the rest from any.
class WebAccess {
 public:
  // `first` is what webconfig::Load gave for `path`, and has an access. `core` outlives it.
  WebAccess(std::string path, secret::Permissions permissions, webconfig::Loaded first, Core& core);

  void Start(lifecycle::RunGroup& group);
  // TLS of the next connection; null: plain.
  std::shared_ptr<const http::TlsContext> Tls() const { return live_.InForce()->tls; }
  // `pages` behind the configuration's users and headers. The handler must not outlive this.
  http::Handler Guard(http::Handler pages);

 private:
  void Report(const webconfig::Loaded& loaded);

  const std::string path_;
  Core& core_;
  webconfig::Passwords passwords_;
  bool is_first_ = true;
  webconfig::Live live_;
};

}  // namespace spacelet::app
