// The daemon: `spacelet agent`.
#pragma once

#include "pkg/app/options.h"

namespace spacelet::app {

// Runs until SIGTERM or SIGINT, and returns the exit code: 0 stopped so, 1 a part failed for good (the port
// stayed taken, the web configuration is not valid, …), 2 an option cannot be understood, 75 another agent
// holds the lock. Containers are left running in every case. SIGHUP reads the document again and looks at
// everything; a second SIGTERM leaves at once. Requires: no other thread runs yet.
int RunAgent(const AgentOptions& options);

}  // namespace spacelet::app
