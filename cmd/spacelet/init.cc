#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "cmd/spacelet/command.h"
#include "cmd/spacelet/output.h"
#include "cmd/spacelet/starter_documents.h"
#include "pkg/app/options.h"

namespace spacelet::cmd {
namespace {

// The example begins with a line for editors, whose path is of use in the repository only, and an empty one.
absl::string_view WithoutModeline(absl::string_view document) {
  for (int i = 0; i < 2 && absl::StartsWith(document, "#"); ++i)
    document.remove_prefix(document.find('\n') + 1);
  return document;
}

std::string LinesToEdit(absl::string_view document) {
  std::vector<int> marked;
  int number = 0;
  for (const absl::string_view line : absl::StrSplit(document, '\n')) {
    ++number;
    if (absl::StrContains(line, "# EDIT")) marked.push_back(number);
  }
  return absl::StrJoin(marked, ", ");
}

int Run(const std::string& cloud) {
  const absl::string_view document = WithoutModeline(cloud == "gcp" ? kStarterGcp : kStarterAws);
  std::cout << std::string(document);
  Complain(
      absl::StrCat("edit what is marked \"# EDIT\" (lines ", LinesToEdit(document),
                   ") and remove the marks; then: spacelet validate -f FILE, sudo spacelet doctor -f FILE"));
  return app::kGood;
}

}  // namespace

Command AddInit(CLI::App& root) {
  CLI::App* app =
      root.add_subcommand("init", "Prints a starter document with comments; asks nothing, writes nothing");
  auto cloud = std::make_shared<std::string>();
  app->add_option("CLOUD", *cloud, "gcp or aws")->required()->check([](const std::string& name) {
    return name == "gcp" || name == "aws" ? std::string() : "expected gcp or aws, not " + name;
  });
  app->footer(
      "The document is valid as it is, with made-up values where yours belong: those lines are marked \"# "
      "EDIT\",\n"
      "and `spacelet doctor` warns while there are marks.\n\n"
      "Examples:\n"
      "  spacelet init gcp > host.yaml\n"
      "  spacelet init aws | sudo tee /etc/spacelet/host.yaml");
  return {app, [cloud] { return Run(*cloud); }};
}

}  // namespace spacelet::cmd
