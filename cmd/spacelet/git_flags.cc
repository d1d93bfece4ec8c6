#include "cmd/spacelet/git_flags.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "cmd/spacelet/choice.h"
#include "cmd/spacelet/output.h"
#include "pkg/api/quantity.h"

namespace spacelet::cmd {
namespace {

constexpr int64_t kLeastSize = 1 << 20;

void AddFile(CLI::App& app, const std::string& name, std::string& value, const std::string& description) {
  app.add_option(name, value, description)->type_name("FILE");
}

void AddSize(CLI::App& app, const std::string& name, int64_t& value, const std::string& description) {
  app.add_option_function<std::string>(
         name,
         [&value, name](const std::string& text) {
           const absl::StatusOr<int64_t> bytes = api::ParseBytes(text);
           if (!bytes.ok()) throw CLI::ValidationError(name, std::string(bytes.status().message()));
           if (*bytes < kLeastSize)
             throw CLI::ValidationError(name, "at least " + api::PrintBytes(kLeastSize));
           value = *bytes;
         },
         absl::StrCat(description, " (default ", api::PrintBytes(value), ")"))
      ->type_name("SIZE");
}

// All flags of the group share a prefix; a file needs none of them.
void NoteGiven(CLI::App& app, std::string& given) {
  app.parse_complete_callback([&app, &given] {
    for (const CLI::Option* option : app.get_options())
      if (option->get_name().rfind("--git-", 0) == 0 && option->count() > 0 && given.empty())
        given = option->get_name();
  });
}

}  // namespace

void AddGitOptions(CLI::App& app, app::GitFlags& flags) {
  AddDurationOption(app, "--git-interval", flags.interval, absl::Seconds(1), "Git is asked this often");
  AddFile(app, "--git-token-file", flags.access.token_file,
          "git+https: the token, one line; read anew each time that Git is asked");
  app.add_option("--git-username", flags.access.username,
                 absl::StrCat("git+https: the name that goes with the token (default ", git::kTokenUser, ")"))
      ->type_name("NAME");
  AddFile(app, "--git-ca-file", flags.access.ca_file, "git+https: CAs to believe instead of the system's");
  AddFile(app, "--git-ssh-key", flags.access.ssh_key,
          "git+ssh: the private half of a deploy key, without passphrase");
  AddFile(app, "--git-known-hosts", flags.access.known_hosts,
          "git+ssh: the only host keys that are believed");
  AddFile(app, "--git-allowed-signers", flags.access.allowed_signers,
          "a commit is taken only when it, or the annotated tag that ref names, is signed by one of these "
          "(ssh-keygen's ALLOWED SIGNERS)");
  AddChoice<source::Rewritten>(
      app, "--git-rewritten", flags.rewritten,
      {{"hold", source::Rewritten::kHold}, {"follow", source::Rewritten::kFollow}},
      "a commit that does not descend from the one in force: hold it back until SIGHUP, "
      "or follow (default hold)");
  AddDurationOption(app, "--git-timeout", flags.timeout, absl::Seconds(1), "one run of git ends within");
  AddSize(app, "--git-max-size", flags.max_bytes, "the most that the repository may take on this disk");
  NoteGiven(app, flags.given);
}

}  // namespace spacelet::cmd
