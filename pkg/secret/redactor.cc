#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "pkg/base/text.h"
#include "pkg/secret/secret.h"

namespace spacelet::secret {
namespace {

constexpr absl::string_view kMask = "***";
constexpr size_t kMinLineBytes =
    12;  // of a secret of several lines: shorter lines ("}", "-----") are no secrets

using Forms = std::set<std::string>;

void AddForm(Forms& forms, std::string form) {
  if (form.size() >= Redactor::kMinBytes) forms.insert(std::move(form));
}

// The characters of a longer base64 text that depend on `secret` alone when it begins `shift` bytes after a
// multiple of 3.
std::string Base64Inside(const std::string& secret, size_t shift) {
  const std::string encoded = absl::Base64Escape(std::string(shift, '\0') + secret);
  const size_t begin = (8 * shift + 5) / 6;
  const size_t end = 8 * (shift + secret.size()) / 6;
  return encoded.substr(begin, end - begin);
}

std::string UrlAlphabet(const std::string& base64) {
  return absl::StrReplaceAll(base64, {{"+", "-"}, {"/", "_"}});
}

void AddBase64(Forms& forms, const std::string& secret) {
  std::vector<std::string> encoded = {absl::Base64Escape(secret), Base64Inside(secret, 0),
                                      Base64Inside(secret, 1), Base64Inside(secret, 2)};
  encoded.emplace_back(absl::StripSuffix(absl::StripSuffix(encoded[0], "="), "="));
  for (const std::string& form : encoded) {
    AddForm(forms, UrlAlphabet(form));
    AddForm(forms, form);
  }
}

enum class Hex { kUpper, kLower };

std::string UrlEncoded(const std::string& text, Hex hex, absl::string_view space) {
  std::string out;
  for (const char c : text) {
    const unsigned byte = static_cast<unsigned char>(c);
    const bool unreserved =
        absl::ascii_isalnum(static_cast<unsigned char>(c)) || absl::StrContains("-._~", c);
    if (unreserved) {
      out += c;
    } else if (c == ' ') {
      absl::StrAppend(&out, space);
    } else {
      absl::StrAppend(&out,
                      hex == Hex::kUpper ? absl::StrFormat("%%%02X", byte) : absl::StrFormat("%%%02x", byte));
    }
  }
  return out;
}

// The inside of a JSON string. Go's encoder (the daemon's) also escapes `<`, `>` and `&`; some escape the
// slash.
std::string JsonEscaped(const std::string& text, absl::string_view also_as_hex, bool slash) {
  constexpr absl::string_view kEscaped = "\"\\\n\r\t\b\f", kLetters = "\"\\nrtbf";
  std::string out;
  for (const char c : text) {
    const size_t short_escape = kEscaped.find(c);
    const unsigned byte = static_cast<unsigned char>(c);
    if (short_escape != absl::string_view::npos) {
      absl::StrAppend(&out, "\\", kLetters.substr(short_escape, 1));
    } else if (byte < 0x20 || absl::StrContains(also_as_hex, c)) {
      absl::StrAppendFormat(&out, "\\u%04x", byte);
    } else if (slash && c == '/') {
      out += "\\/";
    } else {
      out += c;
    }
  }
  return out;
}

void AddLines(Forms& forms, const std::string& secret) {
  if (!absl::StrContains(secret, '\n')) return;
  for (const absl::string_view line : absl::StrSplit(secret, '\n')) {
    const absl::string_view text = absl::StripAsciiWhitespace(line);
    if (text.size() >= kMinLineBytes) forms.emplace(text);
  }
}

// Sorted, each once.
std::vector<std::string> FormsOf(const std::string& secret) {
  Forms forms;
  AddForm(forms, secret);
  AddBase64(forms, secret);
  AddForm(forms, UrlEncoded(secret, Hex::kUpper, "%20"));
  AddForm(forms, UrlEncoded(secret, Hex::kLower, "%20"));
  AddForm(forms, UrlEncoded(secret, Hex::kUpper, "+"));
  AddForm(forms, JsonEscaped(secret, "", false));
  AddForm(forms, JsonEscaped(secret, "<>&", false));
  AddForm(forms, JsonEscaped(secret, "", true));
  AddForm(forms, base::OneLine(secret, std::string::npos));
  AddLines(forms, secret);
  return {forms.begin(), forms.end()};
}

}  // namespace

// All forms of all secrets, by first byte: one pass over a text, and most bytes start nothing.
class Redactor::Needles {
 public:
  explicit Needles(const std::map<std::string, Known>& secrets) {
    for (const auto& [secret, known] : secrets) {
      for (const std::string& form : known.forms)
        by_first_byte_[static_cast<unsigned char>(form[0])].push_back(form);
    }
    for (auto& needles : by_first_byte_) {
      std::sort(needles.begin(), needles.end(),
                [](const auto& a, const auto& b) { return a.size() > b.size(); });
    }
  }

  // The length of the longest needle that `text` starts with; 0 when none.
  size_t LongestAt(absl::string_view text) const {
    for (const std::string& needle : by_first_byte_[static_cast<unsigned char>(text[0])]) {
      if (absl::StartsWith(text, needle)) return needle.size();
    }
    return 0;
  }

 private:
  std::array<std::vector<std::string>, 256> by_first_byte_;
};

Redactor::Redactor() : needles_(std::make_shared<Needles>(std::map<std::string, Known>{})) {}
Redactor::~Redactor() = default;

void Redactor::Add(const std::string& secret) {
  if (secret.size() < kMinBytes) return;
  const base::MutexLock lock(mu_);
  const auto [it, inserted] = known_.try_emplace(secret);
  it->second.added = ++calls_;
  if (!inserted) return;
  it->second.forms = FormsOf(secret);
  if (known_.size() > kMaxSecrets) ForgetOldest();
  needles_ = std::make_shared<Needles>(known_);
}

void Redactor::ForgetOldest() {
  known_.erase(std::min_element(known_.begin(), known_.end(), [](const auto& a, const auto& b) {
    return a.second.added < b.second.added;
  }));
}

std::string Redactor::Redact(std::string text) const {
  std::shared_ptr<const Needles> needles;
  {
    const base::MutexLock lock(mu_);
    needles = needles_;
  }
  std::string out;
  size_t covered = 0;  // needles may overlap: the end of the farthest one so far
  for (size_t i = 0; i < text.size(); ++i) {
    const size_t length = needles->LongestAt(absl::string_view(text).substr(i));
    if (length > 0 && i >= covered) absl::StrAppend(&out, kMask);
    covered = std::max(covered, i + length);
    if (i >= covered) out += text[i];
  }
  return out;
}

}  // namespace spacelet::secret
