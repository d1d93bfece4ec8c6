#include <re2/re2.h>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "pkg/api/quantity.h"
#include "pkg/config/notation.h"
#include "pkg/config/record.h"
#include "pkg/config/scalars.h"

namespace spacelet::config {
namespace {

absl::StatusOr<int64_t> ParseBytesOrUnlimited(absl::string_view text) {
  return text == "-1" ? absl::StatusOr<int64_t>(-1) : api::ParseBytes(text);
}

bool ParsePort(absl::string_view text, uint16_t& out) {
  uint32_t port = 0;
  if (absl::StartsWith(text, "0") || !absl::SimpleAtoi(text, &port) || port > 65535) return false;
  out = static_cast<uint16_t>(port);
  return true;
}

}  // namespace

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

namespace {

absl::StatusOr<api::Volume> ParseVolume(absl::string_view text) {
  static const RE2& pattern = *new RE2("(/[^:\\x00-\\x1f]*):(/[^:\\x00-\\x1f]*)(:ro|:rw)?");
  api::Volume volume;
  std::string mode;
  if (!RE2::FullMatch(std::string(text), pattern, &volume.host, &volume.container, &mode))
    return absl::InvalidArgumentError("is not HOST:CONTAINER[:ro] with two absolute paths");
  volume.read_only = mode == ":ro";
  return volume;
}

constexpr char kPortPattern[] =
    "^(?:(\\[[0-9a-fA-F:.]+\\]|[0-9]+\\.[0-9]+\\.[0-9]+\\.[0-9]+):)?([0-9]+):([0-9]+)(?:/(tcp|udp))?$";

absl::StatusOr<api::Port> ParsePortMapping(absl::string_view text) {
  static const RE2& pattern = *new RE2(kPortPattern);
  std::string ip, host, container, protocol;
  if (!RE2::FullMatch(std::string(text), pattern, &ip, &host, &container, &protocol))
    return absl::InvalidArgumentError("is not [IP:]HOST:CONTAINER[/udp], like 127.0.0.1:3000:3000");
  api::Port port;
  if (!ip.empty()) port.ip = ip;
  if (absl::StartsWith(port.ip, "[")) port.ip = port.ip.substr(1, port.ip.size() - 2);
  if (!IsIpAddress(port.ip)) return absl::InvalidArgumentError("does not begin with an IP address");
  if (!ParsePort(host, port.host) || !ParsePort(container, port.container))
    return absl::InvalidArgumentError("has a port that is not between 1 and 65535");
  if (!protocol.empty()) port.protocol = protocol;
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
  static const RE2& limited = *new RE2("on-failure:([1-9][0-9]{0,8})");
  int retries = 0;
  if (RE2::FullMatch(std::string(text), limited, &retries))
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
