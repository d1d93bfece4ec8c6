#include "pkg/lifecycle/notify.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "pkg/base/text.h"
#include "pkg/base/unique_fd.h"

namespace spacelet::lifecycle {
namespace {

absl::string_view Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// A failure is nobody's concern here: systemd gone means that nobody listens.
void Notify(const std::string& state) {
  const absl::string_view name = Environment("NOTIFY_SOCKET");
  sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = {}};
  if (name.empty() || name.size() >= sizeof address.sun_path) return;
  name.copy(address.sun_path, name.size());
  if (name[0] == '@') address.sun_path[0] = '\0';  // unix(7): of the abstract namespace
  const base::UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  ::sendto(socket.get(), state.data(), state.size(), MSG_NOSIGNAL,
           reinterpret_cast<const sockaddr*>(&address), length);
}

std::string StatusLine(const std::string& status) { return absl::StrCat("STATUS=", base::OneLine(status)); }

}  // namespace

void NotifyReady(const std::string& status) { Notify(absl::StrCat("READY=1\n", StatusLine(status))); }

void NotifyStatus(const std::string& status) { Notify(StatusLine(status)); }

void NotifyStopping() { Notify("STOPPING=1"); }

void NotifyWatchdog() { Notify("WATCHDOG=1"); }

absl::Duration WatchdogInterval() {
  const absl::string_view watched = Environment("WATCHDOG_PID");  // the variables are inherited
  int64_t microseconds = 0;
  if (!absl::SimpleAtoi(Environment("WATCHDOG_USEC"), &microseconds) || microseconds <= 0 ||
      (!watched.empty() && watched != absl::StrCat(::getpid()))) {
    return absl::InfiniteDuration();
  }
  return absl::Microseconds(microseconds) / 2;
}

}  // namespace spacelet::lifecycle
