// Codecs of single values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "pkg/api/types.h"
#include "pkg/config/codec.h"

namespace spacelet::config {

// A text that must be one in every YAML reader: a plain scalar that reads as a number or a boolean somewhere
// has to be quoted. With a pattern (ECMA, anchored), `expectation` completes "is not …".
Codec<std::string> Text();
Codec<std::string> TextLike(std::string type, const std::string& pattern, const std::string& expectation);
// The same for a pattern with counted repetitions, which RE2 writes out: a hostname's alone would take half a
// millisecond to compile. `matches` says what the schema says by the pattern and `longest` (0: any length).
Codec<std::string> TextLike(std::string type, const std::string& pattern, size_t longest,
                            const std::string& expectation,
                            std::function<bool(const std::string& text)> matches);
// Any scalar, taken as it was written: environment values, arguments, labels.
Codec<std::string> Scalar();

Codec<bool> Boolean();  // true, false
// Decimal digits, plain.
Codec<int> Integer(int least, int most = INT32_MAX);
Codec<int64_t> Integer64(int64_t least, int64_t most = INT64_MAX);
Codec<uint16_t> PortNumber();

Codec<int64_t> Bytes();             // 2g
Codec<int64_t> BytesOrUnlimited();  // 2g, -1
Codec<int64_t> Cpus();              // 0.5
Codec<absl::Duration> Duration();   // 5m
Codec<uint32_t> FileMode();         // 0644, always octal

// One of a few words, which stand for values.
template <typename E>
Codec<E> Enumeration(std::vector<std::pair<std::string, E>> words);
// The index into `words`, for Enumeration.
Codec<size_t> Word(const std::vector<std::string>& words);

Codec<std::string> DnsLabel();       // RFC 1123: [a-z0-9]([-a-z0-9]*[a-z0-9])?, 63
Codec<std::string> ContainerName();  // Docker's: [a-zA-Z0-9][a-zA-Z0-9_.-]+, 128
Codec<std::string> Hostname();       // a DNS name, 64: Linux's HOST_NAME_MAX
Codec<std::string> DnsName();  // labels of 63 with dots between, 253: RFC 1035 without the dot at its end
Codec<std::string> ImageReference();  // [HOST[:PORT]/]PATH[:TAG][@sha256:…]
Codec<std::string> Platform();        // os/arch[/variant]
Codec<std::string> AbsolutePath();
Codec<std::string> Url();  // http:// or https://
Codec<std::string> IpAddress();

Codec<api::Volume> Volume();                // HOST:CONTAINER[:ro]
Codec<api::Port> Port();                    // [IP:]HOST:CONTAINER[/udp]
Codec<api::RestartPolicy> RestartPolicy();  // on-failure:3
Codec<api::Ulimit> Ulimit();                // 65536, or {soft, hard}

inline constexpr char kEnvNamePattern[] = "^[A-Za-z_][A-Za-z0-9_.-]*$";

// What stands behind the last colon of the last path component of an image reference; empty: no tag.
absl::string_view TagOf(absl::string_view image);

// Whether `text` is a dotted IPv4 or an IPv6 address.
bool IsIpAddress(absl::string_view text);

template <typename E>
Codec<E> Enumeration(std::vector<std::pair<std::string, E>> words) {
  std::vector<std::string> names;
  for (const auto& [name, value] : words) names.push_back(name);
  const auto word = std::make_shared<const Codec<size_t>>(Word(names));
  Codec<E> codec;
  codec.type = word->type;
  codec.schema = word->schema;
  codec.decode = [word, words](const Cursor& at, E& out) {
    size_t index = 0;
    if (!word->decode(at, index)) return false;
    out = words[index].second;
    return true;
  };
  codec.encode = [words](const E& value) {
    for (const auto& [name, candidate] : words)
      if (candidate == value) return yaml::Node::Text(name);
    return yaml::Node();
  };
  return codec;
}

}  // namespace spacelet::config
