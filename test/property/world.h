// A host in memory: the fake daemon, and the real observer, planner and executor in a loop.
#pragma once

#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "pkg/controller/networks.h"
#include "pkg/desired/desired.h"
#include "pkg/execute/execute.h"
#include "pkg/observe/observe.h"
#include "pkg/plan/plan.h"
#include "pkg/secret/secret.h"
#include "test/testing/fake_clock.h"
#include "test/testing/fake_docker.h"
#include "test/testing/no_effects.h"

namespace spacelet::testing {

class World {
 public:
  FakeDocker docker;

  // What the controller does for every key: observe, plan, execute. Returns the plan that was begun; an
  // observation that fails is an empty look (the agent backs off).
  plan::Plan Reconcile(const desired::Host& host);

  // Reconciles until nothing is left to do; false when it is not after `rounds`.
  bool Converge(const desired::Host& host, int rounds = 12);

  // The same for a document some of which is bad.
  bool Settle(const desired::Host& host, int rounds = 20);

  // Spec hashes of what never becomes ready.
  std::set<std::string> bad;
  // These survive the agent's deaths.
  std::map<std::string, api::RolloutHistory> histories;
  controller::Records records{nullptr, log::Logger()};
  controller::Networks networks{records};

  // One line a container or network, without ids: what two runs must agree on.
  std::string EndState();

  std::string last_plan;  // for messages

 private:
  void Probe(const docker::Container& c, plan::Facts& facts) const;

  FakeClock clock_;
  secret::Redactor redactor_;
  secret::Store secrets_{clock_, redactor_};
  observe::Observer observer_{docker, secrets_, clock_};
  NoFiles files_;
  NoListener listener_;
  execute::Executor executor_{docker, files_, secrets_, clock_, listener_};
};

// A host of one to three workloads; `revision` changes images, environments, limits and the network.
desired::Host RandomHost(std::mt19937& random, int revision);

// Somebody's hands: stops, removes, renames, pauses, detaches, updates, moves tags.
void Meddle(std::mt19937& random, const desired::Host& host, FakeDocker& docker);

}  // namespace spacelet::testing
