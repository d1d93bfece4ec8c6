#include "pkg/app/document_here.h"

#include <utility>

#include "pkg/git/location.h"
#include "pkg/source/beside.h"
#include "pkg/state/state.h"

namespace spacelet::app {

absl::StatusOr<source::Version> DocumentHere(const DoctorOptions& options) {
  if (options.asked) return source::ReadVersion(options.file);
  absl::StatusOr<state::LastGood> kept = state::Directory(options.state_dir).LoadLastGood();
  if (kept.ok() && git::IsLocation(kept->source)) return source::VersionOf(*std::move(kept));
  return source::ReadVersion(options.file);
}

}  // namespace spacelet::app
