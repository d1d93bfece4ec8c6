#include "pkg/importer/workload.h"

#include <algorithm>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "pkg/base/secret_name.h"

namespace spacelet::importer {
namespace {

constexpr char kNotShown[] = "NOT-SHOWN";  // where a secret would stand and no reference to it can

// "https://user:password@proxy/"
bool HoldsCredentials(const std::string& value) {
  const size_t scheme = value.find("://"), at = value.find('@');
  return scheme != std::string::npos && at != std::string::npos && scheme < at &&
         value.find(':', scheme + 3) < at;
}

bool IsPlainWord(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || absl::StrContains("_.-/", c);
  });
}

std::string SecretPath(const std::string& component, const std::string& variable) {
  const std::string name = absl::StrReplaceAll(absl::AsciiStrToLower(variable), {{"_", "-"}});
  return absl::StrCat("/etc/spacelet/", component, "-", name);
}

// Docker takes it with and without the prefix, and shows it with it.
std::string Capability(const std::string& name) { return std::string(absl::StripPrefix(name, "CAP_")); }

class Builder {
 public:
  Builder(const docker::Recipe& recipe, const std::string& component, Notes& notes)
      : recipe_(recipe), config_(recipe.request.config), component_(component), notes_(notes) {}

  api::Workload Build(const std::string& network) {
    for (const std::string& other : recipe_.others) Say("", absl::StrCat("not in the document: ", other));
    out_.image = config_.image;
    if (config_.image.rfind("sha256:", 0) == 0) Say("image", "was started by its id: name a tag or a digest");
    out_.container_name = recipe_.request.name;
    Process();
    Environment();
    Storage();
    Network(network);
    Security();
    Resources();
    Restarts();
    Labels();
    return std::move(out_);
  }

 private:
  void Say(std::string field, std::string text) { notes_.push_back({std::move(field), std::move(text)}); }

  static std::optional<std::string> Unless(const std::string& value, const std::string& nothing = "") {
    return value == nothing ? std::nullopt : std::optional<std::string>(value);
  }

  // What looks like the value of a secret is not shown: "--token=x", "--token x", a script that sets one.
  std::vector<std::string> Masked(std::vector<std::string> words, const char* field) {
    bool masked = false, next = false;
    for (std::string& word : words) {
      const bool is_flag = !word.empty() && word[0] == '-';
      const size_t end = word.find_first_of("= ");
      const bool named = base::LooksSecret(word), follows = next && !is_flag;
      next = is_flag && named && end == std::string::npos;
      if (!follows && !HoldsCredentials(word) && !(named && end != std::string::npos)) continue;
      const bool assigns = is_flag && end != std::string::npos && word[end] == '=';
      word = assigns ? absl::StrCat(word.substr(0, end + 1), kNotShown) : kNotShown;
      masked = true;
    }
    if (masked)
      Say(field, absl::StrCat("write what is hidden in the place of ", kNotShown, ", or better into a file"));
    return words;
  }

  void Process() {
    if (config_.entrypoint) out_.command = Masked(*config_.entrypoint, "command");
    if (config_.cmd) out_.args = Masked(*config_.cmd, "args");
    out_.user = Unless(config_.user);
    out_.working_dir = Unless(config_.working_dir);
    out_.stop_signal = Unless(config_.stop_signal);
    out_.stop_grace_period = config_.stop_timeout;
    out_.init = config_.init;
  }

  void Environment() {
    for (const auto& [name, variable] : config_.env) {
      api::EnvValue& value = out_.env[name];
      if (!base::LooksSecret(name) && !HoldsCredentials(variable.value)) {
        value.value = variable.value;
        continue;
      }
      value.secret.emplace().file = SecretPath(component_, name);
      notes_.push_back(SaveSecret(recipe_, name, absl::StrCat("env.", name), value.secret->file));
    }
  }

  void Storage() {
    for (const docker::Mount& m : config_.mounts) out_.volumes.push_back({m.source, m.target, m.read_only});
    out_.tmpfs = config_.tmpfs;
    for (const docker::Device& d : config_.devices) {
      const bool plain = d.host_path == d.container_path && d.permissions == "rwm";
      out_.devices.push_back(plain ? d.host_path
                                   : absl::StrCat(d.host_path, ":", d.container_path, ":", d.permissions));
    }
    out_.shm_size = config_.shm_size;
    if (config_.read_only) out_.read_only = true;
  }

  void Network(const std::string& network) {
    out_.host_network = config_.network_mode == "host";
    out_.host_pid = config_.host_pid;
    out_.extra_hosts = config_.extra_hosts;
    out_.dns = config_.dns;
    if (out_.host_network) return;
    out_.hostname = Unless(config_.hostname);
    out_.network_aliases = config_.aliases;
    std::vector<api::Port>& ports = out_.ports.emplace();
    for (const docker::PortBinding& p : config_.ports) Publish(p, ports);
    for (const std::string& other : recipe_.networks)
      if (other != network)
        Say("", absl::StrCat("was on network ", other, "; the document has one network, ", network));
  }

  void Publish(const docker::PortBinding& p, std::vector<api::Port>& ports) {
    if (p.host_port == 0)
      return Say(
          "", absl::StrCat("not in the document: port ", p.container_port, " on a port of Docker's choice"));
    const bool everywhere = p.host_ip.empty() || p.host_ip == "::" || p.host_ip == "0.0.0.0";
    const api::Port port{everywhere ? "0.0.0.0" : p.host_ip, p.host_port, p.container_port, p.protocol};
    if (std::find(ports.begin(), ports.end(), port) != ports.end()) return;  // the same on IPv6
    ports.push_back(port);
    if (everywhere)
      Say("ports", absl::StrCat("published on all interfaces, as it was; 127.0.0.1:", p.host_port, ":",
                                p.container_port, " is for this host only"));
  }

  void Security() {
    if (config_.privileged) out_.privileged = true;
    if (config_.no_new_privileges) out_.no_new_privileges = true;
    for (const std::string& name : config_.cap_add) out_.cap_add.push_back(Capability(name));
    for (const std::string& name : config_.cap_drop) out_.cap_drop.push_back(Capability(name));
  }

  void Resources() {
    const docker::LiveResources& live = config_.resources;
    out_.resources = {live.nano_cpus, live.memory, live.memory_swap, live.pids_limit, live.cpu_shares};
    const bool twice = live.memory && live.memory_swap && *live.memory_swap == 2 * *live.memory;
    if (twice || !live.memory) out_.resources.memory_swap.reset();  // what Docker makes of the memory alone
    for (const docker::Ulimit& u : config_.ulimits) out_.ulimits[u.name] = {u.soft, u.hard};
    out_.sysctls = config_.sysctls;
    Logging();
  }

  void Logging() {
    const docker::LogConfig& log = config_.log;
    if ((log.driver.empty() || log.driver == "json-file") && log.options.empty()) return;
    api::Logging& out = out_.logging.emplace();
    out.driver = log.driver;
    for (const auto& [name, value] : log.options) {
      if (base::LooksSecret(name)) {
        Say("logging", absl::StrCat("not in the document: its option ", name, ", which looks like a secret"));
      } else if (int number = 0; name == "max-file" && absl::SimpleAtoi(value, &number)) {
        out.max_files = number;
      } else if (name == "max-size") {
        out.max_size = value;
      } else {
        out.options[name] = value;
      }
    }
  }

  void Restarts() {
    const docker::RestartPolicy& policy = config_.restart_policy;
    using Kind = api::RestartPolicy::Kind;
    if (policy.name == "always") out_.restart_policy.kind = Kind::kAlways;
    if (policy.name == "on-failure") out_.restart_policy = {Kind::kOnFailure, policy.max_retries};
    if (policy.name == "no")
      Say("", "had no restart policy: Docker started it neither after a crash nor at boot; here it does");
  }

  void Labels() {
    for (const auto& [name, value] : config_.labels) {
      if (absl::StartsWith(name, "com.docker.compose.")) {
        compose_ = name == "com.docker.compose.project" ? value : compose_;
      } else if (base::LooksSecret(name)) {
        Say("", absl::StrCat("not in the document: label ", name, ", which looks like a secret"));
      } else {
        out_.labels[name] = value;
      }
    }
    if (!compose_.empty())
      Say("", absl::StrCat("belongs to the compose project ", compose_, ": take it out of there"));
  }

  const docker::Recipe& recipe_;
  const docker::ContainerConfig& config_;
  const std::string component_;
  Notes& notes_;
  api::Workload out_;
  std::string compose_;
};

}  // namespace

api::Workload WorkloadOf(const docker::Recipe& recipe, const std::string& component,
                         const std::string& network, Notes& notes) {
  return Builder(recipe, component, notes).Build(network);
}

Note SaveSecret(const docker::Recipe& recipe, const std::string& variable, const std::string& field,
                const std::string& path) {
  // Somebody will paste the line below into a shell.
  if (!IsPlainWord(variable) || !IsPlainWord(recipe.request.name) || !IsPlainWord(path))
    return {field, "save it first, it is shown to nobody"};
  return {field, absl::StrCat("save it first, it is shown to nobody:\ndocker inspect -f '{{range "
                              ".Config.Env}}{{println .}}{{end}}' ",
                              recipe.request.name, " | sed -n 's/^", variable,
                              "=//p' | sudo install -D -m 600 /dev/stdin ", path)};
}

std::string Take(std::map<std::string, api::EnvValue>& env, const std::string& variable) {
  const auto it = env.find(variable);
  if (it == env.end()) return "";
  std::string value = std::move(it->second.value);
  env.erase(it);
  return value;
}

}  // namespace spacelet::importer
