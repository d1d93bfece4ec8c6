#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "pkg/config/grammar.h"
#include "pkg/config/notation.h"
#include "pkg/config/scalars.h"

namespace spacelet::config {
namespace {

using Source = api::SecretSource;

template <typename V>
std::function<void(Source&, V)> SetKind(Source::Kind kind, V Source::*member) {
  return [kind, member](Source& source, V value) {
    source.kind = kind;
    source.*member = std::move(value);
  };
}

template <typename V>
std::function<std::optional<V>(const Source&)> GetKind(Source::Kind kind, V Source::*member) {
  return [kind, member](const Source& source) {
    return source.kind == kind ? std::optional(source.*member) : std::nullopt;
  };
}

// Never printed, wherever the document goes.
Codec<std::string> Hidden() {
  Codec<std::string> codec = Scalar();
  codec.encode = [](const std::string&) { return JsonText("***"); };
  return codec;
}

// A secret does not lie beside the document, which is in a repository.
Codec<std::string> SecretFile() {
  Codec<std::string> codec = AbsolutePath();
  codec.decode = [decode = codec.decode](const Cursor& at, std::string& out) {
    if (!at.node.is_scalar() || absl::StartsWith(at.node.text, "/")) return decode(at, out);
    at.Error(absl::StrCat(Shown(at.node.text),
                          " is not an absolute path: a secret does not lie beside the document"),
             "name a file of the host, or read an encrypted one by command: [sops, -d, /path/on/the/host]");
    return false;
  };
  return codec;
}

Codec<absl::Duration> RefreshInterval() {
  Codec<absl::Duration> codec = Duration();
  codec.decode = [decode = codec.decode](const Cursor& at, absl::Duration& out) {
    if (!decode(at, out)) return false;
    if (out < absl::Minutes(1)) at.Error("is shorter than 1m");
    return out >= absl::Minutes(1);
  };
  return codec;
}

}  // namespace

Record<Source> SecretRecord() {
  using Kind = Source::Kind;
  Record<Source> record("secret", "Where a secret comes from; exactly one of file, env, command and value.");
  record
      .AddWith<std::string>("file", SecretFile(), SetKind(Kind::kFile, &Source::file),
                            GetKind(Kind::kFile, &Source::file),
                            "A file on the host; watched. One trailing newline is trimmed.")
      .Example("/etc/spacelet/delegate-token");
  record
      .AddWith<std::string>("env",
                            TextLike("variable name", kEnvNamePattern, "the name of an environment variable"),
                            SetKind(Kind::kEnv, &Source::env), GetKind(Kind::kEnv, &Source::env),
                            "A variable of the agent's own environment.")
      .Example("DELEGATE_TOKEN");
  record
      .AddWith<std::vector<std::string>>(
          "command", ListOf(Scalar(), false), SetKind(Kind::kCommand, &Source::command),
          GetKind(Kind::kCommand, &Source::command),
          "A program and its arguments, run without a shell; its output is the secret "
          "(at most 10 s and 64 KiB).")
      .Example("[spacelet, secret, gcp, delegate-token]");
  record.AddWith<std::string>("value", Hidden(), SetKind(Kind::kValue, &Source::value),
                              GetKind(Kind::kValue, &Source::value),
                              "The secret itself, for experiments only: whoever reads the document has it.");
  record
      .AddWith<absl::Duration>(
          "refreshInterval", RefreshInterval(),
          [](Source& source, absl::Duration value) { source.refresh_interval = value; },
          GetKind(Kind::kCommand, &Source::refresh_interval),
          "How often the command runs again; at least 1m.")
      .Default("15m");
  record.ExactlyOneOf({"file", "env", "command", "value"});
  return record;
}

}  // namespace spacelet::config
