#include "pkg/probe/checker.h"

#include <variant>

#include "absl/strings/str_cat.h"
#include "pkg/base/status_macros.h"
#include "pkg/http/client.h"

namespace spacelet::probe {
namespace {

// Runs one handler; the overloads are what a probe can be.
struct Run {
  docker::Reader& reader;
  docker::Execer& execer;
  const Target& target;
  const api::Probe& probe;
  const std::stop_token& stop;

  absl::Duration timeout() const { return absl::Seconds(probe.timeout_seconds); }
  bool IsSuccess(int status) const {
    return (status >= 200 && status < 400) || (status == 404 && probe.not_found_is_ready);
  }

  absl::Status operator()(const api::Probe::HttpGet& get) const {
    const std::string what = absl::StrCat("GET :", get.port, get.path);
    if (target.ip.empty())
      return absl::UnavailableError(absl::StrCat(what, ": the container has no address yet"));
    http::Client client(
        {.kind = http::Endpoint::Kind::kTcp, .path = "", .host = target.ip, .port = get.port, .tls = {}});
    http::Request request;
    request.target = get.path;
    http::CallOptions options;
    options.deadline = timeout();
    options.max_body_bytes = 64 << 10;
    options.stop = stop;
    // The status says it all: the body of a success is not read.
    auto response = client.Stream(request, options, nullptr, [](absl::string_view) { return false; });
    if (!response.ok())
      return {response.status().code(), absl::StrCat(what, ": ", response.status().message())};
    if (IsSuccess(response->status)) return absl::OkStatus();
    return absl::UnavailableError(absl::StrCat(what, ": ", response->status));
  }

  absl::Status operator()(const api::Probe::TcpSocket& tcp) const {
    if (target.ip.empty()) return absl::UnavailableError("the container has no address yet");
    return TcpConnect(target.ip, tcp.port, timeout(), stop);
  }

  absl::Status operator()(const api::Probe::Exec& exec) const {
    ASSIGN_OR_RETURN(const int code, execer.Exec(target.id, exec.command, timeout(), stop));
    if (code == 0) return absl::OkStatus();
    return absl::UnavailableError(
        absl::StrCat("exec ", exec.command.empty() ? "" : exec.command.front(), ": exit code ", code));
  }

  absl::Status operator()(const api::Probe::DockerHealth&) const {
    ASSIGN_OR_RETURN(const docker::Container container, reader.InspectContainer(target.id, stop));
    if (container.health == "healthy") return absl::OkStatus();
    return absl::UnavailableError(container.health.empty()
                                      ? "the image has no health check"
                                      : absl::StrCat("Docker health: ", container.health));
  }
};

}  // namespace

absl::Status HostChecker::Check(const Target& target, const api::Probe& probe, const std::stop_token& stop) {
  return std::visit(Run{reader_, execer_, target, probe, stop}, probe.handler);
}

}  // namespace spacelet::probe
