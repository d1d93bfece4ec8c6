// A flag whose value is one of a few words.
#pragma once

#include <CLI/CLI.hpp>
#include <map>
#include <string>
#include <utility>

namespace spacelet::cmd {

// Adds an option whose value is one of `names`.
template <typename T>
void AddChoice(CLI::App& app, const std::string& name, T& value, std::map<std::string, T> names,
               const std::string& description) {
  std::string choices;
  for (const auto& [word, unused] : names) choices += (choices.empty() ? "" : ", ") + word;
  app.add_option_function<std::string>(
         name,
         [&value, names = std::move(names), choices, name](const std::string& word) {
           const auto known = names.find(word);
           if (known == names.end())
             throw CLI::ValidationError(name, "expected one of " + choices + ", not " + word);
           value = known->second;
         },
         description)
      ->type_name("NAME");
}

}  // namespace spacelet::cmd
