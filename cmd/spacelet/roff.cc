#include "cmd/spacelet/roff.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

namespace spacelet::cmd {
namespace {

// A period at the beginning of a line would be a request; the other one, the apostrophe, is escaped anyway.
std::string Line(absl::string_view roff) {
  return absl::StrCat(!roff.empty() && roff.front() == '.' ? "\\&" : "", roff, "\n");
}

std::string Lines(absl::string_view roff) {
  std::string out;
  for (absl::string_view line : absl::StrSplit(absl::StripTrailingAsciiWhitespace(roff), '\n'))
    out += Line(line);
  return out;
}

// Words in lines of the length that mandoc's lint asks for; a line break of the text stays one.
std::string Filled(absl::string_view roff) {
  constexpr size_t kWidth = 80;
  std::string out, line;
  for (absl::string_view part : absl::StrSplit(absl::StripTrailingAsciiWhitespace(roff), '\n')) {
    for (absl::string_view word : absl::StrSplit(part, ' ', absl::SkipEmpty())) {
      if (!line.empty() && line.size() + 1 + word.size() > kWidth) out += Line(std::exchange(line, ""));
      absl::StrAppend(&line, line.empty() ? "" : " ", word);
    }
    if (!line.empty()) out += Line(std::exchange(line, ""));
  }
  return out;
}

}  // namespace

std::string Roff(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"\\", "\\e"},
                                    {"-", "\\-"},
                                    {"'", "\\(aq"},
                                    {"`", "\\(ga"},
                                    {"^", "\\(ha"},
                                    {"~", "\\(ti"},
                                    {"\"", "\\(dq"}});
}

std::string Bold(absl::string_view text) { return absl::StrCat("\\fB", Roff(text), "\\fR"); }
std::string Italic(absl::string_view text) { return absl::StrCat("\\fI", Roff(text), "\\fR"); }

ManPage::ManPage(absl::string_view name, int section, absl::Time date, absl::string_view version)
    : text_(absl::StrCat(".TH ", absl::AsciiStrToUpper(Roff(name)), " ", section, " ",
                         absl::FormatTime("%Y-%m-%d", date, absl::UTCTimeZone()), " \"spacelet ",
                         Roff(version), "\"\n")) {}

void ManPage::Section(absl::string_view title) { Head(".SH ", title); }

void ManPage::Subsection(absl::string_view title) { Head(".SS ", title); }

void ManPage::Paragraph(absl::string_view roff) {
  Separate();
  text_ += Filled(roff);
}

void ManPage::Item(absl::string_view term_roff, absl::string_view roff) {
  after_head_ = false;
  absl::StrAppend(&text_, ".TP\n", Line(term_roff), Filled(roff));
}

void ManPage::Example(absl::string_view text) {
  Separate();
  absl::StrAppend(&text_, ".RS 4\n.nf\n", Lines(Roff(text)), ".fi\n.RE\n");
}

void ManPage::Head(absl::string_view macro, absl::string_view title) {
  absl::StrAppend(&text_, macro, Roff(title), "\n");
  after_head_ = true;
}

void ManPage::Separate() {
  if (!std::exchange(after_head_, false)) text_ += ".PP\n";
}

}  // namespace spacelet::cmd
