// Texts of others that leave the host in a support bundle. Whatever they are, a secret that comes after them
// in a place where one is looked for is hidden.
#include "pkg/bundle/mask.h"

#include <functional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "test/fuzz/fuzz.h"

namespace spacelet::fuzz {
namespace {

constexpr size_t kTelling = 12;  // a shorter value may be part of another word

// Another one for each input: one that is always the same is soon part of an input.
std::string Canary(absl::string_view input) {
  return absl::StrCat("c4n4ry", absl::Hex(std::hash<std::string>()(std::string(input)), absl::kZeroPad16));
}

size_t Count(absl::string_view text, absl::string_view word) {
  return std::vector<absl::string_view>(absl::StrSplit(text, word)).size() - 1;
}

}  // namespace

void Check(absl::string_view input) {
  const std::string canary = Canary(input);
  const auto require_hidden = [&](absl::string_view text, absl::string_view property) {
    Require(!absl::StrContains(text, canary), property, text);
  };
  for (const absl::string_view place :
       {"DELEGATE_TOKEN=", "Authorization: Bearer ", "{\"password\": \"", "https://user:"}) {
    const absl::string_view end = absl::EndsWith(place, "user:") ? "@example.com\n" : "\"}\n";
    require_hidden(bundle::MaskText(absl::StrCat(input, "\n", place, canary, end)), place);
  }
  bundle::Hidden hidden;
  require_hidden(bundle::MaskDocument(absl::StrCat(input, "\nzz_token: ", canary, "\n"), hidden),
                 "in a document");
  std::vector<std::string> words = absl::StrSplit(input, ' ');
  words.push_back(absl::StrCat("--token=", canary));
  for (const std::string& word : bundle::MaskArguments(words)) require_hidden(word, "an argument");

  const std::string inspect = bundle::MaskInspect(input, {"MINE"}, hidden);
  for (const std::string& secret : bundle::SecretValuesIn(input, {"MINE"}))
    Require(secret.size() < kTelling || Count(input, secret) != 1 || !absl::StrContains(inspect, secret),
            "a variable that stands once is hidden", inspect);
}

}  // namespace spacelet::fuzz
