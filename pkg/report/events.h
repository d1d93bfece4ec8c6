// What happened and why, for people: a bounded, de-duplicated ring, like `kubectl get events`.
#pragma once

#include <cstdint>
#include <deque>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "pkg/base/clock.h"
#include "pkg/base/mutex.h"
#include "pkg/report/redact.h"

namespace spacelet::report {

struct Event {
  enum class Type { kNormal, kWarning };
  uint64_t sequence = 0;  // grows with every record, also of a repetition
  absl::Time time;        // of the last occurrence
  std::string object;     // "container/vm-runner"; "host" for what concerns all
  Type type = Type::kNormal;
  std::string reason, message;
  int64_t count = 1;
  std::string revision;  // of the document in force at the last occurrence
  bool operator==(const Event&) const = default;
};

inline constexpr char kHostObject[] = "host";

// One line, without its newline: {"time","object","type","reason","message","count","revision"}.
std::string ToJson(const Event& event);
// Errors: InvalidArgument when the line is no event. The sequence is not in it.
absl::StatusOr<Event> EventFromJson(absl::string_view line);
// One line for people, without its newline.
std::string ToText(const Event& event);

// Thread-safety: thread-safe. Text is redacted and made one line where it enters.
class EventLog {
 public:
  // client-go's broadcaster keeps 1000 events too; each is at most some 1.5 KiB.
  static constexpr size_t kDefaultCapacity = 1000;

  EventLog(base::Clock& clock, Redact redact, size_t capacity = kDefaultCapacity);

  void SetRevision(std::string revision) ABSL_LOCKS_EXCLUDED(mu_);
  // A repetition (same object, type, reason and message as an event in the ring) raises its count, renews its
  // time and moves it to the end; else the oldest gives way.
  void Record(Event::Type type, absl::string_view object, absl::string_view reason, std::string message)
      ABSL_LOCKS_EXCLUDED(mu_);

  // The events after `sequence` (0: all), oldest first.
  std::vector<Event> Since(uint64_t sequence) const ABSL_LOCKS_EXCLUDED(mu_);
  // The same, but blocks until there is one, the deadline passes (then empty) or `stop` (then empty).
  std::vector<Event> WaitSince(uint64_t sequence, base::Instant deadline, const std::stop_token& stop) const
      ABSL_LOCKS_EXCLUDED(mu_);

 private:
  std::vector<Event> After(uint64_t sequence) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  base::Clock& clock_;
  const Redact redact_;
  const size_t capacity_;
  mutable base::Mutex mu_;
  mutable base::CondVar recorded_;
  std::deque<Event> events_ ABSL_GUARDED_BY(mu_);  // ascending sequence
  uint64_t last_sequence_ ABSL_GUARDED_BY(mu_) = 0;
  std::string revision_ ABSL_GUARDED_BY(mu_);
};

}  // namespace spacelet::report
