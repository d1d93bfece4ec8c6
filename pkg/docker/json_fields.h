// Fields of Docker's JSON, read without ever throwing: what is null, absent or of another type has its empty
// value. Private to this package, as is the JSON library.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pkg/base/status_macros.h"

namespace spacelet::docker {

using Json = nlohmann::json;

// Errors: Internal when `text` is no JSON, is nested deeper than 64, or is not of type `want`.
absl::StatusOr<Json> Parse(absl::string_view text, Json::value_t want);
absl::StatusOr<Json> ParseObject(absl::string_view text);

const Json& At(const Json& json, const char* key);  // null when there is none
const Json& Elements(const Json& json);             // the empty array for anything but an array
// The empty list for anything but an object.
std::vector<std::pair<std::string, const Json*>> Items(const Json& json);

std::string AsString(const Json& json);
std::string String(const Json& json, const char* key);
int64_t Int(const Json& json, const char* key);  // clamped, as the next
int SmallInt(const Json& json, const char* key);
bool Bool(const Json& json, const char* key);
uint16_t Port(int64_t value);  // 0 when it is none
std::map<std::string, std::string> StringMap(const Json& json);
std::vector<std::string> StringList(const Json& json);

// Errors: Internal when it is empty: what names an object must be there.
absl::StatusOr<std::string> RequiredId(const Json& json, const char* key = "Id");

template <typename T>
absl::StatusOr<std::vector<T>> DecodeList(absl::string_view body, absl::StatusOr<T> (*decode)(const Json&)) {
  ASSIGN_OR_RETURN(const Json json, Parse(body, Json::value_t::array));
  std::vector<T> out;
  for (const Json& element : json) {
    ASSIGN_OR_RETURN(T value, decode(element));
    out.push_back(std::move(value));
  }
  return out;
}

}  // namespace spacelet::docker
