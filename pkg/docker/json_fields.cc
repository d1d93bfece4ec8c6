#include "pkg/docker/json_fields.h"

#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"

namespace spacelet::docker {
namespace {

// nlohmann's copy and dump recurse: 100 000 levels end the process. Docker's answers have fewer than ten.
constexpr int kMaxDepth = 64;

bool IsTooDeep(absl::string_view text) {
  int depth = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      if (c == '"') quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kMaxDepth) return true;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

}  // namespace

absl::StatusOr<Json> Parse(absl::string_view text, Json::value_t want) {
  if (IsTooDeep(text)) return absl::InternalError("the answer is nested too deeply");
  Json json = Json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return absl::InternalError("the answer is no JSON");
  if (json.type() != want) {
    return absl::InternalError(
        absl::StrCat("the answer is ", json.type_name(), " where another type belongs"));
  }
  return json;
}

absl::StatusOr<Json> ParseObject(absl::string_view text) { return Parse(text, Json::value_t::object); }

const Json& At(const Json& json, const char* key) {
  static const Json kNull;
  if (!json.is_object()) return kNull;
  const auto it = json.find(key);
  return it == json.end() ? kNull : *it;
}

const Json& Elements(const Json& json) {
  static const Json kEmpty = Json::array();
  return json.is_array() ? json : kEmpty;
}

std::string AsString(const Json& json) { return json.is_string() ? json.get<std::string>() : std::string(); }
std::string String(const Json& json, const char* key) { return AsString(At(json, key)); }

int64_t Int(const Json& json, const char* key) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  const Json& value = At(json, key);
  if (value.is_number_unsigned()) {
    return static_cast<int64_t>(std::min(value.get<uint64_t>(), static_cast<uint64_t>(kMax)));
  }
  if (value.is_number_integer()) return value.get<int64_t>();
  if (!value.is_number_float()) return 0;
  const double d = value.get<double>();
  return d >= -9e18 && d <= 9e18 ? static_cast<int64_t>(d) : kMax;
}

int SmallInt(const Json& json, const char* key) {
  return static_cast<int>(
      std::clamp<int64_t>(Int(json, key), std::numeric_limits<int>::min(), std::numeric_limits<int>::max()));
}

uint16_t Port(int64_t value) {
  return value > 0 && value < 65536 ? static_cast<uint16_t>(value) : uint16_t{0};
}

bool Bool(const Json& json, const char* key) {
  const Json& value = At(json, key);
  return value.is_boolean() && value.get<bool>();
}

std::map<std::string, std::string> StringMap(const Json& json) {
  std::map<std::string, std::string> out;
  if (!json.is_object()) return out;
  for (const auto& [key, value] : json.items()) out.emplace(key, AsString(value));
  return out;
}

std::vector<std::string> StringList(const Json& json) {
  std::vector<std::string> out;
  for (const Json& value : Elements(json)) {
    if (value.is_string()) out.push_back(value.get<std::string>());
  }
  return out;
}

std::vector<std::pair<std::string, const Json*>> Items(const Json& json) {
  std::vector<std::pair<std::string, const Json*>> out;
  if (!json.is_object()) return out;
  for (const auto& [key, value] : json.items()) out.emplace_back(key, &value);
  return out;
}

absl::StatusOr<std::string> RequiredId(const Json& json, const char* key) {
  std::string id = String(json, key);
  if (id.empty()) return absl::InternalError(absl::StrCat("the answer has no ", key));
  return id;
}

}  // namespace spacelet::docker
