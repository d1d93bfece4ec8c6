// What went wrong with a repository: git's words as one status, and the reason that people alert on. Pure.
//
//   Unavailable, DeadlineExceeded   it cannot be reached: nothing is known of a newer commit
//   Unauthenticated                 it does not let us in
//   PermissionDenied                it is not the one we know: host key, certificate
//   NotFound                        no such repository, ref or commit
//   ResourceExhausted               larger than is allowed
//   DataLoss                        not signed by one who may
//   Aborted                         history was rewritten
//   FailedPrecondition              the commit has no such document, or one that is not read
//   Internal                        anything else; the copy of the repository may be broken
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace spacelet::git {

// The status of a git that failed with these words on its standard error. The message is one line: git's
// cause, and what to do where that is known.
absl::Status TroubleOf(absl::string_view errors);

// One of api::reason::kGit*, and kUnreadable.
const char* ReasonOf(const absl::Status& trouble);

// Whether asking again may help without another commit: trouble on the way, and not with what was found.
bool IsPassing(const absl::Status& trouble);

// Whether it tells nothing of the repository: what is in force may well be the newest.
bool SawNothing(const absl::Status& trouble);

}  // namespace spacelet::git
