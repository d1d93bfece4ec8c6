#include "pkg/app/user_data_needs.h"

#include <functional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "pkg/app/named_files.h"
#include "pkg/base/secret_name.h"
#include "pkg/base/text.h"
#include "pkg/yaml/tree.h"

namespace spacelet::app {
namespace {

using Kind = api::SecretSource::Kind;

// Every scalar under a key, wherever it stands.
void ForEachScalar(const yaml::Node& node,
                   const std::function<void(const std::string& key, const yaml::Node& value)>& visit) {
  for (const yaml::Node& item : node.items) ForEachScalar(item, visit);
  for (const yaml::Entry& entry : node.entries) {
    if (entry.value.is_scalar()) visit(entry.key, entry.value);
    ForEachScalar(entry.value, visit);
  }
}

// As the drivers of the runner call them; `pat` is DigitalOcean's. (base::LooksSecret would find private_ip.)
bool HoldsSecret(const std::string& key) {
  const std::string name = absl::AsciiStrToLower(key);
  if (absl::EndsWith(name, "_path")) return false;
  for (const char* word : {"secret", "token", "password", "passwd", "credential", "private_key", "api_key"})
    if (absl::StrContains(name, word)) return true;
  return name == "pat";
}

bool HoldsPrivateKey(absl::string_view text) {
  return absl::StrContains(text, "-----BEGIN ") && absl::StrContains(text, "PRIVATE KEY-----");
}

std::string CommandNeed(const api::SecretSource& source) {
  const std::vector<std::string>& words = source.command;
  const std::string line = base::OneLine(absl::StrJoin(words, " "), 200);
  const std::string cloud = words.size() > 3 && words[1] == "secret" ? words[2] : "";
  if (cloud == "gcp")
    return absl::StrCat(
        "roles/secretmanager.secretAccessor on the secret, for the machine's service account: ", line);
  if (cloud == "aws")
    return absl::StrCat("secretsmanager:GetSecretValue on the secret, for the instance profile's role: ",
                        line);
  return absl::StrCat("the program: ", line);
}

std::string Need(const NamedSecret& secret) {
  switch (secret.source.kind) {
    case Kind::kFile:
      return absl::StrCat(secret.source.file, ", mode 0600 (", secret.field,
                          "); or read it from the cloud: {command: [spacelet, secret, gcp|aws, NAME]}");
    case Kind::kEnv:
      return absl::StrCat("the variable ", secret.source.env, " in /etc/default/spacelet (", secret.field,
                          ")");
    case Kind::kCommand:
      return absl::StrCat(CommandNeed(secret.source), " (", secret.field, ")");
    case Kind::kValue:
      break;
  }
  return "";
}

void AddKeys(const std::string& field, const api::Workload& workload, std::vector<std::string>& out) {
  for (const auto& [name, value] : workload.env)
    if (!value.secret && HoldsPrivateKey(value.value))
      out.push_back(
          absl::StrCat(field, ".env.", name, ": a private key; give it as {file: PATH} or {command: …}"));
  for (const api::File& file : workload.files)
    if (file.content && HoldsPrivateKey(*file.content))
      out.push_back(absl::StrCat(field, ".files: ", file.path, " holds a private key; give it as a SECRET"));
}

// Each workload with its field.
void ForEachWorkload(const api::Document& document,
                     const std::function<void(const std::string& field, const api::Workload&)>& visit) {
  if (document.runner) visit("spec.runner", document.runner->workload);
  if (document.delegate) visit("spec.delegate", document.delegate->workload);
  for (size_t i = 0; i < document.containers.size(); ++i)
    visit(absl::StrCat("spec.containers[", i, "]"), document.containers[i].workload);
}

}  // namespace

std::vector<std::string> SecretsInDocument(const api::Document& document) {
  std::vector<std::string> out;
  for (const NamedSecret& secret : NamedSecrets(document))
    if (secret.source.kind == Kind::kValue)
      out.push_back(
          absl::StrCat(secret.field, ".value: the secret itself; give it as {file: PATH} or {command: …}"));
  ForEachWorkload(document, [&out](const std::string& field, const api::Workload& workload) {
    AddKeys(field, workload, out);
  });
  return out;
}

std::vector<std::string> Suspicions(const api::Document& document) {
  std::vector<std::string> out;
  ForEachWorkload(document, [&out](const std::string& field, const api::Workload& workload) {
    for (const auto& [name, value] : workload.env)
      if (!value.secret && !value.value.empty() && base::LooksSecret(name))
        out.push_back(absl::StrCat(field, ".env.", name,
                                   ": if that is a secret, everything on the machine can read it here"));
  });
  return out;
}

std::vector<std::string> SecretsInPool(absl::string_view yaml, absl::string_view what) {
  std::vector<std::string> out;
  const yaml::Parsed parsed = yaml::Parse(yaml);
  if (!parsed.root) return out;
  ForEachScalar(*parsed.root, [&](const std::string& key, const yaml::Node& value) {
    if (value.text.empty() || (!HoldsSecret(key) && !HoldsPrivateKey(value.text))) return;
    out.push_back(absl::StrCat(what, ": ", base::OneLine(key, 80),
                               " is a secret; the machine's own identity needs none"));
  });
  return out;
}

std::vector<std::string> NeedsOfDocument(const api::Document& document) {
  std::vector<std::string> out;
  for (const NamedSecret& secret : NamedSecrets(document)) out.push_back(Need(secret));
  for (const NamedFile& file : NamedFiles(document))
    if (absl::EndsWith(file.field, ".imageArchive"))
      out.push_back(absl::StrCat(file.path, " (", file.field, ")"));
  return out;
}

std::vector<std::string> NeedsOfPool(absl::string_view yaml) {
  std::vector<std::string> out;
  const yaml::Parsed parsed = yaml::Parse(yaml);
  if (!parsed.root) return out;
  ForEachScalar(*parsed.root, [&](const std::string& key, const yaml::Node& value) {
    if (!value.text.empty() && (key == "json_path" || absl::EqualsIgnoreCase(key, "user_data_path")))
      out.push_back(absl::StrCat(
          base::OneLine(value.text, 200), ", as the runner's container sees it (", key, " of the pool)",
          key == "json_path" ? "; without json_path the machine's service account is used" : ""));
  });
  return out;
}

}  // namespace spacelet::app
