#include "pkg/desired/order.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

namespace spacelet::desired {

std::vector<Container> InStartOrder(std::vector<Container> containers) {
  std::set<std::string> unplaced;
  for (const Container& c : containers) unplaced.insert(c.name);
  const auto startable = [&](const Container& c) {
    return std::none_of(c.depends_on.begin(), c.depends_on.end(),
                        [&](const std::string& name) { return name != c.name && unplaced.count(name) > 0; });
  };
  std::vector<Container> ordered;
  while (!containers.empty()) {
    auto next = std::find_if(containers.begin(), containers.end(), startable);
    if (next == containers.end()) next = containers.begin();
    unplaced.erase(next->name);
    ordered.push_back(std::move(*next));
    containers.erase(next);
  }
  return ordered;
}

}  // namespace spacelet::desired
