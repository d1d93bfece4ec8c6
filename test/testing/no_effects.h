// Parts that do nothing, where a test is about others.
#pragma once

#include "pkg/execute/execute.h"

namespace spacelet::testing {

// Local operations that leave the machine alone.
class NoFiles : public execute::LocalFiles {
 public:
  absl::Status CreateDirectory(const plan::CreateDirectory&) override { return absl::OkStatus(); }
  absl::Status WritePoolFile(const plan::WritePoolFile&) override { return absl::OkStatus(); }
  absl::Status RemovePoolFile(const plan::RemovePoolFile&) override { return absl::OkStatus(); }
  absl::Status WriteFile(const std::string&, const std::string&) override { return absl::OkStatus(); }
  absl::Status PutBack(const plan::PutBackFile&) override { return absl::OkStatus(); }
  absl::Status KeepNewest(const std::string&, int) override { return absl::OkStatus(); }
};

class NoListener : public execute::Listener {
 public:
  void StepStarted(const plan::Step&) override {}
  void StepFinished(const plan::Step&, const absl::Status&, absl::Duration) override {}
  void PullProgressed(const plan::Step&, const docker::PullProgress&) override {}
};

}  // namespace spacelet::testing
