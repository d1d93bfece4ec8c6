#include "pkg/app/doctor_document.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "pkg/app/docker_endpoint.h"
#include "pkg/app/document_here.h"
#include "pkg/app/host_facts.h"
#include "pkg/app/host_files.h"
#include "pkg/app/named_files.h"
#include "pkg/app/whose_file.h"
#include "pkg/config/load.h"
#include "pkg/desired/pool_file.h"

namespace spacelet::app {
namespace {

constexpr char kEditMark[] = "# EDIT";

std::vector<int> LinesToEdit(absl::string_view bytes) {
  std::vector<int> lines;
  int number = 0;
  for (const absl::string_view line : absl::StrSplit(bytes, '\n')) {
    ++number;
    if (absl::StrContains(line, kEditMark) && !absl::StartsWith(line, "#")) lines.push_back(number);
  }
  return lines;
}

doctor::FileFacts LookAtFile(const NamedFile& named) {
  doctor::FileFacts facts{.field = named.field, .path = named.path, .secret = named.secret};
  if (access(named.path.c_str(), R_OK) == 0) {
    facts.permission = PermissionWarning(named).value_or("");
    return facts;
  }
  facts.denied = errno == EACCES && geteuid() != 0;
  facts.problem = errno == ENOENT ? absl::StrCat(named.path, " is not there")
                                  : absl::StrCat(named.path, ": ", std::strerror(errno));
  return facts;
}

bool IsUnreadPool(const doctor::FileFacts& file) {
  return absl::StartsWith(file.field, "spec.runner.pool") && !file.problem.empty();
}

class Commands {
 public:
  explicit Commands(std::vector<doctor::CommandFacts>& out) : out_(out) {}
  void Add(const std::string& field, const std::optional<api::SecretSource>& source) {
    if (!source || source->kind != api::SecretSource::Kind::kCommand || source->command.empty()) return;
    out_.push_back({field + ".command", source->command[0], IsInPath(source->command[0])});
  }
  void AddWorkload(const std::string& field, const api::Workload& workload) {
    if (workload.image_pull_secret)
      Add(field + ".imagePullSecret.password", workload.image_pull_secret->password);
    for (const auto& [name, value] : workload.env) Add(absl::StrCat(field, ".env.", name), value.secret);
    for (const api::File& file : workload.files) Add(absl::StrCat(field, ".files"), file.secret);
  }
  void AddAll(const api::Document& document) {
    if (document.runner) AddWorkload("spec.runner", document.runner->workload);
    if (document.delegate) {
      Add("spec.delegate.token", document.delegate->token);
      AddWorkload("spec.delegate", document.delegate->workload);
    }
    for (const api::GenericContainer& container : document.containers)
      AddWorkload(absl::StrCat("spec.containers ", container.name), container.workload);
  }

 private:
  std::vector<doctor::CommandFacts>& out_;
};

doctor::PoolFacts LookAtPool(const api::Document& document) {
  doctor::PoolFacts facts;
  facts.wanted = document.runner.has_value();
  if (!facts.wanted) return facts;
  desired::ResolvedPool pool = desired::ResolvePool(*document.runner, ReadHostFile);
  facts.error = std::move(pool.error);
  facts.warnings = std::move(pool.warnings);
  return facts;
}

// What the compile warns of besides the pool.
void AddWarnings(const desired::Compiled& compiled, const doctor::PoolFacts& pool,
                 doctor::DocumentFacts& facts) {
  const std::set<std::string> of_pool(pool.warnings.begin(), pool.warnings.end());
  for (const std::string& warning : compiled.warnings)
    if (of_pool.count(warning) == 0) facts.warnings.push_back(warning);
}

}  // namespace

bool IsInPath(const std::string& program) {
  if (absl::StrContains(program, '/')) return access(program.c_str(), X_OK) == 0;
  const std::string path = GetEnv("PATH").value_or("/usr/local/bin:/usr/bin:/bin");
  for (const absl::string_view directory : absl::StrSplit(path, ':'))
    if (access(absl::StrCat(directory, "/", program).c_str(), X_OK) == 0) return true;
  return false;
}

ExaminedDocument ExamineDocument(const DoctorOptions& options, doctor::Facts& facts) {
  facts.document = {.path = options.file, .asked = options.asked};
  ExaminedDocument out;
  const absl::StatusOr<source::Version> version = DocumentHere(options);
  facts.document.absent = absl::IsNotFound(version.status());
  if (!version.ok()) {
    facts.document.unreadable = std::string(version.status().message());
    return out;
  }
  if (!version->commit.empty()) facts.document.path = version->file_name;
  HostFacts host(options.host);
  config::Loaded loaded = config::Load(source::InputOf(*version, absl::Now(), host.asker()));
  for (const config::Diagnostic& diagnostic : loaded.Problems())
    (diagnostic.severity == config::Severity::kError ? facts.document.errors : facts.document.warnings)
        .push_back(config::ToText(diagnostic));
  if (const auto exposure = ExposureOf(options.file); version->commit.empty() && exposure.ok() && *exposure) {
    facts.document.exposed = absl::StrCat((*exposure)->problem, ", ", kWhoWritesADocument);
    facts.document.exposed_remedy = (*exposure)->remedy;
  }
  facts.document.lines_to_edit = LinesToEdit(version->bytes);
  if (!loaded.ok()) return out;
  out.document = *std::move(loaded.document);
  const auto read = [&loaded](const std::string& path) -> absl::StatusOr<std::string> {
    const auto beside = loaded.files.find(path);
    return beside == loaded.files.end() ? ReadHostFile(path) : beside->second;
  };
  out.compiled = desired::Compile({*out.document, "", 0, read});
  facts.pool = LookAtPool(*out.document);
  AddWarnings(*out.compiled, facts.pool, facts.document);
  for (const NamedFile& named : NamedFiles(*out.document)) {
    facts.files.push_back(LookAtFile(named));
    facts.pool.unread = facts.pool.unread || IsUnreadPool(facts.files.back());
  }
  Commands(facts.commands).AddAll(*out.document);
  return out;
}

}  // namespace spacelet::app
