#include "pkg/docker/json_stream.h"

#include "absl/strings/ascii.h"
#include "pkg/base/status_macros.h"

namespace spacelet::docker {
namespace {

constexpr size_t kMaxObjectBytes = 1 << 20;

}  // namespace

absl::Status JsonStream::Feed(absl::string_view chunk,
                              const std::function<absl::Status(absl::string_view object)>& on_object) {
  for (const char c : chunk) RETURN_IF_ERROR(Take(c, on_object));
  return absl::OkStatus();
}

absl::Status JsonStream::Take(char c,
                              const std::function<absl::Status(absl::string_view object)>& on_object) {
  if (object_.empty() && c != '{') {
    if (absl::ascii_isspace(static_cast<unsigned char>(c))) return absl::OkStatus();
    return absl::InternalError("the stream holds something else than JSON objects");
  }
  if (object_.size() == kMaxObjectBytes)
    return absl::OutOfRangeError("an object of the stream exceeds 1 MiB");
  object_.push_back(c);
  if (quoted_) {
    if (!escaped_ && c == '"') quoted_ = false;
    escaped_ = !escaped_ && c == '\\';
    return absl::OkStatus();
  }
  if (c == '"') quoted_ = true;
  if (c == '{') ++depth_;
  if (c != '}' || --depth_ > 0) return absl::OkStatus();
  const std::string object = std::move(object_);
  *this = JsonStream();
  return on_object(object);
}

}  // namespace spacelet::docker
