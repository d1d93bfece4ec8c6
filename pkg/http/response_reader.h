// Reads one HTTP/1.x response from bytes that nobody vouches for, strictly, purely and within fixed bounds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace spacelet::http {

struct ResponseLimits {
  size_t header_bytes = 32 << 10;  // status line and fields, informational responses (1xx) included
  size_t body_bytes = 64 << 10;
  bool cut_body = false;  // what is beyond is left unread, instead of an error
};

// Thread-safety: thread-compatible. Holds at most header_bytes + body_bytes and what it is fed at once.
class ResponseReader {
 public:
  explicit ResponseReader(ResponseLimits limits) : limits_(limits) {}

  // Takes in the next bytes. Errors: OutOfRange beyond a limit; DataLoss not HTTP. After an error, or once
  // done(), it must not be fed again.
  absl::Status Feed(absl::string_view bytes);
  // The peer has closed. Errors: DataLoss the response is not complete.
  absl::Status End();

  bool done() const { return stage_ == Stage::kDone; }
  int status() const { return code_; }
  // Lower-case names; of a repeated one the last.
  const std::map<std::string, std::string>& headers() const { return headers_; }
  std::string& body() { return body_; }

 private:
  enum class Stage { kHeader, kLength, kUntilClose, kChunkSize, kChunk, kChunkEnd, kDone };

  bool Step(absl::Status& error);
  bool ReadHeader(absl::Status& error);
  bool ReadChunkSize(absl::Status& error);
  bool ReadChunkEnd(absl::Status& error);
  bool ReadBody(absl::Status& error);
  absl::Status ParseHeader(absl::string_view header);
  absl::Status ParseStatusLine(absl::string_view line);
  absl::Status ParseField(absl::string_view line);
  absl::Status ChooseBody();

  const ResponseLimits limits_;
  Stage stage_ = Stage::kHeader;
  std::string in_;           // not understood yet
  size_t header_bytes_ = 0;  // of the headers read
  int code_ = 0;
  std::map<std::string, std::string> headers_;
  uint64_t left_ = 0;  // of the body or the chunk
  std::string body_;
};

}  // namespace spacelet::http
