#include "pkg/policy/grammar.h"

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "pkg/base/status_macros.h"
#include "pkg/config/notation.h"
#include "pkg/config/scalars.h"
#include "pkg/policy/pattern.h"

namespace spacelet::policy {
namespace {

using config::Boolean;
using config::Codec;
using config::ListOf;
using config::Object;
using config::Record;
using config::TextLike;

using Texts = std::vector<std::string>;

// A text that `check` has nothing against.
Codec<std::string> Checked(std::string type, const std::function<absl::Status(absl::string_view)>& check) {
  return config::Parsed<std::string>(
      std::move(type), [] { return config::TypedSchema("string"); },
      [check](absl::string_view text) -> absl::StatusOr<std::string> {
        RETURN_IF_ERROR(check(text));
        return std::string(text);
      },
      [](const std::string& text) { return config::JsonText(text); });
}

Codec<Texts> Images() {
  return ListOf(
      Checked("image pattern", [](absl::string_view text) { return ImagePattern::Parse(text).status(); }));
}

Codec<Texts> Paths() { return ListOf(Checked("path pattern", CheckPathPattern)); }

Codec<Texts> MountPaths() {
  return ListOf(Checked("path pattern[:ro]", [](absl::string_view text) {
    return CheckPathPattern(absl::StripSuffix(text, ":ro"));
  }));
}

Codec<Texts> Endpoints() {
  return ListOf(Checked("[http://]HOST[:PORT]",
                        [](absl::string_view text) { return ParseEndpointEntry(text).status(); }));
}

Codec<Texts> Globs() { return ListOf(TextLike("glob", "^[^\\x00-\\x20]+$", "a word")); }

Codec<Texts> Words() { return ListOf(TextLike("name", "^[^\\x00-\\x20*]+$", "a plain word")); }

Codec<std::vector<Texts>> Commands() {
  Codec<Texts> command = ListOf(config::Scalar(), false);
  command.type = "command pattern";
  command.decode = [decode = command.decode](const config::Cursor& at, Texts& out) {
    if (!decode(at, out)) return false;
    const absl::Status checked = CheckCommandPattern(out);
    if (!checked.ok()) at.Error(checked.message());
    return checked.ok();
  };
  return ListOf(std::move(command));
}

Record<Rules::Images> ImagesRecord() {
  using Images = Rules::Images;
  Record<Images> record("policyImages", "Where the images come from.");
  record.Add("repositories", &Images::repositories, policy::Images(), "Repositories of `image`.")
      .DefaultNote("none")
      .Example("[drone/drone-runner-aws, us-docker.pkg.dev/my-project/*]");
  record
      .Add("requireDigest", &Images::require_digest, Boolean(), "Every image is pinned, `NAME:TAG@sha256:…`.")
      .Default("false");
  record
      .Add("archives", &Images::archives, Paths(),
           "Files of `imageArchive`. What is in one counts as the image that the document names.")
      .DefaultNote("none")
      .Example("[/var/lib/spacelet/images/*.tar]");
  return record;
}

Record<Rules::Containers> ContainersRecord() {
  using Containers = Rules::Containers;
  Record<Containers> record("policyContainers", "What a container may have of the host's powers.");
  record.Add("privileged", &Containers::privileged, Boolean(), "`privileged: true`.").Default("false");
  record.Add("hostNetwork", &Containers::host_network, Boolean(), "`hostNetwork: true`.").Default("false");
  record.Add("hostPID", &Containers::host_pid, Boolean(), "`hostPID: true`.").Default("false");
  record
      .Add("takeover", &Containers::takeover, Boolean(),
           "`takeover: true`: the end of a container that is not spacelet's.")
      .Default("false");
  record
      .Add("requireNoNewPrivileges", &Containers::require_no_new_privileges, Boolean(),
           "Every workload has `noNewPrivileges: true`.")
      .Default("false");
  record
      .Add("capabilities", &Containers::capabilities,
           ListOf(TextLike("capability", "^(ALL|(CAP_)?[A-Z][A-Z_]+)$", "a capability like NET_ADMIN")),
           "`capAdd`.")
      .DefaultNote("none")
      .Example("[NET_ADMIN]");
  record.Add("devices", &Containers::devices, Paths(), "Devices of the host.")
      .DefaultNote("none")
      .Example("[/dev/kvm]");
  record.Add("sysctls", &Containers::sysctls, Globs(), "Kernel parameters.")
      .DefaultNote("Kubernetes' safe ones")
      .Example("[net.core.somaxconn]");
  record
      .Add("labels", &Containers::labels, Globs(),
           "Labels of containers and of the network. Other programs on the host may obey them.")
      .DefaultNote("none")
      .Example("[com.example.*]");
  record.Add("logDrivers", &Containers::log_drivers, Words(), "`logging.driver`.")
      .DefaultNote("`json-file`, `local`, `journald`")
      .Example("[syslog]");
  record.Add("logOptions", &Containers::log_options, Globs(), "`logging.options`, as NAME or NAME=VALUE.")
      .DefaultNote("`compress`, `max-buffer-size`, `max-file`, `max-size`, `mode`, `tag`")
      .Example("[\"syslog-address=tcp://10.0.0.5:514\"]");
  return record;
}

Record<Rules::Volumes> VolumesRecord() {
  Record<Rules::Volumes> record("policyVolumes", "What of the host's files a container may see.");
  record
      .Add("hostPaths", &Rules::Volumes::host_paths, MountPaths(),
           "Sources of `volumes`; with `:ro` only of those that are read-only.")
      .DefaultNote("none")
      .Example("[/srv/gateway, \"/etc/ssl/certs:ro\"]");
  return record;
}

Record<Rules::Ports> PortsRecord() {
  Record<Rules::Ports> record("policyPorts", "Where ports are published.");
  record.Add("addresses", &Rules::Ports::addresses, ListOf(config::IpAddress()), "Addresses of the host.")
      .DefaultNote("`127.0.0.1`, `::1`")
      .Example("[10.0.0.5]");
  return record;
}

Record<Rules::Network> NetworkRecord() {
  using Network = Rules::Network;
  Record<Network> record("policyNetwork", "The network that containers join.");
  record.Add("names", &Network::names, Words(), "Its name: one that is there already is joined.")
      .DefaultNote("`harness`")
      .Example("[edge]");
  record.Add("drivers", &Network::drivers, Words(), "Its driver.")
      .DefaultNote("`bridge`")
      .Example("[macvlan]");
  record
      .Add("subnets", &Network::subnets, Words(),
           "Its subnet, as written: it takes these addresses from the host.")
      .DefaultNote("none: Docker chooses")
      .Example("[172.30.0.0/24]");
  record.Add("options", &Network::options, Globs(), "Options of the driver.")
      .DefaultNote("`com.docker.network.driver.mtu`")
      .Example("[com.docker.network.bridge.enable_icc]");
  return record;
}

Record<Rules::Runner> RunnerRecord() {
  using Runner = Rules::Runner;
  Record<Runner> record("policyRunner", "The runner's files.");
  record
      .Add("directories", &Runner::directories, Paths(),
           "`directory`, or the source of the volume `/runner`.")
      .DefaultNote("`/runner`")
      .Example("[/srv/runner]");
  record.Add("poolFiles", &Runner::pool_files, Paths(), "`pool.file`.")
      .DefaultNote("`/etc/spacelet/pool.yaml`, `/runner/pool.yaml`")
      .Example("[/srv/pool.yaml]");
  record
      .Add("documentPool", &Runner::document_pool, Boolean(),
           "`pool.inline`, and a pool file beside a document in Git: who changes it decides which VMs are "
           "made, "
           "and which "
           "files of the runner's directory they get.")
      .Default("false");
  return record;
}

Record<Rules::Delegate> DelegateRecord() {
  using Delegate = Rules::Delegate;
  Record<Delegate> record("policyDelegate", "Whom the delegate trusts.");
  record
      .Add("managerHosts", &Delegate::manager_hosts, Endpoints(),
           "Hosts of `managerUrl`, which gets the token; by https unless it says http://.")
      .DefaultNote("`app.harness.io`")
      .Example("[app3.harness.io]");
  record
      .Add("runnerHosts", &Delegate::runner_hosts, Endpoints(),
           "Hosts of `runnerUrl` that are not the document's runner.")
      .DefaultNote("none")
      .Example("[\"http://10.0.0.7:3000\"]");
  return record;
}

Record<Rules::Secrets> SecretsRecord() {
  using Secrets = Rules::Secrets;
  Record<Secrets> record("policySecrets", "Which secrets of the host a document may use.");
  record.Add("files", &Secrets::files, Paths(), "`file`.")
      .DefaultNote("none")
      .Example("[/etc/spacelet/delegate-token]");
  record.Add("commands", &Secrets::commands, Commands(), "`command`, word by word.")
      .DefaultNote("none")
      .Example("[[spacelet, secret, gcp, delegate-token]]");
  record.Add("variables", &Secrets::variables, Words(), "`env`: variables of the agent.")
      .DefaultNote("none")
      .Example("[DELEGATE_TOKEN]");
  return record;
}

Record<Rules::Exposure> ExposureRecord() {
  using Exposure = Rules::Exposure;
  Record<Exposure> record(
      "policyExposure",
      "What the document may bring into a container that has secrets: the runner, the delegate, and "
      "whatever is given one.");
  record
      .Add("images", &Exposure::images, policy::Images(),
           "Images that may be given command, args, files, volumes, exec probes, extraHosts, dns and any "
           "variable.")
      .DefaultNote("none")
      .Example("[registry.example.com/cde/gateway]");
  record.Add("variables", &Exposure::variables, Globs(), "Variables that every such container may be given.")
      .DefaultNote("none")
      .Example("[LOG_LEVEL]");
  return record;
}

Record<Rules> SpecRecord() {
  Record<Rules> record("policySpec", "What is allowed beyond the baseline.");
  record.Add("images", &Rules::images, Object(ImagesRecord()), "Where the images come from.");
  record.Add("containers", &Rules::containers, Object(ContainersRecord()), "Powers over the host.");
  record.Add("volumes", &Rules::volumes, Object(VolumesRecord()), "Files of the host.");
  record.Add("ports", &Rules::ports, Object(PortsRecord()), "Published ports.");
  record.Add("network", &Rules::network, Object(NetworkRecord()), "The network.");
  record.Add("runner", &Rules::runner, Object(RunnerRecord()), "The runner's files.");
  record.Add("delegate", &Rules::delegate, Object(DelegateRecord()), "Whom the delegate trusts.");
  record.Add("secrets", &Rules::secrets, Object(SecretsRecord()), "Secrets of the host.");
  record.Add("exposure", &Rules::exposure, Object(ExposureRecord()), "What may stand beside a secret.");
  return record;
}

void AddConstant(Record<Rules>& record, std::string name, std::string value, std::string description) {
  record
      .AddWith<size_t>(
          std::move(name), config::Word({std::move(value)}), [](Rules&, size_t) {},
          [](const Rules&) { return std::optional<size_t>(0); }, std::move(description))
      .Required();
}

}  // namespace

const Record<Rules>& PolicyRecord() {
  static const Record<Rules>& made = *[] {
    auto* record = new Record<Rules>("policy", "What a document may ask of this host.");
    AddConstant(*record, "apiVersion", api::kApiVersion, "Version of this format.");
    AddConstant(*record, "kind", kKind, "Kind of this file.");
    record->AddWith<Rules>(
        "spec", Object(SpecRecord()), [](Rules& rules, Rules value) { rules = std::move(value); },
        [](const Rules& rules) { return std::optional(rules); }, "What is allowed beyond the baseline.");
    return record;
  }();
  return made;
}

}  // namespace spacelet::policy
