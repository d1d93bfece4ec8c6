#include "pkg/report/status_json.h"

#include "pkg/api/types.h"
#include "pkg/report/json.h"
#include "pkg/report/plan_summary_json.h"

namespace spacelet::report {
namespace {

using json::Json;

constexpr char kStatusKind[] = "GitspaceHostStatus";

Json ConditionsJson(const std::vector<Condition>& conditions) {
  Json list = Json::array();
  for (const Condition& c : conditions)
    list.push_back({{"type", c.type},
                    {"status", std::string(Name(c.status))},
                    {"reason", c.reason},
                    {"message", c.message},
                    {"lastTransitionTime", json::TimeOrNull(c.last_transition)}});
  return list;
}

Json ConfigJson(const ConfigStatus& c) {
  return {{"source", c.source},
          {"revision", c.revision},
          {"commit", c.commit},
          {"generation", c.generation},
          {"observedGeneration", c.observed_generation},
          {"acceptedAt", json::TimeOrNull(c.accepted_at)},
          {"error", c.error ? Json(*c.error) : Json(nullptr)},
          {"warnings", c.warnings}};
}

Json RolloutJson(const LastRollout& r) {
  return {{"result", r.result},
          {"from", r.from},
          {"to", r.to},
          {"fromHash", r.from_hash},
          {"toHash", r.to_hash},
          {"startedAt", json::TimeOrNull(r.started_at)},
          {"finishedAt", json::TimeOrNull(r.finished_at)},
          {"message", r.message}};
}

Json DesiredJson(const std::optional<DesiredStatus>& d) {
  if (!d) return nullptr;
  return {{"image", d->image}, {"specHash", d->spec_hash}};
}

Json PullJson(const PullStatus& p) {
  return {{"image", p.image},
          {"layersDone", p.layers_done},
          {"layersTotal", p.layers_total},
          {"bytesDone", p.bytes_done},
          {"bytesTotal", p.bytes_total},
          {"startedAt", json::TimeOrNull(p.started_at)}};
}

Json ObjectJson(const ObjectStatus& o) {
  Json object = {{"object", o.object},
                 {"component", o.component},
                 {"id", o.id},
                 {"image", o.image},
                 {"imageId", o.image_id},
                 {"specHash", o.spec_hash},
                 {"desired", DesiredJson(o.desired)},
                 {"state", o.state},
                 {"restarts", o.restarts},
                 {"startedAt", json::TimeOrNull(o.started_at)}};
  if (o.last_rollout) object["lastRollout"] = RolloutJson(*o.last_rollout);
  object["plan"] = PlanJson(o.plan);
  if (o.pull) object["pull"] = PullJson(*o.pull);
  object["conditions"] = ConditionsJson(o.conditions);
  return object;
}

Truth TruthFromText(absl::string_view text) {
  if (text == "True") return Truth::kTrue;
  return text == "False" ? Truth::kFalse : Truth::kUnknown;
}

std::vector<Condition> ReadConditions(const Json& list) {
  std::vector<Condition> conditions;
  for (const Json& c : list)
    conditions.push_back({json::Text(c, "type"), TruthFromText(json::Text(c, "status")),
                          json::Text(c, "reason"), json::Text(c, "message"),
                          json::Time(c, "lastTransitionTime")});
  return conditions;
}

ConfigStatus ReadConfig(const Json& c) {
  ConfigStatus config{.source = json::Text(c, "source"),
                      .revision = json::Text(c, "revision"),
                      .commit = json::Text(c, "commit"),
                      .generation = json::Number(c, "generation"),
                      .observed_generation = json::Number(c, "observedGeneration"),
                      .accepted_at = json::Time(c, "acceptedAt"),
                      .error = std::nullopt,
                      .warnings = {}};
  if (const Json error = json::Member(c, "error"); error.is_string()) config.error = error.get<std::string>();
  for (const Json& warning : json::Member(c, "warnings"))
    if (warning.is_string()) config.warnings.push_back(warning.get<std::string>());
  return config;
}

LastRollout ReadRollout(const Json& r) {
  return {.result = json::Text(r, "result"),
          .from = json::Text(r, "from"),
          .to = json::Text(r, "to"),
          .from_hash = json::Text(r, "fromHash"),
          .to_hash = json::Text(r, "toHash"),
          .started_at = json::Time(r, "startedAt"),
          .finished_at = json::Time(r, "finishedAt"),
          .message = json::Text(r, "message")};
}

PullStatus ReadPull(const Json& p) {
  return {.image = json::Text(p, "image"),
          .layers_done = json::Number(p, "layersDone"),
          .layers_total = json::Number(p, "layersTotal"),
          .bytes_done = json::Number(p, "bytesDone"),
          .bytes_total = json::Number(p, "bytesTotal"),
          .started_at = json::Time(p, "startedAt")};
}

ObjectStatus ReadObject(const Json& o) {
  ObjectStatus object{.object = json::Text(o, "object"),
                      .component = json::Text(o, "component"),
                      .id = json::Text(o, "id"),
                      .image = json::Text(o, "image"),
                      .image_id = json::Text(o, "imageId"),
                      .spec_hash = json::Text(o, "specHash"),
                      .desired = std::nullopt,
                      .state = json::Text(o, "state"),
                      .restarts = json::Number(o, "restarts"),
                      .started_at = json::Time(o, "startedAt"),
                      .last_rollout = std::nullopt,
                      .plan = ReadPlan(json::Member(o, "plan")),
                      .pull = std::nullopt,
                      .conditions = ReadConditions(json::Member(o, "conditions"))};
  if (const Json rollout = json::Member(o, "lastRollout"); rollout.is_object())
    object.last_rollout = ReadRollout(rollout);
  if (const Json desired = json::Member(o, "desired"); desired.is_object())
    object.desired = DesiredStatus{json::Text(desired, "image"), json::Text(desired, "specHash")};
  if (const Json pull = json::Member(o, "pull"); pull.is_object()) object.pull = ReadPull(pull);
  return object;
}

}  // namespace

std::string ToJson(const Status& status) {
  Json objects = Json::array();
  for (const ObjectStatus& object : status.objects) objects.push_back(ObjectJson(object));
  return json::Line(
      {{"apiVersion", api::kApiVersion},
       {"kind", kStatusKind},
       {"metadata", {{"name", status.name}}},
       {"agent",
        {{"version", status.agent.version}, {"startedAt", json::TimeOrNull(status.agent.started_at)}}},
       {"config", ConfigJson(status.config)},
       {"docker",
        {{"available", status.docker.available},
         {"host", status.docker.host},
         {"engineVersion", status.docker.engine_version},
         {"apiVersion", status.docker.api_version}}},
       {"conditions", ConditionsJson(status.conditions)},
       {"objects", std::move(objects)}});
}

absl::StatusOr<Status> StatusFromJson(absl::string_view text) {
  const Json root = json::Parse(text);
  if (!root.is_object() || json::Text(root, "kind") != kStatusKind)
    return absl::InvalidArgumentError("the answer is no GitspaceHostStatus");
  const Json agent = json::Member(root, "agent"), docker = json::Member(root, "docker");
  Status status{
      .name = json::Text(json::Member(root, "metadata"), "name"),
      .agent = {.version = json::Text(agent, "version"), .started_at = json::Time(agent, "startedAt")},
      .config = ReadConfig(json::Member(root, "config")),
      .docker = {.available = json::Flag(docker, "available"),
                 .host = json::Text(docker, "host"),
                 .engine_version = json::Text(docker, "engineVersion"),
                 .api_version = json::Text(docker, "apiVersion")},
      .conditions = ReadConditions(json::Member(root, "conditions")),
      .objects = {}};
  for (const Json& object : json::Member(root, "objects")) status.objects.push_back(ReadObject(object));
  return status;
}

}  // namespace spacelet::report
