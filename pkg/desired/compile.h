// Document → compiled form. The profiles (profiles.cc) spell out what a runner and a delegate are; nothing
// after this knows. Pure but for `read_file`, by which the runner's pool is read.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "pkg/api/types.h"
#include "pkg/desired/desired.h"

namespace spacelet::desired {

struct CompileInput {
  const api::Document& document;  // Requires: valid, defaults applied (config::Load)
  std::string revision;           // "sha256:<hex>" of the document's bytes
  int64_t generation = 0;
  // Reads a file on the host: the pool, and whether files that the pool names exist under the bind.
  std::function<absl::StatusOr<std::string>(const std::string& path)> read_file;
};

struct Compiled {
  Host host;
  std::vector<std::string>
      warnings;  // lint of the pool, runner URL that nothing answers, … (one sentence each)
};

// Total: what one workload lacks (an invalid pool) is in host.blocked, the rest compiles.
Compiled Compile(const CompileInput& input);

// "v1:<64 hex>" over canonical JSON of the container's immutable fields (docs/adr/0002). Names and kinds of
// secrets, never values; not the live fields (resources, restart policy), not the labels for people, not the
// host's name. Irreversible: a golden test pins it, an upgrade of the agent must not recreate anybody's
// containers.
std::string SpecHash(const Container& container);
std::string SpecHash(const docker::NetworkConfig& network);
// The canonical JSON itself, for goldens and for `explain`.
std::string CanonicalJson(const Container& container);
std::string CanonicalJson(const docker::NetworkConfig& network);

// What kLabelNetworkSpec holds, read back: the settings of the network as it was created, without our own
// labels. nullopt when the text is not ours (a person wrote the label).
std::optional<docker::NetworkConfig> NetworkFromCanonicalJson(absl::string_view text);

// The network with all our labels, as it is created. `config` carries only the document's labels.
Network LabelledNetwork(docker::NetworkConfig config, const std::string& host, const std::string& revision);

}  // namespace spacelet::desired
