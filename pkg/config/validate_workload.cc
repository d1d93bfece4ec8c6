#include "pkg/config/validate_workload.h"

#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "pkg/api/quantity.h"
#include "pkg/config/scalars.h"
#include "pkg/config/validate_network.h"
#include "pkg/schedule/turn.h"

namespace spacelet::config {
namespace {

constexpr int64_t kLeastMemory = int64_t{6} << 20;  // moby: linuxMinMemory
constexpr size_t kMostWindows = 20;                 // they are gone through at every look

// One workload and how it speaks about itself.
struct Checker {
  const Placed& placed;
  Report& report;
  const api::Workload& w = *placed.workload;

  void Error(absl::string_view field, absl::string_view message, absl::string_view suggestion = "") const {
    report.AddAt(Severity::kError, absl::StrCat(placed.path, ".", field), message, suggestion);
  }

  void Network() const {
    if (!w.host_network) return;
    if (!w.network_aliases.empty()) Error("networkAliases", "cannot be combined with hostNetwork");
    if (w.ports && !w.ports->empty())
      Error("ports", "cannot be combined with hostNetwork: its ports are the host's already");
  }

  void Rollout() const {
    const bool start_first = w.rollout.strategy == api::Rollout::Strategy::kStartFirst;
    if (start_first && placed.component != "runner" && w.ports && !w.ports->empty())
      Error("rollout.strategy",
            "StartFirst cannot be combined with ports: two containers cannot publish one port");
    if (w.rollout.progress_deadline < absl::Seconds(1))
      Error("rollout.progressDeadline", "must be at least 1s");
    if (w.rollout.splay > schedule::kLongestSplay) Error("rollout.splay", "must be at most 24h");
    Windows();
  }

  void Windows() const {
    if (w.rollout.windows.size() > kMostWindows)
      Error("rollout.windows", absl::StrCat("has more than ", kMostWindows, " windows"),
            "a schedule takes lists and ranges");
    for (size_t i = 0; i < w.rollout.windows.size(); ++i) {
      const absl::Duration duration = w.rollout.windows[i].duration;
      if (duration < schedule::kShortestWindow || duration > schedule::kLongestWindow)
        Error(absl::StrCat("rollout.windows[", i, "].duration"), "must be between 1m and 168h");
    }
  }

  void RestartPolicy() const {
    const bool has_profile = placed.component == "runner" || placed.component == "delegate";
    if (has_profile && w.restart_policy.kind == api::RestartPolicy::Kind::kNo)
      Error("restartPolicy", absl::StrCat("`no` is not for the ", placed.component,
                                          ": it has to come back after a crash and a reboot"));
  }

  void Resources() const {
    const api::Resources& r = w.resources;
    if (r.memory && *r.memory < kLeastMemory)
      Error("resources.memory", "is less than the 6m that Docker demands");
    if (r.memory_swap && !r.memory) Error("resources.memorySwap", "needs memory beside it");
    if (r.memory_swap && r.memory && *r.memory_swap >= 0 && *r.memory_swap < *r.memory)
      Error("resources.memorySwap",
            absl::StrCat("is memory and swap together, so it cannot be less than memory, ",
                         api::PrintBytes(*r.memory)));
    if (r.pids && *r.pids == 0) Error("resources.pids", "must be at least 1, or -1 for no limit");
    for (const auto& [name, limit] : w.ulimits)
      if (limit.hard >= 0 && (limit.soft > limit.hard || limit.soft < 0))
        Error(Join("ulimits", name), "the soft limit is above the hard one");
  }

  void Mounts() const {
    std::set<std::string> targets;
    for (const auto& [path, options] : w.tmpfs) targets.insert(path);
    for (size_t i = 0; i < w.volumes.size(); ++i) {
      const std::string& target = w.volumes[i].container;
      const std::string field = absl::StrCat("volumes[", i, "]");
      if (target == "/") Error(field, "a volume cannot replace the container's root");
      if (!targets.insert(target).second) Error(field, absl::StrCat(target, " is mounted twice"));
    }
  }

  void Files() const {
    std::set<std::string> paths;
    for (size_t i = 0; i < w.files.size(); ++i) {
      const std::string field = absl::StrCat("files[", i, "]");
      if (!paths.insert(w.files[i].path).second)
        Error(field, absl::StrCat(w.files[i].path, " is there twice"));
      if (absl::EndsWith(w.files[i].path, "/")) Error(field, "the path is a directory's");
      if (w.files[i].secret) CheckSecret(absl::StrCat(placed.path, ".", field), *w.files[i].secret, report);
    }
  }

  void Secrets() const {
    for (const auto& [name, value] : w.env)
      if (value.secret) CheckSecret(Join(placed.path + ".env", name), *value.secret, report);
    if (w.image_pull_secret)
      CheckSecret(placed.path + ".imagePullSecret.password", w.image_pull_secret->password, report);
  }

  void Logging() const {
    const bool rotates = !w.logging || w.logging->driver == "json-file" || w.logging->driver == "local";
    if (rotates) return;
    if (w.logging->max_size)
      Error("logging.maxSize", absl::StrCat("is not for the driver ", w.logging->driver));
    if (w.logging->max_files)
      Error("logging.maxFiles", absl::StrCat("is not for the driver ", w.logging->driver));
  }

  void Probes() const {
    if (w.startup_probe && w.startup_probe->success_threshold != 1)
      Error("startupProbe.successThreshold", "must be 1");
    if (w.liveness_probe && w.liveness_probe->success_threshold != 1)
      Error("livenessProbe.successThreshold", "must be 1");
  }

  void Times() const {
    if (w.stop_grace_period && absl::Trunc(*w.stop_grace_period, absl::Seconds(1)) != *w.stop_grace_period)
      Error("stopGracePeriod", "must be whole seconds");
  }

  void Images() const {
    const bool pinned = absl::StrContains(w.image, '@');
    if (w.auto_update_interval && *w.auto_update_interval < absl::Minutes(5))
      Error("autoUpdate.interval", "is shorter than 5m");
    if (w.auto_update_interval && pinned)
      Error("autoUpdate", "an image that is pinned by digest never changes", "remove one of the two");
    if (w.auto_update_interval && w.image_pull_policy == api::PullPolicy::kNever)
      Error("autoUpdate", "pulls, and imagePullPolicy is Never", "remove one of the two");
    if (w.image_archive && pinned)
      Error("imageArchive", "docker save keeps no digests, and the image is pinned by one",
            "name the image by its tag");
  }

  void Hosts() const {
    for (size_t i = 0; i < w.extra_hosts.size(); ++i) {
      const std::string& host = w.extra_hosts[i];
      const std::string ip = host.substr(std::min(host.size(), host.find(':') + 1));
      if (ip != "host-gateway" && !ip.empty() && !IsIpAddress(ip))
        Error(absl::StrCat("extraHosts[", i, "]"), absl::StrCat(ip, " is not an IP address"));
    }
  }
};

}  // namespace

void CheckSecret(const std::string& path, const api::SecretSource& secret, Report& report) {
  const std::string interval = absl::StrCat(path, ".refreshInterval");
  if (secret.kind != api::SecretSource::Kind::kCommand && report.IsWritten(interval))
    report.AddAt(Severity::kError, interval, "is only for a command: files are watched");
}

void ValidateWorkload(const Placed& placed, Report& report) {
  const Checker check{placed, report};
  check.Network();
  check.Rollout();
  check.RestartPolicy();
  check.Resources();
  check.Mounts();
  check.Files();
  check.Secrets();
  check.Logging();
  check.Probes();
  check.Times();
  check.Images();
  check.Hosts();
  CheckLabels(placed.path + ".labels", placed.workload->labels, report);
}

}  // namespace spacelet::config
