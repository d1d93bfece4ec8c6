// Sockets that wait for clients: by TCP, and by a path for those on this machine.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "pkg/base/unique_fd.h"

namespace spacelet::http {

// HOST:PORT, [IPv6]:PORT, :PORT for all interfaces; port 0: any free. SO_REUSEADDR on, SO_REUSEPORT off.
// Errors: InvalidArgument the address cannot be understood; AlreadyExists the port is taken; Unavailable
// otherwise.
absl::StatusOr<base::UniqueFd> ListenOnTcp(const std::string& address);
int PortOf(const base::UniqueFd& listener);

// A unix socket that its owner and group may use (0660). Takes the place of a socket that is there, and of
// nothing else: Requires that whoever made that one is gone. Errors: FailedPrecondition something else is
// there; InvalidArgument the path is too long (unix(7): 107 bytes); Unavailable otherwise.
absl::StatusOr<base::UniqueFd> ListenOnPath(const std::string& path);

}  // namespace spacelet::http
