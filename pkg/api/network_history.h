// What the agent remembers of the replacements of one network. Persisted (pkg/state); losing it costs the way
// back of a replacement that is under way and the memory of what Docker refused, never a container.
#pragma once

#include <string>

namespace spacelet::api {

struct NetworkHistory {
  // The settings to go back to, as canonical JSON (what kLabelNetworkSpec held on the network that was
  // removed); empty: none.
  std::string previous;
  std::string failed_hash;  // of the settings that Docker refused and that are not tried again; empty: none
  std::string message;      // why, in Docker's words
  bool operator==(const NetworkHistory&) const = default;
};

}  // namespace spacelet::api
