#include "pkg/cloud/instance.h"

#include "absl/strings/str_cat.h"
#include "pkg/base/status_macros.h"
#include "pkg/base/text.h"

namespace spacelet::cloud {
namespace {

// What stands behind the last `separator`.
std::string Last(const std::string& text, char separator) { return text.substr(text.rfind(separator) + 1); }

}  // namespace

absl::StatusOr<Instance> ReadGoogleInstance(const std::string& metadata_url, const Patience& patience) {
  Caller caller(patience);
  GoogleMetadata metadata(metadata_url, caller);
  Instance instance;
  ASSIGN_OR_RETURN(instance.id, metadata.Get("/computeMetadata/v1/instance/id", "id"));
  ASSIGN_OR_RETURN(const std::string zone, metadata.Get("/computeMetadata/v1/instance/zone", "zone"));
  instance.zone = Last(zone, '/');  // projects/123/zones/us-west1-b
  const size_t letter = instance.zone.rfind('-');
  if (letter == std::string::npos)
    return absl::InternalError(
        absl::StrCat("the metadata server calls the zone ", base::OneLine(zone, 100), ", which is none"));
  instance.region = instance.zone.substr(0, letter);
  return instance;
}

absl::StatusOr<Instance> ReadAwsInstance(const std::string& metadata_url, const Patience& patience) {
  Caller caller(patience);
  AwsMetadata metadata(metadata_url, caller);
  Instance instance;
  ASSIGN_OR_RETURN(instance.id, metadata.Get("/latest/meta-data/instance-id", "id"));
  ASSIGN_OR_RETURN(instance.zone, metadata.Get("/latest/meta-data/placement/availability-zone", "zone"));
  ASSIGN_OR_RETURN(instance.region, metadata.Get("/latest/meta-data/placement/region", "region"));
  return instance;
}

}  // namespace spacelet::cloud
