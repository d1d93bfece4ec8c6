#include <arpa/inet.h>

#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "pkg/config/report.h"
#include "pkg/policy/examiner.h"

namespace spacelet::policy {
namespace {

std::string Item(const std::string& path, absl::string_view field, size_t index) {
  return absl::StrCat(path, ".", field, "[", index, "]");
}

// Docker takes a capability with and without its prefix.
std::string PlainCapability(absl::string_view name) { return std::string(absl::StripPrefix(name, "CAP_")); }

// The address in one spelling; `text` itself when it is none.
std::string PlainAddress(const std::string& text) {
  unsigned char bytes[sizeof(in6_addr)];
  char out[INET6_ADDRSTRLEN];
  for (const int family : {AF_INET, AF_INET6})
    if (inet_pton(family, text.c_str(), bytes) == 1 && inet_ntop(family, bytes, out, sizeof out) != nullptr)
      return out;
  return text;
}

template <typename Plain>
bool IsListed(const std::vector<std::string>& list, const std::string& value, Plain plain) {
  return std::any_of(list.begin(), list.end(),
                     [&](const std::string& one) { return plain(one) == plain(value); });
}

// Those that are `PATH`, and for reading also those that are `PATH:ro`.
std::vector<std::string> PathsFor(const std::vector<std::string>& entries, bool read_only) {
  std::vector<std::string> out;
  for (const std::string& entry : entries) {
    absl::string_view path = entry;
    if (!absl::ConsumeSuffix(&path, ":ro") || read_only) out.emplace_back(path);
  }
  return out;
}

}  // namespace

bool Examiner::IsImageOf(const std::vector<std::string>& patterns, const std::string& image) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& text) {
    const absl::StatusOr<ImagePattern> pattern = ImagePattern::Parse(text);
    return pattern.ok() && pattern->Matches(image);
  });
}

void Examiner::Image(const std::string& path, const api::Workload& workload) {
  if (!IsImageOf(rules_.images.repositories, workload.image))
    DenyUnlisted("images.repositories", path + ".image", NormalizedRepository(workload.image));
  if (rules_.images.require_digest && !absl::StrContains(workload.image, "@sha256:"))
    Deny("images.requireDigest", path + ".image", "has no digest",
         "write NAME:TAG@sha256:…, as `docker pull` prints it");
  // What an archive holds is whatever its name says, of any repository.
  if (workload.image_archive)
    Path("images.archives", rules_.images.archives, path + ".imageArchive", *workload.image_archive);
}

void Examiner::Privileges(const std::string& path, const api::Workload& workload) {
  DenyUnless(rules_.containers.privileged || !workload.privileged.value_or(false), "containers.privileged",
             path + ".privileged");
  DenyUnless(rules_.containers.host_network || !workload.host_network, "containers.hostNetwork",
             path + ".hostNetwork");
  DenyUnless(rules_.containers.host_pid || !workload.host_pid, "containers.hostPID", path + ".hostPID");
  DenyUnless(rules_.containers.takeover || !workload.takeover, "containers.takeover", path + ".takeover");
  if (rules_.containers.require_no_new_privileges && !workload.no_new_privileges.value_or(false))
    Deny("containers.requireNoNewPrivileges", path + ".noNewPrivileges", "must be true",
         "write noNewPrivileges: true");
  for (size_t i = 0; i < workload.cap_add.size(); ++i) {
    const bool all = IsListed(rules_.containers.capabilities, "ALL", PlainCapability);
    if (!all && !IsListed(rules_.containers.capabilities, workload.cap_add[i], PlainCapability))
      DenyUnlisted("containers.capabilities", Item(path, "capAdd", i), PlainCapability(workload.cap_add[i]));
  }
}

void Examiner::Devices(const std::string& path, const api::Workload& workload) {
  for (size_t i = 0; i < workload.devices.size(); ++i) {
    const std::string& device = workload.devices[i];
    Path("containers.devices", rules_.containers.devices, Item(path, "devices", i),
         device.substr(0, device.find(':')));
  }
}

void Examiner::Volumes(const std::string& path, absl::string_view component, const api::Workload& workload) {
  for (size_t i = 0; i < workload.volumes.size(); ++i) {
    const api::Volume& volume = workload.volumes[i];
    const std::string field = Item(path, "volumes", i);
    if (component == "runner" && volume.container == "/runner")
      Path("runner.directories", rules_.runner.directories, field, volume.host);
    else
      Path("volumes.hostPaths", PathsFor(rules_.volumes.host_paths, volume.read_only), field, volume.host);
  }
}

void Examiner::Ports(const std::string& path, const api::Workload& workload) {
  if (!workload.ports) return;
  for (size_t i = 0; i < workload.ports->size(); ++i) {
    const std::string& ip = (*workload.ports)[i].ip;
    if (!IsListed(rules_.ports.addresses, ip, PlainAddress))
      DenyUnlisted("ports.addresses", Item(path, "ports", i), ip);
  }
}

void Examiner::Logging(const std::string& path, const api::Logging& logging) {
  if (!IsListed(rules_.containers.log_drivers, logging.driver, [](const std::string& s) { return s; }))
    DenyUnlisted("containers.logDrivers", path + ".logging.driver", logging.driver);
  for (const auto& [name, value] : logging.options)
    if (!MatchesAny(rules_.containers.log_options, name) &&
        !MatchesAny(rules_.containers.log_options, absl::StrCat(name, "=", value)))
      DenyUnlisted("containers.logOptions", config::Join(path + ".logging.options", name), name);
}

void Examiner::Sysctls(const std::string& path, const api::Workload& workload) {
  for (const auto& [key, value] : workload.sysctls) {
    const std::string name = absl::StrReplaceAll(key, {{"/", "."}});  // as runc reads it
    if (!MatchesAny(rules_.containers.sysctls, name))
      DenyUnlisted("containers.sysctls", config::Join(path + ".sysctls", key), name);
  }
}

void Examiner::Labels(const std::string& path, const std::map<std::string, std::string>& labels) {
  for (const auto& [key, value] : labels)
    if (!MatchesAny(rules_.containers.labels, key))
      DenyUnlisted("containers.labels", config::Join(path, key), key);
}

void Examiner::Workload(const std::string& path, absl::string_view component, const api::Workload& workload) {
  Image(path, workload);
  Privileges(path, workload);
  Devices(path, workload);
  Volumes(path, component, workload);
  Ports(path, workload);
  if (workload.logging) Logging(path, *workload.logging);
  Sysctls(path, workload);
  Labels(path + ".labels", workload.labels);
  SecretsOf(path, workload);
  Exposure(path, component, workload);
}

}  // namespace spacelet::policy
