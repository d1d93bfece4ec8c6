#include "pkg/config/scalars.h"

#include <arpa/inet.h>
#include <re2/re2.h>

#include <algorithm>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "pkg/base/text.h"
#include "pkg/config/notation.h"
#include "pkg/config/pattern.h"

namespace spacelet::config {

std::string Shown(absl::string_view text) { return absl::StrCat("\"", base::OneLine(text, 60), "\""); }

bool ExpectScalar(const Cursor& at, absl::string_view what) {
  if (!at.node.is_scalar()) at.Error(absl::StrCat("expected ", what, ", found ", yaml::Describe(at.node)));
  return at.node.is_scalar();
}

yaml::Node TypedSchema(absl::string_view type, absl::string_view pattern) {
  yaml::Node schema = JsonObject({{"type", JsonText(type)}});
  if (!pattern.empty()) schema.Add("pattern", JsonText(pattern));
  return schema;
}

yaml::Node AnyOf(std::vector<yaml::Node> schemas) {
  return JsonObject({{"anyOf", yaml::Node::Sequence(std::move(schemas))}});
}

yaml::Node PlainNumber(int64_t value) { return yaml::Node::Plain(absl::StrCat(value)); }

namespace {

bool ReadsAsANumber(const std::string& text) {
  static const RE2& number = *new RE2(
      "(?i)[-+]?[0-9]+|0o[0-7]+|0x[0-9a-f]+|[-+]?(\\.[0-9]+|[0-9]+(\\.[0-9]*)?)(e[-+]?[0-9]+)?|"
      "[-+]?\\.(inf|nan)");
  return RE2::FullMatch(text, number);
}

// What YAML 1.2's core schema or YAML 1.1 reads as a number or a boolean.
bool ReadsAsAnotherType(const std::string& text) {
  constexpr absl::string_view kBooleans[] = {"true", "false", "yes", "no", "on", "off", "y", "n"};
  const auto is_text = [&text](absl::string_view word) { return absl::EqualsIgnoreCase(text, word); };
  if (std::any_of(std::begin(kBooleans), std::end(kBooleans), is_text)) return true;
  // Most texts begin like no number: for these nothing is compiled.
  return text.find_first_of("0123456789+-.") == 0 && ReadsAsANumber(text);
}

bool DecodeText(const Cursor& at, std::string& out) {
  if (!ExpectScalar(at, "a text")) return false;
  if (!at.node.quoted && ReadsAsAnotherType(at.node.text)) {
    at.Error(absl::StrCat(base::OneLine(at.node.text, 60), " is a number or a boolean to some YAML readers"),
             absl::StrCat("write \"", base::OneLine(at.node.text, 60), "\""));
    return false;
  }
  out = at.node.text;
  return true;
}

}  // namespace

bool IsIpAddress(absl::string_view text) {
  unsigned char buffer[sizeof(in6_addr)];
  const std::string address(text);
  return inet_pton(AF_INET, address.c_str(), buffer) == 1 ||
         inet_pton(AF_INET6, address.c_str(), buffer) == 1;
}

Codec<std::string> Text() {
  return {"text", [](Definitions&) { return TypedSchema("string"); }, DecodeText, yaml::Node::Text};
}

Codec<std::string> TextLike(std::string type, const std::string& pattern, size_t longest,
                            const std::string& expectation,
                            std::function<bool(const std::string& text)> matches) {
  Codec<std::string> codec = Text();
  codec.type = std::move(type);
  codec.schema = [pattern, longest](Definitions&) {
    yaml::Node schema = TypedSchema("string", pattern);
    if (longest > 0) schema.Add("maxLength", PlainNumber(static_cast<int64_t>(longest)));
    return schema;
  };
  codec.decode = [matches = std::move(matches), expectation, longest](const Cursor& at, std::string& out) {
    if (!DecodeText(at, out)) return false;
    const bool good = (longest == 0 || out.size() <= longest) && matches(out);
    if (!good) at.Error(absl::StrCat(Shown(out), " is not ", expectation));
    return good;
  };
  return codec;
}

Codec<std::string> TextLike(std::string type, const std::string& pattern, const std::string& expectation) {
  return TextLike(std::move(type), pattern, 0, expectation,
                  [compiled = Pattern(pattern)](const std::string& text) { return compiled.Matches(text); });
}

Codec<std::string> Scalar() {
  Codec<std::string> codec = Text();
  codec.schema = [](Definitions&) {
    return JsonObject(
        {{"type", yaml::Node::Sequence({JsonText("string"), JsonText("number"), JsonText("boolean")})}});
  };
  codec.decode = [](const Cursor& at, std::string& out) {
    if (!ExpectScalar(at, "a text")) return false;
    out = at.node.text;
    return true;
  };
  return codec;
}

Codec<bool> Boolean() {
  Codec<bool> codec;
  codec.type = "boolean";
  codec.schema = [](Definitions&) { return TypedSchema("boolean"); };
  codec.decode = [](const Cursor& at, bool& out) {
    if (!ExpectScalar(at, "true or false")) return false;
    const bool good = !at.node.quoted && (at.node.text == "true" || at.node.text == "false");
    if (!good) at.Error(absl::StrCat("expected true or false, found ", Shown(at.node.text)));
    out = at.node.text == "true";
    return good;
  };
  codec.encode = [](const bool& value) { return yaml::Node::Plain(value ? "true" : "false"); };
  return codec;
}

Codec<int64_t> Integer64(int64_t least, int64_t most) {
  Codec<int64_t> codec;
  codec.type = "number";
  codec.schema = [least, most](Definitions&) {
    yaml::Node schema = TypedSchema("integer");
    schema.Add("minimum", PlainNumber(least));
    if (most != INT64_MAX) schema.Add("maximum", PlainNumber(most));
    return schema;
  };
  codec.decode = [least, most](const Cursor& at, int64_t& out) {
    static const RE2& decimal = *new RE2("-?(0|[1-9][0-9]*)");
    if (!ExpectScalar(at, "a whole number")) return false;
    if (at.node.quoted || !RE2::FullMatch(at.node.text, decimal))
      return at.Error(absl::StrCat("expected a whole number in decimal digits, found ", Shown(at.node.text))),
             false;
    if (!absl::SimpleAtoi(at.node.text, &out) || out < least || out > most) {
      const std::string range = most == INT64_MAX || most == INT32_MAX
                                    ? absl::StrCat("at least ", least)
                                    : absl::StrCat("between ", least, " and ", most);
      return at.Error(absl::StrCat(base::OneLine(at.node.text, 30), " is out of range: it must be ", range)),
             false;
    }
    return true;
  };
  codec.encode = PlainNumber;
  return codec;
}

namespace {

template <typename V>
Codec<V> Narrowed(const Codec<int64_t>& wide) {
  return {wide.type, wide.schema,
          [wide](const Cursor& at, V& out) {
            int64_t value = 0;
            if (!wide.decode(at, value)) return false;
            out = static_cast<V>(value);
            return true;
          },
          [](const V& value) { return PlainNumber(value); }};
}

}  // namespace

Codec<int> Integer(int least, int most) { return Narrowed<int>(Integer64(least, most)); }

Codec<uint16_t> PortNumber() {
  Codec<uint16_t> codec = Narrowed<uint16_t>(Integer64(1, 65535));
  codec.type = "port";
  return codec;
}

Codec<size_t> Word(const std::vector<std::string>& words) {
  Codec<size_t> codec;
  codec.type = absl::StrJoin(words, " or ");
  codec.schema = [words](Definitions&) {
    yaml::Node list = yaml::Node::Sequence();
    for (const std::string& word : words) list.items.push_back(JsonText(word));
    return JsonObject({{"type", JsonText("string")}, {"enum", std::move(list)}});
  };
  codec.decode = [words, type = codec.type](const Cursor& at, size_t& out) {
    if (!ExpectScalar(at, type)) return false;
    for (out = 0; out < words.size(); ++out)
      if (words[out] == at.node.text) return true;
    const auto nearest = at.node.text.size() < 64 ? base::Nearest(at.node.text, words) : std::nullopt;
    at.Error(absl::StrCat(Shown(at.node.text), " is not ", type),
             nearest ? absl::StrCat("did you mean ", *nearest, "?") : "");
    return false;
  };
  codec.encode = [words](const size_t& index) { return yaml::Node::Text(words[index]); };
  return codec;
}

namespace {

bool IsLabel(absl::string_view text) {
  const auto fits = [](char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-'; };
  return !text.empty() && text.size() <= 63 && text.front() != '-' && text.back() != '-' &&
         std::all_of(text.begin(), text.end(), fits);
}

bool IsDnsName(absl::string_view text) {
  const std::vector<absl::string_view> labels = absl::StrSplit(text, '.');
  return std::all_of(labels.begin(), labels.end(), IsLabel);
}

// As IsDnsName.
constexpr char kDnsNamePattern[] =
    "^[a-zA-Z0-9]([-a-zA-Z0-9]{0,61}[a-zA-Z0-9])?(\\.[a-zA-Z0-9]([-a-zA-Z0-9]{0,61}[a-zA-Z0-9])?)*$";

}  // namespace

Codec<std::string> DnsLabel() {
  return TextLike(
      "DNS label", "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$", 0,
      "a DNS label: lower-case letters, digits and dashes, at most 63, with a letter or digit at both ends",
      [](const std::string& text) { return IsLabel(text) && absl::AsciiStrToLower(text) == text; });
}

Codec<std::string> ContainerName() {
  static constexpr char kPattern[] = "^[a-zA-Z0-9][a-zA-Z0-9_.-]+$";
  return TextLike("container name", kPattern, 128,
                  "a container name: 2 to 128 letters, digits, dots, dashes or underscores, the first a "
                  "letter or digit",
                  [compiled = Pattern(kPattern)](const std::string& text) { return compiled.Matches(text); });
}

Codec<std::string> Hostname() {
  return TextLike("hostname", kDnsNamePattern, 64,
                  "a hostname: letters, digits, dashes and dots, at most 64, and 63 between two dots",
                  IsDnsName);
}

Codec<std::string> DnsName() {
  return TextLike("DNS name", kDnsNamePattern, 253,
                  "a DNS name: letters, digits, dashes and dots, at most 253, and 63 between two dots",
                  IsDnsName);
}

absl::string_view TagOf(absl::string_view image) {
  image = image.substr(0, image.find('@'));
  const size_t slash = image.rfind('/');
  const absl::string_view name = slash == absl::string_view::npos ? image : image.substr(slash + 1);
  const size_t colon = name.find(':');
  return colon == absl::string_view::npos ? absl::string_view() : name.substr(colon + 1);
}

Codec<std::string> ImageReference() {
  // The grammar of distribution's reference package; digests are SHA-256 only.
  const auto pattern = [](absl::string_view rest_of_tag) {
    static constexpr char kHost[] =
        "([a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?(\\.[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?)*(:[0-9]+)?/)?";
    static constexpr char kPart[] = "[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*";
    return absl::StrCat("^", kHost, kPart, "(/", kPart, ")*(:[A-Za-z0-9_][A-Za-z0-9_.-]", rest_of_tag,
                        ")?(@sha256:[a-f0-9]{64})?$");
  };
  return TextLike("image", pattern("{0,127}"), 0,
                  "an image reference like registry.example.com/team/name:tag or name@sha256:… (lower case "
                  "before the tag, which has at most 128 characters)",
                  [any_tag = Pattern(pattern("*"))](const std::string& text) {
                    return any_tag.Matches(text) && TagOf(text).size() <= 128;
                  });
}

Codec<std::string> Platform() {
  return TextLike("platform", "^[a-z0-9]+/[a-z0-9_]+(/[a-z0-9]+)?$", "a platform like linux/amd64");
}

Codec<std::string> AbsolutePath() { return TextLike("path", "^/[^\\x00-\\x1f]*$", "an absolute path"); }

Codec<std::string> Url() {
  return TextLike("URL", "^https?://[A-Za-z0-9.\\-_\\[\\]:]+(/[^\\x00-\\x20]*)?$",
                  "a URL that begins with http:// or https://");
}

Codec<std::string> IpAddress() {
  Codec<std::string> codec = Text();
  codec.type = "IP address";
  codec.decode = [](const Cursor& at, std::string& out) {
    if (!DecodeText(at, out)) return false;
    if (!IsIpAddress(out)) at.Error(absl::StrCat(Shown(out), " is not an IP address"));
    return IsIpAddress(out);
  };
  return codec;
}

}  // namespace spacelet::config
