#include "pkg/docker/decode.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "pkg/base/status_macros.h"
#include "pkg/base/text.h"
#include "pkg/docker/json_fields.h"

namespace spacelet::docker {
namespace {

void FillSubnet(const Json& pools, NetworkConfig& out) {
  for (const Json& pool : Elements(pools)) {
    const std::string subnet = String(pool, "Subnet");
    const bool better =
        out.subnet.empty() || (absl::StrContains(out.subnet, ':') && !absl::StrContains(subnet, ':'));
    if (!better) continue;
    out.subnet = subnet;
    out.gateway = String(pool, "Gateway");
  }
}

absl::StatusOr<Network> DecodeNetworkJson(const Json& json) {
  Network out;
  ASSIGN_OR_RETURN(out.id, RequiredId(json));
  ASSIGN_OR_RETURN(out.config.name, RequiredId(json, "Name"));
  out.config.driver = String(json, "Driver");
  out.config.ipv6 = Bool(json, "EnableIPv6");
  out.config.internal = Bool(json, "Internal");
  out.config.options = StringMap(At(json, "Options"));
  out.config.labels = StringMap(At(json, "Labels"));
  FillSubnet(At(At(json, "IPAM"), "Config"), out.config);
  for (const auto& [id, member] : Items(At(json, "Containers")))
    out.members.push_back({id, String(*member, "Name")});
  return out;
}

}  // namespace

absl::StatusOr<Network> DecodeNetwork(absl::string_view body) {
  ASSIGN_OR_RETURN(const Json json, ParseObject(body));
  return DecodeNetworkJson(json);
}

absl::StatusOr<std::vector<Network>> DecodeNetworkList(absl::string_view body) {
  return DecodeList<Network>(body, DecodeNetworkJson);
}

// In the containerd image store an image's id is its digest, so it is one of each repository that has a tag
// of it. The list of Engine 28 shows that of one repository only.
void CompleteDigests(Image& image) {
  const std::string suffix = absl::StrCat("@", image.id);
  const auto& known = image.repo_digests;
  if (std::none_of(known.begin(), known.end(),
                   [&](const auto& name) { return absl::EndsWith(name, suffix); }))
    return;
  for (const std::string& tag : image.repo_tags) {
    const std::string name = absl::StrCat(tag.substr(0, tag.rfind(':')), suffix);
    if (std::find(known.begin(), known.end(), name) == known.end()) image.repo_digests.push_back(name);
  }
}

absl::StatusOr<Image> DecodeImageJson(const Json& json) {
  Image out;
  ASSIGN_OR_RETURN(out.id, RequiredId(json));
  out.repo_tags = StringList(At(json, "RepoTags"));
  out.repo_digests = StringList(At(json, "RepoDigests"));
  out.os = String(json, "Os");
  out.architecture = String(json, "Architecture");
  out.size = Int(json, "Size");
  CompleteDigests(out);
  return out;
}

absl::StatusOr<Image> DecodeImage(absl::string_view body) {
  ASSIGN_OR_RETURN(const Json json, ParseObject(body));
  return DecodeImageJson(json);
}

absl::StatusOr<std::vector<Image>> DecodeImageList(absl::string_view body) {
  return DecodeList<Image>(body, DecodeImageJson);
}

absl::StatusOr<std::string> DecodeId(absl::string_view body) {
  ASSIGN_OR_RETURN(const Json json, ParseObject(body));
  return RequiredId(json);
}

absl::StatusOr<Event> DecodeEvent(absl::string_view line) {
  ASSIGN_OR_RETURN(const Json json, ParseObject(line));
  const Json& actor = At(json, "Actor");
  Event out;
  out.type = String(json, "Type");
  out.action = String(json, "Action");
  out.actor_id = String(actor, "ID");
  out.attributes = StringMap(At(actor, "Attributes"));
  out.time_nano = Int(json, "timeNano");
  return out;
}

std::string DecodeMessage(absl::string_view body) {
  const absl::StatusOr<Json> json = ParseObject(body);
  std::string message = json.ok() ? String(*json, "message") : std::string();
  if (message.empty()) message = std::string(body.substr(0, body.find('\n')));
  return base::OneLine(message);
}

absl::StatusOr<std::string> DecodeDistributionDigest(absl::string_view body) {
  ASSIGN_OR_RETURN(const Json json, ParseObject(body));
  std::string digest = String(At(json, "Descriptor"), "digest");
  if (digest.empty()) return absl::InternalError("the answer names no digest");
  return digest;
}

absl::StatusOr<ExecState> DecodeExec(absl::string_view body) {
  ASSIGN_OR_RETURN(const Json json, ParseObject(body));
  return ExecState{Bool(json, "Running"), SmallInt(json, "ExitCode")};
}

absl::StatusOr<PullLine> DecodePullLine(absl::string_view line) {
  ASSIGN_OR_RETURN(const Json json, ParseObject(line));
  PullLine out;
  out.id = String(json, "id");
  out.status = String(json, "status");
  out.error = String(At(json, "errorDetail"), "message");
  if (out.error.empty()) out.error = String(json, "error");
  if (out.error.empty() && (json.contains("errorDetail") || json.contains("error")))
    out.error = "unknown error";
  out.current = Int(At(json, "progressDetail"), "current");
  out.total = Int(At(json, "progressDetail"), "total");
  return out;
}

absl::StatusOr<DockerConfig> DecodeDockerConfig(absl::string_view text) {
  ASSIGN_OR_RETURN(const Json json, ParseObject(text));
  DockerConfig out;
  for (const auto& [host, auth] : Items(At(json, "auths"))) {
    out.auths[host] = {String(*auth, "auth"), String(*auth, "identitytoken")};
  }
  out.cred_helpers = StringMap(At(json, "credHelpers"));
  out.creds_store = String(json, "credsStore");
  return out;
}

absl::StatusOr<RegistryCredential> DecodeHelperAnswer(absl::string_view text) {
  ASSIGN_OR_RETURN(const Json json, ParseObject(text));
  RegistryCredential out;
  const std::string user = String(json, "Username"), secret = String(json, "Secret");
  out.server_address = String(json, "ServerURL");
  if (user == "<token>") {
    out.identity_token = secret;
  } else {
    out.username = user;
    out.password = secret;
  }
  return out;
}

}  // namespace spacelet::docker
