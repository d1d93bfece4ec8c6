// Texts of others that leave the host in a support bundle. Whatever they are, a secret that comes after them
// in a place where one is looked for is hidden.
#include "pkg/bundle/mask.h"

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "test/fuzz/fuzz.h"

namespace spacelet::fuzz {
namespace {

constexpr char kCanary[] = "c4n4ry7e57c4n4ry";
constexpr size_t kTelling = 12;  // a shorter value may be part of another word

size_t Count(absl::string_view text, absl::string_view word) {
  return std::vector<absl::string_view>(absl::StrSplit(text, word)).size() - 1;
}

void RequireHidden(absl::string_view text, absl::string_view property) {
  Require(!absl::StrContains(text, kCanary), property, text);
}

}  // namespace

void Check(absl::string_view input) {
  for (const absl::string_view place :
       {"DELEGATE_TOKEN=", "Authorization: Bearer ", "{\"password\": \"", "https://user:"}) {
    const absl::string_view end = absl::EndsWith(place, "user:") ? "@example.com\n" : "\"}\n";
    RequireHidden(bundle::MaskText(absl::StrCat(input, "\n", place, kCanary, end)), place);
  }
  bundle::Hidden hidden;
  RequireHidden(bundle::MaskDocument(absl::StrCat(input, "\nzz_token: ", kCanary, "\n"), hidden),
                "in a document");
  std::vector<std::string> words = absl::StrSplit(input, ' ');
  words.push_back(absl::StrCat("--token=", kCanary));
  for (const std::string& word : bundle::MaskArguments(words)) RequireHidden(word, "an argument");

  const std::string inspect = bundle::MaskInspect(input, {"MINE"}, hidden);
  for (const std::string& secret : bundle::SecretValuesIn(input, {"MINE"}))
    Require(secret.size() < kTelling || Count(input, secret) != 1 || !absl::StrContains(inspect, secret),
            "a variable that stands once is hidden", inspect);
}

}  // namespace spacelet::fuzz
