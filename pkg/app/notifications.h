// The agent's notifier, wired.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "pkg/app/core.h"
#include "pkg/app/options.h"
#include "pkg/notify/notifier.h"
#include "pkg/state/state.h"

namespace spacelet::app {

// Null: nobody is to be told. Errors: InvalidArgument, with the flag.
absl::StatusOr<std::unique_ptr<notify::Receiver>> ReceiverFor(const NotifyOptions& options);

// Knows what was told by agents before this one, and writes down what it tells. `state` and `core` must
// outlive it.
std::unique_ptr<notify::Notifier> MakeNotifier(std::unique_ptr<notify::Receiver> receiver,
                                               const std::string& host_name, const state::Directory& state,
                                               Core& core);

}  // namespace spacelet::app
