#include "pkg/config/render.h"

#include <algorithm>
#include <array>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "pkg/config/grammar.h"
#include "pkg/config/relative_path.h"

namespace spacelet::config {
namespace {

// What defaults.cc gives a runner or a delegate and no other workload.
constexpr std::array<absl::string_view, 7> kOfRunner = {
    "containerName", "hostname", "platform", "ports", "readinessProbe", "startupProbe", "stopGracePeriod"};
constexpr std::array<absl::string_view, 5> kOfDelegate = {"containerName", "dependsOn", "hostname",
                                                          "readinessProbe", "stopGracePeriod"};

template <typename Fields>
bool IsBelowOneOf(const Fields& fields, absl::string_view level, absl::string_view path) {
  return std::any_of(fields.begin(), fields.end(), [&](absl::string_view field) {
    const std::string whole = absl::StrCat(level, ".", field);
    return path == whole || absl::StartsWith(path, whole + ".") || absl::StartsWith(path, whole + "[");
  });
}

std::string OfDefault(absl::string_view path) {
  if (IsBelowOneOf(kOfRunner, "spec.runner", path) || path == "spec.runner.rollout.drainTimeout")
    return "runner profile";
  return IsBelowOneOf(kOfDelegate, "spec.delegate", path) ? "delegate profile" : "default";
}

// Goes down the document as it is encoded and, beside it, as it was written.
class Annotator {
 public:
  Annotator(const Loaded& loaded, const std::map<std::string, std::string>& fact_origins)
      : loaded_(loaded), fact_origins_(fact_origins) {}

  // `written`: what stands there in the files, or the short notation of something above; null: nothing.
  void Annotate(const yaml::Node& value, const yaml::Node* written, const std::string& path) {
    if (value.entries.empty() && value.items.empty())
      comments_[&value] = written != nullptr ? OfFile(*written) : OfDefault(path);
    for (const yaml::Entry& entry : value.entries) {
      const bool is_short = written != nullptr && !written->is_map();
      Annotate(entry.value, is_short || written == nullptr ? written : written->Find(entry.key),
               Join(path, entry.key));
    }
    for (size_t i = 0; i < value.items.size(); ++i) {
      const bool itemwise = written != nullptr && written->items.size() == value.items.size();
      Annotate(value.items[i], itemwise ? &written->items[i] : written, absl::StrCat(path, "[", i, "]"));
    }
  }

  std::string Of(const yaml::Node& value) const { return comments_.at(&value); }

 private:
  std::string OfFile(const yaml::Node& written) const {
    const std::string directory = NameBeside(loaded_.file_names[0], "");
    std::string name = loaded_.file_names[static_cast<size_t>(written.file)];
    if (absl::StartsWith(name, directory)) name.erase(0, directory.size());
    std::string text = absl::StrCat(name, ":", written.line);
    for (const std::string& fact : ReferencesIn(written.text)) {
      const auto origin = fact_origins_.find(fact);
      absl::StrAppend(&text, " with ${host.", fact, "}",
                      origin == fact_origins_.end() ? "" : absl::StrCat(" of ", origin->second));
    }
    return text;
  }

  const Loaded& loaded_;
  const std::map<std::string, std::string>& fact_origins_;
  std::map<const yaml::Node*, std::string> comments_;
};

// Without the readiness probe of the runner's profile: one that is written takes no 404 for ready.
yaml::Node Spelled(api::Document document) {
  if (document.runner) {
    std::optional<api::Probe>& probe = document.runner->workload.readiness_probe;
    if (probe && probe->not_found_is_ready) probe.reset();
  }
  return EscapedReferences(DocumentRecord().Encode(document));
}

}  // namespace

std::string RenderYaml(const Loaded& loaded, const std::map<std::string, std::string>& fact_origins) {
  const yaml::Node document = Spelled(*loaded.document);
  Annotator annotator(loaded, fact_origins);
  annotator.Annotate(document, &*loaded.merged, "");
  return yaml::Emit(document, [&annotator](const yaml::Node& value) { return annotator.Of(value); });
}

std::string RenderJson(const Loaded& loaded) {
  return ToJson(AsJson(Spelled(*loaded.document)), true) + "\n";
}

}  // namespace spacelet::config
