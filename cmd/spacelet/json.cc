#include "cmd/spacelet/json.h"

#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace spacelet::cmd {
namespace {

using Json = nlohmann::ordered_json;

bool IsPlainWord(const std::string& text) {
  if (text.empty() || !absl::ascii_isalpha(static_cast<unsigned char>(text[0]))) return false;
  for (const char c : text)
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '_' && c != '-' && c != '.' && c != '/')
      return false;
  const std::string lower = absl::AsciiStrToLower(text);
  for (const char* reserved : {"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
    if (lower == reserved) return false;
  return true;
}

// A JSON scalar is a YAML scalar; only plain words look better without quotes.
std::string Scalar(const Json& json) {
  if (json.is_string() && IsPlainWord(json.get<std::string>())) return json.get<std::string>();
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

bool IsBlock(const Json& json) { return json.is_structured() && !json.empty(); }

void AppendYaml(const Json& json, const std::string& indent, std::string& out);

void AppendValue(const Json& value, const std::string& indent, std::string& out) {
  if (!IsBlock(value)) {
    absl::StrAppend(&out, " ", Scalar(value), "\n");
    return;
  }
  out += "\n";
  AppendYaml(value, indent, out);
}

void AppendItem(const Json& item, const std::string& indent, std::string& out) {
  if (!IsBlock(item)) {
    absl::StrAppend(&out, indent, "- ", Scalar(item), "\n");
    return;
  }
  const size_t at = out.size();
  AppendYaml(item, indent + "  ", out);
  out[at + indent.size()] = '-';
}

void AppendYaml(const Json& json, const std::string& indent, std::string& out) {
  if (json.is_array()) {
    for (const Json& item : json) AppendItem(item, indent, out);
    return;
  }
  for (const auto& [key, value] : json.items()) {
    absl::StrAppend(&out, indent, Scalar(Json(key)), ":");
    AppendValue(value, value.is_array() ? indent : indent + "  ", out);
  }
}

std::string Line(const Json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Json ToObject(const config::Diagnostic& diagnostic) {
  return {{"file", diagnostic.file},
          {"line", diagnostic.line},
          {"column", diagnostic.column},
          {"path", diagnostic.path},
          {"severity", diagnostic.severity == config::Severity::kError ? "error" : "warning"},
          {"message", diagnostic.message},
          {"suggestion", diagnostic.suggestion}};
}

}  // namespace

std::string Render(absl::string_view json, Format format) {
  const Json value = Json::parse(json.begin(), json.end(), nullptr, /*allow_exceptions=*/false);
  if (format != Format::kYaml)
    return value.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  if (!IsBlock(value)) return Scalar(value) + "\n";
  std::string out;
  AppendYaml(value, "", out);
  return out;
}

std::string ToJson(const app::BuildInfo& info) {
  return Line({{"version", info.version},
               {"revision", info.revision},
               {"compiler", info.compiler},
               {"libraries", info.libraries}});
}

std::string ToJson(bool valid, const std::vector<config::Diagnostic>& diagnostics) {
  Json list = Json::array();
  for (const config::Diagnostic& diagnostic : diagnostics) list.push_back(ToObject(diagnostic));
  return Line({{"valid", valid}, {"diagnostics", list}});
}

std::string ToJson(const app::Explanation& explanation) {
  Json fields = Json::array();
  for (const app::ExplainedField& field : explanation.fields)
    fields.push_back({{"field", field.field},
                      {"desired", field.desired},
                      {"source", field.source},
                      {"actual", field.actual},
                      {"decision", field.decision}});
  return Line({{"object", explanation.object}, {"inSync", explanation.plan.in_sync()}, {"fields", fields}});
}

std::string ToJson(bool converged, const std::vector<std::string>& missing) {
  return Line({{"converged", converged}, {"missing", missing}});
}

}  // namespace spacelet::cmd
