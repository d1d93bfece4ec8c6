// A host as it is after a good day, for tests of its many forms.
#pragma once

#include "pkg/report/status.h"

namespace spacelet::report {

inline const absl::Time kSampleTime = absl::FromUnixSeconds(1'700'000'000);

inline std::vector<Condition> GoodConditions(const char* ready_reason) {
  return {{"Synced", Truth::kTrue, "InSync", "", kSampleTime},
          {"Ready", Truth::kTrue, ready_reason, "", kSampleTime},
          {"Progressing", Truth::kFalse, "InSync", "", kSampleTime}};
}

inline Status SampleStatus() {
  Status status;
  status.name = "gitspaces-us-west1";
  status.agent = {"0.1.0", kSampleTime};
  status.config = {.source = "/etc/spacelet/host.yaml",
                   .revision = "sha256:aa",
                   .commit = "",
                   .generation = 3,
                   .observed_generation = 3,
                   .accepted_at = kSampleTime,
                   .error = std::nullopt,
                   .warnings = {"delegate:latest is a mutable tag"}};
  status.docker = {true, "unix:///var/run/docker.sock", "20.10.24", "1.41"};
  status.conditions = {{"Ready", Truth::kTrue, "AllReady", "", kSampleTime},
                       {"ConfigAccepted", Truth::kTrue, "Accepted", "", kSampleTime},
                       {"DockerAvailable", Truth::kTrue, "Connected", "", kSampleTime}};
  ObjectStatus runner;
  runner.object = "container/vm-runner";
  runner.component = "runner";
  runner.id = "0123456789ab";
  runner.image = "drone/drone-runner-aws:1.0.0-rc.310";
  runner.image_id = "sha256:bb";
  runner.spec_hash = "v1:cc";
  runner.desired = DesiredStatus{runner.image, runner.spec_hash};
  runner.state = "running";
  runner.started_at = kSampleTime;
  runner.conditions = GoodConditions("Running");
  ObjectStatus network;
  network.object = "network/harness";
  network.component = "network";
  network.id = "fedcba987654";
  network.desired = DesiredStatus{};
  network.state = "present";
  network.conditions = GoodConditions("InSync");
  status.objects = {runner, network};
  return status;
}

}  // namespace spacelet::report
