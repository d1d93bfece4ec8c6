// Asks registries, each at its interval, whether a tag that a workload follows (autoUpdate) means another
// image now. It pulls nothing: what it hears is a fact for the plan.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "pkg/api/types.h"
#include "pkg/base/clock.h"
#include "pkg/base/mutex.h"
#include "pkg/base/sleeper.h"
#include "pkg/controller/images.h"
#include "pkg/desired/desired.h"
#include "pkg/docker/client.h"
#include "pkg/secret/secret.h"

namespace spacelet::controller {

// Thread-safety: thread-safe.
class TagWatch {
 public:
  struct Listener {
    // The plans of who follows this tag may be others now. `error`: the first failure in a row, else empty.
    std::function<void(const std::string& reference, const std::string& error)> on_news;
    std::function<bool()> docker_is_up;
  };
  // References must outlive it.
  TagWatch(docker::Reader& docker, secret::Store& secrets, base::Clock& clock, Images& images,
           Listener listener);

  // A new document. A tag that was not followed before is asked for at once.
  void Follow(const desired::Host& host) ABSL_LOCKS_EXCLUDED(mu_);
  // Docker is back: what was due meanwhile is asked.
  void OnDockerUp() { sleep_.Wake(); }
  // Everything is asked now (a person wants it).
  void AskNow() ABSL_LOCKS_EXCLUDED(mu_);

  // Asks, each tag every interval ±10 %, after a failure 1 min ×2 up to the interval. Blocks until `stop`.
  absl::Status Run(const std::stop_token& stop);

 private:
  struct Followed {
    std::string reference;
    std::optional<api::ImagePullSecret> secret;
    absl::Duration interval;
    base::Instant next;
    int failures = 0;
  };
  std::optional<std::pair<std::string, Followed>> Due() const ABSL_LOCKS_EXCLUDED(mu_);
  absl::Duration UntilNext() const ABSL_LOCKS_EXCLUDED(mu_);
  void Ask(const std::string& container, const Followed& tag, const std::stop_token& stop);
  // Whether it is followed all the same.
  bool Schedule(const std::string& container, const Followed& tag, int failures, absl::Duration wait)
      ABSL_LOCKS_EXCLUDED(mu_);

  docker::Reader& docker_;
  secret::Store& secrets_;
  base::Clock& clock_;
  Images& images_;
  const Listener listener_;
  base::Sleeper sleep_;
  mutable base::Mutex mu_;
  std::map<std::string, Followed> followed_ ABSL_GUARDED_BY(mu_);  // by container
};

}  // namespace spacelet::controller
