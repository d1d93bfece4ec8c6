#include <utility>

#include "absl/strings/str_cat.h"
#include "pkg/base/status_macros.h"
#include "pkg/docker/decode.h"
#include "pkg/docker/encode.h"
#include "pkg/docker/http_client.h"
#include "pkg/docker/paths.h"
#include "pkg/docker/tar.h"

namespace spacelet::docker {
namespace {

// Whole seconds, rounded up: half a second of grace must not become none.
std::string Seconds(absl::Duration d) {
  return absl::StrCat(absl::ToInt64Seconds(absl::Ceil(d, absl::Seconds(1))));
}

}  // namespace

absl::StatusOr<std::string> HttpClient::CreateContainer(const CreateContainerRequest& request,
                                                        const std::stop_token& stop) {
  RETURN_IF_ERROR(ObjectSegment(request.name).status());
  const EngineCall call = {
      .operation = "CreateContainer",
      .method = "POST",
      .path = "/containers/create" + Query({{"name", request.name}, {"platform", request.platform}}),
      .body = EncodeCreateContainer(request),
      .deadline = kCreateDeadline,
      .call_class = CallClass::kCreate};
  ASSIGN_OR_RETURN(const http::Response response, engine_.Call(call, stop));
  return DecodeId(response.body);
}

absl::Status HttpClient::CopyFiles(const std::string& id_or_name, const std::vector<FileToCopy>& files,
                                   const std::stop_token& stop) {
  ASSIGN_OR_RETURN(std::string archive, WriteTar(files));
  EngineCall call = {
      .operation = "CopyFiles", .method = "PUT", .body = std::move(archive), .deadline = kCopyDeadline};
  call.content_type = "application/x-tar";
  return OnContainer(std::move(call), id_or_name, "/archive?path=%2F", stop).status();
}

absl::Status HttpClient::StartContainer(const std::string& id_or_name, const std::stop_token& stop) {
  const EngineCall call = {.operation = "StartContainer", .method = "POST", .deadline = kStartDeadline};
  return OnContainer(call, id_or_name, "/start", stop).status();
}

absl::Status HttpClient::StopContainer(const std::string& id, absl::Duration grace,
                                       const std::stop_token& stop) {
  const EngineCall call = {
      .operation = "StopContainer", .method = "POST", .deadline = grace + kStopSlack, .signals = id};
  return OnContainer(call, id, "/stop" + Query({{"t", Seconds(grace)}}), stop).status();
}

absl::Status HttpClient::KillContainer(const std::string& id, const std::stop_token& stop) {
  const EngineCall call = {
      .operation = "KillContainer", .method = "POST", .deadline = kChangeDeadline, .signals = id};
  return OnContainer(call, id, "/kill", stop).status();
}

absl::Status HttpClient::RestartContainer(const std::string& id, absl::Duration grace,
                                          const std::stop_token& stop) {
  const EngineCall call = {.operation = "RestartContainer",
                           .method = "POST",
                           .deadline = grace + kStopSlack + kStartDeadline,
                           .signals = id};
  return OnContainer(call, id, "/restart" + Query({{"t", Seconds(grace)}}), stop).status();
}

absl::Status HttpClient::UnpauseContainer(const std::string& id, const std::stop_token& stop) {
  const EngineCall call = {.operation = "UnpauseContainer", .method = "POST", .deadline = kChangeDeadline};
  return OnContainer(call, id, "/unpause", stop).status();
}

absl::Status HttpClient::RenameContainer(const std::string& id_or_name, const std::string& new_name,
                                         const std::stop_token& stop) {
  RETURN_IF_ERROR(ObjectSegment(new_name).status());
  const EngineCall call = {.operation = "RenameContainer", .method = "POST", .deadline = kChangeDeadline};
  return OnContainer(call, id_or_name, "/rename" + Query({{"name", new_name}}), stop).status();
}

absl::Status HttpClient::UpdateContainer(const std::string& id, const LiveResources& resources,
                                         const std::optional<RestartPolicy>& restart_policy,
                                         const std::stop_token& stop) {
  const EngineCall call = {.operation = "UpdateContainer",
                           .method = "POST",
                           .body = EncodeUpdateContainer(resources, restart_policy),
                           .deadline = kChangeDeadline};
  return OnContainer(call, id, "/update", stop).status();
}

absl::Status HttpClient::RemoveContainer(const std::string& id, const Removal& how,
                                         const std::stop_token& stop) {
  const EngineCall call = {.operation = "RemoveContainer", .method = "DELETE", .deadline = kRemoveDeadline};
  const absl::Status status =
      OnContainer(call, id, Query({{"v", how.volumes ? "1" : ""}, {"force", how.force ? "1" : ""}}), stop)
          .status();
  return absl::IsNotFound(status) ? absl::OkStatus() : status;
}

absl::StatusOr<http::Response> HttpClient::OnNetwork(EngineCall call, const std::string& id,
                                                     const std::string& action, const std::stop_token& stop) {
  ASSIGN_OR_RETURN(const std::string segment, ObjectSegment(id));
  call.path = absl::StrCat("/networks/", segment, action);
  return engine_.Call(call, stop);
}

absl::StatusOr<std::string> HttpClient::CreateNetwork(const NetworkConfig& config,
                                                      const std::stop_token& stop) {
  const EngineCall call = {.operation = "CreateNetwork",
                           .method = "POST",
                           .path = "/networks/create",
                           .body = EncodeCreateNetwork(config),
                           .deadline = kNetworkDeadline,
                           .call_class = CallClass::kCreate};
  ASSIGN_OR_RETURN(const http::Response response, engine_.Call(call, stop));
  return DecodeId(response.body);
}

absl::Status HttpClient::RemoveNetwork(const std::string& id, const std::stop_token& stop) {
  const EngineCall call = {.operation = "RemoveNetwork", .method = "DELETE", .deadline = kNetworkDeadline};
  return OnNetwork(call, id, "", stop).status();
}

absl::Status HttpClient::ConnectNetwork(const std::string& network_id,
                                        const std::string& container_id_or_name,
                                        const std::vector<std::string>& aliases,
                                        const std::stop_token& stop) {
  const EngineCall call = {.operation = "ConnectNetwork",
                           .method = "POST",
                           .body = EncodeConnectNetwork(container_id_or_name, aliases),
                           .deadline = kNetworkDeadline};
  return OnNetwork(call, network_id, "/connect", stop).status();
}

absl::Status HttpClient::DisconnectNetwork(const std::string& network_id,
                                           const std::string& container_id_or_name, bool force,
                                           const std::stop_token& stop) {
  const EngineCall call = {.operation = "DisconnectNetwork",
                           .method = "POST",
                           .body = EncodeDisconnectNetwork(container_id_or_name, force),
                           .deadline = kNetworkDeadline};
  return OnNetwork(call, network_id, "/disconnect", stop).status();
}

absl::Status HttpClient::RemoveImage(const std::string& reference_or_id, const std::stop_token& stop) {
  ASSIGN_OR_RETURN(const std::string path, ImagePath(reference_or_id));
  const EngineCall call = {
      .operation = "RemoveImage", .method = "DELETE", .path = "/images/" + path, .deadline = kRemoveDeadline};
  return engine_.Call(call, stop).status();
}

}  // namespace spacelet::docker
