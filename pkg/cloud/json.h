// Fields of the clouds' answers, read without ever throwing. Private to this package, as is the JSON library.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace spacelet::cloud {

using Json = nlohmann::json;

// Null when `text` is no JSON object.
Json ParseObject(absl::string_view text);
const Json& Member(const Json& json, const char* key);  // null when there is none
std::string Text(const Json& json, const char* key);    // empty when there is none, or it is no text

// One line of what a cloud says about an error, with none of `secrets` in it.
std::string Quoted(absl::string_view message, const std::vector<std::string>& secrets);

}  // namespace spacelet::cloud
