#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "pkg/base/status_macros.h"
#include "pkg/base/unique_fd.h"
#include "pkg/docker/auth.h"
#include "pkg/docker/decode.h"
#include "pkg/docker/encode.h"
#include "pkg/docker/http_client.h"
#include "pkg/docker/paths.h"
#include "pkg/docker/pull_stream.h"
#include "pkg/docker/reference.h"

namespace spacelet::docker {
namespace {

using std::chrono::steady_clock;

constexpr auto kProgressInterval = std::chrono::milliseconds(250);
constexpr size_t kUploadPiece = 256 << 10;

absl::Status Annotate(const absl::Status& status, absl::string_view what) {
  return status.ok() ? status : absl::Status(status.code(), absl::StrCat(what, ": ", status.message()));
}

// Tells a listener of progress a few times a second, and of the last state.
class Throttle {
 public:
  explicit Throttle(const std::function<void(const PullProgress&)>& listener) : listener_(listener) {}
  void Tell(const PullStream& stream, bool last) {
    const auto now = steady_clock::now();
    if (!listener_ || (!last && now < next_)) return;
    next_ = now + kProgressInterval;
    listener_(stream.Progress());
  }

 private:
  const std::function<void(const PullProgress&)>& listener_;
  steady_clock::time_point next_;
};

std::string PullPath(const Reference& reference, const std::string& platform) {
  const std::string& version = reference.digest.empty() ? reference.tag : reference.digest;
  return "/images/create" +
         Query({{"fromImage", FamiliarName(reference)}, {"tag", version}, {"platform", platform}});
}

// What a reference means: its digest where it has one, whatever its tag.
absl::StatusOr<Reference> MeaningOf(const std::string& text) {
  ASSIGN_OR_RETURN(Reference reference, ParseReference(text));
  if (!reference.digest.empty()) reference.tag.clear();
  return reference;
}

bool HasName(const Image& image, const Reference& wanted) {
  for (const auto* names : {&image.repo_tags, &image.repo_digests}) {
    for (const std::string& name : *names) {
      const absl::StatusOr<Reference> known = ParseReference(name);  // "<none>:<none>" is none
      if (known.ok() && *known == wanted) return true;
    }
  }
  return false;
}

absl::StatusOr<std::string> ReadPiece(int fd, uint64_t offset) {
  std::string piece(kUploadPiece, '\0');
  const ssize_t n = pread(fd, piece.data(), piece.size(), static_cast<off_t>(offset));
  if (n < 0) return absl::UnavailableError(std::strerror(errno));
  piece.resize(static_cast<size_t>(n));
  return piece;
}

}  // namespace

std::string HttpClient::Authorize(EngineCall& call, const Reference& reference,
                                  const std::optional<RegistryCredential>& credential,
                                  const std::stop_token& stop) const {
  ResolvedCredential auth = {credential, ""};
  if (!credential) auth = CredentialFor(options_.docker_config, reference.domain, stop);
  if (auth.credential) call.headers["X-Registry-Auth"] = RegistryAuthHeader(*auth.credential);
  return auth.warning;
}

absl::StatusOr<std::map<std::string, Image>> HttpClient::FindImages(
    const std::vector<std::string>& references, const std::stop_token& stop) {
  std::map<std::string, Reference> wanted;
  std::set<std::string> repositories;  // a row shows only the names that pass the filter
  for (const std::string& text : references) {
    ASSIGN_OR_RETURN(wanted[text], MeaningOf(text));
    repositories.insert(FamiliarName(wanted[text]));
  }
  if (wanted.empty()) return std::map<std::string, Image>();
  const std::string filters =
      EncodeFilters({{"reference", std::vector<std::string>(repositories.begin(), repositories.end())}});
  const EngineCall call = {.operation = "ListImages",
                           .path = "/images/json" + Query({{"filters", filters}}),
                           .deadline = kListDeadline};
  ASSIGN_OR_RETURN(const http::Response response, engine_.Call(call, stop));
  ASSIGN_OR_RETURN(const std::vector<Image> images, DecodeImageList(response.body));
  std::map<std::string, Image> found;
  for (const auto& [text, reference] : wanted)
    for (const Image& image : images)
      if (HasName(image, reference)) found[text] = image;
  return found;
}

absl::StatusOr<std::string> HttpClient::DistributionDigest(
    const std::string& text, const std::optional<RegistryCredential>& credential,
    const std::stop_token& stop) {
  ASSIGN_OR_RETURN(const Reference reference, ParseReference(text));
  ASSIGN_OR_RETURN(const std::string path, ImagePath(FamiliarString(reference)));
  EngineCall call = {.operation = "DistributionDigest",
                     .path = absl::StrCat("/distribution/", path, "/json"),
                     .deadline = kDistributionDeadline,
                     .call_class = CallClass::kPull};
  const std::string warning = Authorize(call, reference, credential, stop);
  const absl::StatusOr<http::Response> response = engine_.Call(call, stop);
  if (absl::IsPermissionDenied(response.status()) && !warning.empty())
    return Annotate(response.status(), warning + "; asked anonymously");
  RETURN_IF_ERROR(response.status());
  return DecodeDistributionDigest(response->body);
}

absl::Status HttpClient::PullImage(const std::string& text, const std::string& platform,
                                   const std::optional<RegistryCredential>& credential,
                                   const std::function<void(const PullProgress&)>& on_progress,
                                   const std::stop_token& stop) {
  ASSIGN_OR_RETURN(const Reference reference, ParseReference(text));
  EngineCall call = {.operation = "PullImage",
                     .method = "POST",
                     .path = PullPath(reference, platform),
                     .deadline = kPullDeadline,
                     .call_class = CallClass::kPull,
                     .inactivity = options_.pull_inactivity};
  const std::string warning = Authorize(call, reference, credential, stop);

  PullStream progress;
  Throttle throttle(on_progress);
  absl::Status in_stream;
  const auto on_chunk = [&](absl::string_view chunk) {
    in_stream = progress.Feed(chunk);
    throttle.Tell(progress, false);
    return in_stream.ok();
  };
  absl::Status status = engine_.Stream(call, nullptr, on_chunk, stop);
  if (status.ok()) status = in_stream;
  if (status.ok()) status = progress.Finish();
  throttle.Tell(progress, true);
  if (absl::IsPermissionDenied(status) && !warning.empty())
    status = Annotate(status, warning + "; pulled anonymously");
  return Annotate(status, absl::StrCat("pull ", FamiliarString(reference)));
}

absl::Status HttpClient::LoadImage(const std::string& archive_path, const std::stop_token& stop) {
  const base::UniqueFd file(open(archive_path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.valid()) {
    const std::string message = absl::StrCat(archive_path, ": ", std::strerror(errno));
    return errno == ENOENT ? absl::NotFoundError(message) : absl::FailedPreconditionError(message);
  }
  struct stat st = {};
  if (fstat(file.get(), &st) != 0 || !S_ISREG(st.st_mode)) {
    return absl::FailedPreconditionError(absl::StrCat(archive_path, ": not a regular file"));
  }
  EngineCall call = {.operation = "LoadImage",
                     .method = "POST",
                     .path = "/images/load?quiet=1",
                     .deadline = kLoadDeadline,
                     .inactivity = options_.pull_inactivity};
  call.content_type = "application/x-tar";
  const auto next = [&](uint64_t offset) { return ReadPiece(file.get(), offset); };
  const auto response = engine_.Upload(call, static_cast<uint64_t>(st.st_size), next, stop);
  if (!response.ok()) return Annotate(response.status(), archive_path);
  // A refused archive is an error line inside a 200.
  PullStream stream;
  absl::Status status = stream.Feed(response->body);
  if (status.ok()) status = stream.Finish();
  if (absl::IsUnavailable(status)) status = absl::InvalidArgumentError(status.message());
  return Annotate(status, archive_path);
}

}  // namespace spacelet::docker
