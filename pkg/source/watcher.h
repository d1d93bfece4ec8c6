// inotify on a set of directories.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "pkg/base/unique_fd.h"

namespace spacelet::source {

struct FileEvent {
  std::string directory, name;  // name empty: the directory itself, or everything (an overflow)
  bool written = false;         // content changed in place
  bool closed = false;          // a writer closed it
  bool replaced = false;        // something else stands under the name now, or nothing
};

// Thread-safety: Wake from any thread; the rest from one.
class Watcher {
 public:
  // Without inotify (limits reached, or `use_inotify` false) it only waits: whoever uses it has to poll.
  explicit Watcher(bool use_inotify);

  // Watches exactly these, as far as they exist. A directory that was made again under its name is watched
  // again. `written`: of these also what is written in them; elsewhere that would wake us for every file that
  // anybody writes (/tmp).
  void Arm(const std::set<std::string>& directories, const std::set<std::string>& written);

  // Waits until something happens, Wake is called or the time is over.
  std::vector<FileEvent> Wait(absl::Duration timeout);
  void Wake();

  bool is_complete() const { return complete_; }  // false: some directory could not be watched, for a limit

 private:
  struct Watch {
    int descriptor = -1;
    uint64_t device = 0, inode = 0;
    uint32_t mask = 0;
  };
  std::vector<FileEvent> ReadEvents();

  base::UniqueFd inotify_, wake_;
  std::map<std::string, Watch> watches_;
  std::map<int, std::string> directories_;
  bool complete_ = true;
};

}  // namespace spacelet::source
