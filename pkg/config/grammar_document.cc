#include "absl/strings/str_cat.h"
#include "pkg/config/assemble.h"
#include "pkg/config/grammar.h"
#include "pkg/config/load.h"
#include "pkg/config/scalars.h"

namespace spacelet::config {
namespace {

using api::Document;

// Any map; kept as YAML text, for pkg/pool to read.
Codec<std::string> InlineYaml() {
  Codec<std::string> codec;
  codec.type = "map";
  codec.schema = [](Definitions&) { return JsonObject({{"type", JsonText("object")}}); };
  codec.decode = [](const Cursor& at, std::string& out) {
    if (!ExpectMap(at)) return false;
    out = yaml::Emit(at.node);
    return true;
  };
  codec.encode = [](const std::string& text) { return yaml::Parse(text).root.value_or(yaml::Node::Map()); };
  return codec;
}

Record<api::Pool> PoolRecord() {
  Record<api::Pool> record("pool", "The runner's pool.yaml; exactly one of file and inline.");
  record
      .Add("file", &api::Pool::file, TextLike("path", "^[^\\x00-\\x1f]+$", "a path"),
           "A file on the host, watched; or, by a relative path, one beside the document.")
      .Example("/etc/spacelet/pool.yaml");
  record.Add("inline", &api::Pool::inline_yaml, InlineYaml(), "The pool, here.")
      .Example("{version: \"1\", instances: [{name: warm, type: google, pool: 0, spec: {}}]}");
  record.ExactlyOneOf({"file", "inline"});
  return record;
}

Codec<std::string> Cidr() {
  return TextLike("subnet", "^[0-9a-fA-F:.]+/[0-9]{1,3}$", "a subnet like 172.30.0.0/16");
}

// What stands in every document as it is.
void AddConstant(Record<Document>& record, std::string name, std::string value, std::string description) {
  Codec<size_t> word = Word({std::move(value)});
  record
      .AddWith<size_t>(
          std::move(name), std::move(word), [](Document&, size_t) {},
          [](const Document&) { return std::optional<size_t>(0); }, std::move(description))
      .Required();
}

Record<Document> MetadataRecord() {
  Record<Document> record("metadata", "What the host is called.");
  record.Add("name", &Document::name, DnsLabel(), "Name of this host, in labels, status and metrics.")
      .Required()
      .Example("gitspaces-us-west1");
  return record;
}

// The runner's defaults that an absent field cannot tell from written ones.
Codec<api::Runner> Runner() {
  Codec<api::Runner> codec = Object(RunnerRecord());
  codec.decode = [decode = codec.decode](const Cursor& at, api::Runner& out) {
    out.workload.rollout.drain_timeout = kRunnerDrainTimeout;
    return decode(at, out);
  };
  return codec;
}

Record<Document> SpecRecord() {
  Record<Document> record("spec", "What shall run; at least one of runner, delegate and containers.");
  record.Add("suspend", &Document::suspend, Boolean(), "Observe and report, change nothing.")
      .Default("false");
  record.Add("network", &Document::network, Object(NetworkRecord()),
             "The network that every container joins.");
  record.Add("runner", &Document::runner, Runner(), "The VM runner.");
  record.Add("delegate", &Document::delegate, Object(DelegateRecord()), "The Harness delegate.");
  record.Add("containers", &Document::containers, ListOf(Object(ContainerRecord())), "Further containers.");
  return record;
}

// A part of the document that is a level of its own there, but not in the type.
void AddLevel(Record<Document>& record, std::string name, Record<Document> level, std::string description) {
  record.AddWith<Document>(
      std::move(name), Object(std::move(level)),
      [](Document& document, Document value) { document = std::move(value); },
      [](const Document& document) { return std::optional(document); }, std::move(description));
}

}  // namespace

Record<api::Network> NetworkRecord() {
  using api::Network;
  Record<Network> record("network",
                         "The user-defined network. Only there do containers find each other by name.");
  record.Add("name", &Network::name, ContainerName(), "Name.").Default("harness");
  record
      .Add("driver", &Network::driver,
           TextLike("driver", "^[a-z0-9][a-z0-9._/:-]*$", "the name of a network driver"), "Driver.")
      .Default("bridge");
  record.Add("subnet", &Network::subnet, Cidr(), "Subnet.")
      .DefaultNote("Docker chooses")
      .Example("172.30.0.0/16");
  record.Add("gateway", &Network::gateway, IpAddress(), "Gateway, inside the subnet.")
      .DefaultNote("Docker chooses")
      .Example("172.30.0.1");
  record.Add("ipv6", &Network::ipv6, Boolean(), "Also IPv6.").Default("false");
  record.Add("internal", &Network::internal, Boolean(), "No way out of the host.").Default("false");
  record.Add("options", &Network::options, MapOf(Scalar()), "Options of the driver.")
      .Example("{com.docker.network.driver.mtu: \"1460\"}");
  record.Add("labels", &Network::labels, MapOf(Scalar()), "Labels; `dev.spacelet.*` are the agent's own.")
      .Example("{com.example.team: platform}");
  return record;
}

Record<api::Runner> RunnerRecord() {
  using api::Runner;
  Record<Runner> record("runner", "The VM runner: a workload with a profile.");
  record.Include(WorkloadRecord(), &Runner::workload);
  record.Override("containerName", "vm-runner")
      .Override("hostname", "vm-runner")
      .Override("platform", "linux/amd64");
  record.Override("stopGracePeriod", "300s");
  record
      .Add("directory", &Runner::directory, AbsolutePath(),
           "Host directory that the container sees as /runner; made 0700.")
      .Default("/runner");
  record.Add("pool", &Runner::pool, Object(PoolRecord()), "Where pool.yaml comes from.")
      .DefaultNote("`<directory>/pool.yaml`");
  record
      .Add("allowHostnameChange", &Runner::allow_hostname_change, Boolean(),
           "Let the hostname change, which makes every existing Gitspace VM unreachable.")
      .Default("false");
  return record;
}

Record<api::Delegate> DelegateRecord() {
  using api::Delegate;
  Record<Delegate> record("delegate", "The Harness delegate: a workload with a profile.");
  record.Include(WorkloadRecord(), &Delegate::workload);
  record.Override("stopGracePeriod", "600s");
  record.Add("name", &Delegate::name, DnsLabel(), "Container name, hostname and DELEGATE_NAME.")
      .Default("docker-delegate");
  record
      .Add("accountId", &Delegate::account_id,
           TextLike("account id", "^[A-Za-z0-9_-]+$", "an account id: letters, digits, - and _"),
           "Harness account, ACCOUNT_ID.")
      .Required()
      .Example("AbCdEfGhIjKlMnOpQrStUv");
  record.Add("token", &Delegate::token, Object(SecretRecord()), "Delegate token, DELEGATE_TOKEN.")
      .Required()
      .Example("{file: /etc/spacelet/delegate-token}");
  record
      .Add("tags", &Delegate::tags,
           ListOf(TextLike("tag", "^[^,\\x00-\\x20][^,]*$", "a tag: a text without commas")),
           "DELEGATE_TAGS; selectors match them.")
      .Example("[gcp, us-west1]");
  record.Add("managerUrl", &Delegate::manager_url, Url(), "Harness manager, MANAGER_HOST_AND_PORT.")
      .Default("https://app.harness.io");
  record
      .Add("deployMode", &Delegate::deploy_mode,
           TextLike("mode", "^[A-Z][A-Z0-9_]*$", "a mode like KUBERNETES_ONPREM"), "DEPLOY_MODE.")
      .Default("KUBERNETES_ONPREM");
  record.Add("runnerUrl", &Delegate::runner_url, Url(), "Where the delegate finds the runner, RUNNER_URL.")
      .DefaultNote("`http://<runner hostname>:<port>/`")
      .Example("http://vm-runner:3000/");
  return record;
}

Record<api::GenericContainer> ContainerRecord() {
  using api::GenericContainer;
  Record<GenericContainer> record("container", "Any other container: a workload with a name.");
  record
      .Add("name", &GenericContainer::name, DnsLabel(),
           "Name of the workload; `runner`, `delegate` and `network` are taken.")
      .Required()
      .Example("node-exporter");
  record.Include(WorkloadRecord(), &GenericContainer::workload);
  return record;
}

const Record<Document>& DocumentRecord() {
  static const Record<Document>& made = *[] {
    auto* record = new Record<Document>("document", "The desired state of a Gitspaces host.");
    AddConstant(*record, "apiVersion", api::kApiVersion, "Version of this format.");
    AddConstant(*record, "kind", api::kKind, "Kind of this document.");
    // Assemble has taken it out of what is decoded here.
    record->AddWith<std::vector<Overlay>>(
        "overlays", OverlayList(), [](Document&, const std::vector<Overlay>&) {},
        [](const Document&) { return std::optional<std::vector<Overlay>>(); },
        "Files beside the document that are merged into it, in this order.");
    record->Example("[\"hosts/${host.name}.yaml\"]");
    AddLevel(*record, "metadata", MetadataRecord(), "What the host is called.");
    record->Required();
    AddLevel(*record, "spec", SpecRecord(), "What shall run.");
    record->Required();
    return record;
  }();
  return made;
}

}  // namespace spacelet::config
