// Reads a secret of the cloud as the VM that this runs on, for documents that say
// `token: {command: [spacelet, secret, gcp, delegate-token]}`: neither gcloud nor aws has to be installed.
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "cmd/spacelet/command.h"
#include "cmd/spacelet/output.h"
#include "pkg/app/options.h"
#include "pkg/cloud/aws.h"
#include "pkg/cloud/gcp.h"
#include "pkg/cloud/json_key.h"

namespace spacelet::cmd {
namespace {

struct Flags {
  std::string cloud, name, json_key;
  std::string project, version;  // gcp
  std::string region, stage;     // aws
};

// The first of these variables that is set; else `otherwise`. They are the ones that the clouds' own tools
// read.
std::string FromEnvironment(std::initializer_list<const char*> names, const std::string& otherwise) {
  for (const char* name : names)
    if (const char* value = std::getenv(name); value != nullptr && *value != '\0') return value;
  return otherwise;
}

absl::StatusOr<std::string> ReadGcp(const Flags& flags) {
  cloud::GcpSecret secret = {flags.name, flags.project};
  if (!flags.version.empty()) secret.version = flags.version;
  cloud::GcpEndpoints endpoints;
  const std::string host = FromEnvironment({"GCE_METADATA_HOST"}, "");
  if (!host.empty()) endpoints.metadata = absl::StrCat("http://", host);
  endpoints.secret_manager =
      FromEnvironment({"CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER"}, endpoints.secret_manager);
  return cloud::ReadGcpSecret(secret, endpoints, {});
}

absl::StatusOr<std::string> ReadAws(const Flags& flags) {
  cloud::AwsSecret secret = {flags.name, flags.region, flags.stage};
  cloud::AwsEndpoints endpoints;
  endpoints.metadata = FromEnvironment({"AWS_EC2_METADATA_SERVICE_ENDPOINT"}, endpoints.metadata);
  endpoints.secrets_manager = FromEnvironment({"AWS_ENDPOINT_URL_SECRETS_MANAGER", "AWS_ENDPOINT_URL"}, "");
  return cloud::ReadAwsSecret(secret, endpoints, {});
}

// What is wrong with the words themselves; empty when nothing is.
std::string Misuse(const Flags& flags) {
  if (flags.cloud != "gcp" && flags.cloud != "aws") return "no such cloud: there is gcp and aws";
  if (flags.cloud == "gcp" && !(flags.region.empty() && flags.stage.empty()))
    return "--region and --stage are for aws";
  if (flags.cloud == "aws" && !(flags.project.empty() && flags.version.empty()))
    return "--project and --version are for gcp";
  return "";
}

int Run(const Flags& flags) {
  if (const std::string misuse = Misuse(flags); !misuse.empty()) {
    Complain(misuse);
    return app::kUsage;
  }
  absl::StatusOr<std::string> secret = flags.cloud == "gcp" ? ReadGcp(flags) : ReadAws(flags);
  if (secret.ok() && !flags.json_key.empty()) secret = cloud::PickJsonKey(*secret, flags.json_key);
  if (!secret.ok()) return Fail(secret.status(), app::kNotSo);
  std::cout << *secret << (StdoutIsTerminal() ? "\n" : "") << std::flush;
  return std::cout.good() ? app::kGood : app::kNotSo;
}

}  // namespace

Command AddSecret(CLI::App& root) {
  CLI::App* app = root.add_subcommand(
      "secret",
      "Prints a secret of Google Cloud or AWS, read with the identity of the VM; for command: in a document");
  auto flags = std::make_shared<Flags>();
  app->add_option("CLOUD", flags->cloud, "gcp (Secret Manager) or aws (Secrets Manager)")->required();
  app->add_option("NAME", flags->name, "the secret's name; also its full resource name or ARN")->required();
  app->add_option("--json-key", flags->json_key,
                  "the secret is a JSON object: print what stands under this key")
      ->type_name("KEY");
  app->add_option("--project", flags->project, "gcp: the secret's project (default: the VM's)")
      ->type_name("ID");
  app->add_option("--version", flags->version, "gcp: the secret's version (default: latest)")->type_name("N");
  app->add_option("--region", flags->region,
                  "aws: the secret's region (default: the ARN's, else the instance's)")
      ->type_name("REGION");
  app->add_option("--stage", flags->stage, "aws: the version's stage (default: AWSCURRENT)")
      ->type_name("STAGE");
  app->footer(
      "It needs, on gcp, roles/secretmanager.secretAccessor on the secret for the VM's service account and "
      "the scope\n"
      "cloud-platform; on aws, secretsmanager:GetSecretValue on the secret for the instance profile's role. "
      "It ends\n"
      "within 10 seconds.\n"
      "Exit code: 0 printed, 1 not; stderr says what is missing.\n\n"
      "Examples:\n"
      "  spacelet secret gcp delegate-token\n"
      "  spacelet secret aws gitspaces/delegate --json-key token");
  return {app, [flags] { return Run(*flags); }};
}

}  // namespace spacelet::cmd
