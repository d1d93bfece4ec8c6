#include "pkg/plan/container.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "absl/strings/str_cat.h"
#include "pkg/api/reasons.h"
#include "pkg/plan/diff.h"
#include "pkg/plan/image.h"
#include "pkg/plan/network.h"
#include "pkg/plan/ownership.h"

namespace spacelet::plan {
namespace {

using docker::ContainerStatus;

// Docker's own default when neither the create nor the image names one (moby container.DefaultStopTimeout).
constexpr absl::Duration kDefaultStopGrace = absl::Seconds(10);

bool IsRunning(const docker::Container& c) {
  return c.status == ContainerStatus::kRunning || c.status == ContainerStatus::kRestarting ||
         c.status == ContainerStatus::kPaused;
}

// SPEC 1, restartPolicy: an end that is meant to be one.
bool IsCompleted(const desired::Container& want, const docker::Container& c) {
  if (c.status != ContainerStatus::kExited || !c.started_ever) return false;
  return want.restart_policy.kind == api::RestartPolicy::Kind::kNo ||
         (want.restart_policy.kind == api::RestartPolicy::Kind::kOnFailure && c.exit_code == 0);
}

// Builds the plan of one workload, top to bottom: who stands in the way, what is there, what has to happen.
class Planner {
 public:
  Planner(const desired::Host& host, const desired::Container& want, const ObservedState& now)
      : host_(host),
        want_(want),
        now_(now),
        parts_(PartsOf(want, now)),
        object_(ContainerKey(want.name)),
        network_(want.network.empty() ? nullptr : NetworkToUse(want.network, now)) {}

  Plan Run() {
    NoteObstacles();
    if (NameIsTaken()) return plan_;
    KeepOneOfStrays();
    const docker::Container* wanted = FirstWanted();
    if (wanted == nullptr) {
      MakeWanted();
    } else if (wanted == parts_.current) {
      KeepCurrent();
    } else if (wanted == parts_.next) {
      withheld_ ? RepairCurrent() : Swap();
    } else {
      Restore();
    }
    return plan_;
  }

 private:
  void Add(Operation operation, std::string cause, std::vector<Change> changes = {}, bool waits = false) {
    plan_.steps.push_back({std::move(operation), object_, std::move(cause), std::move(changes), waits});
  }
  void Withhold(const char* reason, std::string message) {
    withheld_ = true;
    plan_.notices.push_back({object_, reason, std::move(message), true});
  }

  void Take(ImagePlan image) {
    std::move(image.steps.begin(), image.steps.end(), std::back_inserter(plan_.steps));
    std::move(image.waiting.begin(), image.waiting.end(), std::back_inserter(plan_.waiting));
    std::move(image.notices.begin(), image.notices.end(), std::back_inserter(plan_.notices));
  }

  // ---- what stands in the way ----

  // Whatever of this is found, what runs goes on running and is repaired; only nothing new is begun.
  void NoteObstacles() {
    withheld_ = !parts_.foreign.empty();
    for (const docker::Container* c : parts_.foreign)
      plan_.conflicts.push_back(
          {object_,
           absl::StrCat("container ", c->name, " (", c->id.substr(0, 12), ", image ", c->image,
                        ") was not made by spacelet and is left alone: stop and remove it, or rename it "
                        "(docker rename ",
                        c->name, " ", c->name, "-old)")});
    for (const Rival& rival : now_.rivals) {
      if (rival.object != object_) continue;
      withheld_ = withheld_ || rival.blocks;
      plan_.conflicts.push_back({object_, rival.reason});
    }
    for (const desired::Blocked& blocked : host_.blocked)
      if (blocked.container == want_.name) Withhold(blocked.reason.c_str(), blocked.message);
    NoteMissingSecrets();
    if (CpusExceedHost())
      Withhold(api::reason::kCpusExceedHost,
               absl::StrCat("resources.cpus is ", CpusText(want_.config.resources.nano_cpus),
                            ", but this host has ", now_.facts.host_cpus,
                            " CPUs and Docker refuses more: lower it, or use a larger machine"));
  }

  bool NameIsTaken() const {
    return std::any_of(parts_.foreign.begin(), parts_.foreign.end(),
                       [&](const auto* c) { return c->name == want_.name; });
  }

  bool CpusExceedHost() const {
    const auto& cpus = want_.config.resources.nano_cpus;
    return cpus && now_.facts.host_cpus > 0 && *cpus > now_.facts.host_cpus * 1'000'000'000LL;
  }

  void NoteMissingSecrets() {
    auto note = [&](const std::map<std::string, SecretValue>& values, const std::string& key,
                    const std::string& what) {
      auto it = values.find(absl::StrCat(want_.name, "/", key));
      if (it != values.end() && it->second.value) return;
      Withhold(api::reason::kSecretUnavailable,
               absl::StrCat(what, " has no value: ", it == values.end() ? "not read yet" : it->second.error));
    };
    for (const auto& [name, source] : want_.secret_env)
      note(now_.facts.secret_env, name, absl::StrCat("env.", name));
    for (const desired::File& file : want_.files)
      if (file.secret) note(now_.facts.secret_files, file.path, absl::StrCat("files ", file.path));
  }

  // ---- who is who ----

  // Ours under a name that is none of the three: renamed by hand, or the document gave the workload another
  // name.
  void KeepOneOfStrays() {
    auto stray = parts_.strays.begin();
    if (stray != parts_.strays.end() && parts_.current == nullptr) {
      Add(RenameContainer{(*stray)->id, want_.name}, absl::StrCat("named ", (*stray)->name));
      parts_.current = *stray++;
    }
    for (; stray != parts_.strays.end(); ++stray)
      AppendRemoval(**stray, absl::StrCat("a second container of ", want_.component), object_, plan_);
  }

  bool IsWanted(const docker::Container* c) const {
    return c != nullptr && c->status != ContainerStatus::kDead && c->status != ContainerStatus::kRemoving &&
           ReplaceReasons(want_, *c, now_).empty();
  }
  const docker::Container* FirstWanted() const {
    for (const docker::Container* c : {parts_.current, parts_.next, parts_.previous})
      if (IsWanted(c)) return c;
    return nullptr;
  }

  // ---- the wanted one is there ----

  void KeepCurrent() {
    if (parts_.next) Add(RemoveContainer{parts_.next->id, true}, "left over from a replacement");
    if (parts_.previous && IsRunning(*parts_.previous) && !IsRunning(*parts_.current))
      Stop(*parts_.previous, "its successor starts");
    Repair(*parts_.current);
    if (parts_.previous) Add(RemoveContainer{parts_.previous->id, true}, "its successor runs");
    if (!withheld_ && plan_.steps.empty()) Take(KeepImage(want_, now_));
  }

  // The one that was put aside is wanted again (a revert while its successor was not settled).
  void Restore() {
    if (parts_.next) Add(RemoveContainer{parts_.next->id, true}, "no longer wanted");
    if (parts_.current) {
      Stop(*parts_.current, "its predecessor is wanted again");
      Add(RemoveContainer{parts_.current->id, true}, "its predecessor is wanted again");
    }
    Add(RenameContainer{parts_.previous->id, want_.name},
        parts_.current ? "wanted again" : "its replacement was interrupted");
    Repair(*parts_.previous);
  }

  // ---- the wanted one has to be made ----

  void MakeWanted() {
    if (!parts_.current &&
        parts_.previous) {  // killed between the two renames, and the successor is not wanted any more
      Add(RenameContainer{parts_.previous->id, want_.name}, "its replacement was interrupted");
      parts_.current = std::exchange(parts_.previous, nullptr);
    }
    if (parts_.current && Vanishing(*parts_.current)) return;
    const ImagePlan image = PrepareImage(want_, now_, "");
    withheld_ = withheld_ || image.blocked();
    if (withheld_ || !image.waiting.empty()) RepairCurrent();
    if (withheld_) Take({.steps = {}, .waiting = {}, .notices = image.notices});
    if (withheld_) return;
    if (parts_.next) Add(RemoveContainer{parts_.next->id, true}, "no longer wanted");
    parts_.next = nullptr;
    parts_.current ? Swap() : CreateFirst();
  }

  void RepairCurrent() {
    if (parts_.current) Repair(*parts_.current);
  }

  // A removal that Docker has begun holds the name; it is waited for, never raced.
  bool Vanishing(const docker::Container& c) {
    if (c.status != ContainerStatus::kRemoving) return false;
    plan_.waiting.push_back(
        {object_, absl::StrCat("the removal of ", c.id.substr(0, 12)), "done", api::reason::kReconciling});
    return true;
  }

  void CreateFirst() {
    Prepare("not found");
    const bool dependency = WaitsForDependency(), network = WaitsForNetwork();
    const bool waits = dependency || network;
    Create(want_.name, "not found", {}, waits);
    Add(StartContainer{want_.name}, "created", {}, waits);
  }

  // create .next → stop → rename → rename → start → remove. `next` may be there already, and whatever fails
  // before the stop leaves the old one running.
  void Swap() {
    const docker::Container* old = parts_.current;
    const bool waits = WaitsForNetwork();
    const std::string next = parts_.next ? parts_.next->id : NextName(want_.name);
    if (!parts_.next) {
      const std::string cause = old->status == ContainerStatus::kDead ? "dead" : "spec changed";
      Prepare(cause);
      Create(NextName(want_.name), cause, ReplaceReasons(want_, *old, now_), waits);
    } else {
      CopyFilesTo(next, waits);
    }
    const docker::Container* retired = parts_.previous;
    if (old) {
      Stop(*old, "replaced", waits);
      // An unproved successor of `previous` is dropped; the proved one stays to fall back on.
      if (retired || old->status == ContainerStatus::kDead) {
        Add(RemoveContainer{old->id, true}, retired ? "replaced before it had settled" : "dead", {}, waits);
      } else {
        Add(RenameContainer{old->id, PreviousName(want_.name)}, "replaced", {}, waits);
        retired = old;
      }
    } else if (retired) {
      Stop(*retired, "replaced", waits);
    }
    Add(RenameContainer{next, want_.name}, old ? "replaces the old one" : "its replacement was interrupted",
        {}, waits);
    Add(StartContainer{want_.name}, "created", {}, waits);
    if (retired) Add(RemoveContainer{retired->id, true}, "its successor runs", {}, waits);
  }

  // ---- pieces ----

  void Prepare(const std::string& cause) {
    for (const desired::Directory& d : want_.directories)
      if (!now_.facts.directories_present.contains(d.path))
        Add(CreateDirectory{d.path, d.mode, d.owner}, "not found");
    if (want_.pool && !now_.facts.pool_files_present.contains(want_.pool->host_path))
      Add(WritePoolFile{*want_.pool}, "not found");
    Take(PrepareImage(want_, now_, cause));
  }

  void Create(const std::string& name, const std::string& cause, std::vector<Change> changes, bool waits) {
    docker::CreateContainerRequest request{name, want_.platform, want_.config};
    for (const auto& [variable, source] : want_.secret_env)
      request.config.env[variable] = {
          now_.facts.secret_env.at(absl::StrCat(want_.name, "/", variable)).value.value_or(""), true};
    Add(CreateContainer{std::move(request)}, cause, std::move(changes), waits);
    CopyFilesTo(name, waits);
  }

  void CopyFilesTo(const std::string& container, bool waits = false) {
    if (want_.files.empty()) return;
    std::vector<docker::FileToCopy> files;
    for (const desired::File& f : want_.files) {
      const bool secret = f.secret.has_value();
      auto value = now_.facts.secret_files.find(absl::StrCat(want_.name, "/", f.path));
      if (secret && (value == now_.facts.secret_files.end() || !value->second.value))
        return;  // noted as SecretUnavailable
      files.push_back({f.path, secret ? *value->second.value : f.content, f.mode, secret});
    }
    Add(CopyFiles{container, std::move(files)}, "before its first start", {}, waits);
  }

  void Stop(const docker::Container& c, const std::string& cause, bool waits = false) {
    if (c.status == ContainerStatus::kPaused)
      Add(UnpauseContainer{c.id}, "a paused container cannot be stopped gracefully", {}, waits);
    if (IsRunning(c)) Add(StopContainer{c.id, c.stop_timeout.value_or(kDefaultStopGrace)}, cause, {}, waits);
  }

  void Repair(const docker::Container& c) {
    RepairAttachment(c);
    RepairLiveFields(c);
    RepairState(c);
  }

  void RepairAttachment(const docker::Container& c) {
    if (want_.network.empty() || IsCompleted(want_, c) || c.status == ContainerStatus::kDead) return;
    const Attachment attachment = network_ ? CompareAttachment(want_, c, *network_) : Attachment::kDetached;
    if (attachment == Attachment::kGood) return;
    const bool waits = WaitsForNetwork();
    static constexpr const char* kCauses[] = {"", "detached from the network",
                                              "attached to a network that is gone", "an alias is missing"};
    const char* cause = kCauses[static_cast<int>(attachment)];
    // A running container keeps its endpoint until it is taken off; on a stopped one a plain connect heals.
    const bool attached = attachment != Attachment::kDetached;
    if (attached && (IsRunning(c) || attachment == Attachment::kAliasLost))
      Add(DisconnectNetwork{network_->id, c.id}, cause, {}, waits);
    Add(ConnectNetwork{network_ ? network_->id : want_.network, c.id, want_.config.aliases}, cause, {},
        waits);
  }

  void RepairLiveFields(const docker::Container& c) {
    LiveUpdate update = CompareLive(want_, c, now_);
    for (Notice& notice : update.notices) plan_.notices.push_back(std::move(notice));
    if (update.changes.empty() || CpusExceedHost()) return;
    Add(update.operation, "differs from the document", std::move(update.changes));
  }

  void RepairState(const docker::Container& c) {
    switch (c.status) {
      case ContainerStatus::kPaused:
        Add(UnpauseContainer{c.id}, "paused");
        break;
      case ContainerStatus::kExited:
        if (!IsCompleted(want_, c))
          Add(StartContainer{c.id}, absl::StrCat("exited with code ", c.exit_code), {}, NetworkIsMissing());
        break;
      case ContainerStatus::kCreated:
        if (!withheld_) CopyFilesTo(c.id, NetworkIsMissing());
        Add(StartContainer{c.id}, c.error.empty() ? "created and never started" : "its start was refused", {},
            NetworkIsMissing());
        break;
      default:  // running, restarting: Docker's restart policy is at work and is not fought; removing, dead:
                // not repaired but replaced
        break;
    }
  }

  // Not there, or about to be made anew by its own key: what joins it now would only be in the way.
  bool NetworkIsMissing() const {
    return !want_.network.empty() && (network_ == nullptr || IsBeingReplaced(host_, *network_, now_));
  }

  bool WaitsForNetwork() {
    if (!NetworkIsMissing()) return false;
    const Waiting waiting{object_, NetworkKey(want_.network), "created", api::reason::kWaitingForNetwork};
    if (std::find(plan_.waiting.begin(), plan_.waiting.end(), waiting) == plan_.waiting.end())
      plan_.waiting.push_back(waiting);
    return true;
  }

  // Only a first creation waits, and not for ever: a repair or a replacement never does.
  bool WaitsForDependency() {
    bool waits = false;
    for (const std::string& dependency : want_.depends_on) {
      auto it = now_.facts.ready.find(dependency);
      if (it != now_.facts.ready.end() && it->second) continue;
      if (now_.facts.waited_out.contains(want_.name)) {
        plan_.notices.push_back(
            {object_, api::reason::kWaitingForDependency,
             absl::StrCat("created although ", ContainerKey(dependency), " was not ready within ",
                          absl::FormatDuration(want_.dependency_deadline)),
             false});
        continue;
      }
      plan_.waiting.push_back(
          {object_, ContainerKey(dependency), "Ready", api::reason::kWaitingForDependency});
      waits = true;
    }
    return waits;
  }

  const desired::Host& host_;
  const desired::Container& want_;
  const ObservedState& now_;
  Parts parts_;
  const std::string object_;
  const docker::Network* network_;
  bool withheld_ = false;  // something stands in the way of anything new
  Plan plan_;
};

}  // namespace

Plan PlanContainer(const desired::Host& desired, const desired::Container& want, const ObservedState& now) {
  return Planner(desired, want, now).Run();
}

void AppendRemoval(const docker::Container& c, const std::string& cause, const std::string& object,
                   Plan& plan) {
  if (c.status == ContainerStatus::kPaused)
    plan.steps.push_back(
        {UnpauseContainer{c.id}, object, "a paused container cannot be stopped gracefully", {}});
  if (IsRunning(c))
    plan.steps.push_back(
        {StopContainer{c.id, c.stop_timeout.value_or(kDefaultStopGrace)}, object, cause, {}});
  plan.steps.push_back({RemoveContainer{c.id, c.status == ContainerStatus::kDead}, object, cause, {}});
}

Plan PlanContainerRemoval(const std::string& name, const desired::Host& desired, const ObservedState& now) {
  Plan plan;
  const std::string object = ContainerKey(name);
  for (const docker::Container& c : now.containers) {
    if (!IsDropped(desired, c) || BaseName(c.name) != name || c.status == ContainerStatus::kRemoving)
      continue;
    if (now.facts.removal_pending.contains(name)) {
      plan.waiting.push_back({object, "the prune delay", "over", api::reason::kPendingRemoval});
      return plan;
    }
    AppendRemoval(c, "no longer in the document", object, plan);
  }
  return plan;
}

}  // namespace spacelet::plan
