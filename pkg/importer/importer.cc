#include "pkg/importer/importer.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "pkg/api/labels.h"
#include "pkg/base/text.h"
#include "pkg/config/load.h"
#include "pkg/importer/workload.h"

namespace spacelet::importer {
namespace {

using docker::Recipe;

constexpr size_t kLongestName = 63;  // a DNS label
constexpr size_t kCommentWidth = 110;

bool IsOwned(const Recipe& recipe) { return recipe.request.config.labels.count(api::kLabelManaged) > 0; }

bool HasVariable(const Recipe& recipe, const char* name) { return recipe.request.config.env.count(name) > 0; }

// drone-runner-aws, or its successor harness-vm-runner, as Gitspaces start it.
bool IsRunner(const Recipe& recipe) {
  const docker::ContainerConfig& config = recipe.request.config;
  const bool image =
      absl::StrContains(config.image, "drone-runner-aws") || absl::StrContains(config.image, "vm-runner");
  return image && config.cmd && !config.cmd->empty() && config.cmd->front() == "delegate";
}

bool IsDelegate(const Recipe& recipe) {
  return HasVariable(recipe, "DELEGATE_NAME") && HasVariable(recipe, "ACCOUNT_ID") &&
         HasVariable(recipe, "DELEGATE_TOKEN");
}

bool IsRival(const Recipe& recipe) {
  return HasVariable(recipe, "UPGRADER_WORKLOAD_NAME") ||
         absl::StrContains(recipe.request.config.image, "upgrader") ||
         absl::StrContains(recipe.request.config.image, "watchtower");
}

// Docker's own networks have no names to find each other by.
bool IsUserDefined(const std::string& network) {
  return network != "bridge" && network != "default" && network != "host" && network != "none" &&
         !network.empty();
}

std::string DnsLabel(const std::string& text, const std::string& fallback) {
  std::string label;
  for (const char c : absl::AsciiStrToLower(text)) {
    const bool good = absl::ascii_isalnum(static_cast<unsigned char>(c));
    if (good || (!label.empty() && label.back() != '-')) label += good ? c : '-';
  }
  label.resize(std::min(label.size(), kLongestName));
  while (!label.empty() && label.back() == '-') label.pop_back();
  return label.empty() ? fallback : label;
}

// Who becomes what.
struct Cast {
  const Recipe* runner = nullptr;
  const Recipe* delegate = nullptr;
  std::vector<const Recipe*> others;
  std::string network = api::Network().name;  // of the document
};

class Casting {
 public:
  Casting(const Host& host, const Options& options, std::vector<std::string>& passed_over)
      : options_(options), passed_over_(passed_over) {
    for (const Recipe& recipe : host.containers) candidates_.push_back(&recipe);
    std::stable_sort(candidates_.begin(), candidates_.end(), [](const Recipe* a, const Recipe* b) {
      return std::make_pair(!a->running, a->request.name) < std::make_pair(!b->running, b->request.name);
    });
  }

  Cast Run() {
    std::vector<const Recipe*> rest;
    for (const Recipe* recipe : candidates_) {
      if (!IsAskedFor(*recipe)) continue;
      if (IsOwned(*recipe)) {
        PassOver(*recipe, "is spacelet's own");
      } else if (IsRival(*recipe)) {
        PassOver(*recipe, "replaces containers behind spacelet's back: stop it before spacelet takes over");
      } else if (IsRunner(*recipe)) {
        Take(*recipe, cast_.runner, "the host has one runner");
      } else if (IsDelegate(*recipe)) {
        Take(*recipe, cast_.delegate, "the host has one delegate");
      } else {
        rest.push_back(recipe);
      }
    }
    ChooseNetwork(rest);
    for (const Recipe* recipe : rest) Others(*recipe);
    return std::move(cast_);
  }

 private:
  void PassOver(const Recipe& recipe, const std::string& why) {
    passed_over_.push_back(base::OneLine(absl::StrCat("container ", recipe.request.name, " ", why)));
  }

  bool IsAskedFor(const Recipe& recipe) const {
    const std::vector<std::string>& only = options_.only;
    return only.empty() || std::find(only.begin(), only.end(), recipe.request.name) != only.end();
  }

  void Take(const Recipe& recipe, const Recipe*& role, const std::string& why) {
    if (role != nullptr)
      return PassOver(recipe, absl::StrCat("is left out: ", why, ", ", role->request.name));
    role = &recipe;
  }

  void ChooseNetwork(const std::vector<const Recipe*>& rest) {
    std::vector<const Recipe*> in_order = {cast_.runner, cast_.delegate};
    in_order.insert(in_order.end(), rest.begin(), rest.end());
    for (const Recipe* recipe : in_order) {
      if (recipe == nullptr || !IsUserDefined(recipe->request.config.network_mode)) continue;
      cast_.network = recipe->request.config.network_mode;
      return;
    }
  }

  void Others(const Recipe& recipe) {
    const bool near =
        std::find(recipe.networks.begin(), recipe.networks.end(), cast_.network) != recipe.networks.end();
    if (options_.only.empty() && !(near && recipe.running))
      return PassOver(recipe, absl::StrCat("is left out: it does not run on network ", cast_.network,
                                           " (name it to have it)"));
    cast_.others.push_back(&recipe);
  }

  const Options& options_;
  std::vector<std::string>& passed_over_;
  std::vector<const Recipe*> candidates_;
  Cast cast_;
};

// The document, and its notes by full field.
class Writer {
 public:
  explicit Writer(const Cast& cast) : cast_(cast) {}

  api::Document Build(const Host& host, bool takeover) {
    document_.name = DnsLabel(host.name, "gitspaces");
    Network(host);
    if (cast_.runner != nullptr) {
      document_.runner = RunnerOf(*cast_.runner, cast_.network, Of("spec.runner"));
      document_.runner->workload.takeover = takeover;
    }
    if (cast_.delegate != nullptr) {
      document_.delegate = DelegateOf(*cast_.delegate, cast_.network,
                                      document_.runner ? &*document_.runner : nullptr, Of("spec.delegate"));
      document_.delegate->workload.takeover = takeover;
    }
    for (const Recipe* recipe : cast_.others) Generic(*recipe, takeover);
    return std::move(document_);
  }

  const std::map<std::string, Notes>& notes() const { return notes_; }

 private:
  Notes& Of(const std::string& path) { return notes_[path]; }

  void Network(const Host& host) {
    document_.network.name = cast_.network;
    for (const docker::NetworkConfig& network : host.networks)
      if (network.name == cast_.network) document_.network.driver = network.driver;
  }

  void Generic(const Recipe& recipe, bool takeover) {
    const std::string path = absl::StrCat("spec.containers[", document_.containers.size(), "]");
    api::GenericContainer& container = document_.containers.emplace_back();
    container.name = UniqueName(recipe.request.name);
    container.workload = WorkloadOf(recipe, container.name, cast_.network, Of(path));
    container.workload.takeover = takeover;
  }

  std::string UniqueName(const std::string& name) {
    const std::string label = DnsLabel(name, "container");
    std::string unique = label;
    for (int i = 2; !names_.insert(unique).second; ++i) unique = absl::StrCat(label, "-", i);
    return unique;
  }

  const Cast& cast_;
  api::Document document_;
  std::map<std::string, Notes> notes_;
  std::set<std::string> names_ = {"runner", "delegate", "network"};  // reserved
};

// "# …" lines with the margin of the line they stand above.
std::vector<std::string> Comment(const std::string& text, const std::string& line) {
  const std::string margin = line.substr(0, line.find_first_not_of(' '));
  std::vector<std::string> out;
  for (absl::string_view part : absl::StrSplit(text, '\n'))
    out.push_back(absl::StrCat(margin, "# ", base::OneLine(part, 4 * kCommentWidth)));
  return out;
}

// The line of the field, or of the first one of its workload.
int LineOf(const std::map<std::string, config::Position>& positions, const std::string& path,
           const std::string& field) {
  const auto written = positions.find(field.empty() ? path : absl::StrCat(path, ".", field));
  const auto owner = positions.find(path);
  if (written != positions.end()) return written->second.line;
  return owner == positions.end() ? 1 : owner->second.line;
}

std::string WithNotes(const std::string& yaml, const std::map<std::string, Notes>& notes,
                      const std::map<std::string, config::Position>& positions) {
  const std::vector<std::string> lines = absl::StrSplit(yaml, '\n');
  std::map<int, std::vector<std::string>> above;
  for (const auto& [path, of_workload] : notes)
    for (const Note& note : of_workload) {
      const int line = std::max(1, LineOf(positions, path, note.field));
      for (std::string& comment : Comment(note.text, lines[static_cast<size_t>(line) - 1]))
        above[line].push_back(std::move(comment));
    }
  std::vector<std::string> out;
  for (size_t i = 0; i < lines.size(); ++i) {
    for (std::string& comment : above[static_cast<int>(i) + 1]) out.push_back(std::move(comment));
    out.push_back(lines[i]);
  }
  return absl::StrJoin(out, "\n");
}

}  // namespace

Imported Import(const Host& host, const Options& options) {
  Imported out;
  const Cast cast = Casting(host, options, out.passed_over).Run();
  if (cast.runner == nullptr && cast.delegate == nullptr && cast.others.empty()) return out;
  Writer writer(cast);
  const std::string yaml = config::ToShortYaml(writer.Build(host, options.takeover));
  const config::Loaded plain = config::Load(yaml, "", host.now);
  out.document = WithNotes(yaml, writer.notes(), plain.positions);
  out.diagnostics = config::Load(out.document, "document", host.now).diagnostics;
  return out;
}

}  // namespace spacelet::importer
