// What is missing for the host to be ready: the one definition behind /readyz, the Ready condition and
// `apply`.
#pragma once

#include <string>
#include <vector>

#include "pkg/report/status.h"

namespace spacelet::report {

// One thing that is missing: the condition that should be True (or, Progressing, should not), or a message
// alone where there is none.
struct Lack {
  std::string what;     // "document", "docker", "container/vm-runner"
  Condition condition;  // without a type: the message says it
  bool operator==(const Lack&) const = default;
};

// Each thing that is missing, in the order a person should look at them; empty when the
// newest document seen is the accepted one and is observed, Docker answers, every object is Synced and Ready,
// and no rollout or removal is under way. Pure; does not look at the Ready condition of the host, which is
// made from it.
std::vector<Lack> Lacks(const Status& status);

// The same, a sentence each: "docker: DockerAvailable=False, Unreachable (connection refused)".
std::vector<std::string> Missing(const Status& status);

// What a person should know of a host that is ready all the same: Git cannot be asked for a newer document.
std::vector<std::string> Remarks(const Status& status);

}  // namespace spacelet::report
