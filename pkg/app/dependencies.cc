#include "pkg/app/dependencies.h"

#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "pkg/base/thread.h"
#include "pkg/controller/targets.h"
#include "pkg/plan/ownership.h"

namespace spacelet::app {
namespace {

struct Question {
  std::string container;
  probe::Target target;
  absl::Status answer;
};

std::vector<Question> QuestionsFor(const desired::Host& desired, const plan::ObservedState& observed) {
  std::set<std::string> names;
  for (const desired::Container& container : desired.containers)
    names.insert(container.depends_on.begin(), container.depends_on.end());
  std::vector<Question> questions;
  for (const std::string& name : names) {
    const desired::Container* want = desired.Find(name);
    if (want == nullptr) continue;
    const docker::Container* live = plan::PartsOf(*want, observed).current;
    if (live != nullptr && live->status == docker::ContainerStatus::kRunning)
      questions.push_back({name, controller::TargetOf(*want, *live), absl::OkStatus()});
  }
  return questions;
}

void Ask(Question& question, probe::Checker& checker, const std::stop_token& stop) {
  const probe::Target& target = question.target;
  const std::optional<api::Probe>& probe = target.readiness ? target.readiness : target.startup;
  if (probe) question.answer = checker.Check(target, *probe, stop);
}

}  // namespace

void AskDependencies(const desired::Host& desired, probe::Checker& checker, const std::stop_token& stop,
                     plan::ObservedState& observed) {
  std::vector<Question> questions = QuestionsFor(desired, observed);
  {
    std::vector<std::jthread> askers;
    for (Question& question : questions) {
      auto asker = base::StartThread([&] { Ask(question, checker, stop); });
      asker.ok() ? askers.push_back(*std::move(asker)) : Ask(question, checker, stop);
    }
  }
  for (const Question& question : questions) {
    const bool ready = question.answer.ok();
    observed.facts.ready[question.container] = ready;
    plan::ProbeFact& fact = observed.facts.probes[question.target.id];
    fact.ready = fact.was_ready = ready;
    fact.message = std::string(question.answer.message());
  }
}

}  // namespace spacelet::app
