#include "pkg/report/readiness.h"

#include "absl/strings/str_cat.h"
#include "pkg/api/reasons.h"

namespace spacelet::report {
namespace {

void Require(const std::vector<Condition>& conditions, absl::string_view what, absl::string_view type,
             std::vector<Lack>& lacks) {
  const Condition* condition = Find(conditions, type);
  if (condition == nullptr)
    lacks.push_back({std::string(what), {.type = "", .reason = "", .message = "not known yet"}});
  else if (condition->status != Truth::kTrue)
    lacks.push_back({std::string(what), *condition});
}

void RequireSettled(const ObjectStatus& object, std::vector<Lack>& lacks) {
  const size_t before = lacks.size();
  Require(object.conditions, object.object, api::kSynced, lacks);
  if (lacks.size() == before) Require(object.conditions, object.object, api::kReady, lacks);
  if (lacks.size() == before && IsTrue(object.conditions, api::kProgressing))
    lacks.push_back({object.object, *Find(object.conditions, api::kProgressing)});
}

std::string Sentence(const Lack& lack) {
  const Condition& c = lack.condition;
  if (c.type.empty()) return absl::StrCat(lack.what, ": ", c.message);
  const std::string message = c.message.empty() ? "" : absl::StrCat(" (", c.message, ")");
  return absl::StrCat(lack.what, ": ", c.type, "=", Name(c.status), ", ", c.reason, message);
}

}  // namespace

std::vector<Lack> Lacks(const Status& status) {
  std::vector<Lack> lacks;
  Require(status.conditions, "document", api::kConfigAccepted, lacks);
  Require(status.conditions, "docker", api::kDockerAvailable, lacks);
  for (const ObjectStatus& object : status.objects) RequireSettled(object, lacks);
  const ConfigStatus& config = status.config;
  if (lacks.empty() && (config.generation == 0 || config.observed_generation != config.generation))
    lacks.push_back({"document",
                     {.type = "",
                      .reason = "",
                      .message = absl::StrCat("generation ", config.generation, " is not observed yet (at ",
                                              config.observed_generation, ")")}});
  return lacks;
}

std::vector<std::string> Missing(const Status& status) {
  std::vector<std::string> missing;
  for (const Lack& lack : Lacks(status)) missing.push_back(Sentence(lack));
  return missing;
}

std::vector<std::string> Remarks(const Status& status) {
  const Condition* accepted = Find(status.conditions, api::kConfigAccepted);
  if (accepted == nullptr || accepted->status != Truth::kTrue || accepted->message.empty()) return {};
  return {Sentence({"document", *accepted})};
}

}  // namespace spacelet::report
