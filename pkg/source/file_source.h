// Watches the document's file, the overlays beside it and the files it names, and offers what stands in them
// once it is whole.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <stop_token>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "pkg/base/clock.h"
#include "pkg/log/log.h"
#include "pkg/source/store.h"

namespace spacelet::source {

// inotify on every directory of the symlink chain, plus a poll for what inotify does not see (NFS, limits). A
// rename into place is taken after the debounce, a change in place when nobody has the file open any more and
// it has been quiet (settle.h); with overlays, when all of them have settled (document_set.h). What cannot be
// read, or is not valid, changes nothing but the store's last attempt. Thread-safety: Reload and Watch from
// any thread.
class FileSource {
 public:
  static constexpr absl::Duration kDebounce = absl::Milliseconds(200);  // this long quiet …
  static constexpr absl::Duration kLongestDebounce = absl::Seconds(2);  // … but not longer than this
  static constexpr absl::Duration kPollInterval = absl::Seconds(15);
  // Reading a megabyte takes no time; a file system that takes longer than this hangs (a server that is
  // away).
  static constexpr absl::Duration kLongestRead = absl::Minutes(2);
  struct Options {
    std::string path;  // absolute; empty: no document, only the files of Watch
    absl::Duration poll_interval = kPollInterval;
    bool use_inotify = true;
    // Called in each turn of Run: the next one begins within that time, unless a read hangs. May be null.
    std::function<void(absl::Duration within)> on_turn = {};
  };

  // `store` and `clock` outlive it.
  FileSource(Options options, Store& store, base::Clock& clock, const log::Logger& logger);
  ~FileSource();

  // Reads the file once, without waiting for anything. Run does it by itself; a one-shot command calls it
  // instead.
  void ReadNow();

  // Blocks until the token is stopped. Always OK: what fails is reported and tried again.
  absl::Status Run(const std::stop_token& stop);

  // Reads again now (SIGHUP), and offers the document even when its bytes are the ones offered last.
  void Reload();

  // From now on also watches exactly these files (absolute paths): `on_change` is called from Run's thread
  // with the path of one whose content is another one, or that came or went. Not called for what is there at
  // first.
  void Watch(std::set<std::string> paths, std::function<void(const std::string& path)> on_change);

 private:
  class Loop;

  Options options_;
  Store& store_;
  base::Clock& clock_;
  log::Logger logger_;
  std::unique_ptr<Loop> loop_;
};

}  // namespace spacelet::source
