// "Given a converged host, when this changes, the plan is that": the table form of the plan tests.
#pragma once

#include <functional>
#include <ostream>
#include <string>

#include "pkg/plan/plan.h"
#include "test/testing/scenario.h"

namespace spacelet::testing {

struct PlanCase {
  std::string name;  // a sentence
  std::function<void(desired::Host& host, plan::ObservedState& now)> mutate;
  std::string text;  // of the whole plan
};

inline std::ostream& operator<<(std::ostream& out, const PlanCase& c) { return out << c.name; }

inline std::string CaseName(const ::testing::TestParamInfo<PlanCase>& info) { return info.param.name; }

inline docker::Container& Find(plan::ObservedState& now, const std::string& name) {
  for (docker::Container& c : now.containers)
    if (c.name == name) return c;
  throw std::out_of_range(name);
}

inline void Erase(plan::ObservedState& now, const std::string& name) {
  std::erase_if(now.containers, [&](const docker::Container& c) { return c.name == name; });
  for (docker::Network& n : now.networks)
    std::erase_if(n.members, [&](const docker::NetworkMember& m) { return m.container_name == name; });
}

// Adds the container as it would be with another name and spec.
inline docker::Container& AddPart(plan::ObservedState& now, const desired::Container& want,
                                  const std::string& name, const std::string& hash,
                                  docker::ContainerStatus status) {
  docker::Container c = Running(want);
  c.id = FakeId(name.substr(name.rfind('.') + 1));  // "previous": told apart in texts, which show 12 digits
  c.name = name;
  c.labels[api::kLabelSpecHash] = hash;
  c.status = status;
  c.started_ever = status != docker::ContainerStatus::kCreated;
  now.containers.push_back(c);
  return now.containers.back();
}

}  // namespace spacelet::testing
