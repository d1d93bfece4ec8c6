#include "pkg/log/encode.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "pkg/base/text.h"

namespace spacelet::log {
namespace {

constexpr absl::string_view kCut = "…";
constexpr size_t kShortestCut = 16;

absl::string_view NameOf(Level level) {
  switch (level) {
    case Level::kDebug:
      return "debug";
    case Level::kInfo:
      return "info";
    case Level::kWarning:
      return "warning";
    case Level::kError:
      return "error";
  }
  return "error";
}

std::string EscapedChar(const base::Utf8Char& c) {
  if (!c.valid) return "\\ufffd";
  switch (c.code_point) {
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    case '"':
      return "\\\"";
    case '\\':
      return "\\\\";
    default:
      return absl::StrFormat("\\u%04x", static_cast<unsigned>(c.code_point));
  }
}

bool NeedsEscape(const base::Utf8Char& c) {
  return !c.valid || c.code_point == '"' || c.code_point == '\\' || base::IsDeceptive(c.code_point);
}

// The inside of a JSON string, at most `max_bytes` and the mark of a cut.
std::string Escape(absl::string_view text, size_t max_bytes) {
  std::string out;
  while (!text.empty()) {
    const base::Utf8Char c = base::DecodeUtf8(text);
    const std::string piece = NeedsEscape(c) ? EscapedChar(c) : std::string(text.substr(0, c.length));
    if (out.size() + piece.size() > max_bytes) return absl::StrCat(out, kCut);
    out += piece;
    text.remove_prefix(c.length);
  }
  return out;
}

std::string Quoted(absl::string_view text, size_t max_bytes) {
  return absl::StrCat("\"", Escape(text, max_bytes), "\"");
}

// logfmt quotes only where a reader could not tell the end of the value.
std::string LogfmtValue(absl::string_view text, size_t max_bytes) {
  const std::string escaped = Escape(text, max_bytes);
  const bool bare = !text.empty() && escaped == text && escaped.find_first_of(" =") == std::string::npos;
  return bare ? escaped : absl::StrCat("\"", escaped, "\"");
}

std::string Encode(const std::vector<Field>& fields, Format format, size_t max_value_bytes) {
  const bool json = format == Format::kJson;
  std::string line = json ? "{" : "";
  absl::string_view separator = "";
  for (const Field& field : fields) {
    absl::StrAppend(&line, separator, json ? Quoted(field.key, kMaxLineBytes) : std::string(field.key),
                    json ? ":" : "=",
                    json ? Quoted(field.value, max_value_bytes) : LogfmtValue(field.value, max_value_bytes));
    separator = json ? "," : " ";
  }
  return line + (json ? "}" : "");
}

std::string Rfc3339(absl::Time at) {
  return absl::FormatTime("%Y-%m-%d%ET%H:%M:%E3SZ", at, absl::UTCTimeZone());
}

}  // namespace

std::string EncodeLine(absl::Time at, Level level, const std::vector<Field>& fields, Format format) {
  std::vector<Field> all = {{"ts", Rfc3339(at)}, {"level", std::string(NameOf(level))}};
  all.insert(all.end(), fields.begin(), fields.end());
  size_t max_value_bytes = kMaxLineBytes;
  std::string line = Encode(all, format, max_value_bytes);
  while (line.size() > kMaxLineBytes && max_value_bytes > kShortestCut) {
    max_value_bytes /= 2;
    line = Encode(all, format, max_value_bytes);
  }
  return line;
}

std::string WithDropped(std::string line, int64_t count, Format format) {
  if (format == Format::kLogfmt) return absl::StrCat(line, " dropped=", count);
  line.pop_back();  // "}"
  return absl::StrCat(line, ",\"dropped\":\"", count, "\"}");
}

}  // namespace spacelet::log
