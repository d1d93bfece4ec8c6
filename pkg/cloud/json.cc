#include "pkg/cloud/json.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "pkg/base/text.h"
#include "pkg/cloud/json_key.h"

namespace spacelet::cloud {

Json ParseObject(absl::string_view text) {
  Json json = Json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  return json.is_object() ? json : Json();
}

const Json& Member(const Json& json, const char* key) {
  static const Json* const kNull = new Json();
  if (!json.is_object()) return *kNull;
  const auto at = json.find(key);
  return at == json.end() ? *kNull : *at;
}

std::string Text(const Json& json, const char* key) {
  const Json& member = Member(json, key);
  return member.is_string() ? member.get<std::string>() : "";
}

std::string Quoted(absl::string_view message, const std::vector<std::string>& secrets) {
  std::string text(message);
  for (const std::string& secret : secrets)
    if (!secret.empty()) text = absl::StrReplaceAll(text, {{secret, "***"}});
  return base::OneLine(text, 300);
}

absl::StatusOr<std::string> PickJsonKey(absl::string_view secret, const std::string& key) {
  const Json json = ParseObject(secret);
  if (json.is_null())
    return absl::FailedPreconditionError("the secret is no JSON object: there is no key in it to pick");
  const Json& value = Member(json, key.c_str());
  if (value.is_string()) return value.get<std::string>();
  if (value.is_null() || value.is_structured())
    return absl::NotFoundError(absl::StrCat("the secret's JSON has no text under ", base::OneLine(key, 100)));
  return value.dump();
}

}  // namespace spacelet::cloud
