#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "pkg/base/secret_name.h"
#include "pkg/bundle/mask.h"

namespace spacelet::bundle {
namespace {

bool IsNameChar(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-' || c == '.';
}

bool EndsValue(char c) {
  return absl::ascii_isspace(static_cast<unsigned char>(c)) || absl::StrContains("\"'\\,;&}])", c);
}

// "https://user:password@host" without what is before the @.
std::string MaskUserinfo(const std::string& line) {
  std::string out;
  size_t from = 0;
  for (size_t scheme = line.find("://"); scheme != std::string::npos; scheme = line.find("://", from)) {
    const size_t begin = scheme + 3;
    const size_t end = line.find_first_of("/ \t\"'?#", begin);
    const size_t at = line.rfind('@', end == std::string::npos ? end : end - 1);
    absl::StrAppend(&out, line.substr(from, begin - from));
    from = begin;
    if (at == std::string::npos || at < begin) continue;
    absl::StrAppend(&out, kMask);
    from = at;
  }
  return out + line.substr(from);
}

// Finds what stands behind the name of a secret, one line at a time.
class Scanner {
 public:
  explicit Scanner(const std::string& line) : line_(line) {}

  std::string Run() {
    while (at_ < line_.size()) {
      if (!IsNameChar(line_[at_])) {
        out_ += line_[at_++];
        continue;
      }
      const std::string word = Take(IsNameChar);
      const bool token = absl::StartsWith(word, "eyJ") && word.size() > 20;  // a JSON web token
      out_ += token ? kMask : word;
      if (IsSecretName(word)) TakeValue();
    }
    return std::move(out_);
  }

 private:
  template <typename Predicate>
  std::string Take(Predicate belongs) {
    const size_t begin = at_;
    while (at_ < line_.size() && belongs(line_[at_])) ++at_;
    return line_.substr(begin, at_ - begin);
  }
  static bool IsSecretName(const std::string& word) {
    return base::LooksSecret(word) || absl::EqualsIgnoreCase(word, "authorization");
  }
  static bool IsQuote(char c) { return c == '"' || c == '\'' || c == '\\'; }
  static bool IsBlank(char c) { return c == ' ' || c == '\t'; }

  // name"? [:=] "?value
  void TakeValue() {
    const size_t start = at_;
    std::string between = Take(IsQuote);
    between += Take(IsBlank);
    if (at_ >= line_.size() || (line_[at_] != '=' && line_[at_] != ':')) {
      at_ = start;
      return;
    }
    between += line_[at_++];
    between += Take(IsBlank);
    between += Take(IsQuote);
    out_ += between;
    const std::string value = Take([](char c) { return !EndsValue(c); });
    if (value.empty()) return;
    out_ += kMask;
    const bool scheme = absl::EqualsIgnoreCase(value, "bearer") || absl::EqualsIgnoreCase(value, "basic");
    if (!scheme) return;
    Take(IsBlank);
    Take([](char c) { return !EndsValue(c); });
  }

  const std::string& line_;
  size_t at_ = 0;
  std::string out_;
};

}  // namespace

std::string MaskText(absl::string_view text) {
  std::vector<std::string> out;
  bool in_key = false;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    const bool begins = absl::StrContains(line, "-----BEGIN") && absl::StrContains(line, "PRIVATE KEY");
    if (begins) out.push_back(absl::StrCat(kMask, " (a private key)"));
    in_key = (in_key || begins) && !absl::StrContains(line, "-----END");
    const bool ends = absl::StrContains(line, "-----END") && absl::StrContains(line, "PRIVATE KEY");
    if (in_key || begins || ends) continue;
    const std::string masked = MaskUserinfo(std::string(line));
    out.push_back(Scanner(masked).Run());
  }
  return absl::StrJoin(out, "\n");
}

std::vector<std::string> MaskArguments(std::vector<std::string> words) {
  bool next = false;
  for (std::string& word : words) {
    const bool is_flag = absl::StartsWith(word, "-");
    const size_t end = word.find('=');
    const bool named = base::LooksSecret(word.substr(0, end));
    const bool is_value = next && !is_flag;
    next = is_flag && named && end == std::string::npos;
    if (is_value)
      word = kMask;
    else if (named && end != std::string::npos && word.find(' ') == std::string::npos)
      word = absl::StrCat(word.substr(0, end + 1), kMask);
    else
      word = MaskText(word);
  }
  return words;
}

}  // namespace spacelet::bundle
