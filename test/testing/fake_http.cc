#include "test/testing/fake_http.h"

#include <sys/socket.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"

namespace spacelet::testing {
namespace {

constexpr size_t kMaxHeader = 64 << 10, kMaxBody = 64 << 20;

bool ReadMore(int fd, std::string& buffer) {
  char bytes[16384];
  const ssize_t n = recv(fd, bytes, sizeof(bytes), 0);
  if (n <= 0) return false;
  buffer.append(bytes, static_cast<size_t>(n));
  return true;
}

bool WriteAll(int fd, absl::string_view data) {
  while (!data.empty()) {
    const ssize_t n = send(fd, data.data(), data.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    data.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

std::string PercentDecode(absl::string_view text, bool plus_is_space) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && i + 2 < text.size() && absl::ascii_isxdigit(text[i + 1]) != 0 &&
                        absl::ascii_isxdigit(text[i + 2]) != 0;
    uint32_t byte = 0;
    if (escape && absl::SimpleHexAtoi(text.substr(i + 1, 2), &byte)) {
      out.push_back(static_cast<char>(byte));
      i += 2;
    } else {
      out.push_back(plus_is_space && text[i] == '+' ? ' ' : text[i]);
    }
  }
  return out;
}

void ParseTarget(absl::string_view target, HttpRequest& request) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(target, absl::MaxSplits('?', 1));
  request.path = PercentDecode(parts.first, false);
  for (const absl::string_view field : absl::StrSplit(parts.second, '&', absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> pair =
        absl::StrSplit(field, absl::MaxSplits('=', 1));
    request.query.emplace(PercentDecode(pair.first, true), PercentDecode(pair.second, true));
  }
  if (!absl::StartsWith(request.path, "/v1.")) return;
  const size_t end = request.path.find('/', 1);
  if (end == std::string::npos) return;
  request.version = request.path.substr(2, end - 2);
  request.path.erase(0, end);
}

bool ParseHeader(absl::string_view header, HttpRequest& request) {
  const std::vector<absl::string_view> lines = absl::StrSplit(header, "\r\n");
  const std::vector<absl::string_view> words = absl::StrSplit(lines[0], ' ');
  if (words.size() != 3) return false;
  request.method = std::string(words[0]);
  ParseTarget(words[1], request);
  for (size_t i = 1; i < lines.size(); ++i) {
    const std::pair<absl::string_view, absl::string_view> field =
        absl::StrSplit(lines[i], absl::MaxSplits(':', 1));
    request.headers[absl::AsciiStrToLower(field.first)] =
        std::string(absl::StripAsciiWhitespace(field.second));
  }
  return true;
}

bool ReadSized(int fd, size_t size, std::string& buffer, std::string& body) {
  if (size > kMaxBody) return false;
  while (buffer.size() < size) {
    if (!ReadMore(fd, buffer)) return false;
  }
  body.append(buffer, 0, size);
  buffer.erase(0, size);
  return true;
}

bool ReadChunks(int fd, std::string& buffer, std::string& body) {
  while (true) {
    size_t end = 0;
    while ((end = buffer.find("\r\n")) == std::string::npos) {
      if (!ReadMore(fd, buffer)) return false;
    }
    uint64_t size = 0;
    if (!absl::SimpleHexAtoi(absl::string_view(buffer).substr(0, end), &size)) return false;
    buffer.erase(0, end + 2);
    std::string line_end;
    if (!ReadSized(fd, size, buffer, body) || !ReadSized(fd, 2, buffer, line_end)) return false;
    if (size == 0) return true;
  }
}

}  // namespace

std::optional<HttpRequest> ReadHttpRequest(int fd) {
  std::string buffer;
  size_t end = 0;
  while ((end = buffer.find("\r\n\r\n")) == std::string::npos) {
    if (buffer.size() > kMaxHeader || !ReadMore(fd, buffer)) return std::nullopt;
  }
  HttpRequest request;
  if (!ParseHeader(absl::string_view(buffer).substr(0, end), request)) return std::nullopt;
  buffer.erase(0, end + 4);
  bool read = true;
  size_t size = 0;
  if (request.headers["transfer-encoding"] == "chunked") {
    read = ReadChunks(fd, buffer, request.body);
  } else if (absl::SimpleAtoi(request.headers["content-length"], &size)) {
    read = ReadSized(fd, size, buffer, request.body);
  }
  return read ? std::optional<HttpRequest>(std::move(request)) : std::nullopt;
}

bool ValidHost(const HttpRequest& request) {
  const auto host = request.headers.find("host");
  if (host == request.headers.end()) return false;
  return std::all_of(host->second.begin(), host->second.end(), [](unsigned char c) {
    return absl::ascii_isalnum(c) ||
           absl::string_view("!$%&()*+,-.:;=[]'_~").find(static_cast<char>(c)) != absl::string_view::npos;
  });
}

bool WriteHttpAnswer(int fd, const HttpAnswer& answer, bool with_body) {
  std::string text = absl::StrCat("HTTP/1.1 ", answer.status, " ", answer.status < 400 ? "OK" : "Refused",
                                  "\r\nContent-Type: ", answer.content_type, "\r\nConnection: close\r\n");
  for (const auto& [name, value] : answer.headers) absl::StrAppend(&text, name, ": ", value, "\r\n");
  const bool bodiless = answer.status == 204 || answer.status == 304;
  if (!bodiless) absl::StrAppend(&text, "Content-Length: ", answer.body.size(), "\r\n");
  absl::StrAppend(&text, "\r\n", bodiless || !with_body ? "" : answer.body);
  return WriteAll(fd, text);
}

bool WriteChunkedHeader(int fd) {
  return WriteAll(fd,
                  "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
                  "Transfer-Encoding: chunked\r\n\r\n");
}

bool WriteChunk(int fd, absl::string_view data) {
  return WriteAll(fd, absl::StrFormat("%x\r\n%s\r\n", data.size(), data));
}

}  // namespace spacelet::testing
