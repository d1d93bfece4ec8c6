// spacelet: keeps the containers of a Harness self-hosted Gitspaces host as a document says.
#include <vector>

#include "cmd/spacelet/command.h"
#include "cmd/spacelet/usage.h"
#include "pkg/base/locale_caches.h"
#include "pkg/base/memory_exhausted.h"

int main(int argc, char** argv) {
  using namespace spacelet::cmd;
  spacelet::base::EndWhenMemoryIsExhausted();
  spacelet::base::FillLocaleCaches();
  CLI::App root(
      "Keeps the containers of a Gitspaces host (network, VM runner, delegate and others) as a document "
      "says.",
      "spacelet");
  const std::vector<Command> commands = {
      AddAgent(root),  AddValidate(root), AddPlan(root),       AddRender(root), AddExplain(root),
      AddApply(root),  AddStatus(root),   AddEvents(root),     AddDown(root),   AddImport(root),
      AddDoctor(root), AddInit(root),     AddCloudInit(root),  AddSecret(root), AddSupportBundle(root),
      AddSchema(root), AddVersion(root),  AddCompletion(root), AddMan(root),
  };
  root.footer(
      "Run \"spacelet COMMAND --help\" for the flags and exit codes of a command.\n\n"
      "Examples:\n"
      "  spacelet validate -f host.yaml\n"
      "  sudo spacelet plan -f host.yaml\n"
      "  sudo spacelet agent --config /etc/spacelet/host.yaml");
  return ParseAndRun(root, commands, argc, argv);
}
