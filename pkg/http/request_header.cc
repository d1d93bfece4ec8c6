#include "pkg/http/request_header.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"

namespace spacelet::http {
namespace {

bool IsTokenCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || absl::StrContains("!#$%&'*+-.^_`|~", c);
}

bool IsToken(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), IsTokenCharacter);
}

bool IsVisible(absl::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return absl::ascii_isgraph(static_cast<unsigned char>(c)); });
}

bool IsFieldValue(absl::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return c != '\t' && absl::ascii_iscntrl(static_cast<unsigned char>(c)); });
}

std::string DecodePercent(absl::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool escaped = text[i] == '%' && i + 2 < text.size() &&
                         absl::ascii_isxdigit(static_cast<unsigned char>(text[i + 1])) &&
                         absl::ascii_isxdigit(static_cast<unsigned char>(text[i + 2]));
    uint32_t byte = 0;
    if (escaped && absl::SimpleHexAtoi(text.substr(i + 1, 2), &byte)) {
      decoded += static_cast<char>(byte);
      i += 2;
    } else {
      decoded += text[i] == '+' ? ' ' : text[i];
    }
  }
  return decoded;
}

std::map<std::string, std::string> ParseQuery(absl::string_view query) {
  std::map<std::string, std::string> pairs;
  for (absl::string_view pair : absl::StrSplit(query, '&', absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(pair, absl::MaxSplits('=', 1));
    pairs[DecodePercent(parts.first)] = DecodePercent(parts.second);
  }
  return pairs;
}

// Empty: good.
std::string ParseTarget(absl::string_view target, RequestHeader& header) {
  if (!absl::StartsWith(target, "/") || !IsVisible(target)) return "the request target must be a path";
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(target, absl::MaxSplits('?', 1));
  header.path = std::string(parts.first);
  header.query = ParseQuery(parts.second);
  return "";
}

Refusal ParseRequestLine(absl::string_view line, RequestHeader& header) {
  const std::vector<absl::string_view> words = absl::StrSplit(line, ' ');
  if (words.size() != 3 || !IsToken(words[0])) return {400, "malformed request line"};
  if (!absl::StartsWith(words[2], "HTTP/")) return {400, "malformed request line"};
  if (words[2] != "HTTP/1.1" && words[2] != "HTTP/1.0")
    return {505, "only HTTP/1.1 and HTTP/1.0 are spoken here"};
  if (words[0] != "GET" && words[0] != "HEAD") return {405, "this server is read-only: GET and HEAD"};
  header.method = std::string(words[0]);
  header.http_1_0 = words[2] == "HTTP/1.0";
  return {400, ParseTarget(words[1], header)};
}

// False: malformed or ambiguous. A repeated field is joined, but one that frames or routes must not be
// repeated.
bool AddField(absl::string_view line, std::map<std::string, std::string>& headers) {
  const size_t colon = line.find(':');
  if (colon == absl::string_view::npos || !IsToken(line.substr(0, colon))) return false;
  const std::string name = absl::AsciiStrToLower(line.substr(0, colon));
  const absl::string_view value = absl::StripAsciiWhitespace(line.substr(colon + 1));
  if (!IsFieldValue(value)) return false;
  const auto [field, added] = headers.emplace(name, value);
  if (added) return true;
  if (name == "host" || name == "content-length" || name == "transfer-encoding") return false;
  field->second += ", " + std::string(value);
  return true;
}

Refusal CheckBody(const RequestHeader& header) {
  const bool chunked = header.headers.count("transfer-encoding") > 0;
  const auto length = header.headers.find("content-length");
  if (chunked && length != header.headers.end()) return {400, "two framings of one body"};
  if (chunked) return {413, "a request here has no body"};
  if (length == header.headers.end() || length->second == "0") return {};
  const bool number = !length->second.empty() &&
                      std::all_of(length->second.begin(), length->second.end(), absl::ascii_isdigit);
  return number ? Refusal{413, "a request here has no body"} : Refusal{400, "malformed Content-Length"};
}

}  // namespace

std::variant<RequestHeader, Refusal> ParseRequestHeader(absl::string_view bytes) {
  RequestHeader header;
  const std::vector<absl::string_view> lines = absl::StrSplit(bytes, "\r\n");
  if (Refusal refusal = ParseRequestLine(lines[0], header); !refusal.message.empty()) return refusal;
  for (size_t i = 1; i < lines.size(); ++i)
    if (!AddField(lines[i], header.headers)) return Refusal{400, "malformed or repeated header field"};
  if (header.headers.count("host") == 0 && !header.http_1_0) return Refusal{400, "a Host header is missing"};
  if (Refusal refusal = CheckBody(header); !refusal.message.empty()) return refusal;
  return header;
}

std::string HostWithoutPort(absl::string_view host_header) {
  if (absl::ConsumePrefix(&host_header, "["))
    return absl::AsciiStrToLower(host_header.substr(0, host_header.find(']')));
  return absl::AsciiStrToLower(host_header.substr(0, host_header.find(':')));
}

bool IsIpLiteral(const std::string& host) {
  unsigned char address[sizeof(in6_addr)];
  return inet_pton(AF_INET, host.c_str(), address) == 1 || inet_pton(AF_INET6, host.c_str(), address) == 1;
}

absl::string_view ReasonPhrase(int status) {
  static constexpr std::pair<int, absl::string_view> kPhrases[] = {
      {200, "OK"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {408, "Request Timeout"},
      {413, "Content Too Large"},
      {421, "Misdirected Request"},
      {431, "Request Header Fields Too Large"},
      {500, "Internal Server Error"},
      {503, "Service Unavailable"},
      {505, "HTTP Version Not Supported"},
  };
  for (const auto& [code, phrase] : kPhrases)
    if (code == status) return phrase;
  return "Unknown";
}

}  // namespace spacelet::http
