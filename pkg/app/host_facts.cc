#include "pkg/app/host_facts.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "pkg/app/docker_endpoint.h"
#include "pkg/base/host_name.h"
#include "pkg/base/status_macros.h"
#include "pkg/base/text.h"
#include "pkg/doctor/host.h"

namespace spacelet::app {
namespace {

constexpr cloud::Patience kPatience = {absl::Seconds(3), absl::Seconds(2), absl::Milliseconds(200)};

}  // namespace

std::string NameOf(const HostOptions& options) {
  const auto given = options.facts.find("name");
  return given != options.facts.end() ? given->second : base::HostName();
}

absl::StatusOr<std::string> MachineName() {
  const std::string whole = base::HostName();
  std::string name = absl::AsciiStrToLower(whole.substr(0, whole.find('.')));
  if (name.empty() || name == "localhost")
    return absl::UnavailableError("this machine has no name of its own yet; --host-name gives it one");
  if (!config::IsDnsLabel(name))
    return absl::UnavailableError(absl::StrCat("this machine is called ", base::OneLine(whole, 80),
                                               ", which is no DNS label; --host-name gives it another name"));
  return name;
}

absl::StatusOr<cloud::Instance> InstanceHere() {
  if (const auto host = GetEnv("GCE_METADATA_HOST"))
    return cloud::ReadGoogleInstance(absl::StrCat("http://", *host), kPatience);
  if (const auto url = GetEnv("AWS_EC2_METADATA_SERVICE_ENDPOINT"))
    return cloud::ReadAwsInstance(*url, kPatience);
  switch (doctor::ReadCloud("")) {
    case doctor::Cloud::kGce:
      return cloud::ReadGoogleInstance(cloud::kMetadataUrl, kPatience);
    case doctor::Cloud::kEc2:
      return cloud::ReadAwsInstance(cloud::kMetadataUrl, kPatience);
    case doctor::Cloud::kNone:
      break;
  }
  return absl::UnavailableError("this is no machine of Google Cloud or AWS");
}

HostFacts::HostFacts(HostOptions options, ReadInstance read_instance)
    : options_(std::move(options)), read_instance_(std::move(read_instance)) {}

absl::StatusOr<std::string> HostFacts::Get(const std::string& name) {
  if (const auto given = options_.facts.find(name); given != options_.facts.end()) return given->second;
  if (options_.only_given)
    return absl::UnavailableError(name == "name" ? "--host-name says which host is meant"
                                                 : absl::StrCat("--host-fact ", name, "=… says it"));
  if (name == "name") return MachineName();
  const absl::StatusOr<cloud::Instance> instance = Instance();
  if (!instance.ok())
    return absl::UnavailableError(
        absl::StrCat(instance.status().message(), "; --host-fact ", name, "=… says it"));
  return name == "instanceId" ? instance->id : name == "zone" ? instance->zone : instance->region;
}

absl::StatusOr<cloud::Instance> HostFacts::Instance() {
  {
    base::MutexLock lock(mu_);
    if (instance_) return *instance_;
  }
  ASSIGN_OR_RETURN(cloud::Instance read, read_instance_());
  base::MutexLock lock(mu_);
  instance_ = read;
  return read;
}

std::map<std::string, std::string> HostFacts::Origins() const {
  std::map<std::string, std::string> origins;
  for (const std::string name : config::kFactNames) {
    const bool given = options_.facts.count(name) != 0;
    if (name == "name")
      origins[name] = given ? "--host-name" : "this machine";
    else
      origins[name] = given ? "--host-fact" : "the metadata service";
  }
  return origins;
}

}  // namespace spacelet::app
