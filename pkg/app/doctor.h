// What `doctor` does: gathers everything that its checks look at. Changes nothing, runs no secret command.
#pragma once

#include <stop_token>
#include <string>

#include "pkg/app/options.h"
#include "pkg/doctor/facts.h"
#include "pkg/doctor/metadata.h"

namespace spacelet::app {

inline constexpr char kDefaultDocument[] = "/etc/spacelet/host.yaml";

struct DoctorOptions {
  std::string file = kDefaultDocument;
  bool asked = false;  // `file` was named: that it is not there is a failure
  HostOptions host;
  DockerOptions docker;
  std::string address = "127.0.0.1:9746";  // where the agent should listen
  std::string state_dir = "/var/lib/spacelet";
  std::string lock_file = kDefaultLockFile;
  // For tests: where the files of the machine are, and its metadata service.
  std::string root;
  std::string metadata_ip = doctor::kMetadataAddress;
  uint16_t metadata_port = 80;
};

// What goes over the network runs side by side; without one it takes some 12 s. Never fails: what cannot be
// had is in the facts.
doctor::Facts Diagnose(const DoctorOptions& options, const std::stop_token& stop);

}  // namespace spacelet::app
