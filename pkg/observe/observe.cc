#include "pkg/observe/observe.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>
#include <tuple>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "pkg/api/labels.h"
#include "pkg/base/digest.h"
#include "pkg/base/file.h"
#include "pkg/base/status_macros.h"
#include "pkg/desired/pool_file.h"
#include "pkg/observe/rivals.h"
#include "pkg/plan/ownership.h"
#include "pkg/plan/plan.h"

namespace spacelet::observe {
namespace {

constexpr size_t kMaxPoolBytes = 1 << 20;  // as a document

std::string OwnedLabel() { return absl::StrCat(api::kLabelManaged, "=true"); }

bool IsDirectory(const std::string& path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

void StateFiles(const desired::StateFile& state, std::set<std::string>& files) {
  namespace fs = std::filesystem;
  std::error_code error;
  if (fs::is_regular_file(state.host_path, error)) files.insert(state.host_path);
  const fs::path kept = fs::path(state.backup_prefix).parent_path();
  for (fs::directory_iterator it(kept, error), end; !error && it != end; it.increment(error))
    files.insert(it->path().string());
}

void LocalFacts(const desired::Container& want, plan::Facts& facts) {
  for (const desired::Directory& d : want.directories)
    if (IsDirectory(d.path)) facts.directories_present.insert(d.path);
  if (want.state_file) StateFiles(*want.state_file, facts.state_files);
  if (!want.pool) return;
  const auto file = base::ReadFile(want.pool->host_path, kMaxPoolBytes);
  if (file.ok() && file->bytes == want.pool->content) facts.pool_files_present.insert(want.pool->host_path);
  namespace fs = std::filesystem;
  std::error_code error;
  fs::directory_iterator it(fs::path(want.pool->host_path).parent_path(), error);
  for (; !error && it != fs::directory_iterator(); it.increment(error))
    if (desired::IsPoolFileName(it->path().filename().string()))
      facts.pool_files_found.insert(it->path().string());
}

std::set<std::string> SpecHashesOf(const plan::ObservedState& now) {
  std::set<std::string> hashes;
  for (const docker::Container& c : now.containers)
    if (auto it = c.labels.find(api::kLabelSpecHash); it != c.labels.end()) hashes.insert(it->second);
  return hashes;
}

bool IsAsDesired(const desired::Host& desired, const docker::Network& network) {
  auto hash = network.config.labels.find(api::kLabelSpecHash);
  return desired.network && desired.network->config.name == network.config.name &&
         hash != network.config.labels.end() && hash->second == desired.network->spec_hash;
}

// It is ours and as desired, or somebody else's, which is used as it is.
bool Stays(const desired::Host& desired, const docker::Network& network) {
  return IsAsDesired(desired, network) || !plan::IsOwned(network.config.labels);
}

void SortContainers(plan::ObservedState& now) {
  std::sort(now.containers.begin(), now.containers.end(),
            [](const auto& a, const auto& b) { return std::tie(a.name, a.id) < std::tie(b.name, b.id); });
}

// Empty: there is none of that name.
std::string IdOf(const std::string& name, const plan::ObservedState& now) {
  auto it = std::find_if(now.containers.begin(), now.containers.end(),
                         [&](const docker::Container& c) { return c.name == name; });
  return it == now.containers.end() ? "" : it->id;
}

plan::SecretValue ValueOf(const secret::Store::Entry& entry) {
  if (!entry.available) return {std::nullopt, entry.error};
  return {entry.value, ""};
}

}  // namespace

Observer::Observer(docker::Reader& docker, secret::Store& secrets, base::Clock& clock, std::string self)
    : docker_(docker), secrets_(secrets), clock_(clock), self_(std::move(self)) {}

absl::StatusOr<plan::ObservedState> Observer::Snapshot(const desired::Host& desired,
                                                       const std::stop_token& stop) {
  std::vector<const desired::Container*> wanted;
  for (const desired::Container& c : desired.containers) wanted.push_back(&c);
  return Observe(desired, wanted, {}, true, Rivals(""), stop);
}

absl::StatusOr<plan::ObservedState> Observer::ForKey(const std::string& key, const desired::Host& desired,
                                                     const std::stop_token& stop) {
  absl::string_view name = key;
  if (absl::ConsumePrefix(&name, "network/")) return ForNetwork(desired, stop);
  absl::ConsumePrefix(&name, "container/");
  const desired::Container* want = desired.Find(std::string(name));
  std::vector<plan::Rival> rivals = Rivals(key);
  // Who stands in the way is looked at again, so that its removal is seen without waiting for the next scan.
  if (!rivals.empty() || !IsScannedFor(desired)) {
    RETURN_IF_ERROR(ScanRivals(desired, stop));
    rivals = Rivals(key);
  }
  std::vector<const desired::Container*> wanted;
  if (want) wanted.push_back(want);
  return Observe(desired, wanted, {std::string(name)}, want != nullptr, std::move(rivals), stop);
}

// Who is on a network that stays as it is does not matter to its plan, and may be many.
absl::StatusOr<plan::ObservedState> Observer::ForNetwork(const desired::Host& desired, const Stop& stop) {
  plan::ObservedState now = Begun();
  RETURN_IF_ERROR(Networks(desired, now, stop));
  if (now.networks.size() == 1 && Stays(desired, now.networks[0])) return now;
  return Observe(desired, {}, {}, true, {}, stop);
}

plan::ObservedState Observer::Begun() const {
  plan::ObservedState now;
  now.taken_at = clock_.Now();
  now.begun = clock_.Monotonic();
  now.self = self_;
  return now;
}

// `names`: only the containers that belong to these (by base name or by a desired component); empty: all.
absl::StatusOr<plan::ObservedState> Observer::Observe(const desired::Host& desired,
                                                      const std::vector<const desired::Container*>& wanted,
                                                      const std::set<std::string>& names, bool networks,
                                                      std::vector<plan::Rival> rivals, const Stop& stop) {
  plan::ObservedState now = Begun();
  now.rivals = std::move(rivals);
  RETURN_IF_ERROR(Containers(desired, names, now, stop));
  RETURN_IF_ERROR(ToTakeOver(desired, names, now, stop));
  if (networks) RETURN_IF_ERROR(Networks(desired, now, stop));
  RETURN_IF_ERROR(Images(wanted, now, stop));
  const std::set<std::string> present = SpecHashesOf(now);
  for (const desired::Container* want : wanted) {
    LocalFacts(*want, now.facts);
    RETURN_IF_ERROR(ImageRoom(*want, now, stop));
    Secrets(*want, !present.contains(want->spec_hash), now, stop);
    RETURN_IF_ERROR(SecretFiles(*want, now, stop));
  }
  return now;
}

absl::StatusOr<docker::Container> Observer::Inspect(const std::string& id_or_name, const Stop& stop) {
  absl::StatusOr<docker::Container> container = docker_.InspectContainer(id_or_name, stop);
  if (container.ok() && container->id == self_) container->labels.erase(api::kLabelManaged);
  return container;
}

absl::Status Observer::Containers(const desired::Host& desired, const std::set<std::string>& names,
                                  plan::ObservedState& now, const Stop& stop) {
  ASSIGN_OR_RETURN(const std::vector<docker::ContainerSummary> owned,
                   docker_.ListContainers(OwnedLabel(), stop));
  std::set<std::string> to_inspect;  // names that may be held by a stranger
  for (const desired::Container& want : desired.containers)
    if (names.empty() || names.contains(want.name)) to_inspect.insert(want.name);
  std::set<std::string> components;
  for (const std::string& name : names)
    if (const desired::Container* want = desired.Find(name)) components.insert(want->component);
  for (const docker::ContainerSummary& c : owned) {
    if (c.id == self_) continue;
    now.owned[c.id] = c.name;
    if (!names.empty() && !names.contains(plan::BaseName(c.name)) &&
        !components.contains(plan::ComponentOf(c.labels)))
      continue;
    to_inspect.erase(c.name);
    absl::StatusOr<docker::Container> container = Inspect(c.id, stop);
    if (absl::IsNotFound(container.status())) continue;  // went between the two calls: an event tells
    RETURN_IF_ERROR(container.status());
    now.containers.push_back(*std::move(container));
  }
  for (const std::string& name : to_inspect) {
    absl::StatusOr<docker::Container> container = Inspect(name, stop);
    if (absl::IsNotFound(container.status())) continue;
    RETURN_IF_ERROR(container.status());
    now.containers.push_back(*std::move(container));
  }
  SortContainers(now);
  return absl::OkStatus();
}

// Who does the work of a workload with `takeover` under a name of its own, and who was put aside for it: both
// are strangers by their labels.
absl::Status Observer::ToTakeOver(const desired::Host& desired, const std::set<std::string>& names,
                                  plan::ObservedState& now, const Stop& stop) {
  std::set<std::string> to_inspect;
  for (const desired::Container& want : desired.containers) {
    if (!want.takeover) continue;
    if (names.contains(want.name) || (names.empty() && !IsAlone(want.name, now)))
      to_inspect.insert(plan::PreviousName(want.name));
    for (const plan::Rival& rival : now.rivals)
      if (rival.same_work && rival.object == plan::ContainerKey(want.name))
        to_inspect.insert(rival.container.id);
  }
  for (const docker::Container& c : now.containers) {
    to_inspect.erase(c.id);
    to_inspect.erase(c.name);
  }
  for (const std::string& id_or_name : to_inspect) {
    absl::StatusOr<docker::Container> container = Inspect(id_or_name, stop);
    if (!container.ok() && !absl::IsNotFound(container.status())) return container.status();
    SetAlone(id_or_name, container.ok(), now);
    if (!container.ok()) continue;
    const bool seen = std::any_of(now.containers.begin(), now.containers.end(),
                                  [&](const docker::Container& c) { return c.id == container->id; });
    if (!seen) now.containers.push_back(*std::move(container));
  }
  SortContainers(now);
  return absl::OkStatus();
}

bool Observer::IsAlone(const std::string& name, const plan::ObservedState& now) {
  const std::string id = IdOf(name, now);
  base::MutexLock lock(mu_);
  auto known = alone_.find(name);
  return known != alone_.end() && known->second == id;
}

void Observer::SetAlone(const std::string& aside, bool found, const plan::ObservedState& now) {
  const std::string name = plan::BaseName(aside);
  const std::string id = IdOf(name, now);
  base::MutexLock lock(mu_);
  if (found)
    alone_.erase(name);
  else
    alone_[name] = id;
}

absl::Status Observer::Networks(const desired::Host& desired, plan::ObservedState& now, const Stop& stop) {
  ASSIGN_OR_RETURN(const std::vector<docker::Network> owned, docker_.ListNetworks(OwnedLabel(), stop));
  std::set<std::string> to_inspect;  // whose members matter: all but the one desired network as it should be
  if (desired.network) to_inspect.insert(desired.network->config.name);
  std::map<std::string, int> count;
  for (const docker::Network& n : owned) ++count[n.config.name];
  for (const docker::Network& n : owned) {
    if (count[n.config.name] == 1 && IsAsDesired(desired, n)) {
      to_inspect.erase(n.config.name);
      now.networks.push_back(n);
    } else {
      to_inspect.insert(n.config.name);
    }
  }
  for (const std::string& name : to_inspect) {
    ASSIGN_OR_RETURN(const std::vector<docker::Network> found, docker_.FindNetworks(name, stop));
    now.networks.insert(now.networks.end(), found.begin(), found.end());
  }
  std::sort(now.networks.begin(), now.networks.end(), [](const auto& a, const auto& b) {
    return std::tie(a.config.name, a.id) < std::tie(b.config.name, b.id);
  });
  return absl::OkStatus();
}

// `fresh`: nothing of ours has the wanted spec, so something will be created, and they are read afresh for
// it.
void Observer::Secrets(const desired::Container& want, bool fresh, plan::ObservedState& now,
                       const Stop& stop) {
  for (const auto& [variable, source] : want.secret_env)
    now.facts.secret_env[absl::StrCat(want.name, "/", variable)] = ValueOf(secrets_.Get(source, fresh, stop));
  for (const desired::File& file : want.files)
    if (file.secret)
      now.facts.secret_files[absl::StrCat(want.name, "/", file.path)] =
          ValueOf(secrets_.Get(*file.secret, fresh, stop));
}

// A secret file inside a container is read back once per container and value: inspect does not show it.
absl::Status Observer::SecretFiles(const desired::Container& want, plan::ObservedState& now,
                                   const Stop& stop) {
  for (const desired::File& file : want.files) {
    if (!file.secret) continue;
    const plan::SecretValue& value = now.facts.secret_files[absl::StrCat(want.name, "/", file.path)];
    if (!value.value) continue;
    for (const docker::Container& c : now.containers) {
      // It is copied again before a first start, and nothing can be read from a dead one.
      const bool tells = c.started_ever && c.status != docker::ContainerStatus::kDead;
      if (plan::ComponentOf(c.labels) != want.component || !tells) continue;
      const std::string key = absl::StrCat(c.id, "/", file.path), digest = base::Sha256Hex(*value.value);
      {
        base::MutexLock lock(mu_);
        auto it = compared_files_.find(key);
        if (it != compared_files_.end() && it->second.first == digest) {
          now.facts.files_match[key] = it->second.second;
          continue;
        }
      }
      absl::StatusOr<std::string> bytes = docker_.ReadContainerFile(c.id, file.path, stop);
      if (!bytes.ok() && !absl::IsNotFound(bytes.status())) return bytes.status();
      const bool same = bytes.ok() && *bytes == *value.value;
      now.facts.files_match[key] = same;
      base::MutexLock lock(mu_);
      compared_files_[key] = {digest, same};
    }
  }
  return absl::OkStatus();
}

std::vector<plan::Rival> Observer::Rivals(const std::string& key) {
  base::MutexLock lock(mu_);
  std::vector<plan::Rival> rivals;
  for (const plan::Rival& r : rivals_)
    if (key.empty() || r.object == key) rivals.push_back(r);
  return rivals;
}

bool Observer::IsScannedFor(const desired::Host& desired) {
  base::MutexLock lock(mu_);
  return scanned_for_ == desired.generation;
}

absl::Status Observer::ScanRivals(const desired::Host& desired, const std::stop_token& stop) {
  ASSIGN_OR_RETURN(std::vector<docker::ContainerSummary> all, docker_.ListContainers("", stop));
  std::erase_if(all,
                [&](const docker::ContainerSummary& c) { return plan::IsOwned(c.labels) || c.id == self_; });
  std::map<std::string, docker::Container> known;
  {
    base::MutexLock lock(mu_);
    known = foreign_;
  }
  std::map<std::string, docker::Container> suspects;
  for (const docker::ContainerSummary& c : all) {
    if (!IsSuspect(desired, c)) continue;
    if (auto it = known.find(c.id); it != known.end() && it->second.networks.size() == c.networks.size()) {
      suspects[c.id] = it->second;
      continue;
    }
    absl::StatusOr<docker::Container> inspected = docker_.InspectContainer(c.id, stop);
    if (absl::IsNotFound(inspected.status())) continue;
    RETURN_IF_ERROR(inspected.status());
    suspects[c.id] = *std::move(inspected);
  }
  std::vector<plan::Rival> rivals = FindRivals(desired, all, suspects);
  base::MutexLock lock(mu_);
  rivals_ = std::move(rivals);
  scanned_for_ = desired.generation;
  foreign_ = std::move(suspects);  // drops those that are gone
  return absl::OkStatus();
}

}  // namespace spacelet::observe
