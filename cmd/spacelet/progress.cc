#include "cmd/spacelet/progress.h"

#include <iostream>

#include "absl/time/clock.h"
#include "cmd/spacelet/output.h"
#include "pkg/base/text.h"

namespace spacelet::cmd {
namespace {

constexpr absl::Duration kQuietTime = absl::Seconds(1);
constexpr size_t kWidth = 100;  // shorter than most terminals: a wrapped line cannot be wiped

}  // namespace

Progress::Progress() : terminal_(StderrIsTerminal()), begun_(absl::Now()) {}

Progress::~Progress() { Wipe(); }

app::Tell Progress::teller() {
  return [this](const std::string& line, bool transient) { Show(line, transient); };
}

void Progress::Show(const std::string& line, bool transient) {
  if (transient && (!terminal_ || absl::Now() - begun_ < kQuietTime)) return;
  Wipe();
  std::cerr << base::OneLine(line, transient ? kWidth : 1024);
  if (!transient) std::cerr << "\n";
  std::cerr.flush();
  shown_ = transient;
}

void Progress::Wipe() {
  if (shown_) std::cerr << "\r\x1b[K" << std::flush;
  shown_ = false;
}

Transient::Transient(const std::string& line) {
  if (StderrIsTerminal()) std::cerr << line << std::flush;
}

Transient::~Transient() {
  if (StderrIsTerminal()) std::cerr << "\r\x1b[K" << std::flush;
}

}  // namespace spacelet::cmd
