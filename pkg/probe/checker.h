// Asks a container once: one probe, or one look at its metrics.
#pragma once

#include <stop_token>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pkg/api/types.h"
#include "pkg/docker/client.h"
#include "pkg/probe/target.h"

namespace spacelet::probe {

// Thread-safety: thread-safe.
class Checker {
 public:
  virtual ~Checker() = default;
  // OK: the probe succeeded. Any error is a failure; its message says why in one line ("GET :3460/api/health:
  // 503"). Two of them are not the container's fault: Unknown, it could not be asked (Docker does not
  // answer); FailedPrecondition, it cannot answer yet or at all (no address, no verdict of Docker's health
  // check). Returns within the probe's timeoutSeconds, or sooner at `stop`.
  virtual absl::Status Check(const Target& target, const api::Probe& probe, const std::stop_token& stop) = 0;
  // The sum of the metric's samples. Returns within 2 s, or sooner at `stop`. Errors: NotFound it answers,
  // but has no such metric; others: it does not answer.
  virtual absl::StatusOr<double> Sample(const Target& target, const DrainMetric& metric,
                                        const std::stop_token& stop) = 0;
};

// Asks from the host: HTTP (200 to 399 is success, as the kubelet means it; 404 too where the probe says so)
// and TCP against the target's address, exec and Docker's health check through the daemon.
class HostChecker : public Checker {
 public:
  // `docker` must outlive the checker.
  explicit HostChecker(docker::ProbeSource& docker) : docker_(docker) {}
  absl::Status Check(const Target& target, const api::Probe& probe, const std::stop_token& stop) override;
  absl::StatusOr<double> Sample(const Target& target, const DrainMetric& metric,
                                const std::stop_token& stop) override;

 private:
  docker::ProbeSource& docker_;
};

}  // namespace spacelet::probe
