#include <sys/stat.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "pkg/base/text.h"
#include "pkg/doctor/host.h"

namespace spacelet::doctor {
namespace {

using Json = nlohmann::json;

constexpr char kDirectory[] = "/var/lib/cloud";
constexpr size_t kMaxBytes = 1 << 20;

// Null for what is not there or no JSON.
Json Read(const std::string& path) {
  std::ifstream file(path);
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (text.size() > kMaxBytes) return nullptr;
  return Json::parse(text, nullptr, /*allow_exceptions=*/false);
}

const Json& At(const Json& json, const char* key) {
  static const Json& none = *new Json;
  const auto found = json.is_object() ? json.find(key) : json.end();
  return json.is_object() && found != json.end() ? *found : none;
}

std::string Text(const Json& json) {
  return json.is_string() ? base::OneLine(json.get<std::string>(), 300) : "";
}

// "DataSourceNone" of "DataSourceNone [seed=…]".
std::string FirstWord(const std::string& text) { return text.substr(0, text.find(' ')); }

bool HasContent(const std::string& path) {
  struct stat st {};
  return ::stat(path.c_str(), &st) == 0 && st.st_size > 0;
}

class Collector {
 public:
  explicit Collector(CloudInitFacts& facts) : facts_(facts) {}

  void Take(const Json& v1) {
    if (facts_.datasource.empty()) facts_.datasource = FirstWord(Text(At(v1, "datasource")));
    TakeErrors(At(v1, "errors"));
  }
  // Of the stages init-local, init, modules-config and modules-final.
  void TakeStages(const Json& v1) {
    if (!v1.is_object()) return;
    for (const auto& [name, stage] : v1.items()) TakeErrors(At(stage, "errors"));
  }

 private:
  void TakeErrors(const Json& errors) {
    if (!errors.is_array()) return;
    for (const Json& error : errors)
      if (const std::string text = Text(error); !text.empty() && seen_.insert(text).second)
        facts_.errors.push_back(text);
  }
  CloudInitFacts& facts_;
  std::set<std::string> seen_;
};

}  // namespace

CloudInitFacts ReadCloudInit(const std::string& root) {
  CloudInitFacts facts;
  const std::string directory = root + kDirectory;
  const Json result = Read(directory + "/data/result.json"), status = Read(directory + "/data/status.json");
  facts.installed = result.is_object() || status.is_object();
  facts.finished = result.is_object();
  Collector collector(facts);
  collector.Take(At(result, "v1"));
  collector.Take(At(status, "v1"));
  collector.TakeStages(At(status, "v1"));
  facts.has_user_data = HasContent(directory + "/instance/user-data.txt");
  return facts;
}

}  // namespace spacelet::doctor
