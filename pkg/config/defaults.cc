#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "pkg/api/listen_port.h"
#include "pkg/config/load.h"
#include "pkg/config/scalars.h"

namespace spacelet::config {
namespace {

template <typename V>
void Default(std::optional<V>& field, V value) {
  if (!field) field = std::move(value);
}

// A tag that is expected to move.
bool HasMutableTag(absl::string_view image) {
  const absl::string_view tag = TagOf(image);
  return !absl::StrContains(image, '@') && (tag.empty() || tag == "latest");
}

// Docker's json-file is never rotated by itself; other drivers have options of their own.
void DefaultLogging(std::optional<api::Logging>& logging) {
  if (!logging) logging.emplace();
  if (logging->driver != "json-file" && logging->driver != "local") return;
  Default<std::string>(logging->max_size, "50m");
  Default(logging->max_files, 3);
}

api::Probe Get(std::string path, uint16_t port, int timeout_seconds) {
  api::Probe probe;
  probe.handler = api::Probe::HttpGet{std::move(path), port};
  probe.timeout_seconds = timeout_seconds;
  return probe;
}

void DefaultWorkload(api::Workload& workload) {
  Default(workload.image_pull_policy,
          HasMutableTag(workload.image) ? api::PullPolicy::kAlways : api::PullPolicy::kIfNotPresent);
  Default(workload.stop_grace_period, absl::Duration(absl::Seconds(10)));
  if (!workload.ports) workload.ports.emplace();
  if (!workload.depends_on) workload.depends_on.emplace();
  DefaultLogging(workload.logging);
}

void DefaultRunner(api::Runner& runner) {
  api::Workload& workload = runner.workload;
  const uint16_t port = api::RunnerListenPort(workload);
  Default<std::string>(workload.container_name, "vm-runner");
  Default<std::string>(workload.hostname, "vm-runner");
  Default<std::string>(workload.platform, "linux/amd64");
  Default(workload.stop_grace_period, absl::Duration(absl::Seconds(300)));
  if (!workload.host_network)
    Default<std::vector<api::Port>>(workload.ports, {{"127.0.0.1", 3000, port, "tcp"}});
  if (!workload.readiness_probe) {
    workload.readiness_probe = Get("/healthz", port, 1);
    workload.readiness_probe->not_found_is_ready = true;
  }
  // Warm pools take minutes before the port opens, which must not look like a dead runner.
  if (workload.liveness_probe && !workload.startup_probe) {
    workload.startup_probe = workload.liveness_probe;
    workload.startup_probe->failure_threshold = 30 * 60 / std::max(1, workload.startup_probe->period_seconds);
  }
  DefaultWorkload(workload);
}

void DefaultDelegate(api::Delegate& delegate, bool has_runner) {
  api::Workload& workload = delegate.workload;
  Default(workload.container_name, delegate.name);
  Default(workload.hostname, delegate.name);
  Default(workload.stop_grace_period, absl::Duration(absl::Seconds(600)));
  Default(workload.readiness_probe, Get("/api/health", api::DelegateListenPort(workload), 5));
  if (has_runner) Default<std::vector<std::string>>(workload.depends_on, {"runner"});
  while (absl::EndsWith(delegate.manager_url, "/"))
    delegate.manager_url.pop_back();  // the image appends "/api/…"
  DefaultWorkload(workload);
}

}  // namespace

void ApplyDefaults(api::Document& document) {
  if (document.runner) DefaultRunner(*document.runner);
  if (document.delegate) DefaultDelegate(*document.delegate, document.runner.has_value());
  for (api::GenericContainer& container : document.containers) {
    Default(container.workload.container_name, container.name);
    DefaultWorkload(container.workload);
  }
}

}  // namespace spacelet::config
