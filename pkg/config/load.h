// Bytes of a document → typed document with defaults, or every error at once.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "pkg/api/types.h"
#include "pkg/config/diagnostic.h"
#include "pkg/config/host_facts.h"
#include "pkg/yaml/tree.h"

namespace spacelet::config {

inline constexpr size_t kMaxDocumentBytes = 1 << 20;  // SPEC 1: more than 1 MiB is an error

// Where each written field stands: "spec.runner.image" → {line, column} of a file, by its number (0: the
// document itself). For `explain`: a field that is absent here came from a default or a profile.
struct Position {
  int line = 0, column = 0;
  int file = 0;
  bool operator==(const Position&) const = default;
};

// What a document may name beside itself: overlays (overlays.h), and a pool. Relative path → bytes.
using Files = std::map<std::string, std::string>;

// A document as its source has it. Everything that is not pure is a function of its own.
struct Input {
  absl::string_view bytes;
  std::string file_name;       // for diagnostics; those of files beside it are made of it
  absl::Time today;            // ages the delegate's tag (support 6 months, end of life 8)
  std::string directory = {};  // where the document lies on this host, absolute; empty: not on this host
  // Reads a file beside the document by a relative path without dots. NotFound: it is not there. Aborted: not
  // now, it is being changed. Null: there are none.
  std::function<absl::StatusOr<std::string>(const std::string& relative_path)> read = {};
  AskFact fact = {};  // asked for what the document uses; null: nothing is known
};

struct Loaded {
  // With defaults applied (config::ApplyDefaults). Absent when there is an error.
  std::optional<api::Document> document;
  std::vector<Diagnostic> diagnostics;  // errors and warnings, in file order
  std::map<std::string, Position> positions;
  std::vector<std::string> file_names;  // by number, as diagnostics call them
  Files files;                          // what was read beside the document
  Facts facts;                          // what was used of the host
  std::string revision;                 // RevisionOf
  std::optional<yaml::Node> merged;     // the document with its overlays, before anything is substituted
  // Why it cannot be told now whether the document is valid: a fact of the host that is not to be had, with
  // the place where it is used, or (is_changing) a file that is being changed. Nothing is wrong with the
  // document; try again.
  std::optional<Diagnostic> not_now;
  bool is_changing = false;
  // Why there is no document, for somebody who does not try again; and the warnings.
  std::vector<Diagnostic> Problems() const;
  bool ok() const { return document.has_value(); }
};

// Parse, merge, substitute, decode, default and validate; pure but for the functions in `input` and the
// system's time zones: no Docker, no secret command. Never throws.
Loaded Load(const Input& input);
// A document that stands alone.
Loaded Load(absl::string_view bytes, absl::string_view file_name, absl::Time today);

// "sha256:<hex>": of the bytes, when there are no files; else of "<hex of bytes>  <path>\n" for each file,
// the document first with the path ".", the others in the order of their paths.
std::string RevisionOf(absl::string_view bytes, const Files& files);

// Fills every optional that a profile or the schema gives a default. Idempotent.
void ApplyDefaults(api::Document& document);

// The document again as canonical YAML with every field spelled out; secrets by reference, `value:` as ***.
std::string ToYaml(const api::Document& document);

// The document as YAML that says no more than is needed: Load reads it as the same document, with the same
// defaults. Secrets as in ToYaml.
std::string ToShortYaml(api::Document document);

// The default of spec.runner.rollout.drainTimeout, which api::Rollout has for the others.
inline constexpr absl::Duration kRunnerDrainTimeout = absl::Minutes(30);

// The JSON Schema (draft-07), generated from the same field table that decodes the document.
std::string JsonSchema();

}  // namespace spacelet::config
