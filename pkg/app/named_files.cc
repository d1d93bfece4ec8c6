#include "pkg/app/named_files.h"

#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "pkg/secret/secret.h"

namespace spacelet::app {
namespace {

class Collector {
 public:
  void AddSecret(const std::string& field, const std::optional<api::SecretSource>& source) {
    if (!source.has_value()) return;
    secrets_.push_back({field, *source});
    if (source->kind == api::SecretSource::Kind::kFile)
      files_.push_back({field + ".file", source->file, true});
  }

  void AddWorkload(const std::string& field, const api::Workload& workload) {
    if (workload.image_archive.has_value())
      files_.push_back({field + ".imageArchive", *workload.image_archive});
    if (workload.image_pull_secret.has_value())
      AddSecret(field + ".imagePullSecret.password", workload.image_pull_secret->password);
    for (const auto& [name, value] : workload.env)
      AddSecret(absl::StrCat(field, ".env.", name), value.secret);
    for (size_t i = 0; i < workload.files.size(); ++i)
      AddSecret(absl::StrCat(field, ".files[", i, "]"), workload.files[i].secret);
  }

  void AddPool(const api::Runner& runner) {
    if (!runner.pool.has_value())
      files_.push_back({"spec.runner.pool", runner.directory + "/pool.yaml"});
    else if (runner.pool->file.has_value() && absl::StartsWith(*runner.pool->file, "/"))
      files_.push_back({"spec.runner.pool.file", *runner.pool->file});
  }

  std::vector<NamedFile> TakeFiles() { return std::move(files_); }
  std::vector<NamedSecret> TakeSecrets() { return std::move(secrets_); }

 private:
  std::vector<NamedFile> files_;
  std::vector<NamedSecret> secrets_;
};

Collector Collect(const api::Document& document) {
  Collector collector;
  if (document.runner.has_value()) {
    collector.AddPool(*document.runner);
    collector.AddWorkload("spec.runner", document.runner->workload);
  }
  if (document.delegate.has_value()) {
    collector.AddSecret("spec.delegate.token", document.delegate->token);
    collector.AddWorkload("spec.delegate", document.delegate->workload);
  }
  for (size_t i = 0; i < document.containers.size(); ++i)
    collector.AddWorkload(absl::StrCat("spec.containers[", i, "]"), document.containers[i].workload);
  return collector;
}

}  // namespace

std::vector<NamedFile> NamedFiles(const api::Document& document) { return Collect(document).TakeFiles(); }

std::vector<NamedSecret> NamedSecrets(const api::Document& document) {
  return Collect(document).TakeSecrets();
}

std::optional<std::string> PermissionWarning(const NamedFile& named) {
  api::SecretSource source;
  source.file = named.path;
  return named.secret ? secret::PermissionWarning(source) : std::nullopt;
}

}  // namespace spacelet::app
