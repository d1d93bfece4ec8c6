// Stands before the pages: asks clients for a user and a password, and adds the configured headers.
#pragma once

#include <functional>
#include <memory>

#include "absl/strings/string_view.h"
#include "pkg/http/server.h"
#include "pkg/webconfig/access.h"
#include "pkg/webconfig/passwords.h"

namespace spacelet::webconfig {

using InForce = std::function<std::shared_ptr<const Access>()>;

// `pages` for those who may: clients by the local socket, everybody where the configuration has no users,
// else who gives one's password. Others get a 401, or a 503 with Retry-After while too many passwords are to
// be checked. Every page is alike, /livez too. The pages do not see the credentials; a stream ends when
// a configuration that admits others comes into force. `on_answer` is told of each request that needed a
// password: accepted, rejected, busy. `passwords` outlives the handler.
http::Handler Guard(InForce in_force, Passwords& passwords,
                    std::function<void(absl::string_view result)> on_answer, http::Handler pages);

}  // namespace spacelet::webconfig
