#include "pkg/docker/http_client.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "pkg/base/status_macros.h"
#include "pkg/docker/decode.h"
#include "pkg/docker/encode.h"
#include "pkg/docker/log_frames.h"
#include "pkg/docker/paths.h"
#include "pkg/docker/tar.h"

// What reads and what is small. Pulls and loads are in http_client_images.cc, changes in
// http_client_writer.cc, streams in http_client_streams.cc.
namespace spacelet::docker {
namespace {

constexpr size_t kMaxFileBytes = 64 << 20;  // a runner's database; documents and secrets are far smaller
constexpr size_t kTarOverhead = 64 << 10;
constexpr size_t kMaxLogBytes = 1 << 20;

}  // namespace

HttpClient::HttpClient(http::Endpoint endpoint, HttpClientOptions options)
    : options_(std::move(options)),
      engine_(std::move(endpoint), options_.listener, base::RealClock(), options_.activator_pid) {}

absl::StatusOr<EngineInfo> HttpClient::Ping(const std::function<void()>& on_starting,
                                            const std::stop_token& stop) {
  return engine_.Ping(on_starting, stop);
}

absl::StatusOr<http::Response> HttpClient::OnContainer(EngineCall call, const std::string& id,
                                                       const std::string& action,
                                                       const std::stop_token& stop) {
  ASSIGN_OR_RETURN(const std::string segment, ObjectSegment(id));
  call.path = absl::StrCat("/containers/", segment, action);
  return engine_.Call(call, stop);
}

absl::StatusOr<std::vector<ContainerSummary>> HttpClient::ListContainers(const std::string& label,
                                                                         const std::stop_token& stop) {
  const std::string filters = label.empty() ? std::string() : EncodeFilters({{"label", {label}}});
  const EngineCall call = {.operation = "ListContainers",
                           .path = "/containers/json" + Query({{"all", "1"}, {"filters", filters}}),
                           .deadline = kListDeadline};
  ASSIGN_OR_RETURN(const http::Response response, engine_.Call(call, stop));
  return DecodeContainerList(response.body);
}

absl::StatusOr<Container> HttpClient::InspectContainer(const std::string& id_or_name,
                                                       const std::stop_token& stop) {
  const EngineCall call = {.operation = "InspectContainer", .deadline = kInspectDeadline};
  ASSIGN_OR_RETURN(const http::Response response, OnContainer(call, id_or_name, "/json", stop));
  ASSIGN_OR_RETURN(Container container, DecodeContainer(response.body));
  if (container.id != id_or_name && container.name != id_or_name) {
    return absl::NotFoundError(
        absl::StrCat("GET /containers/", id_or_name, "/json: no container of exactly this name"));
  }
  return container;
}

absl::StatusOr<Recipe> HttpClient::ReadRecipe(const std::string& id, const std::stop_token& stop) {
  const EngineCall call = {.operation = "InspectContainer", .deadline = kInspectDeadline};
  ASSIGN_OR_RETURN(const http::Response container, OnContainer(call, id, "/json", stop));
  ASSIGN_OR_RETURN(const Container decoded, DecodeContainer(container.body));
  ASSIGN_OR_RETURN(const http::Response image, ReadImage(decoded.image_id, stop));
  return DecodeRecipe(container.body, image.body);
}

absl::StatusOr<EngineSettings> HttpClient::ReadSettings(const std::stop_token& stop) {
  const EngineCall call = {.operation = "Info", .path = "/info", .deadline = kInfoDeadline};
  ASSIGN_OR_RETURN(const http::Response response, engine_.Call(call, stop));
  return DecodeSettings(response.body);
}

absl::StatusOr<std::string> HttpClient::ReadInspectJson(const std::string& kind, const std::string& id,
                                                        const std::stop_token& stop) {
  const EngineCall call = {.operation = "Inspect", .deadline = kInspectDeadline};
  absl::StatusOr<http::Response> answer = kind == "containers" ? OnContainer(call, id, "/json", stop)
                                          : kind == "networks" ? OnNetwork(call, id, "", stop)
                                                               : ReadImage(id, stop);
  if (!answer.ok()) return answer.status();
  return std::move(answer->body);
}

absl::StatusOr<std::vector<Network>> HttpClient::FindNetworks(const std::string& name,
                                                              const std::stop_token& stop) {
  return InspectNetworks(EncodeFilters({{"name", {name}}}), name, stop);
}

absl::StatusOr<std::vector<Network>> HttpClient::ListNetworks(const std::string& label,
                                                              const std::stop_token& stop) {
  ASSIGN_OR_RETURN(std::vector<Network> rows, ListNetworkRows(EncodeFilters({{"label", {label}}}), stop));
  std::sort(rows.begin(), rows.end(), [](const Network& a, const Network& b) { return a.id < b.id; });
  return rows;
}

absl::StatusOr<std::vector<Network>> HttpClient::ListNetworkRows(const std::string& filters,
                                                                 const std::stop_token& stop) {
  const EngineCall list = {.operation = "ListNetworks",
                           .path = "/networks" + Query({{"filters", filters}}),
                           .deadline = kListDeadline};
  ASSIGN_OR_RETURN(const http::Response response, engine_.Call(list, stop));
  return DecodeNetworkList(response.body);
}

// The list's `name` filter also finds parts of names, and its rows have no members.
absl::StatusOr<std::vector<Network>> HttpClient::InspectNetworks(const std::string& filters,
                                                                 const std::string& exact_name,
                                                                 const std::stop_token& stop) {
  ASSIGN_OR_RETURN(const std::vector<Network> rows, ListNetworkRows(filters, stop));
  std::vector<Network> out;
  for (const Network& row : rows) {
    if (!exact_name.empty() && row.config.name != exact_name) continue;
    const EngineCall inspect = {.operation = "InspectNetwork", .deadline = kNetworkDeadline};
    const absl::StatusOr<http::Response> answer = OnNetwork(inspect, row.id, "", stop);
    if (absl::IsNotFound(answer.status())) continue;  // removed since the list
    RETURN_IF_ERROR(answer.status());
    ASSIGN_OR_RETURN(Network network, DecodeNetwork(answer->body));
    out.push_back(std::move(network));
  }
  std::sort(out.begin(), out.end(), [](const Network& a, const Network& b) { return a.id < b.id; });
  return out;
}

absl::StatusOr<http::Response> HttpClient::ReadImage(const std::string& reference,
                                                     const std::stop_token& stop) {
  ASSIGN_OR_RETURN(const std::string path, ImagePath(reference));
  const EngineCall call = {.operation = "InspectImage",
                           .path = absl::StrCat("/images/", path, "/json"),
                           .deadline = kInspectDeadline};
  return engine_.Call(call, stop);
}

absl::StatusOr<Image> HttpClient::InspectImage(const std::string& reference, const std::stop_token& stop) {
  ASSIGN_OR_RETURN(const http::Response response, ReadImage(reference, stop));
  return DecodeImage(response.body);
}

absl::StatusOr<std::vector<std::string>> HttpClient::TailLogs(const std::string& id, int lines,
                                                              const std::stop_token& stop) {
  ASSIGN_OR_RETURN(const std::string segment, ObjectSegment(id));
  const std::string query =
      Query({{"stdout", "1"}, {"stderr", "1"}, {"tail", absl::StrCat(std::max(lines, 1))}});
  const EngineCall call = {.operation = "TailLogs",
                           .path = absl::StrCat("/containers/", segment, "/logs", query),
                           .deadline = kLogsDeadline};
  std::string body;
  RETURN_IF_ERROR(engine_.Stream(
      call, nullptr,
      [&](absl::string_view chunk) {
        body.append(chunk.data(), chunk.size());
        return body.size() < kMaxLogBytes;
      },
      stop));
  return TailOfLogs(body, lines);
}

absl::StatusOr<std::string> HttpClient::ReadContainerFile(const std::string& id, const std::string& path,
                                                          const std::stop_token& stop) {
  const EngineCall call = {.operation = "ReadContainerFile",
                           .deadline = kCopyDeadline,
                           .max_body_bytes = kMaxFileBytes + kTarOverhead};
  ASSIGN_OR_RETURN(const http::Response response,
                   OnContainer(call, id, "/archive" + Query({{"path", path}}), stop));
  absl::StatusOr<std::string> content = ReadSingleFile(response.body);
  if (content.ok() && content->size() > kMaxFileBytes)
    return absl::OutOfRangeError(absl::StrCat(path, ": larger than 64 MiB"));
  if (!content.ok())
    return absl::Status(content.status().code(), absl::StrCat(path, ": ", content.status().message()));
  return content;
}

}  // namespace spacelet::docker
