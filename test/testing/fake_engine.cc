#include "test/testing/fake_engine.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "pkg/base/status_macros.h"
#include "pkg/docker/errors.h"

namespace spacelet::testing {
namespace {

constexpr size_t kEventRing = 256;  // moby daemon/events: eventsLimit

absl::StatusCode CodeOf(int http_status, bool creates) {
  switch (http_status) {
    case 400:
      return absl::StatusCode::kInvalidArgument;
    case 401:
    case 403:
      return absl::StatusCode::kPermissionDenied;
    case 404:
      return absl::StatusCode::kNotFound;
    case 409:
      return creates ? absl::StatusCode::kAlreadyExists : absl::StatusCode::kAborted;
    case 429:
      return absl::StatusCode::kResourceExhausted;
    default:
      return absl::StatusCode::kUnavailable;
  }
}

}  // namespace

absl::Status Refuse(int http_status, const std::string& message, bool creates) {
  const bool in_use = absl::StrContains(message, "has active endpoints");  // 403, and no lack of rights
  absl::Status status(in_use ? absl::StatusCode::kAborted : CodeOf(http_status, creates), message);
  status.SetPayload(docker::kHttpStatusPayload, absl::Cord(absl::StrCat(http_status)));
  return status;
}

int HttpStatusOf(const absl::Status& status) {
  const auto payload = status.GetPayload(docker::kHttpStatusPayload);
  return payload.has_value() ? std::stoi(std::string(*payload)) : 500;
}

bool HasLabel(const std::map<std::string, std::string>& labels, const std::string& label) {
  if (label.empty()) return true;
  const size_t equals = label.find('=');
  const auto found = labels.find(label.substr(0, equals));
  return found != labels.end() && (equals == std::string::npos || found->second == label.substr(equals + 1));
}

FakeEngine::FakeEngine(EngineOptions options) : options_(std::move(options)) {
  for (const auto& [name, driver] :
       std::map<std::string, std::string>{{"bridge", "bridge"}, {"host", "host"}, {"none", "null"}}) {
    docker::Network network;
    network.id = NewId();
    network.config.name = name;
    network.config.driver = driver;
    networks_.emplace(network.id, network);
  }
}

// Spread over the digits, so that short ids differ too.
std::string FakeEngine::NewId() {
  const auto n = static_cast<uint64_t>(++ids_made_);
  const auto mixed = static_cast<uint64_t>(n * 0x9E3779B97F4A7C15ULL);
  return absl::StrFormat("%016x%016x%016x%016x", mixed, n, mixed ^ n, n);
}

void FakeEngine::Emit(const std::string& type, const std::string& action, const std::string& id,
                      std::map<std::string, std::string> attributes) {
  clock_ += absl::Milliseconds(1);
  docker::Event event;
  event.type = type;
  event.action = action;
  event.actor_id = id;
  event.attributes = std::move(attributes);
  event.time_nano = absl::ToUnixNanos(Now());
  events_.push_back(std::move(event));
  ++events_made_;
  if (events_.size() > kEventRing) events_.pop_front();
}

void FakeEngine::EmitContainer(const Record& record, const std::string& action,
                               const std::map<std::string, std::string>& more) {
  std::map<std::string, std::string> attributes = record.view.labels;
  attributes["name"] = record.view.name;
  attributes["image"] = record.view.image;
  attributes.insert(more.begin(), more.end());
  Emit("container", action, record.view.id, std::move(attributes));
}

void FakeEngine::EmitNetwork(const std::string& network_id, const std::string& action,
                             const std::string& container_id) {
  const docker::NetworkConfig& config = networks_.at(network_id).config;
  std::map<std::string, std::string> attributes = {{"name", config.name}, {"type", config.driver}};
  if (!container_id.empty()) attributes["container"] = container_id;
  Emit("network", action, network_id, std::move(attributes));
}

std::vector<docker::Event> FakeEngine::EventsAfter(int64_t after, int64_t* last) const {
  *last = events_made_;
  const int64_t oldest = events_made_ - static_cast<int64_t>(events_.size());
  const int64_t skip = std::max<int64_t>(0, after - oldest);
  if (skip >= static_cast<int64_t>(events_.size())) return {};
  return {events_.begin() + skip, events_.end()};
}

docker::EngineInfo FakeEngine::Info() const {
  docker::EngineInfo info;
  info.engine_version = options_.engine_version;
  info.api_version = options_.api_version;
  info.os_type = "linux";
  return info;
}

docker::EngineSettings FakeEngine::Settings() const {
  docker::EngineSettings settings;
  settings.cpus = options_.cpus;
  settings.data_root = options_.data_root;
  return settings;
}

// --- Networks

const docker::Network* FakeEngine::FindNetwork(const std::string& network) const {
  const auto found = GetNetwork(network);
  return found.ok() ? *found : nullptr;
}

absl::StatusOr<const docker::Network*> FakeEngine::GetNetwork(const std::string& network) const {
  const auto by_id = networks_.find(network);
  if (by_id != networks_.end()) return &by_id->second;
  std::vector<const docker::Network*> named;
  for (const auto& [id, candidate] : networks_) {
    if (candidate.config.name == network) named.push_back(&candidate);
  }
  if (named.size() == 1) return named.front();
  if (named.empty()) return Refuse(404, absl::StrCat("network ", network, " not found"));
  return Refuse(
      400, absl::StrCat(named.size(), " matches found based on name: network ", network, " is ambiguous"));
}

std::vector<docker::NetworkMember> FakeEngine::Members(const std::string& network_id) const {
  std::vector<docker::NetworkMember> members;
  for (const auto& [id, record] : containers_) {
    if (!HasProcess(record)) continue;
    for (const auto& [name, attachment] : record.view.networks) {
      if (attachment.network_id == network_id) members.push_back({id, record.view.name});
    }
  }
  return members;
}

std::string FakeEngine::FreeSubnet() {
  std::string subnet;
  bool taken = true;
  while (taken) {
    subnet = absl::StrCat("172.", 18 + subnets_made_++ % 14, ".0.0/16");
    taken = std::any_of(networks_.begin(), networks_.end(),
                        [&](const auto& entry) { return entry.second.config.subnet == subnet; });
  }
  return subnet;
}

bool FakeEngine::Speaks(int minor) const {
  return std::stoi(options_.api_version.substr(options_.api_version.find('.') + 1)) >= minor;
}

absl::StatusOr<std::string> FakeEngine::CreateNetwork(const docker::NetworkConfig& config,
                                                      bool check_duplicate) {
  for (const auto& [id, other] : networks_) {
    if ((check_duplicate || Speaks(44)) && other.config.name == config.name) {
      return Refuse(409, absl::StrCat("network with name ", config.name, " already exists"), true);
    }
    if (!config.subnet.empty() && other.config.subnet == config.subnet) {
      return Refuse(403, "Pool overlaps with other one on this address space");
    }
  }
  docker::Network network;
  network.config = config;
  if (network.config.driver.empty()) network.config.driver = "bridge";
  const std::string& driver = network.config.driver;
  if (driver != "bridge" && driver != "macvlan" && driver != "ipvlan") {
    return Refuse(404, absl::StrCat("plugin \"", driver, "\" not found"));
  }
  if (network.config.subnet.empty()) network.config.subnet = FreeSubnet();
  if (network.config.gateway.empty()) {
    network.config.gateway =
        absl::StrCat(network.config.subnet.substr(0, network.config.subnet.rfind('.')), ".1");
  }
  network.id = NewId();
  networks_.emplace(network.id, network);
  EmitNetwork(network.id, "create");
  return network.id;
}

absl::Status FakeEngine::RemoveNetwork(const std::string& network) {
  ASSIGN_OR_RETURN(const docker::Network* found, GetNetwork(network));
  const std::string id = found->id, name = found->config.name;
  if (name == "bridge" || name == "host" || name == "none") {
    return Refuse(403, absl::StrCat(name, " is a pre-defined network and cannot be removed"));
  }
  if (!Members(id).empty()) {
    return Refuse(403, absl::StrCat("error while removing network: network ", name, " id ", id,
                                    " has active endpoints"));
  }
  EmitNetwork(id, "destroy");
  networks_.erase(id);
  return absl::OkStatus();
}

absl::StatusOr<docker::Network> FakeEngine::InspectNetwork(const std::string& network) const {
  ASSIGN_OR_RETURN(const docker::Network* found, GetNetwork(network));
  docker::Network shown = *found;
  shown.members = Members(shown.id);
  return shown;
}

std::vector<docker::Network> FakeEngine::Networks() const {
  std::vector<docker::Network> shown;
  for (const auto& [id, network] : networks_) {
    shown.push_back(network);
    shown.back().members = Members(id);
  }
  return shown;
}

}  // namespace spacelet::testing
