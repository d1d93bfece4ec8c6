// What somebody outside is told: that a trouble is there, or that it is over.
#pragma once

#include <cstdint>
#include <string>

#include "absl/time/time.h"

namespace spacelet::notify {

struct Notification {
  bool firing = true;  // else resolved
  std::string key;     // the same for the beginning and the end of a trouble; differs between hosts
  absl::Time time;
  std::string host;    // the machine's name
  std::string name;    // metadata.name
  std::string object;  // "container/vm-runner"; "host" for what concerns all
  std::string reason;  // RolledBack, CrashLoopBackOff, Conflict, ConfigRejected
  std::string message;
  int64_t count = 1;             // how often this trouble has begun since the agent started
  std::string revision, commit;  // of the document in force
  bool operator==(const Notification&) const = default;
};

// One line, at most base::kMaxProgramInput bytes (the message is cut):
// {"status":"firing|resolved","key","time","host","name","object","type":"Warning|Normal","reason","message",
//  "count","revision","commit"}.
std::string ToJson(const Notification& notification);

}  // namespace spacelet::notify
