// The manual pages, from what else says it: the command tree with its help, and the grammar of the document.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <map>
#include <string>

namespace spacelet::cmd {

// File name ("spacelet-plan.1") -> its text. The pages are dated SOURCE_DATE_EPOCH, or today.
using ManPages = std::map<std::string, std::function<std::string()>>;
// `root`: the whole tree, which has to outlive the answer.
ManPages AllManPages(const CLI::App& root);

}  // namespace spacelet::cmd
