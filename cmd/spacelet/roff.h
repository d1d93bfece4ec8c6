// Writes a manual page in man(7), with the few macros that groff and mandoc understand alike.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace spacelet::cmd {

// Plain text as roff: what it would read as a request, an escape or a typographic sign is taken literally.
std::string Roff(absl::string_view text);
std::string Bold(absl::string_view text);
std::string Italic(absl::string_view text);

// The arguments are roff where they are called so, else plain text. Thread-safety: thread-compatible.
class ManPage {
 public:
  ManPage(absl::string_view name, int section, absl::Time date, absl::string_view version);

  void Section(absl::string_view title);
  void Subsection(absl::string_view title);
  void Paragraph(absl::string_view roff);
  // A term and what is said about it.
  void Item(absl::string_view term_roff, absl::string_view roff);
  // Lines as they are.
  void Example(absl::string_view text);

  const std::string& text() const { return text_; }

 private:
  void Head(absl::string_view macro, absl::string_view title);
  void Separate();  // from what stands before, unless that is a heading

  std::string text_;
  bool after_head_ = false;
};

}  // namespace spacelet::cmd
