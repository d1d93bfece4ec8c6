// What the JSON writers and readers of this package share. Private: only .cc files here include it.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace spacelet::report::json {

using Json = nlohmann::ordered_json;  // keys stay in the documented order

inline std::string Line(const Json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

inline Json Parse(absl::string_view text) {
  return Json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
}

inline std::string Rfc3339(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone());
}

inline Json TimeOrNull(absl::Time time) {
  return time == absl::InfinitePast() ? Json(nullptr) : Json(Rfc3339(time));
}

// Lenient getters: an absent key or another type is the empty value, since a newer agent may have written the
// text.
inline std::string Text(const Json& object, const char* key) {
  if (!object.is_object()) return "";
  auto at = object.find(key);
  return at != object.end() && at->is_string() ? at->get<std::string>() : "";
}

inline int64_t Number(const Json& object, const char* key) {
  if (!object.is_object()) return 0;
  auto at = object.find(key);
  return at != object.end() && at->is_number_integer() ? at->get<int64_t>() : 0;
}

inline bool Flag(const Json& object, const char* key) {
  if (!object.is_object()) return false;
  auto at = object.find(key);
  return at != object.end() && at->is_boolean() && at->get<bool>();
}

inline Json Member(const Json& object, const char* key) {
  if (!object.is_object()) return {};
  auto at = object.find(key);
  return at == object.end() ? Json() : *at;
}

inline absl::Time Time(const Json& object, const char* key) {
  absl::Time time;
  std::string error;
  return absl::ParseTime(absl::RFC3339_full, Text(object, key), &time, &error) ? time : absl::InfinitePast();
}

}  // namespace spacelet::report::json
