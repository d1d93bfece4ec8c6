// Random documents under random policies: another allowance never adds a violation, and where there is none,
// every field is among what is allowed.
#include <algorithm>
#include <cstdlib>
#include <random>

#include "gtest/gtest.h"
#include "pkg/policy/policy.h"

namespace spacelet::policy {
namespace {

using Texts = std::vector<std::string>;

// Few values, so that document and policy often agree. `*` does not occur: what is allowed is what is listed.
const Texts kImages = {"docker.io/a/b", "docker.io/a/c", "ghcr.io/a/b"},
            kPaths = {"/srv/a", "/srv/b", "/runner", "/"}, kCapabilities = {"NET_ADMIN", "SYS_ADMIN"},
            kDevices = {"/dev/kvm", "/dev/sda"}, kSysctls = {"net.core.somaxconn", "net.ipv4.tcp_syncookies"},
            kLabels = {"x", "y"}, kDrivers = {"json-file", "syslog", "gelf"}, kOptions = {"max-size", "env"},
            kAddresses = {"127.0.0.1", "0.0.0.0", "10.0.0.5"}, kNetworks = {"harness", "edge"},
            kHosts = {"app.harness.io", "evil.com"}, kVariables = {"A", "B"}, kPrograms = {"sops", "sh"};

class Dice {
 public:
  explicit Dice(uint64_t seed) : random_(seed) {}
  bool Coin(int one_in = 2) { return std::uniform_int_distribution<int>(1, one_in)(random_) == 1; }
  const std::string& One(const Texts& values) {
    return values[std::uniform_int_distribution<size_t>(0, values.size() - 1)(random_)];
  }
  Texts Some(const Texts& values) {
    Texts out;
    for (const std::string& value : values)
      if (Coin(3)) out.push_back(value);
    return out;
  }

 private:
  std::mt19937_64 random_;
};

api::SecretSource RandomSecret(Dice& dice) {
  api::SecretSource source;
  source.kind =
      static_cast<api::SecretSource::Kind>(dice.Coin() ? (dice.Coin() ? 0 : 1) : (dice.Coin() ? 2 : 3));
  source.file = dice.One(kPaths);
  source.env = dice.One(kVariables);
  source.command = {dice.One(kPrograms), "x"};
  return source;
}

api::Workload RandomWorkload(Dice& dice) {
  api::Workload w;
  w.image = dice.One(kImages) + ":1";
  w.privileged = dice.Coin(6);
  w.host_network = dice.Coin(6);
  w.host_pid = dice.Coin(6);
  w.takeover = dice.Coin(6);
  w.cap_add = dice.Some(kCapabilities);
  w.devices = dice.Some(kDevices);
  for (const std::string& name : dice.Some(kSysctls)) w.sysctls[name] = "1";
  for (const std::string& key : dice.Some(kLabels)) w.labels[key] = "1";
  for (const std::string& path : dice.Some(kPaths)) w.volumes.push_back({path, "/x" + path, dice.Coin()});
  w.ports.emplace();
  for (const std::string& ip : dice.Some(kAddresses)) w.ports->push_back({ip, 80, 80, "tcp"});
  w.logging.emplace().driver = dice.One(kDrivers);
  for (const std::string& name : dice.Some(kOptions)) w.logging->options[name] = "1";
  for (const std::string& name : dice.Some(kVariables)) {
    w.env[name].value = "1";
    if (dice.Coin()) w.env[name].secret = RandomSecret(dice);
  }
  if (dice.Coin(4)) w.image_archive = dice.One(kPaths);
  if (dice.Coin(4)) w.args = {"x"};
  return w;
}

api::Document RandomDocument(Dice& dice) {
  api::Document document;
  document.network.name = dice.One(kNetworks);
  if (dice.Coin()) {
    document.runner.emplace().workload = RandomWorkload(dice);
    document.runner->directory = dice.One(kPaths);
    if (dice.Coin()) document.runner->pool.emplace().file = dice.One(kPaths);
  }
  if (dice.Coin()) {
    document.delegate.emplace().workload = RandomWorkload(dice);
    document.delegate->manager_url = "https://" + dice.One(kHosts);
    document.delegate->token = RandomSecret(dice);
  }
  if (dice.Coin()) document.containers.push_back({"tool", RandomWorkload(dice)});
  return document;
}

// Every rule that allows something, with what it may be given.
struct Allowance {
  const char* rule;
  std::function<void(Rules&, Dice&)> add;
};

void Add(Texts& list, const Texts& values, Dice& dice) { list.push_back(dice.One(values)); }

const std::vector<Allowance>& Allowances() {
  static const auto& all = *new std::vector<Allowance>{
      {"images.repositories", [](Rules& r, Dice& d) { Add(r.images.repositories, kImages, d); }},
      {"images.archives", [](Rules& r, Dice& d) { Add(r.images.archives, kPaths, d); }},
      {"containers.privileged", [](Rules& r, Dice&) { r.containers.privileged = true; }},
      {"containers.hostNetwork", [](Rules& r, Dice&) { r.containers.host_network = true; }},
      {"containers.hostPID", [](Rules& r, Dice&) { r.containers.host_pid = true; }},
      {"containers.takeover", [](Rules& r, Dice&) { r.containers.takeover = true; }},
      {"containers.capabilities",
       [](Rules& r, Dice& d) { Add(r.containers.capabilities, kCapabilities, d); }},
      {"containers.devices", [](Rules& r, Dice& d) { Add(r.containers.devices, kDevices, d); }},
      {"containers.sysctls", [](Rules& r, Dice& d) { Add(r.containers.sysctls, kSysctls, d); }},
      {"containers.labels", [](Rules& r, Dice& d) { Add(r.containers.labels, kLabels, d); }},
      {"containers.logDrivers", [](Rules& r, Dice& d) { Add(r.containers.log_drivers, kDrivers, d); }},
      {"containers.logOptions", [](Rules& r, Dice& d) { Add(r.containers.log_options, kOptions, d); }},
      {"volumes.hostPaths", [](Rules& r, Dice& d) { Add(r.volumes.host_paths, kPaths, d); }},
      {"ports.addresses", [](Rules& r, Dice& d) { Add(r.ports.addresses, kAddresses, d); }},
      {"network.names", [](Rules& r, Dice& d) { Add(r.network.names, kNetworks, d); }},
      {"runner.directories", [](Rules& r, Dice& d) { Add(r.runner.directories, kPaths, d); }},
      {"runner.poolFiles", [](Rules& r, Dice& d) { Add(r.runner.pool_files, kPaths, d); }},
      {"delegate.managerHosts", [](Rules& r, Dice& d) { Add(r.delegate.manager_hosts, kHosts, d); }},
      {"secrets.files", [](Rules& r, Dice& d) { Add(r.secrets.files, kPaths, d); }},
      {"secrets.variables", [](Rules& r, Dice& d) { Add(r.secrets.variables, kVariables, d); }},
      {"secrets.commands",
       [](Rules& r, Dice& d) {
         r.secrets.commands.push_back({d.One(kPrograms), "x"});
       }},
      {"exposure.images", [](Rules& r, Dice& d) { Add(r.exposure.images, kImages, d); }},
      {"exposure.variables", [](Rules& r, Dice& d) { Add(r.exposure.variables, kVariables, d); }},
  };
  return all;
}

bool In(const Texts& written, const Texts& baseline, const std::string& value) {
  return std::find(written.begin(), written.end(), value) != written.end() ||
         std::find(baseline.begin(), baseline.end(), value) != baseline.end();
}

// Said again in the simplest words, without patterns.
struct Reader {
  const Rules& r;
  const Rules& b = Baseline();

  bool Secret(const api::SecretSource& s) const {
    switch (s.kind) {
      case api::SecretSource::Kind::kFile:
        return In(r.secrets.files, {}, s.file);
      case api::SecretSource::Kind::kEnv:
        return In(r.secrets.variables, {}, s.env);
      case api::SecretSource::Kind::kCommand:
        return std::find(r.secrets.commands.begin(), r.secrets.commands.end(), s.command) !=
               r.secrets.commands.end();
      case api::SecretSource::Kind::kValue:
        return true;
    }
    return false;
  }

  static bool IsOwn(const api::EnvValue& v) {
    return !v.secret || v.secret->kind == api::SecretSource::Kind::kValue;
  }

  bool Exposure(const api::Workload& w, bool has_secrets) const {
    for (const auto& [name, v] : w.env) has_secrets = has_secrets || !IsOwn(v);
    const std::string repository = w.image.substr(0, w.image.rfind(':'));
    if (!has_secrets || In(r.exposure.images, {}, repository)) return true;
    for (const auto& [name, v] : w.env)
      if (IsOwn(v) && !In(r.exposure.variables, {}, name)) return false;
    return !w.args && w.volumes.empty();
  }

  bool Workload(const api::Workload& w, bool has_secrets) const {
    const auto& c = r.containers;
    bool good = In(r.images.repositories, {}, w.image.substr(0, w.image.rfind(':')));
    good = good && (!w.image_archive || In(r.images.archives, {}, *w.image_archive));
    good = good && (c.privileged || !*w.privileged) && (c.host_network || !w.host_network);
    good = good && (c.host_pid || !w.host_pid) && (c.takeover || !w.takeover);
    for (const std::string& x : w.cap_add) good = good && In(c.capabilities, {}, x);
    for (const std::string& x : w.devices) good = good && In(c.devices, {}, x);
    for (const auto& [x, v] : w.sysctls) good = good && In(c.sysctls, b.containers.sysctls, x);
    for (const auto& [x, v] : w.labels) good = good && In(c.labels, {}, x);
    for (const api::Volume& v : w.volumes) good = good && In(r.volumes.host_paths, {}, v.host);
    for (const api::Port& p : *w.ports) good = good && In(r.ports.addresses, b.ports.addresses, p.ip);
    good = good && In(c.log_drivers, b.containers.log_drivers, w.logging->driver);
    for (const auto& [x, v] : w.logging->options)
      good = good && In(c.log_options, b.containers.log_options, x);
    for (const auto& [x, v] : w.env) good = good && (!v.secret || Secret(*v.secret));
    return good && Exposure(w, has_secrets);
  }

  bool Document(const api::Document& d) const {
    bool good = In(r.network.names, b.network.names, d.network.name);
    if (d.runner) {
      good = good && Workload(d.runner->workload, true) &&
             In(r.runner.directories, b.runner.directories, d.runner->directory);
      if (d.runner->pool) good = good && In(r.runner.pool_files, b.runner.pool_files, *d.runner->pool->file);
    }
    if (d.delegate)
      good = good && Workload(d.delegate->workload, true) && Secret(d.delegate->token) &&
             In(r.delegate.manager_hosts, b.delegate.manager_hosts, d.delegate->manager_url.substr(8));
    for (const api::GenericContainer& g : d.containers) good = good && Workload(g.workload, false);
    return good;
  }
};

uint64_t Seed() {
  const char* written = std::getenv("SPACELET_SEED");
  return written != nullptr ? std::strtoull(written, nullptr, 10) : std::random_device{}();
}

Texts Keys(const std::vector<Violation>& violations) {
  Texts out;
  for (const Violation& v : violations) out.push_back(v.rule + " at " + v.field);
  std::sort(out.begin(), out.end());
  return out;
}

TEST(Property, AnotherAllowanceNeverAddsAViolationAndNoneMeansAllowed) {
  const uint64_t seed = Seed();
  SCOPED_TRACE(testing::Message() << "SPACELET_SEED=" << seed);
  Dice dice(seed);
  int allowed = 0;
  for (int round = 0; round < 300; ++round) {
    const api::Document document = RandomDocument(dice);
    Policy policy;
    Texts before = Keys(Check(document, &policy, Origin::kGit, {}));
    for (int step = 0; step < 60; ++step) {
      const size_t which = static_cast<size_t>(step) < Allowances().size() ? static_cast<size_t>(step) : 0;
      const Allowance& allowance =
          step < 30 ? Allowances()[which]
                    : Allowances()[static_cast<size_t>(step * 7 + round) % Allowances().size()];
      allowance.add(policy.rules, dice);
      const Texts after = Keys(Check(document, &policy, Origin::kGit, {}));
      ASSERT_TRUE(std::includes(before.begin(), before.end(), after.begin(), after.end())) << allowance.rule;
      ASSERT_EQ(after.empty(), (Reader{policy.rules}.Document(document))) << testing::PrintToString(after);
      before = after;
    }
    allowed += before.empty() ? 1 : 0;
  }
  EXPECT_GT(allowed, 10);  // the interesting side was seen as well
}

}  // namespace
}  // namespace spacelet::policy
