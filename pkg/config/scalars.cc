#include "pkg/config/scalars.h"

#include <arpa/inet.h>

#include <regex>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "pkg/api/quantity.h"
#include "pkg/base/text.h"
#include "pkg/config/record.h"

namespace spacelet::config {
namespace {

// std::regex recurses once per character, so what it matches has to be short.
constexpr size_t kLongestMatched = 1024;

bool Matches(const std::string& text, const std::regex& pattern) {
  return text.size() <= kLongestMatched && std::regex_match(text, pattern);
}

std::string Shown(absl::string_view text) { return absl::StrCat("\"", base::OneLine(text, 60), "\""); }

bool ExpectScalar(const Cursor& at, absl::string_view what) {
  if (!at.node.is_scalar()) at.Error(absl::StrCat("expected ", what, ", found ", yaml::Describe(at.node)));
  return at.node.is_scalar();
}

// What YAML 1.2's core schema or YAML 1.1 reads as a number or a boolean.
bool ReadsAsAnotherType(const std::string& text) {
  static const std::regex& pattern = *new std::regex(
      "[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+|[-+]?(\\.[0-9]+|[0-9]+(\\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\\.("
      "inf|nan)|"
      "true|false|yes|no|on|off|y|n",
      std::regex::icase);
  return Matches(text, pattern);
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

yaml::Node TypedSchema(absl::string_view type, absl::string_view pattern = "") {
  yaml::Node schema = JsonObject({{"type", JsonText(type)}});
  if (!pattern.empty()) schema.Add("pattern", JsonText(pattern));
  return schema;
}

yaml::Node AnyOf(std::vector<yaml::Node> schemas) {
  return JsonObject({{"anyOf", yaml::Node::Sequence(std::move(schemas))}});
}

// A codec of plain or quoted text that `parse` understands (absl::StatusOr).
template <typename V, typename Parse, typename Print>
Codec<V> Parsed(std::string type, std::function<yaml::Node()> schema, Parse parse, Print print) {
  Codec<V> codec;
  codec.type = type;
  codec.schema = [schema](Definitions&) { return schema(); };
  codec.decode = [type, parse](const Cursor& at, V& out) {
    if (!ExpectScalar(at, absl::StrCat("a ", type))) return false;
    auto value = parse(at.node.text);
    if (!value.ok()) return at.Error(absl::StrCat(Shown(at.node.text), " ", value.status().message())), false;
    out = *value;
    return true;
  };
  codec.encode = [print](const V& value) { return print(value); };
  return codec;
}

yaml::Node PlainNumber(int64_t value) { return yaml::Node::Plain(absl::StrCat(value)); }

absl::StatusOr<int64_t> ParseBytesOrUnlimited(absl::string_view text) {
  return text == "-1" ? absl::StatusOr<int64_t>(-1) : api::ParseBytes(text);
}

bool ParsePort(absl::string_view text, uint16_t& out) {
  static const std::regex& digits = *new std::regex("[1-9][0-9]{0,4}");
  uint32_t port = 0;
  if (!Matches(std::string(text), digits) || !absl::SimpleAtoi(text, &port) || port > 65535) return false;
  out = static_cast<uint16_t>(port);
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

Codec<std::string> TextLike(std::string type, std::string pattern, std::string expectation) {
  Codec<std::string> codec = Text();
  codec.type = std::move(type);
  codec.schema = [pattern](Definitions&) { return TypedSchema("string", pattern); };
  const auto regex = std::make_shared<const std::regex>(pattern);
  codec.decode = [regex, expectation](const Cursor& at, std::string& out) {
    if (!DecodeText(at, out)) return false;
    if (!Matches(out, *regex)) return at.Error(absl::StrCat(Shown(out), " is not ", expectation)), false;
    return true;
  };
  return codec;
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
    static const std::regex& decimal = *new std::regex("-?(0|[1-9][0-9]*)");
    if (!ExpectScalar(at, "a whole number")) return false;
    if (at.node.quoted || !Matches(at.node.text, decimal))
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

Codec<int64_t> Bytes() {
  return Parsed<int64_t>(
      "size",
      [] {
        yaml::Node number = TypedSchema("integer");
        number.Add("minimum", PlainNumber(0));
        return AnyOf({TypedSchema("string", api::kBytesPattern), std::move(number)});
      },
      api::ParseBytes, [](int64_t v) { return yaml::Node::Plain(api::PrintBytes(v)); });
}

Codec<int64_t> BytesOrUnlimited() {
  Codec<int64_t> bytes = Bytes();
  return Parsed<int64_t>(
      "size",
      [] {
        yaml::Node number = TypedSchema("integer");
        number.Add("minimum", PlainNumber(-1));
        return AnyOf({TypedSchema("string", api::kBytesPattern), std::move(number)});
      },
      ParseBytesOrUnlimited, [](int64_t v) { return yaml::Node::Plain(v < 0 ? "-1" : api::PrintBytes(v)); });
}

Codec<int64_t> Cpus() {
  return Parsed<int64_t>(
      "CPUs",
      [] {
        yaml::Node number = TypedSchema("number");
        number.Add("exclusiveMinimum", PlainNumber(0));
        return AnyOf({TypedSchema("string", api::kCpusPattern), std::move(number)});
      },
      [](absl::string_view text) -> absl::StatusOr<int64_t> {
        auto nano = api::ParseCpus(text);
        if (nano.ok() && *nano == 0)
          return absl::InvalidArgumentError("is no CPU at all: leave the field out for no limit");
        return nano;
      },
      [](int64_t v) { return yaml::Node::Plain(api::PrintCpus(v)); });
}

Codec<absl::Duration> Duration() {
  return Parsed<absl::Duration>(
      "duration", [] { return TypedSchema("string", api::kDurationPattern); },
      [](absl::string_view text) { return api::ParseDuration(text); },
      [](absl::Duration v) { return yaml::Node::Plain(api::PrintDuration(v)); });
}

Codec<uint32_t> FileMode() {
  return Parsed<uint32_t>(
      "file mode",
      [] {
        return AnyOf({TypedSchema("string", "^0?[0-7]{3}$"), TypedSchema("integer")});
      },
      [](absl::string_view text) -> absl::StatusOr<uint32_t> {
        uint32_t mode = 0;
        const bool good = (text.size() == 3 || (text.size() == 4 && text[0] == '0')) &&
                          text.find_first_not_of("01234567") == absl::string_view::npos;
        if (!good)
          return absl::InvalidArgumentError("is not a file mode: write three octal digits like 0640");
        for (char digit : text) mode = mode * 8 + static_cast<uint32_t>(digit - '0');
        return mode;
      },
      [](uint32_t v) { return JsonText(absl::StrFormat("%04o", v)); });
}

Codec<size_t> Word(std::vector<std::string> words) {
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

Codec<std::string> DnsLabel() {
  return TextLike(
      "DNS label", "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$",
      "a DNS label: lower-case letters, digits and dashes, at most 63, with a letter or digit at both ends");
}

Codec<std::string> ContainerName() {
  return TextLike("container name", "^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,127}$",
                  "a container name: at least two letters, digits, dots, dashes or underscores, the first a "
                  "letter or digit");
}

Codec<std::string> Hostname() {
  return TextLike(
      "hostname",
      "^[a-zA-Z0-9]([-a-zA-Z0-9]{0,61}[a-zA-Z0-9])?(\\.[a-zA-Z0-9]([-a-zA-Z0-9]{0,61}[a-zA-Z0-9])?){0,8}$",
      "a hostname: letters, digits, dashes and dots");
}

Codec<std::string> ImageReference() {
  // The grammar of distribution's reference package; digests are SHA-256 only.
  static constexpr char kHost[] =
      "([a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?(\\.[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?)*(:[0-9]+)?/)?";
  static constexpr char kPart[] = "[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*";
  return TextLike("image",
                  absl::StrCat("^", kHost, kPart, "(/", kPart,
                               ")*(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@sha256:[a-f0-9]{64})?$"),
                  "an image reference like registry.example.com/team/name:tag or name@sha256:… (lower case "
                  "before the tag)");
}

Codec<std::string> Platform() {
  return TextLike("platform", "^[a-z0-9]+/[a-z0-9_]+(/[a-z0-9]+)?$", "a platform like linux/amd64");
}

Codec<std::string> AbsolutePath() { return TextLike("path", "^/[^\\x00-\\x1f]*$", "an absolute path"); }

Codec<std::string> Url() {
  return TextLike("URL", "^https?://[A-Za-z0-9.\\-_\\[\\]:]+(/[^\\s]*)?$",
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

namespace {

absl::StatusOr<api::Volume> ParseVolume(absl::string_view text) {
  static const std::regex& pattern = *new std::regex("(/[^:\\x00-\\x1f]*):(/[^:\\x00-\\x1f]*)(:ro|:rw)?");
  std::smatch match;
  const std::string owned(text);
  if (owned.size() > kLongestMatched || !std::regex_match(owned, match, pattern))
    return absl::InvalidArgumentError("is not HOST:CONTAINER[:ro] with two absolute paths");
  return api::Volume{match[1], match[2], match[3] == ":ro"};
}

constexpr char kPortPattern[] =
    "^((\\[[0-9a-fA-F:.]+\\]|[0-9]+\\.[0-9]+\\.[0-9]+\\.[0-9]+):)?([0-9]+):([0-9]+)(/(tcp|udp))?$";

absl::StatusOr<api::Port> ParsePortMapping(absl::string_view text) {
  static const std::regex& pattern = *new std::regex(kPortPattern);
  std::smatch match;
  const std::string owned(text);
  if (owned.size() > kLongestMatched || !std::regex_match(owned, match, pattern))
    return absl::InvalidArgumentError("is not [IP:]HOST:CONTAINER[/udp], like 127.0.0.1:3000:3000");
  api::Port port;
  if (match[2].matched) port.ip = match[2];
  if (absl::StartsWith(port.ip, "[")) port.ip = port.ip.substr(1, port.ip.size() - 2);
  if (!IsIpAddress(port.ip)) return absl::InvalidArgumentError("does not begin with an IP address");
  if (!ParsePort(match[3].str(), port.host) || !ParsePort(match[4].str(), port.container))
    return absl::InvalidArgumentError("has a port that is not between 1 and 65535");
  if (match[6].matched) port.protocol = match[6];
  return port;
}

std::string PrintPort(const api::Port& port) {
  const std::string ip = absl::StrContains(port.ip, ":") ? absl::StrCat("[", port.ip, "]") : port.ip;
  return absl::StrCat(ip, ":", port.host, ":", port.container,
                      port.protocol == "tcp" ? "" : "/" + port.protocol);
}

absl::StatusOr<api::RestartPolicy> ParseRestartPolicy(absl::string_view text) {
  using Kind = api::RestartPolicy::Kind;
  if (text == "unless-stopped") return api::RestartPolicy{Kind::kUnlessStopped, 0};
  if (text == "always") return api::RestartPolicy{Kind::kAlways, 0};
  if (text == "no") return api::RestartPolicy{Kind::kNo, 0};
  if (text == "on-failure") return api::RestartPolicy{Kind::kOnFailure, 0};
  static const std::regex& limited = *new std::regex("on-failure:([1-9][0-9]{0,8})");
  std::smatch match;
  const std::string owned(text);
  int retries = 0;
  if (owned.size() < 30 && std::regex_match(owned, match, limited) &&
      absl::SimpleAtoi(match[1].str(), &retries))
    return api::RestartPolicy{Kind::kOnFailure, retries};
  return absl::InvalidArgumentError("is not unless-stopped, always, on-failure, on-failure:N or no");
}

std::string PrintRestartPolicy(const api::RestartPolicy& policy) {
  switch (policy.kind) {
    case api::RestartPolicy::Kind::kUnlessStopped:
      return "unless-stopped";
    case api::RestartPolicy::Kind::kAlways:
      return "always";
    case api::RestartPolicy::Kind::kNo:
      return "no";
    case api::RestartPolicy::Kind::kOnFailure:
      break;
  }
  return policy.max_retries > 0 ? absl::StrCat("on-failure:", policy.max_retries) : "on-failure";
}

}  // namespace

Codec<api::Volume> Volume() {
  return Parsed<api::Volume>(
      "volume", [] { return TypedSchema("string", "^/[^:]*:/[^:]*(:ro|:rw)?$"); }, ParseVolume,
      [](const api::Volume& v) {
        return yaml::Node::Text(absl::StrCat(v.host, ":", v.container, v.read_only ? ":ro" : ""));
      });
}

Codec<api::Port> Port() {
  return Parsed<api::Port>(
      "port mapping", [] { return TypedSchema("string", kPortPattern); }, ParsePortMapping,
      [](const api::Port& p) { return JsonText(PrintPort(p)); });
}

Codec<api::RestartPolicy> RestartPolicy() {
  return Parsed<api::RestartPolicy>(
      "restart policy",
      [] { return TypedSchema("string", "^(unless-stopped|always|no|on-failure(:[1-9][0-9]{0,8})?)$"); },
      ParseRestartPolicy,
      [](const api::RestartPolicy& p) { return yaml::Node::Text(PrintRestartPolicy(p)); });
}

Codec<api::Ulimit> Ulimit() {
  const auto number = std::make_shared<const Codec<int64_t>>(Integer64(-1));
  const auto both = std::make_shared<const Codec<api::Ulimit>>(
      Object(Record<api::Ulimit>("ulimit", "A soft and a hard limit.")
                 .Add("soft", &api::Ulimit::soft, Integer64(-1), "What processes start with; -1 is no limit.")
                 .Required()
                 .Add("hard", &api::Ulimit::hard, Integer64(-1), "What they may raise it to; -1 is no limit.")
                 .Required()));
  Codec<api::Ulimit> codec;
  codec.type = "number or ulimit";
  codec.schema = [number, both](Definitions& d) { return AnyOf({number->schema(d), both->schema(d)}); };
  codec.decode = [number, both](const Cursor& at, api::Ulimit& out) {
    if (at.node.is_map()) return both->decode(at, out);
    const bool good = number->decode(at, out.soft);
    out.hard = out.soft;
    return good;
  };
  codec.encode = [both](const api::Ulimit& value) { return both->encode(value); };
  return codec;
}

}  // namespace spacelet::config
