#include "pkg/notify/troubles.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "pkg/api/reasons.h"
#include "pkg/api/rollout.h"
#include "pkg/report/events.h"

namespace spacelet::notify {
namespace {

using report::Condition;
using report::Truth;
namespace reason = api::reason;

enum class Level { kThere, kOver, kUnclear };

struct Rule {
  const char* name;       // as it is told
  const char* condition;  // its type
  const char* reason;     // which the condition has while the trouble is there
  // The condition names the most urgent reason alone: another one says nothing of this. Else only True does.
  bool over_by_another_reason = false;
  bool tells_news = false;         // another message is another trouble of the same key: a second bad change
  bool waits_for_rollout = false;  // while one is under way, its end is what is to be told
};

constexpr Rule kOfHost[] = {
    {"ConfigRejected", api::kConfigAccepted, reason::kRejected, false, true},
};
constexpr Rule kOfObject[] = {
    // assess.cc looks for conflicts first.
    {reason::kConflict, api::kSynced, reason::kConflict, true, false},
    {reason::kRolledBack, api::kSynced, reason::kRolledBack, false, true},
    {reason::kCrashLoopBackOff, api::kReady, reason::kCrashLoopBackOff, false, false, true},
};

bool RollsOut(const report::ObjectStatus& object) {
  return object.last_rollout && object.last_rollout->result == api::kRolloutResults[0];  // InProgress
}

Level LevelOf(const Rule& rule, const Condition* condition) {
  if (condition == nullptr || condition->status == Truth::kUnknown) return Level::kUnclear;
  if (condition->status == Truth::kTrue) return Level::kOver;
  if (condition->reason == rule.reason) return Level::kThere;
  return rule.over_by_another_reason ? Level::kOver : Level::kUnclear;
}

}  // namespace

// One trouble as the status shows it.
struct Troubles::Sighting {
  const Rule& rule;
  const std::string& object;
  const Condition* condition;
};

void Troubles::Judge(const Sighting& s, const report::Status& status, absl::Time now,
                     std::vector<Notification>& news) {
  const std::string key = absl::StrCat(host_, "/", s.object, "/", s.rule.name);
  const auto told = told_.find(key);
  switch (LevelOf(s.rule, s.condition)) {
    case Level::kUnclear:
      return;
    case Level::kOver:
      if (told != told_.end()) End(key, s.object, s.rule.name, "", status, now, news);
      return;
    case Level::kThere:
      break;
  }
  const std::string& message = s.condition->message;
  if (told != told_.end() && (!s.rule.tells_news || told->second == message)) return;
  told_[key] = message;
  news.push_back({.firing = true,
                  .key = key,
                  .time = now,
                  .host = host_,
                  .name = status.name,
                  .object = s.object,
                  .reason = s.rule.name,
                  .message = message,
                  .count = ++counts_[key],
                  .revision = status.config.revision,
                  .commit = status.config.commit});
}

void Troubles::End(const std::string& key, const std::string& object, const std::string& why,
                   const std::string& message, const report::Status& status, absl::Time now,
                   std::vector<Notification>& news) {
  told_.erase(key);
  news.push_back({.firing = false,
                  .key = key,
                  .time = now,
                  .host = host_,
                  .name = status.name,
                  .object = object,
                  .reason = why,
                  .message = message.empty() ? "is over" : message,
                  .count = std::max<int64_t>(counts_[key], 1),
                  .revision = status.config.revision,
                  .commit = status.config.commit});
}

std::vector<Notification> Troubles::Update(const report::Status& status, absl::Time now) {
  std::vector<Notification> news;
  const std::string host_object = report::kHostObject;
  for (const Rule& rule : kOfHost)
    Judge({rule, host_object, report::Find(status.conditions, rule.condition)}, status, now, news);
  for (const report::ObjectStatus& object : status.objects)
    for (const Rule& rule : kOfObject)
      if (!rule.waits_for_rollout || !RollsOut(object))
        Judge({rule, object.object, report::Find(object.conditions, rule.condition)}, status, now, news);
  if (status.config.generation == 0) return news;  // no document yet: which objects there are is not known
  const Told before = told_;
  for (const auto& [key, message] : before) {
    const std::string rest = key.substr(host_.size() + 1);
    const std::string object(rest.substr(0, rest.rfind('/'))), why(rest.substr(rest.rfind('/') + 1));
    const bool known = object == host_object ||
                       std::any_of(status.objects.begin(), status.objects.end(),
                                   [&](const report::ObjectStatus& o) { return o.object == object; });
    if (!known) End(key, object, why, "the object is gone", status, now, news);
  }
  return news;
}

}  // namespace spacelet::notify
