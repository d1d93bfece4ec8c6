#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "pkg/config/grammar.h"
#include "pkg/config/scalars.h"

namespace spacelet::config {
namespace {

using api::Workload;

constexpr char kCapabilityPattern[] = "^(ALL|(CAP_)?[A-Z][A-Z_]+)$";

// A plain text or a secret.
Codec<api::EnvValue> EnvValue() {
  const auto text = std::make_shared<const Codec<std::string>>(Scalar());
  const auto secret = std::make_shared<const Codec<api::SecretSource>>(Object(SecretRecord()));
  Codec<api::EnvValue> codec;
  codec.type = "text or secret";
  codec.schema = [text, secret](Definitions& d) {
    return JsonObject({{"anyOf", yaml::Node::Sequence({text->schema(d), secret->schema(d)})}});
  };
  codec.decode = [text, secret](const Cursor& at, api::EnvValue& out) {
    if (!at.node.is_map()) return text->decode(at, out.value);
    return secret->decode(at, out.secret.emplace());
  };
  codec.encode = [text, secret](const api::EnvValue& value) {
    return value.secret ? secret->encode(*value.secret) : JsonText(value.value);
  };
  return codec;
}

Record<api::ImagePullSecret> ImagePullSecretRecord() {
  Record<api::ImagePullSecret> record("imagePullSecret", "Credentials for the image's registry.");
  record.Add("username", &api::ImagePullSecret::username, Scalar(), "User name, e.g. `_json_key` or `AWS`.")
      .Required();
  record.Add("password", &api::ImagePullSecret::password, Object(SecretRecord()), "Password or token.")
      .Required();
  return record;
}

struct AutoUpdate {
  absl::Duration interval;
};

Record<AutoUpdate> AutoUpdateRecord() {
  Record<AutoUpdate> record("autoUpdate", "Follow a tag that moves.");
  record
      .Add("interval", &AutoUpdate::interval, Duration(),
           "How often the registry is asked, ±10 %; at least 5m.")
      .Required();
  return record;
}

// A file's content is a text, or a secret whose keys stand beside the path.
Record<api::File> FileRecord() {
  Record<api::File> record("containerFile",
                           "A file in the container; exactly one of content, file, env, command and value.");
  record.Add("path", &api::File::path, AbsolutePath(), "Where it goes in the container.").Required();
  record.Add("content", &api::File::content, Scalar(), "Its content, literally.");
  record.IncludeWith<api::SecretSource>(
      SecretRecord(),
      [](api::File& file) -> api::SecretSource& {
        return file.secret ? *file.secret : file.secret.emplace();
      },
      [](const api::File& file) { return file.secret ? &*file.secret : nullptr; });
  record.Add("mode", &api::File::mode, FileMode(), "Permissions in octal; quote it.")
      .Default("0644")
      .Example("\"0600\"");
  record.ExactlyOneOf({"content", "file", "env", "command", "value"});
  return record;
}

Record<api::Resources> ResourcesRecord() {
  using api::Resources;
  Record<Resources> record("resources", "Limits; all of them can be changed without a restart.");
  record.Add("cpus", &Resources::nano_cpus, Cpus(), "CPUs.").Example("1.5");
  record.Add("memory", &Resources::memory, Bytes(), "Memory.").Example("2g");
  record
      .Add("memorySwap", &Resources::memory_swap, BytesOrUnlimited(),
           "Memory and swap together; -1 is no limit.")
      .Example("2g");
  record.Add("pids", &Resources::pids, Integer64(-1), "Processes and threads; -1 is no limit.")
      .Example("4096");
  record.Add("cpuShares", &Resources::cpu_shares, Integer64(2, 262144), "Relative weight under contention.")
      .Example("1024");
  return record;
}

Record<api::Logging> LoggingRecord() {
  using api::Logging;
  Record<Logging> record("logging", "Docker's log driver and its rotation.");
  record.Add("driver", &Logging::driver, Text(), "Log driver.").Default("json-file");
  record
      .Add("maxSize", &Logging::max_size, TextLike("size", "^[1-9][0-9]*[kmg]$", "a size like 50m"),
           "Size of one log file.")
      .DefaultNote("`50m` for json-file and local");
  record.Add("maxFiles", &Logging::max_files, Integer(1, 1000), "Rotated files that are kept.")
      .DefaultNote("`3` for json-file and local");
  record.Add("options", &Logging::options, MapOf(Scalar()), "Further options of the driver.")
      .Example("{tag: \"{{.Name}}\"}");
  return record;
}

// PATH[:OPTIONS], as docker run --tmpfs takes it.
Codec<std::map<std::string, std::string>> Tmpfs() {
  constexpr char kPattern[] = "^/[^:]*(:[a-zA-Z0-9=,]+)?$";
  const auto list = std::make_shared<const Codec<std::vector<std::string>>>(
      ListOf(TextLike("tmpfs", kPattern, "PATH[:OPTIONS], like /tmp:size=64m")));
  Codec<std::map<std::string, std::string>> codec;
  codec.type = list->type;
  codec.schema = list->schema;
  codec.decode = [list](const Cursor& at, std::map<std::string, std::string>& out) {
    std::vector<std::string> entries;
    bool good = list->decode(at, entries);
    for (const std::string& entry : entries) {
      const size_t colon = entry.find(':');
      const std::string options = colon == std::string::npos ? "" : entry.substr(colon + 1);
      if (out.emplace(entry.substr(0, colon), options).second) continue;
      at.Error(absl::StrCat(entry.substr(0, colon), " is there twice"));
      good = false;
    }
    return good;
  };
  codec.encode = [](const std::map<std::string, std::string>& value) {
    yaml::Node node = yaml::Node::Sequence();
    for (const auto& [path, options] : value)
      node.items.push_back(yaml::Node::Text(options.empty() ? path : absl::StrCat(path, ":", options)));
    return node;
  };
  return codec;
}

Codec<std::vector<std::string>> LiveFields() {
  std::vector<std::string> names(std::begin(kLiveFields), std::end(kLiveFields));
  std::vector<std::pair<std::string, std::string>> words;
  for (const std::string& name : names) words.emplace_back(name, name);
  Codec<std::string> field = Enumeration<std::string>(words);
  field.type = "live field";
  return ListOf(std::move(field));
}

void AddImageFields(Record<Workload>& record) {
  record.Add("image", &Workload::image, ImageReference(), "Image with a tag or a digest.")
      .Required()
      .Example("prom/node-exporter:v1.9.1");
  record
      .Add("imagePullPolicy", &Workload::image_pull_policy,
           Enumeration<api::PullPolicy>({{"Always", api::PullPolicy::kAlways},
                                         {"IfNotPresent", api::PullPolicy::kIfNotPresent},
                                         {"Never", api::PullPolicy::kNever}}),
           "When the image is pulled, at the creation of the container.")
      .DefaultNote("`Always` for `:latest` or no tag, else `IfNotPresent`");
  record
      .Add("imageArchive", &Workload::image_archive, AbsolutePath(),
           "A `docker save` file, loaded when the registry cannot be reached.")
      .Example("/var/lib/spacelet/images/runner.tar");
  record.AddWith<AutoUpdate>(
      "autoUpdate", Object(AutoUpdateRecord()),
      [](Workload& w, AutoUpdate value) { w.auto_update_interval = value.interval; },
      [](const Workload& w) {
        return w.auto_update_interval ? std::optional(AutoUpdate{*w.auto_update_interval}) : std::nullopt;
      },
      "Ask the registry whether the tag has moved; a new digest is a rollout.");
  record.Add("imagePullSecret", &Workload::image_pull_secret, Object(ImagePullSecretRecord()),
             "Registry credentials; without it those of the agent's `--docker-config`.");
}

void AddIdentityFields(Record<Workload>& record) {
  record.Add("containerName", &Workload::container_name, ContainerName(), "Name of the container.")
      .DefaultNote("the name of the workload");
  record.Add("hostname", &Workload::hostname, Hostname(), "Hostname, also a network alias.")
      .DefaultNote("the profile's, else Docker's");
  record.Add("networkAliases", &Workload::network_aliases, ListOf(DnsName()), "Further names on the network.")
      .Example("[gateway]");
  record.Add("platform", &Workload::platform, Platform(), "Image platform.")
      .DefaultNote("the profile's, else the host's")
      .Example("linux/amd64");
}

void AddProcessFields(Record<Workload>& record) {
  record.Add("command", &Workload::command, ListOf(Scalar()), "Entrypoint.")
      .DefaultNote("the image's")
      .Example("[/bin/sh, -c]");
  record.Add("args", &Workload::args, ListOf(Scalar()), "Arguments.")
      .DefaultNote("the profile's, else the image's")
      .Example("[--verbose]");
  record.Add("workingDir", &Workload::working_dir, AbsolutePath(), "Working directory.")
      .DefaultNote("the image's")
      .Example("/data");
  record.Add("user", &Workload::user, Scalar(), "User and group, names or ids.")
      .DefaultNote("the image's")
      .Example("65534:65534");
  record
      .Add("labels", &Workload::labels, MapOf(Scalar()),
           "Container labels; `dev.spacelet.*` are the agent's own.")
      .Example("{com.example.team: platform}");
  record
      .Add("env", &Workload::env, MapOf(EnvValue(), kEnvNamePattern, "the name of an environment variable"),
           "Environment: texts or secrets.")
      .Example("{LOG_LEVEL: info, TOKEN: {file: /etc/spacelet/token}}");
  record
      .Add("files", &Workload::files, ListOf(Object(FileRecord())),
           "Files copied into the container before it starts.")
      .Example("[{path: /etc/app.conf, content: \"debug=false\"}]");
}

void AddPlaceFields(Record<Workload>& record) {
  record
      .Add("volumes", &Workload::volumes, ListOf(Volume()),
           "Bind mounts `HOST:CONTAINER[:ro]`; a missing source is refused.")
      .Example("[\"/var/lib/app:/data\", \"/etc/ssl/certs:/etc/ssl/certs:ro\"]");
  record
      .Add("ports", &Workload::ports, ListOf(Port()),
           "Published ports `[IP:]HOST:CONTAINER[/udp]`; no IP means 127.0.0.1.")
      .Example("[\"127.0.0.1:9100:9100\"]");
  record
      .Add("hostNetwork", &Workload::host_network, Boolean(),
           "Use the host's network; excludes networkAliases and ports.")
      .Default("false");
  record.Add("hostPID", &Workload::host_pid, Boolean(), "Use the host's process ids.").Default("false");
  record.Add("resources", &Workload::resources, Object(ResourcesRecord()), "CPU, memory and process limits.");
}

void AddLifeFields(Record<Workload>& record) {
  record.Add("stopGracePeriod", &Workload::stop_grace_period, Duration(), "Time from SIGTERM to SIGKILL.")
      .DefaultNote("`10s`")
      .Example("300s");
  record
      .Add("stopSignal", &Workload::stop_signal,
           TextLike("signal", "^(SIG[A-Z0-9+-]+)$", "a signal like SIGINT"), "Signal that asks it to stop.")
      .DefaultNote("the image's")
      .Example("SIGINT");
  record
      .Add("restartPolicy", &Workload::restart_policy, RestartPolicy(),
           "What Docker does when it exits: `unless-stopped`, `always`, `on-failure[:N]`, `no` (the last not "
           "for runner and delegate).")
      .Default("unless-stopped");
  record.Add("logging", &Workload::logging, Object(LoggingRecord()), "Log driver and rotation.")
      .DefaultNote("`{driver: json-file, maxSize: 50m, maxFiles: 3}`");
  record
      .Add("readinessProbe", &Workload::readiness_probe, Object(ProbeRecord()),
           "Ready to be used; gates rollouts and dependents.")
      .DefaultNote("the profile's, else running is ready");
  record.Add("startupProbe", &Workload::startup_probe, Object(ProbeRecord()),
             "Holds back the other two until it succeeds; restarts the container when it does not.");
  record.Add("livenessProbe", &Workload::liveness_probe, Object(ProbeRecord()),
             "Restarts the container when it fails.");
  record
      .Add("dependsOn", &Workload::depends_on, ListOf(DnsLabel()),
           "Workloads that should be ready before this one is first created.")
      .DefaultNote("the delegate waits for the runner")
      .Example("[runner]");
  record.Add("rollout", &Workload::rollout, Object(RolloutRecord()), "How it is replaced.");
  record
      .Add("ignoreDrift", &Workload::ignore_drift, LiveFields(),
           "Live fields that are left as they are found.")
      .Example("[resources.memory]");
  record
      .Add("takeover", &Workload::takeover, Boolean(),
           "Replace the hand-started container that does this work, by a rollout.")
      .Default("false");
}

void AddSecurityFields(Record<Workload>& record) {
  const std::string docker = "Docker's default";
  record.Add("init", &Workload::init, Boolean(), "Run an init process that reaps zombies.")
      .DefaultNote(docker);
  record.Add("readOnly", &Workload::read_only, Boolean(), "Read-only root file system.").DefaultNote(docker);
  record.Add("tmpfs", &Workload::tmpfs, Tmpfs(), "In-memory file systems `PATH[:OPTIONS]`.")
      .Example("[\"/tmp:size=64m\"]");
  record
      .Add("capAdd", &Workload::cap_add,
           ListOf(TextLike("capability", kCapabilityPattern, "a capability like NET_ADMIN")),
           "Capabilities added.")
      .Example("[NET_ADMIN]");
  record
      .Add("capDrop", &Workload::cap_drop,
           ListOf(TextLike("capability", kCapabilityPattern, "a capability like ALL")),
           "Capabilities dropped.")
      .Example("[ALL]");
  record.Add("noNewPrivileges", &Workload::no_new_privileges, Boolean(), "No setuid escalation.")
      .DefaultNote(docker);
  record.Add("privileged", &Workload::privileged, Boolean(), "All rights on the host. Warned about.")
      .DefaultNote(docker);
  record
      .Add("devices", &Workload::devices,
           ListOf(TextLike("device", "^/dev/[^:]+(:/[^:]+(:[rwm]{1,3})?)?$",
                           "HOST[:CONTAINER[:PERMISSIONS]], like /dev/kvm")),
           "Devices `HOST[:CONTAINER[:PERMISSIONS]]`.")
      .Example("[/dev/kvm]");
  record
      .Add("ulimits", &Workload::ulimits, MapOf(Ulimit(), "^[a-z]+$", "the name of a limit like nofile"),
           "Resource limits of processes.")
      .Example("{nofile: 65536, core: {soft: 0, hard: 0}}");
  record
      .Add("sysctls", &Workload::sysctls,
           MapOf(Scalar(), "^[a-z0-9_-]+([./][a-z0-9_*-]+)+$", "a kernel parameter like net.core.somaxconn"),
           "Kernel parameters of its namespaces.")
      .Example("{net.core.somaxconn: \"1024\"}");
  record
      .Add("extraHosts", &Workload::extra_hosts,
           ListOf(TextLike("host", "^[a-zA-Z0-9.-]+:(host-gateway|[0-9a-fA-F:.]+)$",
                           "NAME:IP, like db.internal:10.0.0.5")),
           "Lines of /etc/hosts.")
      .Example("[\"db.internal:10.0.0.5\"]");
  record.Add("dns", &Workload::dns, ListOf(IpAddress()), "Name servers.")
      .DefaultNote(docker)
      .Example("[10.0.0.2]");
  record.Add("shmSize", &Workload::shm_size, Bytes(), "Size of /dev/shm.").DefaultNote(docker).Example("64m");
}

}  // namespace

const Record<Workload>& WorkloadRecord() {
  static const Record<Workload>& made = *[] {
    auto* record = new Record<Workload>("workload", "What every workload has.");
    AddImageFields(*record);
    AddIdentityFields(*record);
    AddProcessFields(*record);
    AddPlaceFields(*record);
    AddLifeFields(*record);
    AddSecurityFields(*record);
    return record;
  }();
  return made;
}

}  // namespace spacelet::config
