// Completion scripts generated from the command tree, so that they cannot fall behind it.
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "cmd/spacelet/command.h"
#include "cmd/spacelet/output.h"
#include "cmd/spacelet/usage.h"
#include "pkg/app/options.h"

namespace spacelet::cmd {
namespace {

std::string NamesOf(CLI::App& root) {
  return absl::StrJoin(VisibleCommands(root), " ",
                       [](std::string* out, const CLI::App* app) { *out += app->get_name(); });
}

std::string Bash(CLI::App& root) {
  std::string cases;
  for (const CLI::App* command : VisibleCommands(root))
    absl::StrAppend(&cases, "    ", command->get_name(), ") words=\"", absl::StrJoin(FlagsOf(*command), " "),
                    "\" ;;\n");
  return absl::StrCat(
      "# bash completion for spacelet: source <(spacelet completion bash)\n"
      "_spacelet() {\n"
      "  local current=\"${COMP_WORDS[COMP_CWORD]}\" words=\"\"\n"
      "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
      "    COMPREPLY=($(compgen -W \"",
      NamesOf(root),
      " --help\" -- \"$current\"))\n"
      "    return\n"
      "  fi\n"
      "  case \"${COMP_WORDS[COMP_CWORD-1]}\" in\n"
      "    -o | --output) words=\"text json yaml\" ;;\n"
      "    --log-format) words=\"logfmt json\" ;;\n"
      "    --log-level) words=\"debug info warning error\" ;;\n"
      "    completion) words=\"bash zsh fish\" ;;\n"
      "    secret) words=\"gcp aws\" ;;\n"
      "    -f | --filename | --config | --docker-config | --state-dir | --lock-file)\n"
      "      COMPREPLY=($(compgen -f -- \"$current\")); return ;;\n"
      "  esac\n"
      "  [ -n \"$words\" ] || case \"${COMP_WORDS[1]}\" in\n",
      cases,
      "  esac\n"
      "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
      "}\n"
      "complete -o filenames -F _spacelet spacelet\n");
}

// Inside single quotes of zsh and fish.
std::string Quoted(const std::string& text) { return "'" + absl::StrReplaceAll(text, {{"'", "’"}}) + "'"; }

std::string Zsh(CLI::App& root) {
  std::string commands, cases;
  for (const CLI::App* command : VisibleCommands(root)) {
    absl::StrAppend(&commands, "    ",
                    Quoted(absl::StrCat(command->get_name(), ":",
                                        absl::StrReplaceAll(command->get_description(), {{":", "\\:"}}))),
                    "\n");
    absl::StrAppend(&cases, "    ", command->get_name(), ") compadd -- ",
                    absl::StrJoin(FlagsOf(*command), " "), " ;;\n");
  }
  return absl::StrCat(
      "#compdef spacelet\n"
      "# zsh completion for spacelet: spacelet completion zsh > \"${fpath[1]}/_spacelet\"\n"
      "_spacelet() {\n"
      "  local -a commands=(\n",
      commands,
      "  )\n"
      "  if (( CURRENT == 2 )); then _describe command commands; return; fi\n"
      "  case $words[CURRENT-1] in\n"
      "    -o|--output) compadd text json yaml; return ;;\n"
      "    --log-format) compadd logfmt json; return ;;\n"
      "    --log-level) compadd debug info warning error; return ;;\n"
      "    completion) compadd bash zsh fish; return ;;\n"
      "    secret) compadd gcp aws; return ;;\n"
      "    -f|--filename|--config|--docker-config|--state-dir|--lock-file) _files; return ;;\n"
      "  esac\n"
      "  case $words[2] in\n",
      cases,
      "  esac\n"
      "}\n"
      "compdef _spacelet spacelet\n");
}

std::string FishFlag(const CLI::App& command, const CLI::Option& option) {
  std::string line =
      absl::StrCat("complete -c spacelet -n '__fish_seen_subcommand_from ", command.get_name(), "'");
  for (const std::string& name : option.get_snames()) absl::StrAppend(&line, " -s ", name);
  for (const std::string& name : option.get_lnames()) absl::StrAppend(&line, " -l ", name);
  if (option.get_items_expected_max() > 0) line += " -r";
  return absl::StrCat(line, " -d ", Quoted(option.get_description()), "\n");
}

std::string Fish(CLI::App& root) {
  std::string script = "# fish completion for spacelet: spacelet completion fish | source\n";
  for (const CLI::App* command : VisibleCommands(root)) {
    absl::StrAppend(&script, "complete -c spacelet -f -n __fish_use_subcommand -a ", command->get_name(),
                    " -d ", Quoted(command->get_description()), "\n");
    for (const CLI::Option* option : command->get_options())
      if (!option->get_lnames().empty() || !option->get_snames().empty())
        script += FishFlag(*command, *option);
  }
  return script +
         "complete -c spacelet -n '__fish_seen_subcommand_from secret' -a 'gcp aws'\n"
         "complete -c spacelet -n '__fish_seen_subcommand_from completion' -a 'bash zsh fish'\n";
}

int Run(CLI::App& root, const std::string& shell) {
  if (shell == "bash") std::cout << Bash(root);
  if (shell == "zsh") std::cout << Zsh(root);
  if (shell == "fish") std::cout << Fish(root);
  if (shell == "bash" || shell == "zsh" || shell == "fish") return app::kGood;
  Complain("no completion for that shell: there is bash, zsh and fish");
  return app::kUsage;
}

}  // namespace

Command AddCompletion(CLI::App& root) {
  CLI::App* app = root.add_subcommand("completion", "Prints a completion script for bash, zsh or fish");
  auto shell = std::make_shared<std::string>();
  app->add_option("SHELL", *shell, "bash, zsh or fish")->required();
  app->footer(
      "Examples:\n"
      "  source <(spacelet completion bash)\n"
      "  spacelet completion fish > ~/.config/fish/completions/spacelet.fish");
  return {app, [&root, shell] { return Run(root, *shell); }};
}

}  // namespace spacelet::cmd
