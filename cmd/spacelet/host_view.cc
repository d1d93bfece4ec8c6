#include "cmd/spacelet/host_view.h"

#include <utility>

#include "cmd/spacelet/docker_flags.h"
#include "cmd/spacelet/host_flags.h"
#include "cmd/spacelet/policy_flag.h"
#include "pkg/app/options.h"

namespace spacelet::cmd {

void AddViewOptions(CLI::App& app, ViewFlags& flags) {
  AddFileOption(app, flags.path);
  AddHostOptions(app, flags.look.host);
  AddPolicyOption(app, flags.policy);
  AddDockerOptions(app, flags.look.docker);
  AddStrictOption(app, flags.look.secret_permissions);
  AddOutputOption(app, flags.format);
}

HostView ViewHost(const ViewFlags& flags) {
  HostView view{.document = LoadForCommand(flags.path, flags.look.host), .look = std::nullopt};
  if (!view.document.ok()) {
    view.exit_code = app::kInvalidDocument;
    return view;
  }
  view.exit_code = CheckPolicy(view.document, flags.policy, false);
  if (view.exit_code != app::kGood) return view;
  absl::StatusOr<app::Look> look = app::LookAtHost(view.document.loaded, flags.look, {});
  if (!look.ok()) {
    view.exit_code = FailDocker(look.status());
    return view;
  }
  for (const std::string& warning : look->compiled.warnings) Complain("warning: " + warning);
  view.look = *std::move(look);
  return view;
}

}  // namespace spacelet::cmd
