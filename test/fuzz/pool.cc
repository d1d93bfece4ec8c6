// The runner's pool file: what is accepted has one canonical form, which is accepted as itself.
#include "pkg/pool/pool.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "test/fuzz/fuzz.h"

namespace spacelet::fuzz {
namespace {

bool IsThere(const std::string& container_path) { return container_path != "/runner/missing.json"; }

void RequireProblem(const pool::Problem& problem) {
  Require(!problem.message.empty(), "a problem says what is wrong");
  Require(problem.line >= 0 && (problem.line == 0) == (problem.column == 0), "a place is whole",
          problem.message);
  RequireOneLine(problem.message);
  RequireOneLine(problem.path);
}

}  // namespace

void Check(absl::string_view input) {
  const pool::Linted linted = pool::Lint(input, IsThere);
  for (const pool::Problem& problem : linted.problems) RequireProblem(problem);
  Require(linted.ok() == (linted.hash.size() == 64), "only a good pool has a hash");
  Require(linted.ok() != linted.canonical.empty(), "only a good pool has a canonical form");
  if (!linted.ok()) return;
  const pool::Linted again = pool::Lint(linted.canonical, IsThere);
  if (!again.ok())
    Fail("the canonical form is a good pool",
         absl::StrCat(linted.canonical, "\n", pool::ToText(again.problems, "canonical")));
  Require(again.canonical == linted.canonical, "the canonical form is its own", again.canonical);
}

}  // namespace spacelet::fuzz
