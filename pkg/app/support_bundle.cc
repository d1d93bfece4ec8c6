#include "pkg/app/support_bundle.h"

#include <dirent.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "pkg/api/labels.h"
#include "pkg/app/build_info.h"
#include "pkg/app/compile_here.h"
#include "pkg/app/docker_endpoint.h"
#include "pkg/app/document_here.h"
#include "pkg/app/host_facts.h"
#include "pkg/app/one_shot.h"
#include "pkg/base/file.h"
#include "pkg/base/secret_name.h"
#include "pkg/base/status_macros.h"
#include "pkg/base/subprocess.h"
#include "pkg/bundle/bundle.h"
#include "pkg/config/load.h"
#include "pkg/docker/http_client.h"
#include "pkg/doctor/check.h"
#include "pkg/doctor/examine.h"
#include "pkg/plan/text.h"
#include "pkg/report/plan_json.h"
#include "pkg/secret/secret.h"

namespace spacelet::app {
namespace {

constexpr size_t kMaxFile = 4 << 20;
constexpr absl::Duration kProgramPatience = absl::Seconds(20);
constexpr absl::Duration kAgentPatience = absl::Seconds(10);

// Records whose form is known to hold no secret in clear. Not the kept document, and not the key of the
// digests.
constexpr const char* kStateRecords[] = {"limits-set.json", "networks.json", "notified.json", "rollouts.json",
                                         "used-images.json"};

absl::StatusOr<std::string> ReadText(const std::string& path) {
  ASSIGN_OR_RETURN(base::FileContent content, base::ReadFile(path, kMaxFile));
  return std::move(content.bytes);
}

std::string VersionsText() {
  const BuildInfo build = GetBuildInfo();
  utsname kernel{};
  uname(&kernel);
  return absl::StrCat("spacelet ", build.version, " (", build.revision, ", ", build.compiler, ")\n",
                      kernel.sysname, " ", kernel.release, " ", kernel.version, " ", kernel.machine,
                      "\n\n/etc/os-release:\n", ReadText("/etc/os-release").value_or("not there\n"));
}

std::string ListDirectory(const std::string& path) {
  std::map<std::string, std::string> lines;
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir(path.c_str()), closedir);
  if (!directory) return absl::StrCat(path, " cannot be read\n");
  while (const dirent* entry = readdir(directory.get())) {
    struct stat st {};
    if (lstat(absl::StrCat(path, "/", entry->d_name).c_str(), &st) != 0) continue;
    lines[entry->d_name] = absl::StrFormat(
        "%06o %5d:%-5d %10d %s %s\n", st.st_mode, st.st_uid, st.st_gid, st.st_size,
        absl::FormatTime(absl::RFC3339_sec, absl::FromTimeT(st.st_mtime), absl::UTCTimeZone()),
        entry->d_name);
  }
  std::string text = path + ":\n";
  for (const auto& [name, line] : lines) text += line;
  return text;
}

class Collector {
 public:
  Collector(const BundleOptions& options, const std::stop_token& stop)
      : options_(options), stop_(stop), facts_(options.doctor.host), bundle_(options.name, redactor_) {}

  absl::StatusOr<BundleResult> Run() {
    ReadDocument();
    ConnectToDocker();
    LearnSecrets();
    bundle_.Add("versions.txt", "spacelet, kernel and distribution", VersionsText());
    AddDocument();
    AddDiagnosis();
    AddPlan();
    AddAgent();
    AddObjects();
    AddState();
    AddJournal();
    ASSIGN_OR_RETURN(std::string archive, bundle_.Archive(hidden_));
    return BundleResult{std::move(archive), bundle_.Manifest(hidden_)};
  }

 private:
  // A container of ours, and what Docker says of it.
  struct Inspected {
    std::string id, name, image_id, json;
  };

  void ReadDocument() {
    version_ = DocumentHere(options_.doctor);
    if (version_.ok()) loaded_ = Load(*version_);
    compiled_ = Compile(loaded_);
    auto kept = state::Directory(options_.doctor.state_dir).LoadLastGood();
    if (kept.ok()) in_force_ = Compile(Load(source::VersionOf(*std::move(kept))));
    for (const desired::Container& container : Declared())
      for (const auto& [variable, source] : container.secret_env) secret_variables_.insert(variable);
  }

  config::Loaded Load(const source::Version& version) {
    return config::Load(source::InputOf(version, absl::Now(), facts_.asker()));
  }

  std::optional<desired::Compiled> Compile(const config::Loaded& loaded) {
    if (!loaded.ok()) return std::nullopt;
    return CompileHere(*loaded.document, loaded.revision, 0, loaded.files, NameOf(options_.doctor.host));
  }

  // By the document that was asked for, and by the one in force: the first may be broken, or a newer one.
  std::vector<desired::Container> Declared() const {
    std::vector<desired::Container> containers;
    for (const auto* compiled : {&compiled_, &in_force_})
      if (*compiled)
        containers.insert(containers.end(), (*compiled)->host.containers.begin(),
                          (*compiled)->host.containers.end());
    return containers;
  }

  void ConnectToDocker() {
    const auto endpoint = ResolveDockerEndpoint(options_.doctor.docker.host, GetEnv);
    docker_error_ = endpoint.status();
    if (!endpoint.ok()) return;
    docker_ = std::make_unique<docker::HttpClient>(endpoint->endpoint, docker::HttpClientOptions{});
    const auto owned = docker_->ListContainers(absl::StrCat(api::kLabelManaged, "=true"), stop_);
    docker_error_ = owned.status();
    if (!owned.ok()) return;
    for (const docker::ContainerSummary& container : *owned) {
      const auto json = docker_->ReadInspectJson("containers", container.id, stop_);
      inspected_.push_back({container.id, container.name, container.image_id, json.value_or("")});
    }
  }

  // Before anything is added: what is not known yet cannot be hidden.
  void LearnSecrets() {
    for (const Inspected& container : inspected_)
      for (const std::string& value : bundle::SecretValuesIn(container.json, secret_variables_))
        redactor_.Add(value);
    secret::Store store(base::RealClock(), redactor_);  // tells the redactor
    for (const desired::Container& container : Declared()) {
      for (const auto& [variable, source] : container.secret_env) store.Get(source, false, stop_);
      for (const auto& [variable, literal] : container.config.env)
        if (base::LooksSecret(variable)) redactor_.Add(literal.value);
      for (const desired::File& file : container.files)
        if (file.secret) store.Get(*file.secret, false, stop_);
      if (container.image_pull_secret) store.Get(container.image_pull_secret->password, false, stop_);
    }
  }

  void AddDocument() {
    if (!version_.ok()) return bundle_.AddOr("document.yaml", "the document", version_.status());
    bundle_.AddOr("document.yaml", "the document, without comments",
                  bundle::MaskDocument(version_->bytes, hidden_));
    for (const auto& [path, bytes] : loaded_.files)
      bundle_.AddOr(absl::StrCat("beside/", path), "merged into it, without comments",
                    bundle::MaskDocument(bytes, hidden_));
    std::string places;  // the text of a diagnostic may quote what is written there
    for (const config::Diagnostic& diagnostic : loaded_.Problems())
      absl::StrAppend(&places, bundle::MaskText(config::ToText(diagnostic)), "\n");
    bundle_.Add("diagnostics.txt", "what validate says of it", places.empty() ? "valid\n" : places);
    std::string facts;
    for (const auto& [name, value] : loaded_.facts) absl::StrAppend(&facts, name, "=", value, "\n");
    if (!facts.empty()) bundle_.Add("host-facts.txt", "what it says of the host", facts);
  }

  void AddDiagnosis() {
    const std::vector<doctor::Check> checks = doctor::Examine(Diagnose(options_.doctor, stop_));
    bundle_.Add("doctor.txt", "what doctor says", doctor::ToText(checks, {}));
    bundle_.Add("doctor.json", "the same for programs", doctor::ToJson(checks) + "\n");
  }

  absl::StatusOr<plan::Plan> Plan() {
    if (!compiled_) return absl::FailedPreconditionError("there is no valid document");
    ASSIGN_OR_RETURN(
        Look look,
        LookAtHost(loaded_, {.host = options_.doctor.host, .docker = options_.doctor.docker}, stop_));
    return std::move(look.plan);
  }

  void AddPlan() {
    const absl::StatusOr<plan::Plan> plan = Plan();
    absl::StatusOr<std::string> text = plan.status().ok() ? absl::StatusOr<std::string>(plan::ToText(*plan))
                                                          : absl::StatusOr<std::string>(plan.status());
    if (text.ok() && text->empty()) text = std::string("in sync\n");
    bundle_.AddOr("plan.txt", "what would be done", std::move(text));
    if (plan.ok()) bundle_.Add("plan.json", "the same for programs", report::ToJson(*plan) + "\n");
  }

  absl::StatusOr<std::string> FromAgent(const std::string& target) {
    return AskAgent(options_.doctor.agent, target, kAgentPatience);
  }

  void AddAgent() {
    bundle_.AddOr("agent/status.json", "what the agent knows", FromAgent("/api/v1/status"));
    bundle_.AddOr("agent/events.jsonl", "what happened and why", FromAgent("/api/v1/events"));
    bundle_.AddOr("agent/metrics.txt", "its metrics", FromAgent("/metrics"));
  }

  void AddObjects() {
    if (!docker_error_.ok()) {
      bundle_.AddOr("docker/error.txt", "our containers, networks, images and logs", docker_error_);
      return;
    }
    std::map<std::string, std::string> images;
    for (const Inspected& container : inspected_) {
      bundle_.Add(absl::StrCat("docker/containers/", container.name, ".json"), "docker inspect",
                  bundle::MaskInspect(container.json, secret_variables_, hidden_));
      AddLog(container);
      if (container.image_id.size() > 19) images[container.image_id] = container.image_id.substr(7, 12);
    }
    for (const auto& [id, short_id] : images) AddInspect("images", id, short_id);
    const auto networks = docker_->ListNetworks(absl::StrCat(api::kLabelManaged, "=true"), stop_);
    if (!networks.ok()) return;
    for (const docker::Network& network : *networks) AddInspect("networks", network.id, network.config.name);
  }

  void AddInspect(const std::string& kind, const std::string& id, const std::string& name) {
    absl::StatusOr<std::string> json = docker_->ReadInspectJson(kind, id, stop_);
    if (json.ok()) json = bundle::MaskInspect(*json, secret_variables_, hidden_);
    bundle_.AddOr(absl::StrCat("docker/", kind, "/", name, ".json"), "docker inspect", std::move(json));
  }

  void AddLog(const Inspected& container) {
    const auto lines = docker_->TailLogs(container.id, options_.log_lines, stop_);
    // Redacted first: the masks of single words would tear a secret that has blanks in it.
    absl::StatusOr<std::string> text = lines.ok() ? absl::StatusOr<std::string>(bundle::MaskText(
                                                        redactor_.Redact(absl::StrJoin(*lines, "\n") + "\n")))
                                                  : absl::StatusOr<std::string>(lines.status());
    bundle_.AddOr(absl::StrCat("logs/", container.name, ".log"),
                  absl::StrCat("its last ", options_.log_lines, " lines"), std::move(text));
  }

  void AddState() {
    const std::string& directory = options_.doctor.state_dir;
    bundle_.Add("state/files.txt", "the files of the state directory", ListDirectory(directory));
    for (const char* record : kStateRecords) {
      absl::StatusOr<std::string> content = ReadText(absl::StrCat(directory, "/", record));
      if (content.ok())
        bundle_.Add(absl::StrCat("state/", record), "what is remembered", bundle::MaskText(*content));
    }
  }

  void AddJournal() {
    const auto end = base::RunProgram(
        {"journalctl", "--unit=spacelet.service", absl::StrCat("--lines=", options_.log_lines),
         "--output=short-iso", "--no-pager", "--quiet"},
        "", {.timeout = kProgramPatience, .max_output_bytes = kMaxFile}, stop_);
    absl::StatusOr<std::string> text =
        end.ok() ? absl::StatusOr<std::string>(bundle::MaskText(redactor_.Redact(end->output)))
                 : absl::StatusOr<std::string>(end.status());
    bundle_.AddOr("journal.txt", "the agent's log (journalctl -u spacelet)", std::move(text));
  }

  const BundleOptions& options_;
  const std::stop_token& stop_;
  secret::Redactor redactor_;
  bundle::Hidden hidden_;
  HostFacts facts_;  // asks the metadata service once
  bundle::Bundle bundle_;
  absl::StatusOr<source::Version> version_ = absl::NotFoundError("not read");
  config::Loaded loaded_;
  std::optional<desired::Compiled> compiled_, in_force_;
  std::set<std::string> secret_variables_ = {"DELEGATE_TOKEN"};
  std::unique_ptr<docker::HttpClient> docker_;
  absl::Status docker_error_;
  std::vector<Inspected> inspected_;
};

}  // namespace

absl::StatusOr<BundleResult> MakeSupportBundle(const BundleOptions& options, const std::stop_token& stop) {
  return Collector(options, stop).Run();
}

}  // namespace spacelet::app
