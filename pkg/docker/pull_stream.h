// The progress stream of a pull (or a load): success is a stream that ends at a boundary, said something, and
// saw no error.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "pkg/docker/decode.h"
#include "pkg/docker/json_stream.h"
#include "pkg/docker/types.h"

namespace spacelet::docker {

// Thread-safety: thread-compatible.
class PullStream {
 public:
  // Errors: the daemon's error line, classified (PullErrorCode); Internal when the stream is not what it
  // should be.
  absl::Status Feed(absl::string_view chunk);
  // Call at the clean end of the answer. Errors: Internal when it ended in the middle of an object or without
  // a word.
  absl::Status Finish() const;
  // Bounded, whatever the daemon says: a hundred times each number is a number.
  PullProgress Progress() const;

 private:
  struct Layer {
    int64_t current = 0, total = 0;
    bool done = false;
  };

  absl::Status TakeLine(absl::string_view line);
  void TakeLayer(const PullLine& line);

  JsonStream objects_;
  int64_t lines_ = 0;
  std::map<std::string, Layer> layers_;
  std::string status_;
};

}  // namespace spacelet::docker
