#include "pkg/controller/networks.h"

#include <optional>
#include <utility>

#include "pkg/desired/compile.h"

namespace spacelet::controller {
namespace {

// The settings that were kept; nullopt when there are none, or when the text is not one of ours.
std::optional<docker::NetworkConfig> PreviousOf(const std::string& name, const api::NetworkHistory& history) {
  if (history.previous.empty()) return std::nullopt;
  std::optional<docker::NetworkConfig> config = desired::NetworkFromCanonicalJson(history.previous);
  return config && config->name == name ? config : std::nullopt;
}

}  // namespace

Networks::Networks(const Records& records) : records_(records), histories_(records.LoadNetworks()) {}

void Networks::FillFacts(const desired::Host& host, plan::Facts& facts) const {
  base::MutexLock lock(mu_);
  for (const auto& [name, history] : histories_) {
    plan::NetworkFact& fact = facts.networks[name];
    fact.history = history;
    if (auto config = PreviousOf(name, history))
      fact.previous = desired::LabelledNetwork(*std::move(config), host.name, host.revision).config;
  }
}

void Networks::Keep(const std::string& network, api::NetworkHistory history) {
  {
    base::MutexLock lock(mu_);
    if (history == api::NetworkHistory()) {
      histories_.erase(network);
      errors_.clear();
    } else {
      histories_[network] = std::move(history);
    }
  }
  Save();
}

bool Networks::Refused(const desired::Network& network, std::string message, bool error) {
  {
    base::MutexLock lock(mu_);
    auto history = histories_.find(network.config.name);
    if (history == histories_.end()) return false;
    const auto previous = PreviousOf(network.config.name, history->second);
    if (!previous || desired::SpecHash(*previous) == network.spec_hash) return false;
    if (error && ++errors_[network.spec_hash] < kErrorsThatAreANo) return false;
    errors_.erase(network.spec_hash);
    history->second.failed_hash = network.spec_hash;
    history->second.message = std::move(message);
  }
  Save();
  return true;
}

void Networks::ForgetFailed() {
  {
    base::MutexLock lock(mu_);
    bool any = false;
    for (auto& [name, history] : histories_) {
      any = any || !history.failed_hash.empty();
      history.failed_hash.clear();
      history.message.clear();
    }
    if (!any) return;
  }
  Save();
}

void Networks::Save() const {
  records_.SaveNetworks([this] {
    base::MutexLock lock(mu_);
    return histories_;
  });
}

}  // namespace spacelet::controller
