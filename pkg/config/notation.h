// For the codecs of this package: how a scalar that has a notation of its own is read.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "pkg/config/codec.h"

namespace spacelet::config {

std::string Shown(absl::string_view text);  // quoted, cut, safe for a terminal
bool ExpectScalar(const Cursor& at, absl::string_view what);

yaml::Node TypedSchema(absl::string_view type, absl::string_view pattern = "");
yaml::Node AnyOf(std::vector<yaml::Node> schemas);
yaml::Node PlainNumber(int64_t value);

// A codec of plain or quoted text that `parse` understands (absl::StatusOr).
template <typename V, typename Parse, typename Print>
Codec<V> Parsed(const std::string& type, const std::function<yaml::Node()>& schema, Parse parse,
                Print print) {
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

}  // namespace spacelet::config
