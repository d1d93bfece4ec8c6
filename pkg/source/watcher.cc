#include "pkg/source/watcher.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace spacelet::source {
namespace {

constexpr uint32_t kReplaced =
    IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF;
constexpr uint32_t kMask = kReplaced | IN_ATTRIB | IN_ONLYDIR;
constexpr uint32_t kWritten = IN_MODIFY | IN_CLOSE_WRITE;

}  // namespace

Watcher::Watcher(bool use_inotify)
    : inotify_(use_inotify ? inotify_init1(IN_CLOEXEC | IN_NONBLOCK) : -1),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  complete_ = inotify_.valid();
}

void Watcher::Arm(const std::set<std::string>& directories, const std::set<std::string>& written) {
  if (!inotify_.valid()) return;
  complete_ = true;
  for (auto it = watches_.begin(); it != watches_.end();) {
    struct stat now = {};
    const bool wanted = directories.count(it->first) != 0 && stat(it->first.c_str(), &now) == 0 &&
                        now.st_dev == it->second.device && now.st_ino == it->second.inode;
    if (wanted) {
      ++it;
      continue;
    }
    inotify_rm_watch(inotify_.get(), it->second.descriptor);
    directories_.erase(it->second.descriptor);
    it = watches_.erase(it);
  }
  for (const std::string& directory : directories) {
    struct stat now = {};
    const uint32_t mask = kMask | (written.count(directory) != 0 ? kWritten : 0);
    const auto known = watches_.find(directory);
    if ((known != watches_.end() && known->second.mask == mask) || stat(directory.c_str(), &now) != 0)
      continue;
    const int descriptor = inotify_add_watch(inotify_.get(), directory.c_str(), mask);
    if (descriptor < 0) {
      complete_ = complete_ && errno != ENOSPC && errno != ENOMEM;
      continue;
    }
    watches_[directory] = {descriptor, now.st_dev, now.st_ino, mask};
    directories_[descriptor] = directory;
  }
}

std::vector<FileEvent> Watcher::Wait(absl::Duration timeout) {
  pollfd fds[] = {{wake_.get(), POLLIN, 0}, {inotify_.get(), POLLIN, 0}};
  const int64_t ms = std::clamp<int64_t>(
      absl::ToInt64Milliseconds(absl::Ceil(timeout, absl::Milliseconds(1))), 0, 3'600'000);
  if (poll(fds, inotify_.valid() ? 2 : 1, static_cast<int>(ms)) <= 0) return {};
  uint64_t count = 0;
  if ((fds[0].revents & POLLIN) != 0) (void)!read(wake_.get(), &count, sizeof(count));
  return (fds[1].revents & POLLIN) != 0 ? ReadEvents() : std::vector<FileEvent>();
}

void Watcher::Wake() {
  const uint64_t one = 1;
  (void)!write(wake_.get(), &one, sizeof(one));
}

std::vector<FileEvent> Watcher::ReadEvents() {
  std::vector<FileEvent> out;
  alignas(inotify_event) char buffer[16 * 1024];
  for (ssize_t size; (size = read(inotify_.get(), buffer, sizeof(buffer))) > 0;) {
    for (const char* at = buffer; at < buffer + size;) {
      inotify_event event;
      std::memcpy(&event, at, sizeof(event));
      FileEvent read_event;
      const auto directory = directories_.find(event.wd);
      if (directory != directories_.end()) read_event.directory = directory->second;
      if (event.len > 0) read_event.name = at + sizeof(event);
      read_event.written = (event.mask & IN_MODIFY) != 0;
      read_event.closed = (event.mask & IN_CLOSE_WRITE) != 0;
      read_event.replaced = (event.mask & kReplaced) != 0;
      // A watch that ended (directory gone) is armed again when the directory is back.
      if ((event.mask & IN_IGNORED) != 0 && directory != directories_.end()) {
        watches_.erase(directory->second);
        directories_.erase(directory);
      }
      out.push_back(std::move(read_event));
      at += sizeof(event) + event.len;
    }
  }
  return out;
}

}  // namespace spacelet::source
