#include "pkg/app/explain.h"

#include <algorithm>
#include <array>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "pkg/base/text.h"
#include "pkg/plan/diff.h"
#include "pkg/plan/ownership.h"
#include "pkg/plan/text.h"

namespace spacelet::app {
namespace {

// Fields of the compiled form that another field of the document decides.
const std::map<std::string, std::string>& WrittenAs() {
  static const auto* const kNames = new std::map<std::string, std::string>{
      {"env.ACCOUNT_ID", "accountId"},
      {"env.DELEGATE_TOKEN", "token"},
      {"env.DELEGATE_NAME", "name"},
      {"env.DELEGATE_TAGS", "tags"},
      {"env.RUNNER_URL", "runnerUrl"},
      {"env.MANAGER_HOST_AND_PORT", "managerUrl"},
      {"env.DEPLOY_MODE", "deployMode"},
      {"args", "pool"},
      {"pool", "pool"},
      {"containerName", "name"},
  };
  return *kNames;
}

bool DecidedByProfile(const std::string& field) {
  static constexpr std::array<absl::string_view, 12> kFields = {
      "containerName", "hostname", "platform",        "args",      "command",       "env", "volumes",
      "ports",         "pool",     "stopGracePeriod", "dependsOn", "networkAliases"};
  return std::any_of(kFields.begin(), kFields.end(), [&](absl::string_view name) {
    return field == name || absl::StartsWith(field, absl::StrCat(name, "."));
  });
}

class Sources {
 public:
  Sources(const config::Loaded& loaded, const std::string& component)
      : loaded_(loaded), component_(component), prefix_(PrefixOf(loaded, component)) {}

  std::string Of(const std::string& field) const {
    for (const std::string& path : {field, Written(field)}) {
      const auto found = loaded_.positions.find(absl::StrCat(prefix_, ".", path));
      if (found == loaded_.positions.end()) continue;
      const config::Position& place = found->second;
      return absl::StrCat(loaded_.file_names[static_cast<size_t>(place.file)], ":", place.line);
    }
    const bool typed = component_ == "runner" || component_ == "delegate";
    return typed && DecidedByProfile(field) ? component_ + " profile" : "default";
  }

 private:
  static std::string PrefixOf(const config::Loaded& loaded, const std::string& component) {
    if (component == "runner" || component == "delegate" || component == "network")
      return "spec." + component;
    const std::vector<api::GenericContainer>& containers = loaded.document->containers;
    const auto named = std::find_if(containers.begin(), containers.end(),
                                    [&](const api::GenericContainer& c) { return c.name == component; });
    return absl::StrCat("spec.containers[", named - containers.begin(), "]");
  }
  static std::string Written(const std::string& field) {
    const auto written = WrittenAs().find(field);
    return written == WrittenAs().end() ? field : written->second;
  }

  const config::Loaded& loaded_;
  const std::string component_, prefix_;
};

std::string OrNone(const std::string& text) { return text.empty() ? "-" : base::OneLine(text, 200); }

std::string YesNo(bool value) { return value ? "true" : "false"; }

std::vector<ExplainedField> ExplainContainer(const desired::Container& container, const Sources& sources,
                                             const plan::ObservedState& observed) {
  const plan::Parts parts = plan::PartsOf(container, observed);
  const docker::Container* have =
      parts.current == nullptr && !parts.strays.empty() ? parts.strays.front() : parts.current;
  std::vector<ExplainedField> fields;
  for (const plan::FieldView& view : plan::Explain(container, have, observed))
    fields.push_back({view.field, view.desired, sources.Of(view.field), view.actual, view.decision});
  return fields;
}

std::vector<ExplainedField> ExplainNetwork(const docker::NetworkConfig& want, const Sources& sources,
                                           const plan::ObservedState& observed) {
  const docker::Network* have = plan::NetworkToUse(want.name, observed);
  std::vector<ExplainedField> fields;
  const auto add = [&](const std::string& field, const std::string& desired, const std::string& actual) {
    const bool open = desired.empty() || desired == actual;  // nothing is asked for: Docker chooses
    const std::string decision = have == nullptr ? "create" : open ? "in sync" : "replace";
    fields.push_back({field, desired, sources.Of(field), have == nullptr ? "" : actual, decision});
  };
  const docker::NetworkConfig none;
  const docker::NetworkConfig& is = have == nullptr ? none : have->config;
  add("name", want.name, is.name);
  add("driver", want.driver, is.driver);
  add("subnet", want.subnet, is.subnet);
  add("gateway", want.gateway, is.gateway);
  add("ipv6", YesNo(want.ipv6), YesNo(is.ipv6));
  add("internal", YesNo(want.internal), YesNo(is.internal));
  return fields;
}

bool IsMeant(const std::string& object, const desired::Container& container) {
  return object == container.name || object == container.component ||
         object == plan::ContainerKey(container.name);
}

bool IsMeant(const std::string& object, const desired::Network& network) {
  return object == "network" || object == network.config.name ||
         object == plan::NetworkKey(network.config.name);
}

absl::Status NoSuchObject(const std::string& object, const desired::Host& desired) {
  std::vector<std::string> keys;
  if (desired.network.has_value()) keys.push_back(plan::NetworkKey(desired.network->config.name));
  for (const desired::Container& container : desired.containers)
    keys.push_back(plan::ContainerKey(container.name));
  return absl::NotFoundError(absl::StrCat("no object ", base::OneLine(object, 80),
                                          " in the document; it has ", absl::StrJoin(keys, ", ")));
}

std::string Row(const std::array<std::string, 5>& cells, const std::array<size_t, 5>& widths) {
  std::string row;
  for (size_t i = 0; i < cells.size(); ++i) {
    row += cells[i];
    if (i + 1 < cells.size()) row.append(widths[i] - cells[i].size() + 2, ' ');
  }
  return row + "\n";
}

}  // namespace

absl::StatusOr<Explanation> Explain(const std::string& object, const config::Loaded& loaded,
                                    const desired::Host& desired, const plan::ObservedState& observed) {
  Explanation explanation;
  for (const desired::Container& container : desired.containers) {
    if (!IsMeant(object, container)) continue;
    explanation.object = plan::ContainerKey(container.name);
    explanation.fields = ExplainContainer(container, Sources(loaded, container.component), observed);
  }
  if (explanation.object.empty() && desired.network.has_value() && IsMeant(object, *desired.network)) {
    explanation.object = plan::NetworkKey(desired.network->config.name);
    explanation.fields = ExplainNetwork(desired.network->config, Sources(loaded, "network"), observed);
  }
  if (explanation.object.empty()) return NoSuchObject(object, desired);
  explanation.plan = plan::ComputeFor(explanation.object, desired, observed);
  return explanation;
}

std::string ToText(const Explanation& explanation) {
  std::vector<std::array<std::string, 5>> rows = {{"FIELD", "DESIRED", "FROM", "ACTUAL", "DECISION"}};
  for (const ExplainedField& f : explanation.fields)
    rows.push_back({f.field, OrNone(f.desired), f.source, OrNone(f.actual), f.decision});
  std::array<size_t, 5> widths{};
  for (const auto& row : rows)
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  std::string text = explanation.object + "\n";
  for (const auto& row : rows) text += Row(row, widths);
  if (explanation.plan.in_sync()) return text + "In sync: nothing would be done.\n";
  return absl::StrCat(text, "\nWhat would be done:\n", plan::ToText(explanation.plan));
}

}  // namespace spacelet::app
