// What Docker answers, whatever was asked: each decoder reads every body.
#include "pkg/docker/decode.h"
#include "pkg/docker/engine_settings.h"
#include "pkg/docker/errors.h"
#include "test/fuzz/fuzz.h"

namespace spacelet::fuzz {
namespace {

template <typename T>
void Look(const absl::StatusOr<T>& decoded, void (*look)(const T&) = nullptr) {
  if (!decoded.ok()) return RequireReason(decoded.status());
  if (look != nullptr) look(*decoded);
}

void LookAtContainer(const docker::Container& container) {
  Require(!container.id.empty(), "a container has an id");
  Require(container.started_ever == (container.started_at > absl::InfinitePast()),
          "who has started has a time");
}

void LookAtNetwork(const docker::Network& network) {
  Require(!network.id.empty() && !network.config.name.empty(), "a network has id and name");
}

void LookAtImage(const docker::Image& image) { Require(!image.id.empty(), "an image has an id"); }

void LookAtName(const std::string& name) { Require(!name.empty(), "what names an object is there"); }

template <typename T, void (*look)(const T&)>
void Each(const std::vector<T>& list) {
  for (const T& element : list) look(element);
}

void LookAtRow(const docker::ContainerSummary& row) { LookAtName(row.id); }

void CheckObjects(absl::string_view body) {
  Look(docker::DecodeContainer(body), LookAtContainer);
  Look(docker::DecodeContainerList(body), Each<docker::ContainerSummary, LookAtRow>);
  Look(docker::DecodeNetwork(body), LookAtNetwork);
  Look(docker::DecodeNetworkList(body), Each<docker::Network, LookAtNetwork>);
  Look(docker::DecodeImage(body), LookAtImage);
  Look(docker::DecodeImageList(body), Each<docker::Image, LookAtImage>);
}

void CheckSmall(absl::string_view body) {
  Look(docker::DecodeId(body), LookAtName);
  Look(docker::DecodeDistributionDigest(body), LookAtName);
  Look(docker::DecodeSettings(body));
  Look(docker::DecodeExec(body));
  Look(docker::DecodeDockerConfig(body));
  Look(docker::DecodeHelperAnswer(body));
}

void CheckErrors(absl::string_view body) {
  const std::string message = docker::DecodeMessage(body);
  for (const auto call : {docker::CallClass::kOther, docker::CallClass::kCreate, docker::CallClass::kPull})
    for (const int code : {400, 404, 409, 500}) {
      const absl::Status status = docker::StatusFromHttp(code, call, "GET /x", message);
      RequireReason(status);
      Require(docker::HttpStatusOf(status) == code, "the daemon's answer can be told");
      Require(docker::PullReason(status) != nullptr, "there is a reason");
    }
  docker::RetryAfterHint(message);
}

}  // namespace

void Check(absl::string_view input) {
  CheckObjects(input);
  CheckSmall(input);
  CheckErrors(input);
}

}  // namespace spacelet::fuzz
