#include "pkg/controller/controller.h"

#include <utility>

#include "pkg/controller/core.h"

namespace spacelet::controller {

Controller::Controller(Parts parts, Options options)
    : core_(std::make_unique<Core>(std::move(parts), std::move(options))) {}
Controller::~Controller() = default;

absl::Status Controller::RunWorker(const std::stop_token& stop) { return core_->RunWorker(stop); }
absl::Status Controller::RunEvents(const std::stop_token& stop) { return core_->RunEvents(stop); }
absl::Status Controller::RunResync(const std::stop_token& stop) { return core_->RunResync(stop); }
absl::Status Controller::RunInputs(const std::stop_token& stop) { return core_->RunInputs(stop); }
absl::Status Controller::RunTags(const std::stop_token& stop) { return core_->RunTags(stop); }

void Controller::OnDocument(const std::shared_ptr<const source::Snapshot>& snapshot) {
  core_->OnDocument(snapshot);
}
void Controller::OnAttempt(const source::Attempt& attempt) { core_->OnAttempt(attempt); }
void Controller::OnFileChanged() { core_->OnFileChanged(); }
void Controller::TryAgain() { core_->TryAgain(); }
Progress Controller::GetProgress() const { return core_->GetProgress(); }

}  // namespace spacelet::controller
