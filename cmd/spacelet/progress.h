// How long work is told: a line for each thing that happened, and on a terminal, after the first second, one
// line that says what is going on now.
#pragma once

#include <string>

#include "absl/time/time.h"
#include "pkg/app/one_shot.h"

namespace spacelet::cmd {

// On stderr. Not thread-safe.
class Progress {
 public:
  Progress();
  ~Progress();  // wipes the transient line
  app::Tell teller();

 private:
  void Show(const std::string& line, bool transient);
  void Wipe();

  const bool terminal_;
  const absl::Time begun_;
  bool shown_ = false;  // a transient line stands on the screen
};

// One line on stderr of a terminal while this lives: for work that has no steps to tell of.
class Transient {
 public:
  explicit Transient(const std::string& line);
  ~Transient();
  Transient(const Transient&) = delete;
  Transient& operator=(const Transient&) = delete;
};

}  // namespace spacelet::cmd
