// What a document may say of the host that reads it: ${host.name} and three more. Every other ${…} is a text
// like any other.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace spacelet::config {

inline constexpr std::array<const char*, 4> kFactNames = {"name", "instanceId", "zone", "region"};

// Name → value, of those that were used.
using Facts = std::map<std::string, std::string>;

// The value of one of kFactNames. Errors: whatever kept it from being known, now.
using AskFact = std::function<absl::StatusOr<std::string>(const std::string& name)>;

// Whether a value may stand in a document: letters, digits, dashes and underscores, at most 63. So no fact
// can lead a path elsewhere, or say anything to a shell.
bool IsFactValue(absl::string_view value);

// RFC 1123: lower-case letters, digits and dashes, a letter or digit at both ends, at most 63. What
// ${host.name} is.
bool IsDnsLabel(absl::string_view text);

// A piece of a text: plain characters, or a reference. `$${host.` is a plain `${host.`.
struct Piece {
  enum class Kind { kPlain, kReference, kBroken };  // kBroken: begins like a reference and is none
  Kind kind = Kind::kPlain;
  std::string text;  // kReference: the name; kBroken: as written
  bool operator==(const Piece&) const = default;
};
std::vector<Piece> SplitReferences(absl::string_view text);

// The text that SplitReferences reads as nothing but these characters.
std::string EscapeReferences(absl::string_view text);

// The names that `text` refers to, as written, each once.
std::vector<std::string> ReferencesIn(absl::string_view text);

// `text` with the facts in place of the references, which are put into `used`. Requires: no kBroken in it,
// and no name that is none of kFactNames. Errors: Unavailable a fact that cannot be had, with the reason.
absl::StatusOr<std::string> Substitute(absl::string_view text, const AskFact& ask, Facts& used);

}  // namespace spacelet::config
