#include "pkg/http/response_reader.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "pkg/base/status_macros.h"

namespace spacelet::http {
namespace {

constexpr char kEndOfLine[] = "\r\n", kEndOfHeader[] = "\r\n\r\n";
constexpr size_t kLineEndBytes = 2, kHeaderEndBytes = 4;
constexpr size_t kMaxChunkLine = 256;  // a size of 16 digits and extensions that nobody reads

absl::Status NotHttp(absl::string_view what) { return absl::DataLossError(absl::StrCat("not HTTP: ", what)); }

// Only digits: what SimpleAtoi takes besides (signs, blanks) is no length.
bool ParseLength(absl::string_view text, uint64_t& length) {
  return !text.empty() && std::all_of(text.begin(), text.end(), absl::ascii_isdigit) &&
         absl::SimpleAtoi(text, &length);
}

bool ParseChunkSize(absl::string_view line, uint64_t& size) {
  const absl::string_view digits = absl::StripTrailingAsciiWhitespace(line.substr(0, line.find(';')));
  return !digits.empty() && digits.size() <= 15 &&
         std::all_of(digits.begin(), digits.end(), absl::ascii_isxdigit) &&
         absl::SimpleHexAtoi(digits, &size);
}

}  // namespace

absl::Status ResponseReader::Feed(absl::string_view bytes) {
  in_.append(bytes.data(), bytes.size());
  absl::Status error;
  while (!done() && Step(error)) {
  }
  return error;
}

absl::Status ResponseReader::End() {
  if (stage_ == Stage::kUntilClose) stage_ = Stage::kDone;
  if (done()) return absl::OkStatus();
  return absl::DataLossError(code_ == 0 && in_.empty() ? "closed without an answer"
                                                       : "closed in the middle of the answer");
}

// Goes on as far as the next thing. False: needs more bytes, or has failed.
bool ResponseReader::Step(absl::Status& error) {
  switch (stage_) {
    case Stage::kHeader:
      return ReadHeader(error);
    case Stage::kChunkSize:
      return ReadChunkSize(error);
    case Stage::kChunkEnd:
      return ReadChunkEnd(error);
    case Stage::kLength:
    case Stage::kUntilClose:
    case Stage::kChunk:
      return ReadBody(error);
    case Stage::kDone:
      break;
  }
  return false;
}

bool ResponseReader::ReadHeader(absl::Status& error) {
  const size_t end = in_.find(kEndOfHeader);
  const size_t size = end == std::string::npos ? in_.size() : end + kHeaderEndBytes;
  if (header_bytes_ + size > limits_.header_bytes) {
    error = absl::OutOfRangeError(absl::StrCat("its header is larger than ", limits_.header_bytes, " bytes"));
    return false;
  }
  if (end == std::string::npos) return false;
  error = ParseHeader(absl::string_view(in_).substr(0, end));
  header_bytes_ += size;
  in_.erase(0, size);
  if (error.ok() && code_ / 100 != 1) error = ChooseBody();
  return error.ok();
}

absl::Status ResponseReader::ParseHeader(absl::string_view header) {
  headers_.clear();
  const size_t first = header.find(kEndOfLine);
  RETURN_IF_ERROR(ParseStatusLine(header.substr(0, first)));
  if (first == absl::string_view::npos) return absl::OkStatus();
  for (const absl::string_view line : absl::StrSplit(header.substr(first + kLineEndBytes), kEndOfLine))
    RETURN_IF_ERROR(ParseField(line));
  return absl::OkStatus();
}

absl::Status ResponseReader::ParseStatusLine(absl::string_view line) {
  const bool version = absl::ConsumePrefix(&line, "HTTP/1.0 ") || absl::ConsumePrefix(&line, "HTTP/1.1 ");
  uint64_t status = 0;
  const bool number =
      line.size() >= 3 && ParseLength(line.substr(0, 3), status) && (line.size() == 3 || line[3] == ' ');
  if (!version || !number || status < 100 || status > 599) return NotHttp("no status line");
  code_ = static_cast<int>(status);
  return absl::OkStatus();
}

absl::Status ResponseReader::ParseField(absl::string_view line) {
  const size_t colon = line.find(':');
  if (colon == absl::string_view::npos || colon == 0) return NotHttp("a header line without a name");
  const absl::string_view name = line.substr(0, colon);
  if (!std::all_of(name.begin(), name.end(), absl::ascii_isgraph)) return NotHttp("a malformed header name");
  headers_[absl::AsciiStrToLower(name)] = std::string(absl::StripAsciiWhitespace(line.substr(colon + 1)));
  return absl::OkStatus();
}

absl::Status ResponseReader::ChooseBody() {
  const auto coding = headers_.find("transfer-encoding"), length = headers_.find("content-length");
  if (code_ == 204 || code_ == 304) {
    stage_ = Stage::kDone;
  } else if (coding != headers_.end()) {
    if (!absl::EqualsIgnoreCase(coding->second, "chunked")) return NotHttp("an unknown transfer coding");
    stage_ = Stage::kChunkSize;
  } else if (length != headers_.end()) {
    if (!ParseLength(length->second, left_)) return NotHttp("a malformed content length");
    stage_ = left_ == 0 ? Stage::kDone : Stage::kLength;
  } else {
    stage_ = Stage::kUntilClose;
  }
  return absl::OkStatus();
}

bool ResponseReader::ReadChunkSize(absl::Status& error) {
  const size_t end = in_.find(kEndOfLine);
  if (end == std::string::npos && in_.size() < kMaxChunkLine + kLineEndBytes) return false;
  if (end > kMaxChunkLine || !ParseChunkSize(absl::string_view(in_).substr(0, end), left_)) {
    error = NotHttp("a malformed chunk");
    return false;
  }
  in_.erase(0, end + kLineEndBytes);
  stage_ = left_ == 0 ? Stage::kDone : Stage::kChunk;  // nobody waits for trailers
  return true;
}

bool ResponseReader::ReadChunkEnd(absl::Status& error) {
  if (in_.size() < kLineEndBytes) return false;
  if (!absl::StartsWith(in_, kEndOfLine)) error = NotHttp("a malformed chunk");
  in_.erase(0, kLineEndBytes);
  stage_ = Stage::kChunkSize;
  return error.ok();
}

bool ResponseReader::ReadBody(absl::Status& error) {
  if (in_.empty()) return false;
  const bool counted = stage_ != Stage::kUntilClose;
  const size_t size = counted ? static_cast<size_t>(std::min<uint64_t>(left_, in_.size())) : in_.size();
  const size_t room = limits_.body_bytes - body_.size();
  body_.append(in_, 0, std::min(size, room));
  in_.erase(0, size);
  left_ -= counted ? size : 0;
  if (size > room && !limits_.cut_body)
    error = absl::OutOfRangeError(absl::StrCat("its body is larger than ", limits_.body_bytes, " bytes"));
  if (size > room) {
    stage_ = Stage::kDone;
  } else if (counted && left_ == 0) {
    stage_ = stage_ == Stage::kLength ? Stage::kDone : Stage::kChunkEnd;
  }
  return error.ok();
}

}  // namespace spacelet::http
