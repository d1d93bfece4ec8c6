#include "cmd/spacelet/usage.h"

#include <iostream>
#include <optional>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cmd/spacelet/output.h"
#include "pkg/app/options.h"
#include "pkg/base/text.h"

namespace spacelet::cmd {
namespace {

const CLI::App& Chosen(const CLI::App& root) {
  const std::vector<CLI::App*> chosen = root.get_subcommands();
  return chosen.empty() ? root : *chosen.front();
}

std::string FullName(const CLI::App& app) {
  return app.get_parent() == nullptr ? app.get_name() : FullName(*app.get_parent()) + " " + app.get_name();
}

std::string HelpOf(const CLI::App& app) {
  const std::string before = app.get_parent() == nullptr ? "" : FullName(*app.get_parent());
  return absl::StrCat(absl::StripTrailingAsciiWhitespace(app.help(before)), "\n");
}

int UsageError(const CLI::App& app, const std::string& message) {
  Complain(absl::StrCat(message, "\nRun \"", FullName(app), " --help\" for usage."));
  return app::kUsage;
}

std::string DidYouMean(const std::string& word, const std::vector<std::string>& candidates) {
  const std::optional<std::string> nearest = base::Nearest(word, candidates);
  return nearest.has_value() ? absl::StrCat(" (did you mean ", *nearest, "?)") : "";
}

std::vector<std::string> CommandNames(const CLI::App& root) {
  std::vector<std::string> names;
  for (const CLI::App* command : VisibleCommands(root)) names.push_back(command->get_name());
  return names;
}

std::string AboutWord(const CLI::App& app, const std::string& word) {
  const std::string shown = base::OneLine(word, 80);
  const std::string flag = word.substr(0, word.find('='));
  if (absl::StartsWith(word, "-"))
    return absl::StrCat("unknown flag ", shown, DidYouMean(flag, FlagsOf(app)));
  if (app.get_parent() == nullptr)
    return absl::StrCat("unknown command ", shown, DidYouMean(word, CommandNames(app)));
  return absl::StrCat("unexpected argument ", shown);
}

int Explain(const CLI::App& root, const CLI::ParseError& error) {
  const CLI::App& app = Chosen(root);
  const std::vector<std::string> unknown = app.remaining();
  if (!unknown.empty()) return UsageError(app, AboutWord(app, unknown.front()));
  return UsageError(app, error.what());
}

int RunChosen(const CLI::App& root, const std::vector<Command>& commands) {
  const CLI::App& app = Chosen(root);
  const std::vector<std::string> unknown = app.remaining();
  if (!unknown.empty()) return UsageError(app, AboutWord(app, unknown.front()));
  for (const Command& command : commands)
    if (command.app == &app) return command.run();
  std::cerr << HelpOf(root);
  return app::kUsage;
}

void AllowUnknownWords(CLI::App& root) {
  // They are collected and answered with a suggestion; CLI11 itself would only say that it did not expect
  // them.
  root.allow_extras();
  for (CLI::App* command : root.get_subcommands([](CLI::App*) { return true; })) command->allow_extras();
}

}  // namespace

std::vector<const CLI::App*> VisibleCommands(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App* command) { return !command->get_group().empty(); });
}

std::vector<std::string> FlagsOf(const CLI::App& app) {
  std::vector<std::string> flags;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
    for (const std::string& name : option->get_snames()) flags.push_back("-" + name);
  }
  return flags;
}

int ParseAndRun(CLI::App& root, const std::vector<Command>& commands, int argc, const char* const* argv) {
  root.require_subcommand(0, 1);
  AllowUnknownWords(root);
  try {
    root.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    std::cout << HelpOf(Chosen(root));
    return app::kGood;
  } catch (const CLI::ParseError& error) {
    return Explain(root, error);
  }
  return RunChosen(root, commands);
}

}  // namespace spacelet::cmd
