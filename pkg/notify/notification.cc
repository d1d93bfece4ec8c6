#include "pkg/notify/notification.h"

#include <nlohmann/json.hpp>

#include "pkg/base/subprocess.h"
#include "pkg/base/text.h"

namespace spacelet::notify {
namespace {

std::string Render(const Notification& n, const std::string& message) {
  const nlohmann::ordered_json json = {
      {"status", n.firing ? "firing" : "resolved"},
      {"key", n.key},
      {"time", absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", n.time, absl::UTCTimeZone())},
      {"host", n.host},
      {"name", n.name},
      {"object", n.object},
      {"type", n.firing ? "Warning" : "Normal"},
      {"reason", n.reason},
      {"message", message},
      {"count", n.count},
      {"revision", n.revision},
      {"commit", n.commit}};
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

std::string ToJson(const Notification& notification) {
  std::string json = Render(notification, notification.message);
  for (size_t most = 2048; json.size() > base::kMaxProgramInput && most > 16; most /= 2)
    json = Render(notification, base::OneLine(notification.message, most));
  return json;
}

}  // namespace spacelet::notify
