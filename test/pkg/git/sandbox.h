// A real repository in a temporary directory, made with the git of this machine.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "pkg/base/subprocess.h"
#include "pkg/git/program.h"

namespace spacelet::git {

class Sandbox {
 public:
  Sandbox() {
    std::string pattern = "/tmp/git_test.XXXXXX";
    root_ = ::mkdtemp(pattern.data());
    Git({"init", "--quiet", "--initial-branch=main", work()});
    for (const char* setting : {"user.name=T", "user.email=t@example.com", "commit.gpgsign=false",
                                "gpg.format=ssh", "core.fsync=none"}) {
      const std::string text = setting;
      Git({"-C", work(), "config", text.substr(0, text.find('=')), text.substr(text.find('=') + 1)});
    }
  }
  ~Sandbox() { std::filesystem::remove_all(root_); }
  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;

  const std::string& root() const { return root_; }
  std::string work() const { return root_ + "/hosts"; }

  // What they print, without blanks around it. Each must end well; a script runs in root().
  std::string Git(std::vector<std::string> words) const {
    words.insert(words.begin(), "git");
    return Run(words);
  }
  std::string Shell(const std::string& script) const {
    return Run({"sh", "-ec", "cd \"$0\"; " + script, root_});
  }
  std::string InWork(std::vector<std::string> words) const {
    words.insert(words.begin(), {"-C", work()});
    return Git(std::move(words));
  }

  void Write(const std::string& path, const std::string& text) const {
    const std::filesystem::path whole = work() + "/" + path;
    std::filesystem::create_directories(whole.parent_path());
    std::ofstream(whole, std::ios::binary) << text;
  }
  // Commits everything that is in the working tree; returns the id.
  std::string Commit(const std::vector<std::string>& options = {}) const {
    InWork({"add", "--all"});
    std::vector<std::string> words = {"commit", "--quiet", "--allow-empty", "-m", "change"};
    words.insert(words.end(), options.begin(), options.end());
    InWork(words);
    return InWork({"rev-parse", "HEAD"});
  }
  std::string CommitFile(const std::string& path, const std::string& text) const {
    Write(path, text);
    return Commit();
  }

  Options OptionsFor(const std::string& query = "", const std::string& path = "host.yaml") const {
    Options options;
    options.location = *ParseLocation(absl::StrCat("git+file://", work(), "//", path, query));
    options.directory = root_ + "/state/git";
    return options;
  }

 private:
  static std::string Run(const std::vector<std::string>& words) {
    base::ProgramLimits limits;
    limits.timeout = absl::Minutes(2);
    const auto end = base::RunProgram(words, "", limits, {});
    EXPECT_TRUE(end.ok() && end->wait_status == 0)
        << words.back() << ": " << (end.ok() ? end->errors : end.status().ToString());
    return end.ok() ? std::string(absl::StripAsciiWhitespace(end->output)) : "";
  }

  std::string root_;
};

}  // namespace spacelet::git
