// Hidden from help and completion: the packages are made with it.
#include <iostream>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "cmd/spacelet/command.h"
#include "cmd/spacelet/man_pages.h"
#include "cmd/spacelet/output.h"
#include "pkg/app/options.h"

namespace spacelet::cmd {
namespace {

int Run(const CLI::App& root, const std::string& page) {
  const ManPages pages = AllManPages(root);
  if (page.empty()) {
    for (const auto& [name, text] : pages) std::cout << name << "\n";
    return app::kGood;
  }
  const auto known = pages.find(page);
  if (known == pages.end()) {
    Complain(absl::StrCat("no manual page ", page, R"(: "spacelet man" lists them)"));
    return app::kUsage;
  }
  std::cout << known->second();
  return app::kGood;
}

}  // namespace

Command AddMan(CLI::App& root) {
  CLI::App* app = root.add_subcommand("man", "Prints a manual page, or the names of all")->group("");
  auto page = std::make_shared<std::string>();
  app->add_option("PAGE", *page, "spacelet.1 and so on");
  return {app, [&root, page] { return Run(root, *page); }};
}

}  // namespace spacelet::cmd
