#include "pkg/config/host_facts.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "pkg/base/status_macros.h"
#include "pkg/base/text.h"

namespace spacelet::config {
namespace {

constexpr absl::string_view kOpening = "${host.", kEscaped = "$${host.";
constexpr size_t kLongestValue = 63;

bool IsWordCharacter(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_'; }

// Consumes what stands behind kOpening, up to the closing bracket.
Piece TakeReference(absl::string_view& rest) {
  size_t length = 0;
  while (length < rest.size() && IsWordCharacter(rest[length])) ++length;
  const std::string name(rest.substr(0, length));
  rest.remove_prefix(length);
  if (absl::ConsumePrefix(&rest, "}") && !name.empty()) return {Piece::Kind::kReference, name};
  return {Piece::Kind::kBroken, absl::StrCat(kOpening, name)};
}

void AddPlain(absl::string_view text, std::vector<Piece>& pieces) {
  if (pieces.empty() || pieces.back().kind != Piece::Kind::kPlain) pieces.emplace_back();
  absl::StrAppend(&pieces.back().text, text);
}

absl::StatusOr<std::string> Ask(const AskFact& ask, const std::string& name) {
  if (!ask) return absl::UnavailableError("nothing is known of the host");
  absl::StatusOr<std::string> value = ask(name);
  if (!value.ok()) return absl::UnavailableError(value.status().message());
  if (IsFactValue(*value)) return value;
  return absl::UnavailableError(
      absl::StrCat("\"", base::OneLine(*value, 80), "\" is no name, but letters, digits and dashes are"));
}

}  // namespace

bool IsFactValue(absl::string_view value) {
  return !value.empty() && value.size() <= kLongestValue &&
         std::all_of(value.begin(), value.end(), [](char c) { return IsWordCharacter(c) || c == '-'; });
}

bool IsDnsLabel(absl::string_view text) {
  return IsFactValue(text) && text.front() != '-' && text.back() != '-' &&
         std::none_of(text.begin(), text.end(),
                      [](char c) { return absl::ascii_isupper(static_cast<unsigned char>(c)) || c == '_'; });
}

std::vector<Piece> SplitReferences(absl::string_view text) {
  std::vector<Piece> pieces;
  while (!text.empty()) {
    const size_t dollar = std::min(text.find('$'), text.size());
    if (dollar > 0) AddPlain(text.substr(0, dollar), pieces);
    text.remove_prefix(dollar);
    if (absl::ConsumePrefix(&text, kEscaped)) {
      AddPlain(kOpening, pieces);
    } else if (absl::ConsumePrefix(&text, kOpening)) {
      pieces.push_back(TakeReference(text));
    } else if (absl::ConsumePrefix(&text, "$")) {
      AddPlain("$", pieces);
    }
  }
  return pieces;
}

std::string EscapeReferences(absl::string_view text) {
  return absl::StrReplaceAll(text, {{kOpening, kEscaped}});
}

std::vector<std::string> ReferencesIn(absl::string_view text) {
  std::vector<std::string> names;
  for (const Piece& piece : SplitReferences(text))
    if (piece.kind == Piece::Kind::kReference &&
        std::find(names.begin(), names.end(), piece.text) == names.end())
      names.push_back(piece.text);
  return names;
}

absl::StatusOr<std::string> Substitute(absl::string_view text, const AskFact& ask, Facts& used) {
  std::string out;
  for (const Piece& piece : SplitReferences(text)) {
    if (piece.kind != Piece::Kind::kReference) {
      out += piece.text;
      continue;
    }
    const auto known = used.find(piece.text);
    if (known != used.end()) {
      out += known->second;
      continue;
    }
    absl::StatusOr<std::string> value = Ask(ask, piece.text);
    if (!value.ok())
      return absl::UnavailableError(
          absl::StrCat(kOpening, piece.text, "} is not known: ", value.status().message()));
    out += *value;
    used[piece.text] = *std::move(value);
  }
  return out;
}

}  // namespace spacelet::config
