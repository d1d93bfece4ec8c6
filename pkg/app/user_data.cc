#include "pkg/app/user_data.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "pkg/app/named_files.h"
#include "pkg/app/user_data_needs.h"
#include "pkg/base/file.h"
#include "pkg/cloudinit/user_data.h"
#include "pkg/pool/pool.h"

namespace spacelet::app {
namespace {

constexpr size_t kMaxPoolBytes = 1 << 20;

void Append(std::vector<std::string>& to, std::vector<std::string> from) {
  for (std::string& one : from) to.push_back(std::move(one));
}

size_t LimitOf(Cloud cloud) { return cloud == Cloud::kGcp ? cloudinit::kGcpLimit : cloudinit::kAwsLimit; }

// Where the document looks for its pool; empty when it stands in the document, or there is no runner.
std::string PoolPath(const api::Document& document) {
  for (const NamedFile& file : NamedFiles(document))
    if (absl::StartsWith(file.field, "spec.runner.pool")) return file.path;
  return "";
}

// Where on this machine the pool of `path` is, which a relative path may have named.
std::string PoolHere(const config::Loaded& loaded, const std::string& path, const std::string& directory) {
  const yaml::Node* file = &*loaded.merged;
  for (const char* key : {"spec", "runner", "pool", "file"})
    if (file != nullptr) file = file->Find(key);
  if (file == nullptr || absl::StartsWith(file->text, "/")) return path;
  const absl::string_view document = cloudinit::kDocumentPath;
  return absl::StrCat(directory, path.substr(document.rfind('/')));
}

class Maker {
 public:
  Maker(const config::Loaded& loaded, const UserDataOptions& options)
      : loaded_(loaded), document_(*loaded.document), options_(options) {}

  void AddDocument(absl::string_view bytes) {
    Append(made_.problems, SecretsInDocument(document_));
    Append(made_.warnings, Suspicions(document_));
    Append(made_.needs, NeedsOfDocument(document_));
    const bool is_lone = loaded_.files.empty();
    Add(cloudinit::kDocumentPath, is_lone ? std::string(bytes) : yaml::Emit(*loaded_.merged),
        is_lone ? "the document" : "the document with its overlays",
        "The document. Edit it where it is kept, and make this text anew; after the first boot edit it there "
        "alone.");
  }

  void AddPool();
  void AddPackage();
  MadeUserData Finish();

 private:
  void Add(const std::string& path, std::string content, const std::string& what,
           const std::string& comment) {
    made_.contents.push_back(absl::StrCat(path, ", ", cloudinit::SizeText(content.size()), ": ", what));
    user_data_.files.push_back({path, std::move(content), comment});
  }
  void CheckPool(const std::string& content, const std::string& name);
  void Problem(std::string text) { made_.problems.push_back(std::move(text)); }

  const config::Loaded& loaded_;
  const api::Document& document_;
  const UserDataOptions& options_;
  cloudinit::UserData user_data_;
  MadeUserData made_;
};

void Maker::CheckPool(const std::string& content, const std::string& name) {
  const pool::Linted linted = pool::Lint(content, nullptr);
  for (const pool::Problem& found : linted.problems) {
    const std::string text =
        absl::StrCat(name, ":", found.line, ":", found.column, ": ", found.path, ": ", found.message);
    (found.error ? made_.problems : made_.warnings).push_back(text);
  }
  Append(made_.problems, SecretsInPool(content, name));
  Append(made_.needs, NeedsOfPool(content));
}

void Maker::AddPool() {
  if (document_.runner && document_.runner->pool && document_.runner->pool->inline_yaml)
    return CheckPool(*document_.runner->pool->inline_yaml, "spec.runner.pool.inline");
  const std::string path = PoolPath(document_);
  if (path.empty() && !options_.pool.empty()) return Problem("--pool: the document names no pool file");
  if (path.empty()) return;
  const std::string here =
      options_.pool.empty() ? PoolHere(loaded_, path, options_.directory) : options_.pool;
  const absl::StatusOr<base::FileContent> content = base::ReadFile(here, kMaxPoolBytes);
  if (absl::IsNotFound(content.status()) && options_.pool.empty()) {
    made_.needs.push_back(
        absl::StrCat(path, ", the pool (it is not on this machine; --pool FILE brings it along)"));
    return;
  }
  if (!content.ok()) return Problem(std::string(content.status().message()));
  if (!cloudinit::IsPlainPath(path))
    return Problem(absl::StrCat(path, ": a path with such characters is not for user-data"));
  CheckPool(content->bytes, here);
  Add(path, content->bytes, absl::StrCat("the pool, from ", here), "The pool of the Terraform module.");
}

void Maker::AddPackage() {
  absl::StatusOr<cloudinit::Package> package =
      cloudinit::ParsePackage(options_.package, options_.package_sha256);
  if (!package.ok()) return Problem(std::string(package.status().message()));
  const std::string digest = package->sha256.empty() ? "" : absl::StrCat(", SHA-256 ", package->sha256);
  if (package->source.empty())
    made_.needs.push_back(
        "spacelet itself, in the image or in an apt source of the machine (or give --package)");
  else if (package->is_url())
    made_.contents.push_back(absl::StrCat("the address of spacelet: ", package->source, digest));
  else
    made_.needs.push_back(absl::StrCat(package->source, ", the package of spacelet", digest));
  if (package->is_url() && digest.empty())
    made_.warnings.push_back(
        "whoever can replace the package on its server is root on the machine: give --package-sha256");
  user_data_.package = *std::move(package);
}

MadeUserData Maker::Finish() {
  const std::string directory = document_.runner ? document_.runner->directory : "/runner";
  if (!cloudinit::IsPlainPath(directory))
    Problem(absl::StrCat("spec.runner.directory ", directory,
                         ": a path with such characters is not for user-data"));
  user_data_.runner_directory = directory;
  if (!made_.problems.empty()) return std::move(made_);
  made_.text = cloudinit::Render(
      user_data_, options_.script ? cloudinit::Format::kScript : cloudinit::Format::kCloudConfig);
  const std::string size = absl::StrCat(made_.text.size(), " bytes");
  const std::string limit = absl::StrCat(LimitOf(options_.cloud), " bytes");
  if (made_.text.size() <= LimitOf(options_.cloud)) return std::move(made_);
  if (options_.cloud == Cloud::kNone) {
    made_.warnings.push_back(absl::StrCat(size, ": AWS takes at most ", limit));
    return std::move(made_);
  }
  Problem(absl::StrCat(
      "the user-data has ", size, ", the cloud takes at most ", limit,
      "; leave comments out of the document, or compress it, which cloud-init reads: --cloud none | gzip"));
  made_.text.clear();
  return std::move(made_);
}

}  // namespace

MadeUserData MakeUserData(absl::string_view bytes, const config::Loaded& loaded,
                          const UserDataOptions& options) {
  Maker maker(loaded, options);
  maker.AddDocument(bytes);
  maker.AddPool();
  maker.AddPackage();
  return maker.Finish();
}

}  // namespace spacelet::app
