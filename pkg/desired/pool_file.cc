#include "pkg/desired/pool_file.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "pkg/base/status_macros.h"
#include "pkg/desired/profiles.h"
#include "pkg/pool/pool.h"

namespace spacelet::desired {
namespace {

using ReadFile = std::function<absl::StatusOr<std::string>(const std::string&)>;

constexpr size_t kHashDigits = 16;  // of 64: 64 bits tell the few pools of one host apart

struct Source {
  std::string name;  // for messages
  std::string yaml;
};

absl::StatusOr<Source> ReadSource(const api::Runner& runner, const ReadFile& read_file) {
  if (runner.pool && runner.pool->inline_yaml)
    return Source{"spec.runner.pool.inline", *runner.pool->inline_yaml};
  const std::string path = runner.pool && runner.pool->file
                               ? *runner.pool->file
                               : absl::StrCat(RunnerDirectory(runner), "/pool.yaml");
  absl::StatusOr<std::string> yaml = read_file(path);
  if (yaml.ok()) return Source{path, *std::move(yaml)};
  const bool named = absl::StrContains(yaml.status().message(), path);
  return absl::Status(yaml.status().code(), named ? std::string(yaml.status().message())
                                                  : absl::StrCat(path, ": ", yaml.status().message()));
}

bool Holds(const std::string& directory, const std::string& path) {
  return path == directory || absl::StartsWith(path, absl::StrCat(directory, "/"));
}

// The host path behind a path in the runner's container, by the innermost of its binds.
std::optional<std::string> HostPath(const api::Runner& runner, const std::string& container_path) {
  std::vector<api::Volume> binds = runner.workload.volumes;
  binds.push_back({RunnerDirectory(runner), kRunnerMount, false});
  const api::Volume* best = nullptr;
  for (const api::Volume& bind : binds)
    if (Holds(bind.container, container_path) &&
        (best == nullptr || bind.container.size() > best->container.size()))
      best = &bind;
  if (best == nullptr) return std::nullopt;
  return absl::StrCat(best->host, container_path.substr(best->container.size()));
}

bool IsCopiedIn(const api::Runner& runner, const std::string& container_path) {
  return std::any_of(runner.workload.files.begin(), runner.workload.files.end(),
                     [&](const api::File& file) { return file.path == container_path; });
}

// A file that is there and cannot be read (0600 of another user) is not absent.
bool Exists(const api::Runner& runner, const ReadFile& read_file, const std::string& container_path) {
  if (IsCopiedIn(runner, container_path)) return true;
  const std::optional<std::string> host_path = HostPath(runner, container_path);
  return host_path && !absl::IsNotFound(read_file(*host_path).status());
}

std::string FirstError(const std::vector<pool::Problem>& problems, const std::string& file) {
  std::vector<pool::Problem> errors;
  std::copy_if(problems.begin(), problems.end(), std::back_inserter(errors),
               [](const pool::Problem& p) { return p.error; });
  const size_t more = errors.size() - 1;
  errors.resize(1);
  std::string text = pool::ToText(errors, file);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  if (more > 0) absl::StrAppend(&text, " (and ", more, more == 1 ? " more problem)" : " more problems)");
  return text;
}

constexpr char kFilePrefix[] = "pool-", kFileSuffix[] = ".yaml";

PoolFile FileOf(const api::Runner& runner, pool::Linted linted) {
  const std::string name = absl::StrCat(kFilePrefix, linted.hash.substr(0, kHashDigits), kFileSuffix);
  return PoolFile{absl::StrCat(RunnerDirectory(runner), "/", kAgentDirectory, "/", name),
                  std::move(linted.canonical), std::move(linted.hash), runner.workload.user.value_or("")};
}

std::vector<std::string> Warnings(const std::vector<pool::Problem>& problems, const std::string& file) {
  std::vector<std::string> out;
  for (const pool::Problem& p : problems) {
    if (p.error) continue;
    std::string line = pool::ToText({p}, file);
    while (!line.empty() && line.back() == '\n') line.pop_back();
    out.push_back(std::move(line));
  }
  return out;
}

}  // namespace

bool IsPoolFileName(absl::string_view name) {
  return absl::ConsumePrefix(&name, kFilePrefix) && absl::ConsumeSuffix(&name, kFileSuffix) &&
         name.size() == kHashDigits && name.find_first_not_of("0123456789abcdef") == name.npos;
}

ResolvedPool ResolvePool(const api::Runner& runner, const ReadFile& read_file) {
  ResolvedPool out;
  absl::StatusOr<Source> source = ReadSource(runner, read_file);
  if (!source.ok()) {
    out.error = std::string(source.status().message());
    return out;
  }
  pool::Linted linted =
      pool::Lint(source->yaml, [&](const std::string& path) { return Exists(runner, read_file, path); });
  out.warnings = Warnings(linted.problems, source->name);
  if (!linted.ok()) {
    out.error = FirstError(linted.problems, source->name);
    return out;
  }
  out.file = FileOf(runner, std::move(linted));
  const std::string& host_path = out.file->host_path;
  out.container_path = absl::StrCat(kRunnerMount, host_path.substr(RunnerDirectory(runner).size()));
  return out;
}

}  // namespace spacelet::desired
