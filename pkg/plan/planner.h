// Builds the plan of one workload. Private to this package: container.cc says who is who and what has to
// happen, replace.cc makes the successor, proves it or goes back, wait.cc says what it waits for,
// state_file.cc keeps a runner's database, repair.cc mends what stays.
#pragma once

#include <string>
#include <vector>

#include "pkg/api/rollout.h"
#include "pkg/plan/container.h"
#include "pkg/plan/image.h"
#include "pkg/plan/ownership.h"
#include "pkg/plan/rollout.h"

namespace spacelet::plan {

inline constexpr char kSuccessorFailed[] = "its successor failed";

class Planner {
 public:
  Planner(const desired::Host& host, const desired::Container& want, const ObservedState& now);
  Plan Run();

 private:
  // --- container.cc: what stands in the way, who is who, what has to happen
  void NoteObstacles();
  void NoteForeign();
  void NoteMissingSecrets();
  bool NameIsTaken() const;
  bool IsTheirs(const docker::Container* c) const;
  bool CpusExceedHost() const;
  void PutDeadAside();
  void KeepOneOfStrays();
  void Name(const docker::Container& current, std::string cause, bool waits = false);
  bool IsWanted(const docker::Container* c) const;
  const docker::Container* FirstWanted() const;
  void Decide();
  void KeepCurrent();
  void KeepTheOld();
  void Restore();

  // --- replace.cc: the successor is made, swapped in, proved, or given up
  void MakeWanted();
  void CreateFirst();
  void Replace();
  void FetchAhead();
  void Revive(const docker::Container& old);
  void CreateBeside();
  void ContinueWithNext();
  void ProveBeside();
  void Swap();
  void Retire(const docker::Container* old, bool waits);
  void RemoveOld(const docker::Container& old, const std::string& cause, bool waits = false);
  void ProveCurrent();
  void SettleAlone();
  void GoBack(const std::string& why);
  void NoteGivenUp();
  bool StartsFirst() const;
  bool Vanishing(const docker::Container& c);
  void Prepare(const std::string& cause);
  void Create(const std::string& name, const std::string& cause, std::vector<Change> changes, bool waits);

  // --- wait.cc: what it waits for
  bool DisturbsNobody(const docker::Container& old) const;
  bool WaitsForTurn();
  bool WaitsForPair();
  bool WaitsForDrain(const docker::Container& old);
  void WaitForProof(const Proof& proof);
  void LookAgain(absl::Duration time);

  // --- state_file.cc: a runner's database follows it, and is put back with it
  void SaveState(const docker::Container& old, bool waits);
  bool StateComesBack(const docker::Container& restored) const;
  void PutStateBack(const docker::Container& restored);
  std::string AsidePath() const;
  std::string StateNote() const;

  // --- repair.cc: what stays is mended
  void Repair(const docker::Container& c, const std::string& why_down = "");
  void RepairCurrent();
  void RepairRestored(const docker::Container& c, const std::string& why_down = "");
  void StartAgain(const docker::Container& theirs);
  void RepairAttachment(const docker::Container& c);
  void RepairLiveFields(const docker::Container& c);
  // `why_down`: why it does not run, where its exit code was our own doing.
  void RepairState(const docker::Container& c, const std::string& why_down = "");
  void RestartUnalive(const docker::Container& c);
  void CopyFilesTo(const std::string& container, bool waits = false);
  void Stop(const docker::Container& c, const std::string& cause, bool waits = false);
  void Drop(const docker::Container& c, const std::string& cause, bool waits = false);
  bool NetworkIsMissing() const;
  bool WaitsForNetwork();
  bool WaitsForDependency();

  void Add(Operation operation, std::string cause, std::vector<Change> changes = {}, bool waits = false);
  void Withhold(const char* reason, std::string message);
  void Take(ImagePlan image);

  const desired::Host& host_;
  const desired::Container& want_;
  const ObservedState& now_;
  Parts parts_;
  const std::string object_;
  const docker::Network* network_;
  const api::FailedAttempt* quarantine_;  // what is wanted has failed before; null: it has not
  api::RolloutHistory history_;
  bool withheld_ = false;  // something stands in the way of anything new
  bool held_ = false;      // every further step waits
  bool named_ = false;     // Name was here: Docker refuses to rename what has that name
  bool repaired_ = false;  // RepairCurrent was here
  bool fetched_ = false;   // FetchAhead was, and there was something to fetch
  Plan plan_;
};

}  // namespace spacelet::plan
