// Cuts a stream of concatenated JSON objects, which arrives in pieces of any size, into objects.
#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace spacelet::docker {

// Thread-safety: thread-compatible.
class JsonStream {
 public:
  // Calls `on_object` with each object that is complete now; its error ends the feeding.
  // Errors: Internal when something else than objects and white space comes; OutOfRange when an object
  // exceeds 1 MiB.
  absl::Status Feed(absl::string_view chunk,
                    const std::function<absl::Status(absl::string_view object)>& on_object);

  // Whether the stream may end here: no object is half read.
  bool AtBoundary() const { return object_.empty(); }

 private:
  absl::Status Take(char c, const std::function<absl::Status(absl::string_view object)>& on_object);

  std::string object_;  // read so far
  int depth_ = 0;
  bool quoted_ = false, escaped_ = false;
};

}  // namespace spacelet::docker
