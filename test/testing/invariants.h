// What holds after every call, however an agent dies and whatever befalls its requests (SPEC 10). Of every
// workload at most one container runs (I1), and once a good one ran there is always a good one that runs or
// can be started (I2). The containers <name>, <name>.next and <name>.previous are one workload. A stranger
// stays as it is (I4).
//
// Thread-safety: thread-safe.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "pkg/base/mutex.h"
#include "test/testing/fake_engine.h"

namespace spacelet::testing {

class Invariants {
 public:
  // So many containers of the workload may run at a time (1 when nothing is said; StartFirst: 2). 0: it is
  // not watched.
  void Allow(const std::string& workload, int running);
  // A hand removed its container: that none is left is nobody's fault until a good one runs again.
  void Forgive(const std::string& container);
  // From now on the container and the network of this name belong to somebody else: they stay, the container
  // with its state and its networks.
  void Guard(const FakeEngine& engine, const std::string& stranger);
  // The daemon's own restart has stopped and started the strangers, too: they are to stay as they are now.
  void GuardAnew(const FakeEngine& engine);
  // `after`: the call that led here, for the text of a violation.
  void Check(const FakeEngine& engine, const std::string& after);
  std::vector<std::string> violations();

 private:
  base::Mutex mu_;
  std::map<std::string, int> allowed_ ABSL_GUARDED_BY(mu_);
  std::set<std::string> ran_ ABSL_GUARDED_BY(mu_);  // workloads of which a good container ran
  std::map<std::string, std::string> strangers_ ABSL_GUARDED_BY(mu_);  // how they are to stay, by name
  std::vector<std::string> violations_ ABSL_GUARDED_BY(mu_);
};

}  // namespace spacelet::testing
