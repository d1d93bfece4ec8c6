#include "pkg/report/readiness.h"

#include "absl/strings/str_cat.h"
#include "pkg/api/reasons.h"

namespace spacelet::report {
namespace {

std::string Sentence(absl::string_view what, const Condition* condition) {
  if (condition == nullptr) return absl::StrCat(what, ": not known yet");
  std::string sentence =
      absl::StrCat(what, ": ", condition->type, "=", Name(condition->status), ", ", condition->reason);
  if (!condition->message.empty()) absl::StrAppend(&sentence, " (", condition->message, ")");
  return sentence;
}

void RequireTrue(const std::vector<Condition>& conditions, absl::string_view what, absl::string_view type,
                 std::vector<std::string>& missing) {
  if (!IsTrue(conditions, type)) missing.push_back(Sentence(what, Find(conditions, type)));
}

bool UnderWay(const ObjectStatus& object) {
  const Condition* progressing = Find(object.conditions, api::kProgressing);
  return progressing != nullptr && progressing->status == Truth::kTrue;
}

void RequireSettled(const ObjectStatus& object, std::vector<std::string>& missing) {
  const size_t before = missing.size();
  RequireTrue(object.conditions, object.object, api::kSynced, missing);
  if (missing.size() == before) RequireTrue(object.conditions, object.object, api::kReady, missing);
  if (missing.size() == before && UnderWay(object))
    missing.push_back(Sentence(object.object, Find(object.conditions, api::kProgressing)));
}

}  // namespace

std::vector<std::string> Missing(const Status& status) {
  std::vector<std::string> missing;
  RequireTrue(status.conditions, "document", api::kConfigAccepted, missing);
  RequireTrue(status.conditions, "docker", api::kDockerAvailable, missing);
  for (const ObjectStatus& object : status.objects) RequireSettled(object, missing);
  const ConfigStatus& config = status.config;
  if (missing.empty() && (config.generation == 0 || config.observed_generation != config.generation))
    missing.push_back(absl::StrCat("document: generation ", config.generation, " is not observed yet (at ",
                                   config.observed_generation, ")"));
  return missing;
}

std::vector<std::string> Remarks(const Status& status) {
  const Condition* accepted = Find(status.conditions, api::kConfigAccepted);
  if (accepted == nullptr || accepted->status != Truth::kTrue || accepted->message.empty()) return {};
  return {Sentence("document", accepted)};
}

}  // namespace spacelet::report
