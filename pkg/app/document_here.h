// The document of this host, for a command that examines the host beside its agent.
#pragma once

#include "absl/status/statusor.h"
#include "pkg/app/doctor.h"
#include "pkg/source/store.h"

namespace spacelet::app {

// What the agent took from Git last, as the state directory keeps it; else, and when a file was asked for,
// options.file. Errors: as source::ReadVersion.
absl::StatusOr<source::Version> DocumentHere(const DoctorOptions& options);

}  // namespace spacelet::app
