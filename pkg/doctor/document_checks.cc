#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "pkg/doctor/examine.h"
#include "pkg/doctor/findings.h"

namespace spacelet::doctor {
namespace {

constexpr size_t kMostQuoted = 3;
constexpr char kAsRoot[] = "run this with sudo";

// The first few, and how many more there are.
std::string Quoted(const std::vector<std::string>& sentences) {
  const size_t shown = std::min(sentences.size(), kMostQuoted);
  std::string text =
      absl::StrJoin(sentences.begin(), sentences.begin() + static_cast<std::ptrdiff_t>(shown), "; ");
  if (sentences.size() > shown) absl::StrAppend(&text, "; and ", sentences.size() - shown, " more");
  return text;
}

Check NoDocument(const char* name) { return Skip(name, "needs a valid document"); }

}  // namespace

Check CheckDocument(const DocumentFacts& document) {
  Findings found;
  const std::string validate = absl::StrCat("spacelet validate -f ", document.path);
  if (document.absent && !document.asked)
    return Skip("document", absl::StrCat("there is no ", document.path),
                absl::StrCat("spacelet init gcp > ", document.path, "   (or aws, or -f another document)"));
  if (!document.unreadable.empty())
    found.Fail(document.unreadable, absl::StrCat("give the path of a document: -f ", document.path));
  if (!document.errors.empty()) found.Fail(Quoted(document.errors), validate);
  if (!document.exposed.empty()) found.Warn(document.exposed, document.exposed_remedy);
  if (!document.lines_to_edit.empty())
    found.Warn(absl::StrCat("still to be edited: line", document.lines_to_edit.size() == 1 ? " " : "s ",
                            absl::StrJoin(document.lines_to_edit, ", ")),
               absl::StrCat("edit what is marked \"# EDIT\" in ", document.path, " and remove the marks"));
  if (!document.warnings.empty()) found.Warn(Quoted(document.warnings), validate);
  return std::move(found).ToCheck("document", absl::StrCat(document.path, " is valid"));
}

Check CheckFiles(const Facts& facts) {
  if (!facts.document.usable()) return NoDocument("files");
  Findings found;
  size_t files = 0;
  for (const FileFacts& file : facts.files) {
    if (file.secret) continue;
    ++files;
    if (file.denied)
      found.Warn(absl::StrCat(file.field, ": ", file.problem), kAsRoot);
    else if (!file.problem.empty())
      found.Fail(absl::StrCat(file.field, ": ", file.problem),
                 absl::StrCat("put the file at ", file.path, ", or change ", file.field));
  }
  if (files == 0) return Skip("files", "the document names none");
  return std::move(found).ToCheck("files", "the files that the document names can be read");
}

Check CheckSecrets(const Facts& facts) {
  if (!facts.document.usable()) return NoDocument("secrets");
  Findings found;
  size_t secrets = facts.commands.size();
  for (const FileFacts& file : facts.files) {
    if (!file.secret) continue;
    ++secrets;
    if (file.denied)
      found.Warn(absl::StrCat(file.field, ": ", file.problem), kAsRoot);
    else if (!file.problem.empty())
      found.Fail(absl::StrCat(file.field, ": ", file.problem),
                 absl::StrCat("install -m 600 /dev/stdin ", file.path, "   (paste the value, then Ctrl-D)"));
    else if (!file.permission.empty())
      found.Warn(absl::StrCat(file.field, ": ", file.permission), absl::StrCat("chmod 600 ", file.path));
  }
  for (const CommandFacts& command : facts.commands)
    if (!command.found)
      found.Fail(absl::StrCat(command.field, ": there is no program ", command.program),
                 absl::StrCat("install ", command.program, ", or change ", command.field));
  if (secrets == 0) return Skip("secrets", "the document names no file and no command");
  return std::move(found).ToCheck("secrets",
                                  facts.commands.empty()
                                      ? "the secrets' files can be read, by their owner only"
                                      : "the secrets' files can be read, their programs are there (not run)");
}

Check CheckPool(const PoolFacts& pool) {
  if (!pool.wanted) return Skip("pool", "needs a valid document with a runner");
  if (pool.unread) return Skip("pool", "its file cannot be read");
  Findings found;
  if (!pool.error.empty())
    found.Fail(pool.error,
               "correct the pool; paths in it are the container's: /runner/… is <directory>/… here");
  if (!pool.warnings.empty()) found.Warn(Quoted(pool.warnings), "see docs/pool.md");
  return std::move(found).ToCheck("pool",
                                  "the pool is valid, the keys that it names are where the runner looks");
}

}  // namespace spacelet::doctor
