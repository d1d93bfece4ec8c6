#include "pkg/app/support_bundle.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <iostream>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "cmd/spacelet/agent_client.h"
#include "cmd/spacelet/command.h"
#include "cmd/spacelet/docker_flags.h"
#include "cmd/spacelet/host_flags.h"
#include "cmd/spacelet/output.h"
#include "cmd/spacelet/progress.h"
#include "pkg/app/options.h"
#include "pkg/base/unique_fd.h"

namespace spacelet::cmd {
namespace {

struct Flags {
  app::BundleOptions bundle;
  std::string output;  // empty: a name with host and time, in the current directory
};

std::string MachineName() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 && name[0] != '\0' ? name.data() : "host";
}

// The file must not be there yet: a bundle never takes the place of another, nor follows a link.
absl::Status WriteNewFile(const std::string& path, const std::string& bytes) {
  const base::UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid()) return absl::FailedPreconditionError(absl::StrCat(path, ": ", std::strerror(errno)));
  size_t written = 0;
  while (written < bytes.size()) {
    const ssize_t n = ::write(fd.get(), bytes.data() + written, bytes.size() - written);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return absl::UnavailableError(absl::StrCat(path, ": ", std::strerror(errno)));
    written += static_cast<size_t>(n);
  }
  return absl::OkStatus();
}

absl::StatusOr<app::BundleResult> Collect(const app::BundleOptions& options) {
  const Transient line("collecting ...");
  return app::MakeSupportBundle(options, {});
}

int Run(Flags flags) {
  flags.bundle.name = absl::StrCat("spacelet-support-", MachineName(), "-",
                                   absl::FormatTime("%Y%m%dT%H%M%SZ", absl::Now(), absl::UTCTimeZone()));
  const bool to_stdout = flags.output == "-";
  if (flags.output.empty()) flags.output = flags.bundle.name + ".tar.gz";
  const auto result = Collect(flags.bundle);
  if (!result.ok()) return Fail(result.status(), app::kNotSo);
  if (to_stdout) {
    std::cout << result->archive << std::flush;
  } else if (const absl::Status status = WriteNewFile(flags.output, result->archive); !status.ok()) {
    return Fail(status, app::kNotSo);
  }
  std::ostream& people = to_stdout ? std::cerr : std::cout;
  people << (to_stdout ? "The bundle" : flags.output) << " holds:\n" << result->manifest;
  return app::kGood;
}

}  // namespace

Command AddSupportBundle(CLI::App& root) {
  CLI::App* app = root.add_subcommand(
      "support-bundle", "Puts what tells how this host is into one archive, without its secrets");
  auto flags = std::make_shared<Flags>();
  app::DoctorOptions& doctor = flags->bundle.doctor;
  CLI::Option* file =
      app->add_option("-f,--filename", doctor.file, "the document")->type_name("FILE")->capture_default_str();
  app->add_option("--output", flags->output,
                  "the archive, which must not be there yet; - is stdout (default "
                  "spacelet-support-HOST-TIME.tar.gz here)")
      ->type_name("FILE");
  AddHostOptions(*app, doctor.host);
  AddDockerOptions(*app, doctor.docker);
  AddAddressOptions(*app, doctor.agent);
  app->add_option("--state-dir", doctor.state_dir, "the agent's")->type_name("DIR")->capture_default_str();
  app->add_option("--lock-file", doctor.lock_file, "the agent's")->type_name("FILE")->capture_default_str();
  app->add_option("--log-lines", flags->bundle.log_lines, "of each container and of the agent's journal")
      ->type_name("N")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  app->footer(
      "Look at it before you pass it on: what is secret is told by the document, by names and by shape.\n"
      "What cannot be had is named in MANIFEST.txt and is no failure. The file is for you only (0600).\n"
      "Exit code: 0 written, 1 the file is there already or cannot be written.\n\n"
      "Examples:\n"
      "  sudo spacelet support-bundle\n"
      "  sudo spacelet support-bundle --output /tmp/bundle.tar.gz\n"
      "  sudo spacelet support-bundle --output - | ssh jump 'cat > bundle.tar.gz'");
  return {app, [flags, file] {
            flags->bundle.doctor.asked = file->count() > 0;
            return Run(*flags);
          }};
}

}  // namespace spacelet::cmd
