// When the content of a file may be believed. Every prefix of a document may be a document, so what is seen
// while somebody writes must not be taken; what was renamed into place is whole.
#pragma once

#include <optional>

#include "absl/time/time.h"
#include "pkg/base/clock.h"
#include "pkg/base/file.h"

namespace spacelet::source {

// Quiet time after a change in place. Longer than the debounce, because a writer that closes the file and
// comes back (shell redirections, one per part) does so within a second.
inline constexpr absl::Duration kInPlaceQuiet = absl::Milliseconds(1500);
// A writer that holds the file open is waited for as long as it goes on writing, and this much longer.
inline constexpr absl::Duration kHeldOpen = absl::Seconds(30);

// Whether some process has the file open for writing.
enum class Writer { kNone, kSome, kUnknown };
// Asks the kernel for a read lease, which it grants only on a file that nobody has open for writing. kUnknown
// where leases are not to be had (network file systems; a file of somebody else's without CAP_LEASE).
Writer WriterOf(const std::string& path);

// The state machine of one file; pure. Fed with events and looks.
class Settling {
 public:
  void OnWritten();   // IN_MODIFY
  void OnClosed();    // IN_CLOSE_WRITE
  void OnReplaced();  // another file stands under the name

  // Whether the content with this stamp may be taken now. `trusted`: the first look of all, or one that a
  // person asked for; then only a writer at work holds it back.
  bool MayTake(const base::FileStamp& stamp, Writer writer, bool trusted, base::Instant now);
  void OnTaken();

 private:
  bool in_place_ = true;  // unless a rename was seen, a change is taken for one in place
  bool open_ = false;     // written, and not closed since
  std::optional<base::FileStamp> stamp_;
  base::Instant since_;  // stamp_ was first seen
};

}  // namespace spacelet::source
