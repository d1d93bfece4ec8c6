// The web configuration in force: looked at every second, taken when a new one is whole and good.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "pkg/base/clock.h"
#include "pkg/base/mutex.h"
#include "pkg/webconfig/access.h"

namespace spacelet::webconfig {

// How long a change takes at least: it must stand from one look to the next, since the beginning of a file
// that is being written may be a file that lets everybody in.
inline constexpr absl::Duration kLookEvery = absl::Seconds(1);

// Thread-safety: InForce from any thread; the rest from one.
class Live {
 public:
  // Told of each attempt that differs from the one before; `loaded.access` null: what was in force stays so.
  using OnAttempt = std::function<void(const Loaded& loaded)>;

  // `first` is what Load gave, and has an access. `clock` outlives it.
  Live(std::string path, secret::Permissions permissions, Loaded first, base::Clock& clock,
       OnAttempt on_attempt);

  std::shared_ptr<const Access> InForce() const ABSL_LOCKS_EXCLUDED(mu_);
  // Looks at the files once. Never fails: what is wrong goes to `on_attempt`.
  void Look() ABSL_LOCKS_EXCLUDED(mu_);
  // Looks every kLookEvery until `stop`. Always OK.
  absl::Status Run(const std::stop_token& stop) ABSL_LOCKS_EXCLUDED(mu_);

 private:
  void Take(Loaded loaded) ABSL_LOCKS_EXCLUDED(mu_);

  const std::string path_;
  const secret::Permissions permissions_;
  base::Clock& clock_;
  const OnAttempt on_attempt_;
  Stamps taken_;  // of the last attempt
  Stamps seen_;   // of the last look
  std::string reported_;
  mutable base::Mutex mu_;
  base::CondVar stopped_;
  std::shared_ptr<const Access> in_force_ ABSL_GUARDED_BY(mu_);
};

}  // namespace spacelet::webconfig
