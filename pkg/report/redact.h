// How text is made safe before it is shown: the secrets known to the process become "***" (secret::Redactor).
#pragma once

#include <functional>
#include <string>

namespace spacelet::report {

// Thread-safety: callable from any thread at once. A null function leaves text as it is (tests).
using Redact = std::function<std::string(std::string)>;

}  // namespace spacelet::report
