#include <gtest/gtest.h>

#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "pkg/pool/pool.h"

namespace spacelet::pool {
namespace {

// The two shapes that Harness's Terraform modules write.
constexpr char kGoogle[] = R"(version: "1"
instances:
  - name: my-infra-us-west1
    type: google
    pool: 0
    limit: 1000
    platform: {os: linux, arch: amd64}
    spec:
      account:
        project_id: my-project
        no_service_account: true
        json_path: /runner/sa.json
      image: projects/my-project/global/images/my-gitspace-image
      network: projects/my-project/global/networks/my-infra
      subnetwork: projects/my-project/regions/us-west1/subnetworks/my-infra-us-west1
      private_ip: true
      zone: [us-west1-a]
      tags: [my-gitspace-tag]
      disk: {size: 100, type: pd-balanced}
timestamp: "2026-01-01T00:00:00Z"
)";

constexpr char kAmazon[] = R"(version: "1"
instances:
  - name: my-infra-us-east-1
    type: amazon
    pool: 0
    limit: 1000
    platform: {os: linux, arch: amd64}
    spec:
      account: {region: us-east-1}
      ami: ubuntu
      vpc: vpc-0123456789abcdef0
      network:
        security_groups: [sg-0123456789abcdef0]
        private_ip: true
      zone_details:
        - {availability_zone: us-east-1a, subnet_id: subnet-0123456789abcdef0}
      device_name: /dev/sda1
      market_type: on-demand
      root_directory: /
      user: ubuntu
      hibernate: false
)";

std::string LintText(const std::string& yaml) {
  const std::set<std::string> there = {"/runner/sa.json", "/runner/init.sh"};
  return ToText(Lint(yaml, [&](const std::string& path) { return there.count(path) > 0; }).problems,
                "pool.yaml");
}

TEST(Lint, TheShapesOfBothTerraformModulesAreClean) {
  EXPECT_EQ(LintText(kGoogle), "");
  EXPECT_EQ(LintText(kAmazon), "");
}

struct Case {
  const char* name;
  const char* base;
  const char* from;
  const char* to;  // replaces `from` in `base`
  const char* problems;
};

class OneMistake : public testing::TestWithParam<Case> {};

TEST_P(OneMistake, IsToldWithItsPlaceAndTheRemedy) {
  const Case& c = GetParam();
  const std::string yaml = absl::StrReplaceAll(c.base, {{c.from, c.to}});
  ASSERT_NE(yaml, c.base) << "the mutation does not apply";
  EXPECT_EQ(LintText(yaml), c.problems);
}

INSTANTIATE_TEST_SUITE_P(
    Google, OneMistake,
    testing::Values(
        Case{"ZoneIsNoList", kGoogle, "zone: [us-west1-a]", "zone: us-west1-a",
             "pool.yaml:17:13: instances[0].spec.zone: must be a list, not a text: write [us-west1-a]\n"},
        Case{"Zones", kGoogle, "zone:", "zones:",
             "pool.yaml:9:7: warning: instances[0].spec: no zone: VMs are made in us-central1-a unless the "
             "request names "
             "one\n"
             "pool.yaml:17:7: instances[0].spec.zones: unknown key, which the runner ignores (did you mean "
             "zone?)\n"},
        Case{"PrivateIp", kGoogle, "private_ip", "privateIP",
             "pool.yaml:16:7: instances[0].spec.privateIP: unknown key, which the runner ignores (did you "
             "mean "
             "private_ip?)\n"},
        Case{"KeysAreCaseSensitive", kGoogle, "image:", "Image:",
             "pool.yaml:9:7: warning: instances[0].spec: no image: the runner's default is ubuntu-1604 of "
             "2017\n"
             "pool.yaml:13:7: instances[0].spec.Image: unknown key, which the runner ignores (did you mean "
             "image?)\n"},
        Case{"Gcp", kGoogle, "type: google", "type: gcp",
             "pool.yaml:4:11: instances[0].type: the runner has no driver \"gcp\" (did you mean google?)\n"},
        Case{
            "MisspeltType", kGoogle, "type: google", "type: gogle",
            "pool.yaml:4:11: instances[0].type: the runner has no driver \"gogle\" (did you mean google?)\n"},
        Case{"UnknownType", kGoogle, "type: google", "type: openstack",
             "pool.yaml:4:11: instances[0].type: the runner has no driver \"openstack\"\n"},
        Case{"NumberAsVersion", kGoogle, "version: \"1\"", "version: 1",
             "pool.yaml:1:10: version: must be a text, not a number: write \"1\"\n"},
        Case{"NameIsNoLabel", kGoogle, "name: my-infra", "name: My-infra",
             "pool.yaml:3:11: instances[0].name: becomes a label of each VM: at most 63 of a-z, 0-9, _ and "
             "-, beginning "
             "with a letter\n"},
        Case{"EmptyName", kGoogle, "name: my-infra-us-west1", "name: \"\"",
             "pool.yaml:3:11: instances[0].name: must not be empty\n"},
        Case{"NoName", kGoogle, "name: my-infra-us-west1", "default: true",
             "pool.yaml:3:5: instances[0]: name is missing\n"},
        Case{"SizeAsText", kGoogle, "size: 100", "size: big",
             "pool.yaml:19:20: instances[0].spec.disk.size: must be a whole number, not a text\n"},
        Case{"BoolAsText", kGoogle, "private_ip: true", "private_ip: \"true\"",
             "pool.yaml:16:19: instances[0].spec.private_ip: must be true or false, not a text\n"},
        Case{"TagIsNumber", kGoogle, "[my-gitspace-tag]", "[my-gitspace-tag, 7]",
             "pool.yaml:18:31: instances[0].spec.tags[1]: must be a text, not a number: write \"7\"\n"},
        Case{"RelativeKey", kGoogle, "/runner/sa.json", "keys/sa.json",
             "pool.yaml:12:20: instances[0].spec.account.json_path: keys/sa.json is taken from / inside the "
             "runner's "
             "container: write /runner/sa.json and put the file there\n"},
        Case{"KeyIsNotThere", kGoogle, "/runner/sa.json", "/runner/other.json",
             "pool.yaml:12:20: instances[0].spec.account.json_path: /runner/other.json is not in the "
             "runner's container: "
             "put it where its volume shows it\n"},
        Case{"UserDataIsNotThere", kGoogle, "tags:", "user_data_path: /nowhere\n      tags:",
             "pool.yaml:18:23: instances[0].spec.user_data_path: /nowhere is not in the runner's container: "
             "put it where "
             "its volume shows it\n"},
        Case{"NoProject", kGoogle, "project_id: my-project\n        ", "",
             "pool.yaml:10:9: instances[0].spec.account: account.project_id is missing: the runner asks for "
             "its regions "
             "at start\n"},
        Case{"BadOs", kGoogle, "os: linux", "os: darwin",
             "pool.yaml:7:20: instances[0].platform.os: must be linux or windows\n"},
        Case{"BadArch", kGoogle, "arch: amd64", "arch: x86_64",
             "pool.yaml:7:33: instances[0].platform.arch: must be amd64 or arm64\n"},
        Case{"SizeIsIgnored", kGoogle, "tags:", "size: big\n      tags:",
             "pool.yaml:18:13: warning: instances[0].spec.size: is ignored for google: machine_type "
             "decides\n"},
        Case{"PoolAboveLimit", kGoogle, "pool: 0", "pool: 2000",
             "pool.yaml:5:11: warning: instances[0].pool: is above limit 1000, which the runner raises to "
             "2000\n"},
        Case{"NegativePool", kGoogle, "pool: 0", "pool: -1",
             "pool.yaml:5:11: warning: instances[0].pool: counts as 0\n"},
        Case{"NoLimit", kGoogle, "limit: 1000", "limit: 0",
             "pool.yaml:6:12: warning: instances[0].limit: counts as 100\n"},
        Case{"TopLevelTypo", kGoogle, "timestamp:", "timestmp:",
             "pool.yaml:20:1: timestmp: unknown key, which the runner ignores (did you mean timestamp?)\n"},
        Case{"InstanceTypo", kGoogle, "limit:", "limits:",
             "pool.yaml:6:5: instances[0].limits: unknown key, which the runner ignores (did you mean "
             "limit?)\n"}),
    [](const auto& param) { return std::string(param.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Amazon, OneMistake,
    testing::Values(
        Case{"Aws", kAmazon, "type: amazon", "type: aws",
             "pool.yaml:4:11: instances[0].type: the runner has no driver \"aws\" (did you mean amazon?)\n"},
        Case{"AKeyOfGoogle", kAmazon, "ami: ubuntu", "ami: ubuntu\n      machine_type: t3.large",
             "pool.yaml:11:7: instances[0].spec.machine_type: unknown key, which the runner ignores\n"},
        Case{"NoRegion", kAmazon, "{region: us-east-1}", "{retries: 3}",
             "pool.yaml:9:16: warning: instances[0].spec.account: no account.region: the runner needs "
             "AWS_REGION in its "
             "environment\n"},
        Case{"SecretInThePool", kAmazon, "{region: us-east-1}", "{region: us-east-1, access_key_secret: x}",
             "pool.yaml:9:55: warning: instances[0].spec.account.access_key_secret: a secret in the pool; an "
             "instance "
             "profile needs none\n"},
        Case{"UserDataPathOfAmazon", kAmazon, "ami: ubuntu", "ami: ubuntu\n      user_data_Path: init.sh",
             "pool.yaml:11:23: instances[0].spec.user_data_Path: init.sh is taken from / inside the runner's "
             "container: "
             "write /runner/init.sh and put the file there\n"},
        Case{"ZoneDetailsAreMaps", kAmazon,
             "- {availability_zone: us-east-1a, subnet_id: subnet-0123456789abcdef0}", "- us-east-1a",
             "pool.yaml:16:11: instances[0].spec.zone_details[0]: must be a map, not a text\n"},
        Case{"SpecIsMissing", kAmazon, "    spec:", "    variants:",
             "pool.yaml:3:5: instances[0]: spec is missing: the runner does not start without it\n"
             "pool.yaml:9:7: instances[0].variants: must be a list, not a map\n"},
        Case{"OsName", kAmazon, "arch: amd64", "arch: amd64, os_name: debian",
             "pool.yaml:7:49: instances[0].platform.os_name: must be ubuntu or amazon-linux\n"}),
    [](const auto& param) { return std::string(param.param.name); });

struct Whole {
  const char* name;
  const char* yaml;
  const char* problems;
};

class WholePool : public testing::TestWithParam<Whole> {};

TEST_P(WholePool, IsJudged) { EXPECT_EQ(LintText(GetParam().yaml), GetParam().problems); }

INSTANTIATE_TEST_SUITE_P(
    Pools, WholePool,
    testing::Values(
        Whole{"NoInstances", "version: '1'\n",
              "pool.yaml:1:1: instances is missing: the runner would have no pool\n"},
        Whole{"EmptyInstances", "instances: []\n",
              "pool.yaml:1:12: instances: is empty: the runner would have no pool\n"},
        Whole{"InstancesIsAMap", "instances: {a: 1}\n",
              "pool.yaml:1:12: instances: must be a list of pools\n"},
        Whole{"InstanceIsAText", "instances: [a]\n",
              "pool.yaml:1:13: instances[0]: must be a map, not a text\n"},
        Whole{"RootIsAList", "- a\n", "pool.yaml:1:1: must be a map, not a list\n"},
        Whole{"Noop", "instances: [{name: A b, type: noop, spec: {hibernate: false}}]\n", ""},
        Whole{"NoopIsStrict", "instances: [{name: a, type: noop, spec: {hibernated: false}}]\n",
              "pool.yaml:1:42: instances[0].spec.hibernated: unknown key, which the runner ignores (did you "
              "mean "
              "hibernate?)\n"},
        Whole{"OtherDriversAreCheckedLess", "instances: [{name: a, type: nomad, spec: {anything: 1}}]\n",
              "pool.yaml:1:42: warning: instances[0].spec: the keys of type nomad are not checked\n"},
        Whole{"NullSpec", "instances: [{name: a, type: noop, spec: }]\n",
              "pool.yaml:1:13: instances[0]: spec is missing: the runner does not start without it\n"},
        Whole{"NoType", "instances: [{name: a, spec: {}}]\n",
              "pool.yaml:1:13: instances[0]: type is missing (amazon, google, …)\n"},
        Whole{"NamesAreUnique",
              "instances:\n- {name: a, type: noop, spec: {}}\n- {name: a, type: noop, spec: {}}\n",
              "pool.yaml:3:10: instances[1].name: pool \"a\" is on line 2 already\n"},
        Whole{"TenantsOfOtherDrivers",
              "instances: [{name: a, type: noop, spec: {}, tenants: [{group_id: g, ids: x}]}]\n",
              "pool.yaml:1:54: warning: instances[0].tenants: is ignored for type noop\n"
              "pool.yaml:1:74: instances[0].tenants[0].ids: must be a list, not a text: write [x]\n"}),
    [](const auto& param) { return std::string(param.param.name); });

// A pool with two tenants and two shapes of machine; the tenants override a part of the spec only.
constexpr char kManyAccounts[] = R"(instances:
  - name: shared
    type: amazon
    spec: {account: {region: us-east-1}, ami: ubuntu}
    variants:
      - {variant_id: large, pool: 1, machine_type: t3.large, zones: [us-east-1a], disk_size: 100, gpu: false}
    tenants:
      - ids: [acctA, acctB]
        spec:
          network: {subnet_id: subnet-aaa}
      - ids: [acctC]
        pool: 2
        spec:
          ami: custom
        variants:
          - {variant_id: small, machine_type: t3.small}
)";

TEST(Lint, TenantsAndVariantsAreClean) { EXPECT_EQ(LintText(kManyAccounts), ""); }

INSTANTIATE_TEST_SUITE_P(
    Tenants, OneMistake,
    testing::Values(
        Case{"KeyOfAVariant", kManyAccounts, "disk_size: 100", "disksize: 100",
             "pool.yaml:6:83: instances[0].variants[0].disksize: unknown key, which the runner ignores (did "
             "you mean disk_size?)\n"},
        Case{"ZoneOfAVariant", kManyAccounts, "zones: [us-east-1a]", "zone: us-east-1a",
             "pool.yaml:6:62: instances[0].variants[0].zone: unknown key, which the runner ignores (did you "
             "mean zones?)\n"},
        Case{"TypeInAVariant", kManyAccounts, "gpu: false", "gpu: 1",
             "pool.yaml:6:104: instances[0].variants[0].gpu: must be true or false, not a number\n"},
        Case{
            "KeyOfATenantsVariant", kManyAccounts, "machine_type: t3.small", "machineType: t3.small",
            "pool.yaml:16:33: instances[0].tenants[1].variants[0].machineType: unknown key, which the runner "
            "ignores (did you mean machine_type?)\n"},
        Case{"KeyOfATenantsSpec", kManyAccounts, "subnet_id", "subnetid",
             "pool.yaml:10:21: instances[0].tenants[0].spec.network.subnetid: unknown key, which the runner "
             "ignores (did you mean subnet_id?)\n"},
        Case{"FileOfATenantsSpec", kManyAccounts, "ami: custom", "user_data_path: /runner/none.sh",
             "pool.yaml:14:27: instances[0].tenants[1].spec.user_data_path: /runner/none.sh is not in the "
             "runner's container: put it where its volume shows it\n"},
        Case{"NoAccounts", kManyAccounts, "ids: [acctC]", "ids: []",
             "pool.yaml:11:9: instances[0].tenants[1]: ids is missing: the runner does not start without the "
             "tenant's accounts\n"},
        Case{"AnAccountTwice", kManyAccounts, "ids: [acctC]", "ids: [acctA]",
             "pool.yaml:11:15: instances[0].tenants[1].ids: account \"acctA\" is on line 8 already: the "
             "runner does not start with an account in two tenants\n"},
        Case{"AGroupIsEnough", kManyAccounts, "ids: [acctC]", "group_id: g", ""}),
    [](const auto& param) { return std::string(param.param.name); });

TEST(Lint, SyntaxErrorsHaveTheirPlace) {
  const Linted linted = Lint("instances:\n  - name: a\n - name: b\n", nullptr);
  ASSERT_EQ(linted.problems.size(), 1u);
  EXPECT_EQ(linted.problems[0].line, 3);
  EXPECT_TRUE(linted.problems[0].error);
  EXPECT_EQ(linted.hash, "");
  EXPECT_EQ(linted.canonical, "");
}

TEST(Lint, DuplicateKeysAndAnchorsAreErrors) {
  EXPECT_FALSE(Lint("instances: []\ninstances: []\n", nullptr).ok());
  EXPECT_FALSE(Lint("x: &a 1\ninstances: [*a]\n", nullptr).ok());
}

TEST(Lint, EveryProblemIsToldAtOnceInFileOrder) {
  const Linted linted = Lint("verson: 1\ninstances:\n- {name: 1, type: gcp}\n", nullptr);
  ASSERT_EQ(linted.problems.size(), 4u);
  int last = 0;
  for (const Problem& p : linted.problems) {
    EXPECT_GE(p.line, last);
    last = p.line;
  }
}

TEST(Lint, WithoutAFileCheckTheFilesAreBelieved) { EXPECT_TRUE(Lint(kGoogle, nullptr).ok()); }

TEST(Lint, WarningsDoNotReject) {
  const Linted linted = Lint("instances: [{name: a, type: nomad, spec: {}}]\n", nullptr);
  EXPECT_TRUE(linted.ok());
  EXPECT_EQ(linted.problems.size(), 1u);
  EXPECT_EQ(linted.hash.size(), 64u);
}

TEST(Lint, HostileTextStaysOnOneLine) {
  const std::string text =
      LintText("\"a\\nb\\x1b[31m\": 1\ninstances: [{name: a, type: \"x\\ny\", spec: {}}]\n");
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(text.find("\nb"), std::string::npos);
}

TEST(Lint, AnyPrefixOfAPoolHasAnAnswer) {
  const std::string whole = kGoogle;
  for (size_t n = 0; n <= whole.size(); ++n) Lint(whole.substr(0, n), nullptr);
}

}  // namespace
}  // namespace spacelet::pool
