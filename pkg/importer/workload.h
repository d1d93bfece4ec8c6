// One container as a workload of the document. Private to this package.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "pkg/api/types.h"
#include "pkg/docker/recipe.h"

namespace spacelet::importer {

// A comment and the field it stands above, below the workload: "token", "env.PASSWORD". "": above the first
// one.
struct Note {
  std::string field, text;
  bool operator==(const Note&) const = default;
};
using Notes = std::vector<Note>;

// What every workload has. `component` names the files of its secrets; `network` is the document's.
api::Workload WorkloadOf(const docker::Recipe& recipe, const std::string& component,
                         const std::string& network, Notes& notes);

// How to save the variable's value on the host without showing it.
Note SaveSecret(const docker::Recipe& recipe, const std::string& variable, const std::string& field,
                const std::string& path);

// Takes the variable out of `env`: its value, "" when there is none.
std::string Take(std::map<std::string, api::EnvValue>& env, const std::string& variable);

// The profiles: what a runner and a delegate have besides. `runner_url` of the delegate is left out where the
// document's runner gives it the same.
api::Runner RunnerOf(const docker::Recipe& recipe, const std::string& network, Notes& notes);
api::Delegate DelegateOf(const docker::Recipe& recipe, const std::string& network, const api::Runner* runner,
                         Notes& notes);

}  // namespace spacelet::importer
