#include "pkg/app/notifications.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace spacelet::app {

absl::StatusOr<std::unique_ptr<notify::Receiver>> ReceiverFor(const NotifyOptions& options) {
  if (!options.command.empty()) return notify::MakeCommand(options.command);
  if (options.url.empty()) return std::unique_ptr<notify::Receiver>();
  absl::StatusOr<std::unique_ptr<notify::Receiver>> webhook =
      notify::MakeWebhook(options.url, options.header_file);
  if (webhook.ok()) return webhook;
  return absl::InvalidArgumentError(absl::StrCat("--notify-url: ", webhook.status().message()));
}

std::unique_ptr<notify::Notifier> MakeNotifier(std::unique_ptr<notify::Receiver> receiver,
                                               const std::string& host_name, const state::Directory& state,
                                               Core& core) {
  absl::StatusOr<state::Notified> told = state.LoadNotified();
  if (!told.ok() && !absl::IsNotFound(told.status()))
    core.logger.Warning("what was notified is lost, it may be notified again",
                        {{"error", std::string(told.status().message())}});
  const auto keep = [&state, logger = core.logger](const notify::Told& now) {
    const absl::Status saved = state.SaveNotified(now);
    if (!saved.ok())
      logger.Warning("what was notified cannot be kept", {{"error", std::string(saved.message())}});
  };
  return std::make_unique<notify::Notifier>(
      std::move(receiver), core.board, core.metrics, core.clock, core.logger,
      notify::Options{
          .host = host_name, .told = told.ok() ? *std::move(told) : notify::Told(), .keep = keep});
}

}  // namespace spacelet::app
