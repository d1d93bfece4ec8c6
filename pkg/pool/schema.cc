#include "pkg/pool/schema.h"

#include <algorithm>
#include <iterator>

namespace spacelet::pool {
namespace {

constexpr Field kRoot[] = {{"version", Type::kText}, {"instances", Type::kAny}, {"timestamp", Type::kAny}};

constexpr Field kPlatform[] = {{"os", Type::kText},
                               {"arch", Type::kText},
                               {"variant", Type::kText},
                               {"version", Type::kText},
                               {"os_name", Type::kText}};

// A machine shape; its `zones` is what `zone` is elsewhere.
constexpr Field kVariant[] = {{"pool", Type::kInt},
                              {"limit", Type::kInt},
                              {"image_name", Type::kText},
                              {"enable_nested_virtualization", Type::kBool},
                              {"machine_type", Type::kText},
                              {"hibernate", Type::kBool},
                              {"zones", Type::kTexts},
                              {"variant_id", Type::kText},
                              {"disk_size", Type::kInt},
                              {"disk_type", Type::kText},
                              {"resource_class", Type::kText},
                              {"gpu", Type::kBool},
                              {"source", Type::kText}};

constexpr Field kTenant[] = {{"group_id", Type::kText}, {"ids", Type::kTexts},
                             {"pool", Type::kInt},      {"limit", Type::kInt},
                             {"spec", Type::kAny},      {"variants", Type::kObjects, kVariant}};

constexpr Field kInstance[] = {{"name", Type::kText},
                               {"default", Type::kBool},
                               {"type", Type::kText},
                               {"pool", Type::kInt},
                               {"limit", Type::kInt},
                               {"platform", Type::kObject, kPlatform},
                               {"spec", Type::kAny},
                               {"variant_id", Type::kText},
                               {"variants", Type::kObjects, kVariant},
                               {"tenants", Type::kObjects, kTenant}};

constexpr Field kDisk[] = {{"size", Type::kInt},
                           {"type", Type::kText},
                           {"iops", Type::kInt},
                           {"tags", Type::kTextMap},
                           {"kms_key_id", Type::kText}};

constexpr Field kGoogleAccount[] = {{"project_id", Type::kText},
                                    {"json_path", Type::kText},
                                    {"scopes", Type::kTexts},
                                    {"service_account_email", Type::kText},
                                    {"no_service_account", Type::kBool}};

constexpr Field kGoogleNetwork[] = {{"network", Type::kText},
                                    {"subnetwork", Type::kText},
                                    {"tags", Type::kTexts},
                                    {"zones", Type::kTexts},
                                    {"proxy_url", Type::kText}};

constexpr Field kGoogle[] = {{"account", Type::kObject, kGoogleAccount},
                             {"image", Type::kText},
                             {"name", Type::kText},
                             {"machine_type", Type::kText},
                             {"size", Type::kText},
                             {"disk", Type::kObject, kDisk},
                             {"network", Type::kText},
                             {"subnetwork", Type::kText},
                             {"networks", Type::kObjects, kGoogleNetwork},
                             {"tags", Type::kTexts},
                             {"private_ip", Type::kBool},
                             {"zone", Type::kTexts},
                             {"scopes", Type::kTexts},
                             {"labels", Type::kTextMap},
                             {"user_data", Type::kText},
                             {"user_data_path", Type::kText},
                             {"user_data_key", Type::kText},
                             {"hibernate", Type::kBool},
                             {"enable_nested_virtualization", Type::kBool},
                             {"enable_c4d", Type::kBool},
                             {"gpu", Type::kAny},
                             {"egress_control", Type::kAny}};

constexpr Field kAmazonAccount[] = {{"access_key_id", Type::kText},
                                    {"access_key_secret", Type::kText},
                                    {"aws_session_token", Type::kText},
                                    {"region", Type::kText},
                                    {"retries", Type::kInt},
                                    {"availability_zone", Type::kText},
                                    {"key_pair_name", Type::kText}};

constexpr Field kZoneDetails[] = {{"availability_zone", Type::kText}, {"subnet_id", Type::kText}};

constexpr Field kAmazonNetwork[] = {{"vpc_security_group_ids", Type::kTexts},
                                    {"security_groups", Type::kTexts},
                                    {"subnet_id", Type::kText},
                                    {"private_ip", Type::kBool},
                                    {"zone_details", Type::kObjects, kZoneDetails}};

// `user_data_Path` is how the runner spells it; it reads keys without regard to case, so the expected
// spelling works.
constexpr Field kAmazon[] = {{"account", Type::kObject, kAmazonAccount},
                             {"ami", Type::kText},
                             {"size", Type::kText},
                             {"size_alt", Type::kText},
                             {"vpc", Type::kText},
                             {"tags", Type::kTextMap},
                             {"user_data", Type::kText},
                             {"user_data_Path", Type::kText},
                             {"user_data_path", Type::kText},
                             {"disk", Type::kObject, kDisk},
                             {"network", Type::kObject, kAmazonNetwork},
                             {"zone_details", Type::kObjects, kZoneDetails},
                             {"device_name", Type::kText},
                             {"iam_profile_arn", Type::kText},
                             {"market_type", Type::kText},
                             {"root_directory", Type::kText},
                             {"hibernate", Type::kBool},
                             {"user", Type::kText},
                             {"enable_c4d", Type::kBool}};

constexpr Field kNoop[] = {{"hibernate", Type::kBool}};

constexpr Driver kDrivers[] = {{"amazon", true, kAmazon},
                               {"google", true, kGoogle},
                               {"noop", true, kNoop},
                               {"azure"},
                               {"digitalocean"},
                               {"anka"},
                               {"ankabuild"},
                               {"vmfusion"},
                               {"nomad"}};

struct Mistake {
  absl::string_view written, meant;
};

constexpr Mistake kMistakes[] = {{"zones", "zone"},
                                 {"privateIP", "private_ip"},
                                 {"privateIp", "private_ip"},
                                 {"private-ip", "private_ip"},
                                 {"instance", "instances"},
                                 {"pools", "instances"},
                                 {"machineType", "machine_type"},
                                 {"disk_size", "disk"},
                                 {"security_group_ids", "security_groups"},
                                 {"instance_type", "size"},
                                 {"project", "project_id"}};

}  // namespace

absl::Span<const Field> RootFields() { return kRoot; }
absl::Span<const Field> InstanceFields() { return kInstance; }

const Driver* FindDriver(absl::string_view type) {
  auto it =
      std::find_if(std::begin(kDrivers), std::end(kDrivers), [&](const Driver& d) { return d.type == type; });
  return it == std::end(kDrivers) ? nullptr : &*it;
}

std::vector<std::string> DriverTypes() {
  std::vector<std::string> out;
  for (const Driver& driver : kDrivers) out.emplace_back(driver.type);
  return out;
}

absl::string_view CommonMistake(absl::string_view key) {
  for (const Mistake& mistake : kMistakes)
    if (mistake.written == key) return mistake.meant;
  return "";
}

}  // namespace spacelet::pool
