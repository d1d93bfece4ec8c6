#include <iostream>
#include <map>
#include <memory>

#include "absl/strings/str_cat.h"
#include "cmd/spacelet/command.h"
#include "cmd/spacelet/document.h"
#include "cmd/spacelet/host_flags.h"
#include "cmd/spacelet/output.h"
#include "pkg/app/options.h"
#include "pkg/app/user_data.h"
#include "pkg/cloudinit/user_data.h"
#include "pkg/source/beside.h"

namespace spacelet::cmd {
namespace {

struct Flags {
  std::string path;
  app::HostOptions host;
  app::UserDataOptions options;
};

void List(const std::string& head, const std::vector<std::string>& lines) {
  if (lines.empty()) return;
  std::cerr << head << "\n";
  for (const std::string& line : lines) std::cerr << "  " << line << "\n";
}

int Run(Flags& flags) {
  flags.host.only_given = true;
  const LoadedDocument document =
      LoadForCommand(flags.path, flags.host, source::DirectoryOf(cloudinit::kDocumentPath));
  if (!document.ok()) return app::kInvalidDocument;
  flags.options.directory = source::DirectoryOf(flags.path);
  const app::MadeUserData made = app::MakeUserData(document.version.bytes, document.loaded, flags.options);
  for (const std::string& warning : made.warnings) Complain(absl::StrCat("warning: ", warning));
  for (const std::string& problem : made.problems) Complain(problem);
  if (!made.problems.empty()) return app::kNotSo;
  std::cout << made.text << std::flush;
  List(absl::StrCat("user-data of ", made.text.size(), " bytes, with"), made.contents);
  List("the machine needs besides", made.needs);
  return app::kGood;
}

void AddCloudOption(CLI::App& app, app::Cloud& cloud) {
  const std::map<std::string, app::Cloud> names = {
      {"aws", app::Cloud::kAws}, {"gcp", app::Cloud::kGcp}, {"none", app::Cloud::kNone}};
  app.add_option_function<std::string>(
         "--cloud",
         [&cloud, names](const std::string& name) {
           const auto known = names.find(name);
           if (known == names.end())
             throw CLI::ValidationError("--cloud", "expected aws, gcp or none, not " + name);
           cloud = known->second;
         },
         "whose limit for user-data counts: aws (16 KiB), gcp (256 KiB) or none (default none)")
      ->type_name("CLOUD");
}

void AddFormatOption(CLI::App& app, bool& script) {
  app.add_option_function<std::string>(
         "--format",
         [&script](const std::string& name) {
           if (name != "cloud-config" && name != "script")
             throw CLI::ValidationError("--format", "expected cloud-config or script, not " + name);
           script = name == "script";
         },
         "cloud-config, or script: the same for machines without cloud-init, such as those of Google's "
         "Debian "
         "images (default cloud-config)")
      ->type_name("FORMAT");
}

}  // namespace

Command AddCloudInit(CLI::App& root) {
  CLI::App* app = root.add_subcommand(
      "cloud-init",
      "Prints the user-data by which cloud-init makes a new VM the host that a document describes");
  auto flags = std::make_shared<Flags>();
  AddFileOption(*app, flags->path);
  AddHostOptions(*app, flags->host);
  app->add_option("--package", flags->options.package,
                  "spacelet's .deb: a URL (it may end in #sha256=HEX), or an absolute path on the new VM "
                  "(default: the image or its apt sources have it)")
      ->type_name("URL|PATH");
  app->add_option("--package-sha256", flags->options.package_sha256, "what the .deb must be")
      ->type_name("HEX");
  app->add_option("--pool", flags->options.pool,
                  "the pool.yaml to bring along to where the document names it (default: that very file, if "
                  "it is here)")
      ->type_name("FILE");
  AddCloudOption(*app, flags->options.cloud);
  AddFormatOption(*app, flags->options.script);
  app->footer(
      "Overlays are merged into it, which needs --host-name; ${host.…} is filled in on the VM.\n"
      "No secret is ever in it; stderr says what the VM needs besides.\n"
      "Exit code: 0 made, 1 not made (a secret in the document or pool, too large), 78 the document is not "
      "valid.\n\n"
      "Examples:\n"
      "  spacelet cloud-init -f host.yaml --pool pool.yaml --cloud gcp \\\n"
      "      --package https://example.org/spacelet.deb#sha256=… > user-data.yaml\n"
      "  spacelet cloud-init -f host.yaml --package /mnt/payload/spacelet.deb > user-data.yaml");
  return {app, [flags] { return Run(*flags); }};
}

}  // namespace spacelet::cmd
