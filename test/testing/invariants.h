// What holds for every workload after every call, however an agent dies (SPEC 10, I1 and I2): at most one of
// its containers runs, and once a good one ran there is always a good one that runs or can be started. The
// containers <name>, <name>.next and <name>.previous are one workload.
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
  // `after`: the call that led here, for the text of a violation.
  void Check(const FakeEngine& engine, const std::string& after);
  std::vector<std::string> violations();

 private:
  base::Mutex mu_;
  std::map<std::string, int> allowed_ ABSL_GUARDED_BY(mu_);
  std::set<std::string> ran_ ABSL_GUARDED_BY(mu_);  // workloads of which a good container ran
  std::vector<std::string> violations_ ABSL_GUARDED_BY(mu_);
};

}  // namespace spacelet::testing
