// One subcommand: its flags on the CLI11 tree and what it does when it was chosen.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <vector>

namespace spacelet::cmd {

struct Command {
  CLI::App* app = nullptr;   // owned by the tree
  std::function<int()> run;  // after the parse; returns the exit code
};

Command AddAgent(CLI::App& root);
Command AddValidate(CLI::App& root);
Command AddPlan(CLI::App& root);
Command AddExplain(CLI::App& root);
Command AddRender(CLI::App& root);
Command AddApply(CLI::App& root);
Command AddStatus(CLI::App& root);
Command AddEvents(CLI::App& root);
Command AddDown(CLI::App& root);
Command AddImport(CLI::App& root);
Command AddDoctor(CLI::App& root);
Command AddInit(CLI::App& root);
Command AddSupportBundle(CLI::App& root);
Command AddSchema(CLI::App& root);
Command AddVersion(CLI::App& root);
Command AddCompletion(CLI::App& root);
Command AddCloudInit(CLI::App& root);
Command AddMan(CLI::App& root);
Command AddSecret(CLI::App& root);

}  // namespace spacelet::cmd
