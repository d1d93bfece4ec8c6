#include "pkg/execute/execute.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "pkg/api/reasons.h"
#include "pkg/base/status_macros.h"
#include "pkg/docker/errors.h"
#include "pkg/plan/image.h"
#include "pkg/plan/text.h"

namespace spacelet::execute {
namespace {

constexpr char kNoPassword[] = "imagePullSecret.password has no value: ";

// One overload an operation; each is one call.
class Caller {
 public:
  Caller(docker::Client& docker, LocalFiles& files, secret::Store& secrets, Listener& listener,
         const plan::Step& step, const std::stop_token& interrupt, const std::stop_token& shutdown)
      : docker_(docker),
        files_(files),
        secrets_(secrets),
        listener_(listener),
        step_(step),
        interrupt_(interrupt),
        shutdown_(shutdown) {}

  absl::Status operator()(const plan::PullImage& op) {
    ASSIGN_OR_RETURN(std::optional<docker::RegistryCredential> credential,
                     CredentialFor(op.secret, secrets_, interrupt_));
    RETURN_IF_ERROR(docker_.PullImage(
        op.reference, op.platform, credential,
        [this](const docker::PullProgress& p) { listener_.PullProgressed(step_, p); }, interrupt_));
    return op.platform.empty() ? absl::OkStatus() : CheckImage(op.reference, op.platform);
  }
  absl::Status operator()(const plan::LoadImage& op) {
    const absl::Status loaded = docker_.LoadImage(op.archive, interrupt_);
    // The file may be another one at the next try.
    if (absl::IsInvalidArgument(loaded)) return absl::FailedPreconditionError(loaded.message());
    RETURN_IF_ERROR(loaded);
    absl::Status held = CheckImage(op.reference, op.platform);
    if (!absl::IsNotFound(held)) return held;
    return absl::FailedPreconditionError(
        absl::StrCat(op.archive, " was loaded and holds no such image: ", held.message()));
  }
  absl::Status operator()(const plan::CreateNetwork& op) {
    return docker_.CreateNetwork(op.config, shutdown_).status();
  }
  absl::Status operator()(const plan::RemoveNetwork& op) { return docker_.RemoveNetwork(op.id, shutdown_); }
  // A container's key and its network's key may both put it back on; who comes second has what it wanted.
  absl::Status operator()(const plan::ConnectNetwork& op) {
    const absl::Status status = docker_.ConnectNetwork(op.network, op.container, op.aliases, shutdown_);
    return absl::StrContains(status.message(), "already exists in network") ? absl::OkStatus() : status;
  }
  absl::Status operator()(const plan::DisconnectNetwork& op) {
    const absl::Status status = docker_.DisconnectNetwork(op.network, op.container, op.force, shutdown_);
    return absl::StrContains(status.message(), "is not connected to") ? absl::OkStatus() : status;
  }
  absl::Status operator()(const plan::CreateContainer& op) {
    return docker_.CreateContainer(op.request, shutdown_).status();
  }
  absl::Status operator()(const plan::CopyFiles& op) {
    return docker_.CopyFiles(op.container, op.files, shutdown_);
  }
  absl::Status operator()(const plan::StartContainer& op) {
    return docker_.StartContainer(op.container, shutdown_);
  }
  absl::Status operator()(const plan::StopContainer& op) {
    return docker_.StopContainer(op.id, op.grace, shutdown_);
  }
  absl::Status operator()(const plan::KillContainer& op) { return docker_.KillContainer(op.id, shutdown_); }
  absl::Status operator()(const plan::RestartContainer& op) {
    return docker_.RestartContainer(op.id, op.grace, shutdown_);
  }
  absl::Status operator()(const plan::RenameContainer& op) {
    return docker_.RenameContainer(op.container, op.new_name, shutdown_);
  }
  absl::Status operator()(const plan::UpdateContainer& op) {
    return docker_.UpdateContainer(op.id, op.resources, op.restart_policy, shutdown_);
  }
  absl::Status operator()(const plan::UnpauseContainer& op) {
    return docker_.UnpauseContainer(op.id, shutdown_);
  }
  absl::Status operator()(const plan::RemoveContainer& op) {
    return docker_.RemoveContainer(op.id, {.volumes = op.volumes}, shutdown_);
  }
  absl::Status operator()(const plan::RemoveImage& op) {
    return docker_.RemoveImage(op.reference, shutdown_);
  }
  absl::Status operator()(const plan::CreateDirectory& op) { return files_.CreateDirectory(op); }
  absl::Status operator()(const plan::WritePoolFile& op) { return files_.WritePoolFile(op); }
  absl::Status operator()(const plan::RemovePoolFile& op) { return files_.RemovePoolFile(op); }
  absl::Status operator()(const plan::PutBackFile& op) { return files_.PutBack(op); }
  absl::Status operator()(const plan::CopyOutFile& op) {
    const auto bytes = docker_.ReadContainerFile(op.id, op.container_path, shutdown_);
    if (absl::IsNotFound(bytes.status())) return absl::OkStatus();  // it has kept nothing yet
    RETURN_IF_ERROR(bytes.status());
    RETURN_IF_ERROR(files_.WriteFile(op.host_path, *bytes));
    return op.keep > 0 ? files_.KeepNewest(op.host_path, op.keep) : absl::OkStatus();
  }

 private:
  // A daemon takes what an archive holds, and (20.10) pulls an image of another platform than it was asked
  // for: neither is an error to it.
  absl::Status CheckImage(const std::string& reference, const std::string& platform) {
    ASSIGN_OR_RETURN(const docker::Image image, docker_.InspectImage(reference, shutdown_));
    if (plan::IsForPlatform(image, platform)) return absl::OkStatus();
    return absl::NotFoundError(absl::StrCat("the image does not match the specified platform: it is for ",
                                            image.os, "/", image.architecture, ", wanted is ", platform));
  }

  docker::Client& docker_;
  LocalFiles& files_;
  secret::Store& secrets_;
  Listener& listener_;
  const plan::Step& step_;
  const std::stop_token& interrupt_;
  const std::stop_token& shutdown_;
};

absl::Status Explained(const plan::Step& step, const absl::Status& status) {
  const std::string remedy = Remedy(step.operation, status);
  const std::string reason = !ReferenceOf(step.operation).empty() && !absl::IsCancelled(status)
                                 ? absl::StrCat(FetchReason(step.operation, status), ": ")
                                 : "";
  return absl::Status(status.code(),
                      absl::StrCat(plan::Name(step.operation), " ", plan::Describe(step.operation), ": ",
                                   reason, status.message(), remedy.empty() ? "" : "; ", remedy));
}

}  // namespace

absl::StatusOr<std::optional<docker::RegistryCredential>> CredentialFor(
    const std::optional<api::ImagePullSecret>& secret, secret::Store& secrets, const std::stop_token& stop) {
  if (!secret) return std::nullopt;
  const secret::Store::Entry password = secrets.Get(secret->password, /*fresh=*/true, stop);
  if (!password.available) return absl::UnavailableError(absl::StrCat(kNoPassword, password.error));
  return docker::RegistryCredential{secret->username, password.value, "", ""};
}

std::string ReferenceOf(const plan::Operation& operation) {
  if (const auto* pull = std::get_if<plan::PullImage>(&operation)) return pull->reference;
  const auto* load = std::get_if<plan::LoadImage>(&operation);
  return load == nullptr ? "" : load->reference;
}

const char* FetchReason(const plan::Operation& operation, const absl::Status& status) {
  if (absl::StartsWith(status.message(), kNoPassword)) return api::reason::kSecretUnavailable;
  const char* reason = docker::PullReason(status);
  const bool pull = std::holds_alternative<plan::PullImage>(operation);
  return pull || reason == absl::string_view(api::reason::kDiskFull) ? reason
                                                                     : api::reason::kImageArchiveFailed;
}

Executor::Executor(docker::Client& docker, LocalFiles& files, secret::Store& secrets, base::Clock& clock,
                   Listener& listener)
    : docker_(docker), files_(files), secrets_(secrets), clock_(clock), listener_(listener) {}

Report Executor::Run(const plan::Plan& plan, const std::stop_token& interrupt,
                     const std::stop_token& shutdown) {
  Report report;
  for (const plan::Step& step : plan.steps) {
    if (step.waits || interrupt.stop_requested() || shutdown.stop_requested()) {
      report.stopped_early = true;
      break;
    }
    listener_.StepStarted(step);
    const base::Instant began = clock_.Monotonic();
    const absl::Status status =
        std::visit(Caller(docker_, files_, secrets_, listener_, step, interrupt, shutdown), step.operation);
    listener_.StepFinished(step, status, clock_.Monotonic() - began);
    if (!status.ok()) {
      report.status = Explained(step, status);
      report.cause = status;
      report.failed_object = step.object;
      report.failed_step = report.steps_done;
      break;
    }
    ++report.steps_done;
  }
  return report;
}

}  // namespace spacelet::execute
