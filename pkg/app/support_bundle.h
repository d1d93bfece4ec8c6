// What `support-bundle` does: everything that tells how a host is, in one archive without a secret.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "pkg/app/doctor.h"

namespace spacelet::app {

struct BundleOptions {
  DoctorOptions doctor;  // which document, daemon and agent
  std::string name;      // the directory in the archive
  int log_lines = 1000;  // the last of each container, and of the unit's journal
};

struct BundleResult {
  std::string archive;   // gzip'ed tar
  std::string manifest;  // what is in it, for people
};

// What cannot be had is a line in the manifest. The document's secrets are read, also by their commands, so
// that they can be hidden. Errors: the archive cannot be made (no memory).
absl::StatusOr<BundleResult> MakeSupportBundle(const BundleOptions& options, const std::stop_token& stop);

}  // namespace spacelet::app
