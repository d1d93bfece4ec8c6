#include "cmd/spacelet/host_flags.h"

#include <algorithm>
#include <string>
#include <vector>

#include "pkg/base/text.h"
#include "pkg/config/host_facts.h"

namespace spacelet::cmd {
namespace {

constexpr char kFact[] = "--host-fact";

void TakeFact(const std::string& words, app::HostOptions& options) {
  const size_t equals = words.find('=');
  const std::string name = words.substr(0, equals);
  const auto* known = std::find(config::kFactNames.begin(), config::kFactNames.end(), name);
  if (equals == std::string::npos || known == config::kFactNames.end() || name == "name")
    throw CLI::ValidationError(kFact,
                               "expected instanceId=…, zone=… or region=…, not " + base::OneLine(words, 80));
  const std::string value = words.substr(equals + 1);
  if (!config::IsFactValue(value))
    throw CLI::ValidationError(kFact, "expected letters, digits and dashes behind " + name + "=");
  options.facts[name] = value;
}

}  // namespace

void AddHostOptions(CLI::App& app, app::HostOptions& options) {
  app.add_option_function<std::string>(
         "--host-name",
         [&options](const std::string& name) {
           if (!config::IsDnsLabel(name))
             throw CLI::ValidationError(
                 "--host-name",
                 "expected a DNS label (lower-case letters, digits, dashes), not " + base::OneLine(name, 80));
           options.facts["name"] = name;
         },
         "what ${host.name} is in the document (default: the machine's name up to the first dot)")
      ->type_name("NAME");
  app.add_option_function<std::vector<std::string>>(
         kFact,
         [&options](const std::vector<std::string>& facts) {
           for (const std::string& fact : facts) TakeFact(fact, options);
         },
         "what ${host.zone}, ${host.region} or ${host.instanceId} is (default: asked of the cloud's metadata "
         "service); may be repeated")
      ->type_name("NAME=VALUE");
}

}  // namespace spacelet::cmd
