// What `doctor` wants to know of the Docker daemon and of what runs on it.
#pragma once

#include <map>
#include <stop_token>
#include <string>

#include "pkg/app/doctor.h"
#include "pkg/app/doctor_document.h"
#include "pkg/doctor/facts.h"

namespace spacelet::app {

struct DaemonFacts {
  std::string https_proxy, no_proxy;    // of the daemon, for pulls
  std::map<std::string, bool> present;  // image reference -> it is on this host
};

// Fills in `docker`, `ports`, `rivals`. Requires: `boot` is filled in.
DaemonFacts ExamineDocker(const DoctorOptions& options, const ExaminedDocument& document,
                          doctor::Facts& facts, const std::stop_token& stop);

}  // namespace spacelet::app
