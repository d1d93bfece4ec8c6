#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "pkg/api/reasons.h"
#include "pkg/execute/execute.h"

namespace spacelet::execute {
namespace {

namespace reason = api::reason;

constexpr char kFreeSpace[] =
    "the disk is full: free space under Docker's data root (docker system df shows where it went)";

constexpr char kStillUsed[] =
    "something on this host still uses these files or protects them (findmnt and lsattr show it); the "
    "workload does without that container, and its removal is tried again";

struct Known {
  const char* words;  // as dockerd 20.10 to 28 says it
  const char* remedy;
};
constexpr Known kKnown[] = {
    {"bind source path does not exist",
     "create that directory on the host; under /runner and /var/lib/spacelet the agent makes it itself, and "
     "when the agent's service may "
     "write there (a drop-in with ReadWritePaths=, or -v for a containerised agent) it makes it elsewhere "
     "too"},
    {"port is already allocated",
     "something else on this host listens there: stop it, or change `ports` in the document"},
    {"address already in use",
     "something else on this host listens there: stop it, or change `ports` in the document"},
    {"no space left on device", kFreeSpace},
    {"could not find an available, non-overlapping",
     "Docker's address pools are used up: remove unused networks (docker network prune), or set "
     "spec.network.subnet"},
    {"all predefined address pools have been fully subnetted",  // the same since 27
     "Docker's address pools are used up: remove unused networks (docker network prune), or set "
     "spec.network.subnet"},
    {"Pool overlaps with other one on this address space",
     "another network uses these addresses: choose another spec.network.subnet"},
    {"does not match the specified platform",
     "the image has no build for this platform: check `platform` and the image"},
    {"docker-default profile could not be loaded",
     "this host's kernel has AppArmor and its tools are missing: apt-get install apparmor"},
    {"failed to remove root filesystem", kStillUsed},
    {"unable to remove filesystem", kStillUsed},
    {"executable file not found", "`command` names a program that the image does not have"},
    {"error gathering device information", "`devices` names a device that this host does not have"},
};

struct Fetch {
  const char* reason;  // api::reason
  const char* remedy;
};
constexpr Fetch kFetches[] = {
    {reason::kRegistryUnauthorized,
     "give the right credentials for this registry (imagePullSecret, or --docker-config)"},
    {reason::kRegistryForbidden,
     "check the image's name, and that the credentials (imagePullSecret, or --docker-config) may pull it"},
    {reason::kRepositoryNotFound, "the registry has no such repository: check `image` in the document"},
    {reason::kImageNotFound, "the registry has no such tag or digest: check `image` in the document"},
    {reason::kImagePlatformMismatch,
     "the image has no build for this platform: check `platform` and the image"},
    {reason::kImageCorrupt,
     "what came is not what its digest promises: look for something between this host and the registry that "
     "changes it"},
    {reason::kRegistryRateLimited,
     "the registry limits pulls: give credentials (imagePullSecret, or --docker-config), or use a mirror"},
    {reason::kRegistryFailed, "the registry has trouble of its own: it is asked again"},
    {reason::kRegistryUnreachable,
     "check network, DNS and proxy between this host's Docker and the registry; imageArchive can stand in "
     "for it"},
    {reason::kRegistryUntrusted,
     "Docker does not trust the registry's certificate: put its CA below /etc/docker/certs.d, and check this "
     "host's clock"},
    {reason::kPullStalled,
     "the registry sent nothing for too long: check the network between this host and the registry"},
    {reason::kDiskFull, kFreeSpace},
    {reason::kImageArchiveFailed,
     "make the archive by `docker save -o FILE` with the very tag that `image` names (it keeps no digests), "
     "for this platform"},
    {reason::kSecretUnavailable, "see that the agent can read it"},
};

std::string FetchRemedy(const char* why) {
  for (const Fetch& fetch : kFetches)
    if (absl::string_view(why) == fetch.reason) return fetch.remedy;
  return "";
}

}  // namespace

std::string Remedy(const plan::Operation& operation, const absl::Status& status) {
  if (!ReferenceOf(operation).empty()) return FetchRemedy(FetchReason(operation, status));
  const std::string message = absl::AsciiStrToLower(status.message());
  for (const Known& known : kKnown)
    if (absl::StrContains(message, absl::AsciiStrToLower(known.words))) return known.remedy;
  return "";
}

}  // namespace spacelet::execute
