// Who can have written a file that decides what runs on this host.
#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace spacelet::app {

struct Exposure {
  std::string problem;  // "/etc/spacelet/host.yaml can be written by others (mode 0666)"
  std::string remedy;   // a command
};

// Who else than root and this process's user can have written the file, its directories included; nullopt:
// nobody. Errors: as base::StampFile.
absl::StatusOr<std::optional<Exposure>> ExposureOf(const std::string& path);

// The same as an error. `what_then`, of whoever can, goes into it: "who could change the policy". Errors:
// FailedPrecondition, with what to do; as base::StampFile.
absl::Status CheckWhoseFile(const std::string& path, absl::string_view what_then);

// What to say of a document that others can write: a warning, since they may be meant to, as the user of
// git-sync is.
inline constexpr absl::string_view kWhoWritesADocument = "who could decide what runs as root on this host";

}  // namespace spacelet::app
