#include "pkg/config/grammar.h"
#include "pkg/config/scalars.h"

namespace spacelet::config {
namespace {

using api::Probe;

// A handler is one alternative of the variant.
template <typename H>
void AddHandler(Record<Probe>& record, std::string name, Record<H> handler, std::string description) {
  record.AddWith<H>(
      std::move(name), Object(std::move(handler)),
      [](Probe& probe, H value) { probe.handler = std::move(value); },
      [](const Probe& probe) -> std::optional<H> {
        const H* set = std::get_if<H>(&probe.handler);
        return set != nullptr ? std::optional(*set) : std::nullopt;
      },
      std::move(description));
}

Record<Probe::HttpGet> HttpGetRecord() {
  Record<Probe::HttpGet> record("httpGet", "An HTTP GET; 200 to 399 is good.");
  record
      .Add("path", &Probe::HttpGet::path, TextLike("path", "^/[^\\x00-\\x20]*$", "a path that begins with /"),
           "Path and query.")
      .Default("/");
  record.Add("port", &Probe::HttpGet::port, PortNumber(), "The container's port.").Required();
  return record;
}

Record<Probe::TcpSocket> TcpSocketRecord() {
  Record<Probe::TcpSocket> record("tcpSocket", "A TCP connection; being accepted is good.");
  record.Add("port", &Probe::TcpSocket::port, PortNumber(), "The container's port.").Required();
  return record;
}

Record<Probe::Exec> ExecRecord() {
  Record<Probe::Exec> record("exec", "A command inside the container; exit code 0 is good.");
  record.Add("command", &Probe::Exec::command, ListOf(Scalar(), false), "Program and arguments, no shell.")
      .Required();
  return record;
}

}  // namespace

Record<Probe> ProbeRecord() {
  Record<Probe> record(
      "probe",
      "How to see that a container works; exactly one of httpGet, tcpSocket, exec and dockerHealth.");
  AddHandler(record, "httpGet", HttpGetRecord(), "GET from the host to the container's address.");
  AddHandler(record, "tcpSocket", TcpSocketRecord(), "Connect from the host to the container's address.");
  AddHandler(record, "exec", ExecRecord(), "Run a command in the container.");
  AddHandler(record, "dockerHealth",
             Record<Probe::DockerHealth>("dockerHealth", "Docker's own health state; no fields."),
             "Use the HEALTHCHECK of the image: `dockerHealth: {}`.");
  record
      .Add("initialDelaySeconds", &Probe::initial_delay_seconds, Integer(0),
           "Wait after the start before the first attempt.")
      .Default("0");
  record
      .Add("periodSeconds", &Probe::period_seconds, Integer(1),
           "Time between two attempts; until the first success they come faster.")
      .Default("10");
  record
      .Add("timeoutSeconds", &Probe::timeout_seconds, Integer(1),
           "An attempt that takes longer has failed (5 for the delegate).")
      .Default("1");
  record.Add("failureThreshold", &Probe::failure_threshold, Integer(1), "So many failures in a row count.")
      .Default("3");
  record
      .Add("successThreshold", &Probe::success_threshold, Integer(1),
           "So many successes in a row count; 1 unless a readinessProbe.")
      .Default("1");
  record.ExactlyOneOf({"httpGet", "tcpSocket", "exec", "dockerHealth"});
  return record;
}

}  // namespace spacelet::config
