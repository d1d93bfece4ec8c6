#include "pkg/probe/checker.h"

#include <variant>

#include "absl/strings/str_cat.h"
#include "pkg/base/status_macros.h"
#include "pkg/http/bounded_get.h"
#include "pkg/http/tcp.h"
#include "pkg/probe/drain.h"

namespace spacelet::probe {
namespace {

constexpr size_t kBodyBytes = 10 << 10;  // kubelet: maxRespBodyLength
constexpr size_t kMetricsBytes = 1 << 20;
constexpr absl::Duration kSampleDeadline = absl::Seconds(2);

absl::Status NoAddress() { return absl::FailedPreconditionError("the container has no address yet"); }

absl::Status NotAsked(const absl::Status& why) {
  return absl::UnknownError(absl::StrCat("could not be asked: ", why.message()));
}

// Runs one handler; the overloads are what a probe can be.
struct Run {
  docker::ProbeSource& docker;
  const Target& target;
  const api::Probe& probe;
  const std::stop_token& stop;

  absl::Duration timeout() const { return absl::Seconds(probe.timeout_seconds); }
  bool IsSuccess(int status) const {
    return (status >= 200 && status < 400) || (status == 404 && probe.not_found_is_ready);
  }

  absl::Status operator()(const api::Probe::HttpGet& get) const {
    if (target.ip.empty()) return NoAddress();
    // The status says it all. What little is read of the body spares the container a broken pipe in its log.
    const auto response = http::BoundedGet({.ip = target.ip,
                                            .port = get.port,
                                            .target = get.path,
                                            .deadline = timeout(),
                                            .limits = {.body_bytes = kBodyBytes, .cut_body = true}},
                                           stop);
    if (!response.ok()) return response.status();
    if (IsSuccess(response->status)) return absl::OkStatus();
    return absl::UnavailableError(absl::StrCat("GET :", get.port, get.path, ": ", response->status));
  }

  absl::Status operator()(const api::Probe::TcpSocket& tcp) const {
    if (target.ip.empty()) return NoAddress();
    http::Patience patience(timeout(), stop);
    return http::ConnectTcp(target.ip, tcp.port, patience).status();
  }

  absl::Status operator()(const api::Probe::Exec& exec) const {
    const std::string what = absl::StrCat("exec ", exec.command.empty() ? "" : exec.command.front(), ": ");
    const absl::StatusOr<int> code = docker.Exec(target.id, exec.command, timeout(), stop);
    if (absl::IsDeadlineExceeded(code.status()))
      return absl::DeadlineExceededError(absl::StrCat(what, "has not ended in time"));
    if (absl::IsInvalidArgument(code.status()))
      return absl::InvalidArgumentError(absl::StrCat(what, code.status().message()));
    if (!code.ok()) return NotAsked(code.status());
    return *code == 0 ? absl::OkStatus() : absl::UnavailableError(absl::StrCat(what, "exit code ", *code));
  }

  absl::Status operator()(const api::Probe::DockerHealth&) const {
    const absl::StatusOr<std::string> health = docker.Health(target.id, stop);
    if (!health.ok()) return NotAsked(health.status());
    if (*health == "healthy") return absl::OkStatus();
    const std::string message = absl::StrCat("Docker health: ", *health);
    if (*health == "unhealthy") return absl::UnavailableError(message);
    return absl::FailedPreconditionError(health->empty() ? "the image has no health check" : message);
  }
};

}  // namespace

absl::Status HostChecker::Check(const Target& target, const api::Probe& probe, const std::stop_token& stop) {
  return std::visit(Run{docker_, target, probe, stop}, probe.handler);
}

absl::StatusOr<double> HostChecker::Sample(const Target& target, const DrainMetric& metric,
                                           const std::stop_token& stop) {
  if (target.ip.empty()) return NoAddress();
  ASSIGN_OR_RETURN(const http::Response response, http::BoundedGet({.ip = target.ip,
                                                                    .port = metric.port,
                                                                    .target = metric.path,
                                                                    .deadline = kSampleDeadline,
                                                                    .limits = {.body_bytes = kMetricsBytes}},
                                                                   stop));
  // An image from before the metrics; anything else may be different the next time.
  if (response.status == 404) return absl::NotFoundError(absl::StrCat(metric.path, ": 404"));
  if (response.status != 200) return absl::UnavailableError(absl::StrCat(metric.path, ": ", response.status));
  return SumOfSamples(response.body, metric.name);
}

}  // namespace spacelet::probe
