// Stands in for the Harness Docker delegate: its variables, health, metrics, drain and its calls to the
// runner; no JVM and no manager. Settings: version, mode (normal, crash, never-ready), crash_line,
// crash_code, listen_delay, health_delay, poll (seconds), connected (0: unhealthy, as in an outage of
// Harness), tasks, drain_limit (seconds).
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include "test/standin/http.h"
#include "test/standin/program.h"
#include "test/standin/settings.h"

namespace spacelet::standin {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

double SecondsSince(SteadyTime start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// What the delegate knows of the runner. Written by the polling thread only.
struct Contact {
  std::atomic<int> reached = 0;  // 1: the last call was answered
  std::atomic<int> answers = 0;  // healthz and pool_owner both answered
  std::atomic<int> failures = 0;
};

std::string RunnerUrl() {
  const std::string url = Settings::Environment("RUNNER_URL");
  return url.empty() ? "http://127.0.0.1:3000/"
                     : url;  // the real default, and the classic mistake on a bridge network
}

void PollRunner(const Settings& settings, Contact& contact) {
  for (int before = -1;; SleepFor(settings.Seconds("poll", 0.25))) {
    const Response health = Call("GET", RunnerUrl(), "/healthz");
    const Response owner =
        health.status == 0 ? health : Call("POST", RunnerUrl(), "/pool_owner?pool=standin");
    const int now = owner.status == 200 ? 1 : 0;
    (now == 1 ? contact.answers : contact.failures) += 1;
    contact.reached = now;
    if (now != before && now == 1) Log("info", "runner reached", {{"url", RunnerUrl()}});
    if (now != before && now == 0)
      Log("warning", "runner not reached", {{"url", RunnerUrl()}, {"error", owner.body}});
    before = now;
  }
}

std::string Gauge(const std::string& name, int value) {
  return "# HELP " + name + " stand-in\n# TYPE " + name + " gauge\n" + name + " " + std::to_string(value) +
         "\n";
}

class Delegate {
 public:
  Delegate() : settings_("/opt/harness-delegate/standin.conf") {}

  [[noreturn]] void Run() {
    CheckVariables();
    Log("info", "delegate starting",
        {{"version", settings_.Text("version", "dev")},
         {"name", Settings::Environment("DELEGATE_NAME")},
         {"manager", Settings::Environment("MANAGER_HOST_AND_PORT")}});
    if (settings_.Text("mode", "normal") == "crash")
      Die(settings_.Text("crash_line", "Delegate wont be started"), settings_.Int("crash_code", 1));
    if (WaitForSignal(settings_.Seconds("listen_delay", 0.1)) != 0) Die("stopped before start", 143);
    Server server(Port(), [this](const Request& request) { return Route(request); });
    std::thread([this] { PollRunner(settings_, contact_); }).detach();
    WaitForSignal(-1);
    Drain();
  }

 private:
  [[noreturn]] static void Die(const std::string& message, int code) {
    Log(code == 1 ? "error" : "info", message);
    std::fflush(nullptr);
    std::_Exit(code);  // the poller is still running
  }

  static void CheckVariables() {
    for (const char* name : {"ACCOUNT_ID", "DELEGATE_TOKEN", "DELEGATE_NAME", "MANAGER_HOST_AND_PORT"})
      if (Settings::Environment(name).empty()) Die(std::string(name) + " is not set", 1);
  }

  static int Port() {
    const std::string port = Settings::Environment("DELEGATE_HTTP_PORT");
    return port.empty() ? 3460 : std::atoi(port.c_str());
  }

  bool Healthy() const {
    if (settings_.Text("mode", "normal") == "never-ready") return false;
    return settings_.Int("connected", 1) == 1 &&
           SecondsSince(started_) >= settings_.Seconds("health_delay", 0.3);
  }

  Response Route(const Request& request) {
    Response response;
    if (Steer(request, settings_, response)) return response;
    if (request.path == "/api/health") return Health();
    if (request.path == "/api/metrics") return {200, Metrics(), "text/plain; version=0.0.4"};
    if (request.path == "/api/debug") return {200, Debug(), "application/json"};
    return {404, "{\"code\":404,\"message\":\"HTTP 404 Not Found\"}", "application/json"};
  }

  Response Health() const {
    if (Healthy())
      return {200, "{\"metaData\":{},\"resource\":\"healthy\",\"responseMessages\":[]}", "application/json"};
    return {500, "{\"message\":\"Delegate is not healthy. Socket is not open.\"}", "application/json"};
  }

  std::string Metrics() const {
    return Gauge("io_harness_custom_metric_delegate_connected", Healthy() ? 1 : 0) +
           Gauge("io_harness_custom_metric_tasks_currently_executing", settings_.Int("tasks", 0)) +
           Gauge("standin_runner_reached", contact_.reached);
  }

  // How the tests ask whether RUNNER_URL works.
  std::string Debug() const {
    return "{\"version\":\"" + settings_.Text("version", "dev") + "\",\"runnerUrl\":\"" + RunnerUrl() +
           "\",\"runnerReached\":" + (contact_.reached == 1 ? "true" : "false") +
           ",\"answers\":" + std::to_string(contact_.answers) +
           ",\"failures\":" + std::to_string(contact_.failures) +
           ",\"tasks\":" + std::to_string(settings_.Int("tasks", 0)) + "}";
  }

  // Finishes its tasks, takes no new ones; a JVM that was told to stop exits with 128 + 15.
  [[noreturn]] void Drain() {
    Log("info", "stop requested, finishing running tasks",
        {{"tasks", std::to_string(settings_.Int("tasks", 0))}});
    const SteadyTime start = std::chrono::steady_clock::now();
    while (settings_.Int("tasks", 0) > 0 && SecondsSince(start) < settings_.Seconds("drain_limit", 600))
      SleepFor(0.05);
    SleepFor(settings_.Seconds("stop_delay", 0.05));
    Die("delegate stopped", 143);
  }

  Settings settings_;
  Contact contact_;
  const SteadyTime started_ = std::chrono::steady_clock::now();
};

}  // namespace
}  // namespace spacelet::standin

int main() {
  spacelet::standin::BlockSignals();
  spacelet::standin::Delegate().Run();
}
