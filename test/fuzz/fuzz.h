// What fuzz targets share. A target is one .cc file that defines Check for one format; it is linked to
// libFuzzer by the preset `fuzz`, and by every other to replay.cc, which runs Check on the files of corpus/.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "pkg/config/diagnostic.h"

namespace spacelet::fuzz {

// Takes any bytes. Returns when everything that the format's reader promises holds for them; ends the
// process, as a crash does, when something does not.
void Check(absl::string_view input);

// Ends the process: with the property that does not hold, a sentence, and what it was not true of.
[[noreturn]] void Fail(absl::string_view property, absl::string_view of = "");
inline void Require(bool holds, absl::string_view property, absl::string_view of = "") {
  if (!holds) Fail(property, of);
}

// What people are shown: valid UTF-8 without characters that deceive a terminal, of a bounded length.
void RequireOneLine(absl::string_view text);
// An error tells why.
void RequireReason(const absl::Status& error);
// Each has a place in its file, which has `lines` lines and is one of `files`; there are no more than a
// report holds.
void RequireDiagnostics(const std::vector<config::Diagnostic>& diagnostics);
bool HasError(const std::vector<config::Diagnostic>& diagnostics);

// A text of several files: the first up to a line "=== NAME", then each under its name.
struct Part {
  std::string name;  // of the first: empty
  std::string text;
};
std::vector<Part> Parts(absl::string_view input);

// `input` cut into pieces, as a socket could give them: of one byte, and of growing lengths.
std::vector<std::vector<absl::string_view>> Cuts(absl::string_view input);

}  // namespace spacelet::fuzz
