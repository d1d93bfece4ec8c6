#include "pkg/controller/memory.h"

#include <algorithm>
#include <utility>

#include "absl/strings/strip.h"

namespace spacelet::controller {
namespace {

// Events of what we did come within milliseconds; dockerd 20.10 needs up to 130 ms after a die.
constexpr absl::Duration kEchoTime = absl::Milliseconds(500);

std::string ContainerName(const std::string& key) {
  return std::string(absl::StripPrefix(key, "container/"));
}

// The objects whose desired state differs between the two.
std::set<std::string> ChangedKeys(const desired::Host* before, const desired::Host& after) {
  std::set<std::string> keys;
  for (const desired::Container& c : after.containers) {
    const desired::Container* old = before == nullptr ? nullptr : before->Find(c.name);
    if (old == nullptr || !(*old == c)) keys.insert(plan::ContainerKey(c.name));
  }
  if (before == nullptr) return keys;
  for (const desired::Container& c : before->containers)
    if (after.Find(c.name) == nullptr) keys.insert(plan::ContainerKey(c.name));
  if (before->network && !(before->network == after.network))
    keys.insert(plan::NetworkKey(before->network->config.name));
  return keys;
}

}  // namespace

std::shared_ptr<const desired::Host> Memory::host() const {
  base::MutexLock lock(mu_);
  return host_;
}

void Memory::Adopt(std::shared_ptr<const desired::Host> host, bool prune_at_once) {
  std::vector<std::stop_source> outdated;  // stopped without the lock: their callbacks close sockets
  {
    base::MutexLock lock(mu_);
    removals_.Document(*host, prune_at_once, clock_.Monotonic());
    std::set<std::string> changed = ChangedKeys(host_.get(), *host);
    if (host_ != nullptr && host_->suspend != host->suspend)
      for (const auto& [key, object] : objects_) changed.insert(key);
    host_ = std::move(host);
    for (auto& [key, object] : objects_) {
      object.held_until = {-absl::InfiniteDuration()};
      if (!changed.contains(key)) continue;
      object.waits_since.reset();
      if (!object.busy) continue;
      object.released = looks_;  // should it fail all the same, that says nothing of the new document
      outdated.push_back(object.work);
    }
    for (const std::string& key : changed) doings_.Forget(key);
  }
  for (std::stop_source& work : outdated) work.request_stop();
}

absl::Duration Memory::RemovalWait(const std::string& key) const {
  base::MutexLock lock(mu_);
  return removals_.Remaining(ContainerName(key), clock_.Monotonic());
}

std::stop_source Memory::Begin(const std::string& key) {
  base::MutexLock lock(mu_);
  Object& object = objects_[key];
  object.busy = true;
  object.look = ++looks_;
  object.work = std::stop_source();
  return object.work;
}

void Memory::End(const std::string& key) {
  base::MutexLock lock(mu_);
  auto object = objects_.find(key);
  if (object == objects_.end()) return;
  object->second.busy = false;
  object->second.ended = clock_.Monotonic();
}

const Memory::Object* Memory::Find(const std::string& key) const {
  auto object = objects_.find(key);
  return object == objects_.end() ? nullptr : &object->second;
}

uint64_t Memory::looks() const {
  base::MutexLock lock(mu_);
  return looks_;
}

bool Memory::LookedAtSince(const std::string& key, uint64_t looks) const {
  base::MutexLock lock(mu_);
  const Object* object = Find(key);
  return object != nullptr && (object->busy || object->look > looks);
}

bool Memory::Echoes(const std::string& key) const {
  base::MutexLock lock(mu_);
  const Object* object = Find(key);
  return object != nullptr && (object->busy || clock_.Monotonic() - object->ended < kEchoTime);
}

void Memory::FillFacts(const std::string& key, const desired::Host& host,
                       plan::ObservedState& observed) const {
  base::MutexLock lock(mu_);
  const base::Instant now = clock_.Monotonic();
  plan::Facts& facts = observed.facts;
  if (facts.host_cpus == 0) facts.host_cpus = host_cpus_;
  for (const docker::Container& c : observed.containers)
    if (const auto set = limits_set_.find(c.id); set != limits_set_.end()) facts.limits_set.insert(*set);
  const std::string name = ContainerName(key);
  const desired::Container* container = host.Find(name);
  if (container == nullptr && removals_.Remaining(name, now) > absl::ZeroDuration())
    facts.removal_pending.insert(name);
  if (container == nullptr) return;
  for (const std::string& dependency : container->depends_on) {
    const Object* other = Find(plan::ContainerKey(dependency));
    // Until it was looked at, nobody knows whether this document changes it too.
    if (other == nullptr || other->rolling || other->looked != host.generation)
      facts.rolling.insert(dependency);
  }
  const Object* object = Find(key);
  if (object != nullptr && object->waits_since &&
      now - *object->waits_since >= container->dependency_deadline)
    facts.waited_out.insert(name);
}

void Memory::SetHostCpus(int cpus) {
  base::MutexLock lock(mu_);
  host_cpus_ = cpus;
}

bool Memory::LimitsSet(const std::string& container_id, const std::set<std::string>& limits) {
  if (limits.empty()) return false;
  base::MutexLock lock(mu_);
  std::set<std::string>& known = limits_set_[container_id];
  const size_t before = known.size();
  known.insert(limits.begin(), limits.end());
  return known.size() > before;
}

bool Memory::ForgetLimits(const std::string& container_id) {
  base::MutexLock lock(mu_);
  return limits_set_.erase(container_id) > 0;
}

state::LimitsSet Memory::limits_set() const {
  base::MutexLock lock(mu_);
  return limits_set_;
}

void Memory::Hold(const std::string& key, absl::Duration time, bool for_change) {
  base::MutexLock lock(mu_);
  Object& object = objects_[key];
  if (object.look > 0 && object.released >= object.look) return;
  object.held_until = clock_.Monotonic() + time;
  object.for_change = for_change;
}

absl::Duration Memory::Held(const std::string& key) const {
  base::MutexLock lock(mu_);
  const Object* object = Find(key);
  if (object == nullptr) return absl::ZeroDuration();
  return std::max(object->held_until - clock_.Monotonic(), absl::ZeroDuration());
}

bool Memory::WaitsForChange(const std::string& key) const {
  base::MutexLock lock(mu_);
  const Object* object = Find(key);
  return object != nullptr && object->for_change && object->held_until > clock_.Monotonic();
}

void Memory::Release(const std::string& key) {
  base::MutexLock lock(mu_);
  auto object = objects_.find(key);
  if (object != objects_.end()) Free(object->second);
}

void Memory::ReleaseAll() {
  base::MutexLock lock(mu_);
  for (auto& [key, object] : objects_) Free(object);
}

void Memory::Free(Object& object) {
  object.held_until = {-absl::InfiniteDuration()};
  object.released = looks_;
}

absl::Duration Memory::HoldBack(plan::Plan& plan, const plan::ObservedState& observed) const {
  base::MutexLock lock(mu_);
  return controller::HoldBack(plan, observed, doings_, clock_.Monotonic());
}

void Memory::Done(const plan::Plan& plan, size_t steps, const plan::ObservedState& observed) {
  base::MutexLock lock(mu_);
  doings_.Record(plan, steps, observed, clock_.Monotonic());
}

absl::Duration Memory::DependencyWait(const desired::Container& container) {
  base::MutexLock lock(mu_);
  const base::Instant now = clock_.Monotonic();
  Object& object = objects_[plan::ContainerKey(container.name)];
  if (!object.waits_since) object.waits_since = now;
  return std::max(*object.waits_since + container.dependency_deadline - now, absl::ZeroDuration());
}

News Memory::Record(const std::string& key, const Finding& finding) {
  base::MutexLock lock(mu_);
  Object& object = objects_[key];
  const base::Instant now = clock_.Monotonic();
  News news;
  news.ready_changed = object.ready != finding.ready;
  news.rolling_changed = object.rolling != finding.rolling || object.looked != finding.generation;
  object.rolling = finding.rolling;
  object.looked = finding.generation;
  news.drift_began =
      finding.drifted && !object.drifted;  // a wait in between (a removal) is no end of being in sync
  if (!finding.in_sync && !object.drifted_since) object.drifted_since = now;
  if (finding.in_sync && finding.ready && object.drifted_since) {
    news.converged_after = now - *object.drifted_since;
    object.drifted_since.reset();
  }
  if (finding.in_sync) object.waits_since.reset();
  if (finding.in_sync) object.generation = finding.generation;
  object.known = true;
  object.in_sync = finding.in_sync;
  object.drifted = finding.drifted;
  object.ready = finding.ready;
  return news;
}

bool Memory::WasInSync(const std::string& key) const {
  base::MutexLock lock(mu_);
  const Object* object = Find(key);
  return object != nullptr && object->known && object->in_sync;
}

int64_t Memory::NewRestarts(const std::string& key, const std::string& container_id, int64_t count) {
  base::MutexLock lock(mu_);
  Object& object = objects_[key];
  const bool same = object.container_id == container_id;
  const int64_t before = same ? object.restarts : 0;
  object.container_id = container_id;
  object.restarts = count;
  // The count of a container that is seen for the first time is history, and `docker start` sets it back to
  // 0.
  return same ? std::max<int64_t>(count - before, 0) : 0;
}

int64_t Memory::ObservedGeneration(const std::vector<std::string>& keys) const {
  base::MutexLock lock(mu_);
  if (host_ == nullptr) return 0;
  for (const std::string& key : keys) {
    const Object* object = Find(key);
    if (object == nullptr || !object->in_sync || object->generation != host_->generation) return 0;
  }
  return host_->generation;
}

bool Memory::LookedAtAll(const std::vector<std::string>& keys, int64_t generation) const {
  base::MutexLock lock(mu_);
  for (const std::string& key : keys) {
    const Object* object = Find(key);
    if (object == nullptr || object->looked != generation) return false;
  }
  return true;
}

void Memory::Forget(const std::string& key) {
  base::MutexLock lock(mu_);
  doings_.Forget(key);
  auto object = objects_.find(key);
  if (object == objects_.end()) return;
  limits_set_.erase(object->second.container_id);
  Object forgotten;
  // What goes on goes on, and who saw it go knows better than who looked before.
  forgotten.busy = object->second.busy;
  forgotten.work = object->second.work;
  forgotten.look = object->second.look;
  object->second = std::move(forgotten);
}

}  // namespace spacelet::controller
