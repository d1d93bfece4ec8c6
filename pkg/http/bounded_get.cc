#include "pkg/http/bounded_get.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "pkg/base/status_macros.h"
#include "pkg/http/tcp.h"

namespace spacelet::http {
namespace {

bool IsTarget(const std::string& target) {
  return absl::StartsWith(target, "/") && std::none_of(target.begin(), target.end(), [](char c) {
           const auto byte = static_cast<unsigned char>(c);
           return absl::ascii_iscntrl(byte) || absl::ascii_isspace(byte);
         });
}

std::string ToWire(const BoundedRequest& request) {
  const bool v6 = absl::StrContains(request.ip, ':');
  return absl::StrCat("GET ", request.target, " HTTP/1.1\r\nHost: ", v6 ? "[" : "", request.ip, v6 ? "]" : "",
                      ":", request.port,
                      "\r\nUser-Agent: spacelet\r\nAccept: */*\r\nConnection: close\r\n\r\n");
}

absl::Status Exchange(const BoundedRequest& request, ResponseReader& reader, Patience& patience) {
  ASSIGN_OR_RETURN(const base::UniqueFd fd, ConnectTcp(request.ip, request.port, patience));
  RETURN_IF_ERROR(SendAll(fd.get(), ToWire(request), patience));
  char buffer[8192];
  while (!reader.done()) {
    ASSIGN_OR_RETURN(const size_t size, Receive(fd.get(), buffer, sizeof(buffer), patience));
    RETURN_IF_ERROR(size == 0 ? reader.End() : reader.Feed(absl::string_view(buffer, size)));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Response> BoundedGet(const BoundedRequest& request, const std::stop_token& stop) {
  if (!IsTarget(request.target))
    return absl::InvalidArgumentError("the target is not a percent-encoded path");
  ResponseReader reader(request.limits);
  Patience patience(request.deadline, stop);
  const absl::Status status = Exchange(request, reader, patience);
  if (!status.ok())
    return absl::Status(status.code(),
                        absl::StrCat("GET :", request.port, request.target, ": ", status.message()));
  return Response{reader.status(), reader.headers(), std::move(reader.body())};
}

}  // namespace spacelet::http
