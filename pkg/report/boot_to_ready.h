// How long the host took from the kernel's boot until it was ready: measured once a boot, whatever becomes of
// the agent later.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "absl/time/time.h"
#include "pkg/report/metrics.h"
#include "pkg/report/status_board.h"

namespace spacelet::report {

struct Boot {
  std::string id;        // the kernel's, of this boot; empty: not to be had (ProcSubset=pid hides it)
  absl::Duration since;  // CLOCK_BOOTTIME
};
// Of this machine, now.
Boot ThisBoot();

// Keeps what it knows in a small file that a boot removes (below /run). Without that file it still measures,
// but an agent that is restarted no longer knows. Thread-safety: for one thread.
class BootToReady {
 public:
  // An agent that is first started later than this after the boot measures nothing: it was installed, or
  // started by hand, and the boot is not what the host waited for.
  static constexpr absl::Duration kFirstStartWithin = absl::Minutes(15);

  BootToReady(std::string path, std::function<Boot()> boot);

  // At the start of the agent: what an earlier one has measured in this boot, if one has. Else remembers that
  // an agent runs since now.
  std::optional<absl::Duration> Start();
  // The host is ready. Requires: Start was called. nullopt when the agent's first start was too late. The
  // first call counts.
  std::optional<absl::Duration> Ready();

 private:
  struct Record {
    std::string boot_id;
    absl::Duration first_start;
    std::optional<absl::Duration> ready;
  };
  std::optional<Record> Load(const Boot& now) const;
  void Save() const;

  const std::string path_;
  const std::function<Boot()> boot_;
  Record record_;
};

// Tells `metrics` as soon as it is known. Blocks until then, or until `stop`.
void WatchBootToReady(BootToReady& boot, const StatusBoard& board, Metrics& metrics,
                      const std::stop_token& stop);

}  // namespace spacelet::report
