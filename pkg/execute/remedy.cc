#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "pkg/execute/execute.h"

namespace spacelet::execute {
namespace {

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
    {"no space left on device",
     "the disk is full: free space under Docker's data root (docker system df shows where it went)"},
    {"toomanyrequests",
     "the registry limits pulls: give credentials (imagePullSecret, or docker login), or use a mirror"},
    {"pull access denied",
     "check the image's name, and give credentials for its registry (imagePullSecret, or --docker-config)"},
    {"unauthorized", "check the credentials for this registry (imagePullSecret, or --docker-config)"},
    {"manifest unknown", "the registry has no such tag: check `image` in the document"},
    {"not found: manifest", "the registry has no such tag: check `image` in the document"},
    {"could not find an available, non-overlapping",
     "Docker's address pools are used up: remove unused networks (docker network prune), or set "
     "spec.network.subnet"},
    {"Pool overlaps with other one on this address space",
     "another network uses these addresses: choose another spec.network.subnet"},
    {"no matching manifest for", "the image has no build for this machine: check `platform` and the image"},
    {"executable file not found", "`command` names a program that the image does not have"},
    {"error gathering device information", "`devices` names a device that this host does not have"},
};

}  // namespace

std::string Remedy(const plan::Operation& operation, const absl::Status& status) {
  const std::string message = absl::AsciiStrToLower(status.message());
  for (const Known& known : kKnown)
    if (absl::StrContains(message, absl::AsciiStrToLower(known.words))) return known.remedy;
  if (std::holds_alternative<plan::PullImage>(operation) && absl::IsDeadlineExceeded(status))
    return "the registry sent nothing for too long: check the network between this host and the registry";
  return "";
}

}  // namespace spacelet::execute
