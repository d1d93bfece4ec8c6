#include "pkg/plan/diff.h"

#include <algorithm>
#include <array>
#include <functional>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "pkg/api/labels.h"
#include "pkg/api/reasons.h"
#include "pkg/base/secret_name.h"
#include "pkg/plan/image.h"
#include "pkg/plan/ownership.h"

namespace spacelet::plan {
namespace {

constexpr char kNone[] = "none";
constexpr char kHidden[] = "***";

std::string ShortId(absl::string_view id) {
  const size_t colon = id.find(':');
  if (colon != absl::string_view::npos) id.remove_prefix(colon + 1);
  return std::string(id.substr(0, 12));
}

std::string PortsText(const std::vector<docker::PortBinding>& ports) {
  std::vector<std::string> texts;
  for (const docker::PortBinding& p : ports)
    texts.push_back(absl::StrCat(p.host_ip.empty() ? "0.0.0.0" : p.host_ip, ":", p.host_port, ":",
                                 p.container_port, "/", p.protocol));
  std::sort(texts.begin(), texts.end());
  return texts.empty() ? kNone : absl::StrJoin(texts, " ");
}

std::string MountsText(const std::vector<docker::Mount>& mounts) {
  std::vector<std::string> texts;
  for (const docker::Mount& m : mounts)
    texts.push_back(absl::StrCat(m.source, ":", m.target, m.read_only ? ":ro" : ""));
  std::sort(texts.begin(), texts.end());
  return texts.empty() ? kNone : absl::StrJoin(texts, " ");
}

std::string OrNone(const std::string& text) { return text.empty() ? kNone : text; }

std::string LabelOf(const docker::Container& c, const char* key) {
  auto it = c.labels.find(key);
  return it == c.labels.end() ? "" : it->second;
}

void AddIfDifferent(std::vector<Change>& changes, std::string field, const std::string& from,
                    const std::string& to) {
  if (from != to) changes.push_back({std::move(field), OrNone(from), OrNone(to)});
}

void CompareEnv(const desired::Container& want, const docker::Container& have, std::vector<Change>& changes) {
  for (const auto& [name, variable] : want.config.env) {
    auto it = have.env.find(name);
    const std::string from = it == have.env.end() ? "" : it->second;
    if (it != have.env.end() && from == variable.value) continue;
    const bool hide = variable.secret || base::LooksSecret(name);
    changes.push_back({absl::StrCat("env.", name), hide && !from.empty() ? kHidden : OrNone(from),
                       hide ? kHidden : OrNone(variable.value)});
  }
  for (const auto& [name, source] : want.secret_env)
    if (!have.env.contains(name)) changes.push_back({absl::StrCat("env.", name), kNone, kHidden});
}

void CompareLabels(const desired::Container& want, const docker::Container& have,
                   std::vector<Change>& changes) {
  for (const auto& [name, value] : want.config.labels)
    if (!absl::StartsWith(name, "dev.spacelet."))
      AddIfDifferent(changes, absl::StrCat("labels.", name), LabelOf(have, name.c_str()), value);
}

// What the document calls it: of a hostname with a suffix, the alias that it was made from.
const std::string& HostnameOf(const desired::Container& want) {
  return want.spare_hostname.empty() || want.config.aliases.empty() ? want.config.hostname
                                                                    : want.config.aliases.front();
}

// The same of a container that is there, which may have been made with a suffix or without one.
std::string HostnameOf(const docker::Container& have, const desired::Container& want) {
  auto attachment = have.networks.find(want.network);
  if (want.spare_hostname.empty() || attachment == have.networks.end()) return have.hostname;
  const std::vector<std::string>& aliases = attachment->second.aliases;
  const bool answers = std::find(aliases.begin(), aliases.end(), HostnameOf(want)) != aliases.end();
  return answers ? HostnameOf(want) : have.hostname;
}

// What a person can be told about a changed spec. The hash decides; this only explains, so a field that
// inspect does not give back as it was written (a dropped variable, a capability) is summed up as "spec".
std::vector<Change> ExplainSpecChange(const desired::Container& want, const docker::Container& have) {
  std::vector<Change> changes;
  if (!IsOwned(have.labels)) changes.push_back({"ownership", "started by hand", "spacelet"});
  AddIfDifferent(changes, "image", have.image, want.config.image);
  if (!want.config.hostname.empty())
    AddIfDifferent(changes, "hostname", HostnameOf(have, want), HostnameOf(want));
  if (want.config.cmd)
    AddIfDifferent(changes, "args", absl::StrJoin(have.cmd, " "), absl::StrJoin(*want.config.cmd, " "));
  CompareEnv(want, have, changes);
  AddIfDifferent(changes, "ports", PortsText(have.ports), PortsText(want.config.ports));
  AddIfDifferent(changes, "volumes", MountsText(have.mounts), MountsText(want.config.mounts));
  if (!want.network.empty()) AddIfDifferent(changes, "network", have.network_mode, want.config.network_mode);
  if (want.config.stop_timeout && have.stop_timeout != want.config.stop_timeout)
    changes.push_back({"stopGracePeriod",
                       have.stop_timeout ? absl::FormatDuration(*have.stop_timeout) : kNone,
                       absl::FormatDuration(*want.config.stop_timeout)});
  CompareLabels(want, have, changes);
  if (changes.empty()) {
    const std::string old_hash = LabelOf(have, api::kLabelSpecHash);
    changes.push_back(
        {"spec", old_hash.empty() ? kNone : old_hash.substr(0, 15), want.spec_hash.substr(0, 15)});
  }
  return changes;
}

void CompareImage(const desired::Container& want, const docker::Container& have, const ObservedState& now,
                  std::vector<Change>& changes) {
  const docker::Image* local = LocalImage(want, now);
  if (local == nullptr || local->id == have.image_id) return;
  changes.push_back({"image", absl::StrCat(have.image, " (", ShortId(have.image_id), ")"),
                     absl::StrCat(want.image(), " (", ShortId(local->id), ")")});
}

void CompareSecrets(const desired::Container& want, const docker::Container& have, const ObservedState& now,
                    std::vector<Change>& changes) {
  for (const auto& [name, source] : want.secret_env) {
    auto value = now.facts.secret_env.find(absl::StrCat(want.name, "/", name));
    if (value == now.facts.secret_env.end() || !value->second.value) continue;
    auto actual = have.env.find(name);
    if (actual != have.env.end() && actual->second != *value->second.value)
      changes.push_back({absl::StrCat("env.", name), kHidden, absl::StrCat(kHidden, " (new value)")});
  }
  for (const desired::File& file : want.files) {
    if (!file.secret) continue;
    auto match = now.facts.files_match.find(absl::StrCat(have.id, "/", file.path));
    if (match != now.facts.files_match.end() && !match->second)
      changes.push_back({absl::StrCat("files.", file.path), kHidden, absl::StrCat(kHidden, " (new value)")});
  }
}

// ---- live fields ----

using Member = std::optional<int64_t> docker::LiveResources::*;

std::string CountText(std::optional<int64_t> n) { return n ? absl::StrCat(*n) : kNone; }

struct LiveField {
  const char* name;  // the document's path
  Member member;
  const char* limit;                 // in kLabelLimits; null: Docker can take it away in place
  std::optional<int64_t> unlimited;  // what to send to take it away
  std::string (*text)(std::optional<int64_t>);
};
// cpu-shares 1024 is the kernel's default weight (Documentation/scheduler); pids -1 is Docker's "unlimited".
constexpr std::array<LiveField, 4> kLiveFields = {{
    {"resources.cpus", &docker::LiveResources::nano_cpus, "cpus", std::nullopt, CpusText},
    {"resources.memory", &docker::LiveResources::memory, "memory", std::nullopt, MemoryText},
    {"resources.pids", &docker::LiveResources::pids_limit, nullptr, -1, CountText},
    {"resources.cpuShares", &docker::LiveResources::cpu_shares, nullptr, 1024, CountText},
}};

std::optional<int64_t> Normal(const LiveField& field, std::optional<int64_t> value) {
  return value && field.unlimited && *value == *field.unlimited ? std::nullopt : value;
}

bool WeSetLimit(const docker::Container& have, const ObservedState& now, const char* limit) {
  const std::vector<std::string> at_create =
      absl::StrSplit(LabelOf(have, api::kLabelLimits), ',', absl::SkipEmpty());
  auto later = now.facts.limits_set.find(have.id);
  return std::find(at_create.begin(), at_create.end(), limit) != at_create.end() ||
         (later != now.facts.limits_set.end() && later->second.contains(limit));
}

// Docker's default is twice the memory; -1 (or nothing) is what a kernel without swap accounting reports.
std::optional<int64_t> WantedSwap(const docker::LiveResources& want) {
  if (want.memory_swap) return want.memory_swap;
  return want.memory ? std::optional<int64_t>(*want.memory * 2) : std::nullopt;
}

bool SwapDiffers(const docker::LiveResources& want, const docker::LiveResources& have) {
  if (!want.memory || want.memory != have.memory) return false;
  if (!have.memory_swap || *have.memory_swap == -1)
    return want.memory_swap && *want.memory_swap != -1 && have.memory_swap;
  return have.memory_swap != WantedSwap(want);
}

bool Ignored(const desired::Container& want, const char* field) { return want.ignore_drift.contains(field); }

enum class LiveVerdict { kInSync, kUpdate, kReplace, kReport, kIgnored };

LiveVerdict Judge(const LiveField& field, const desired::Container& want, const docker::Container& have,
                  const ObservedState& now) {
  const auto wanted = Normal(field, want.config.resources.*field.member);
  const auto actual = Normal(field, have.resources.*field.member);
  if (wanted == actual) return LiveVerdict::kInSync;
  if (Ignored(want, field.name)) return LiveVerdict::kIgnored;
  if (wanted || field.limit == nullptr) return LiveVerdict::kUpdate;
  return WeSetLimit(have, now, field.limit) ? LiveVerdict::kReplace : LiveVerdict::kReport;
}

}  // namespace

std::string MemoryText(std::optional<int64_t> bytes) {
  if (!bytes) return kNone;
  if (*bytes == -1) return "unlimited";
  for (const auto& [unit, size] :
       {std::pair<const char*, int64_t>{"g", 1 << 30}, {"m", 1 << 20}, {"k", 1 << 10}})
    if (*bytes % size == 0 && *bytes != 0) return absl::StrCat(*bytes / size, unit);
  return absl::StrCat(*bytes);
}

std::string CpusText(std::optional<int64_t> nano_cpus) {
  return nano_cpus ? absl::StrFormat("%g", static_cast<double>(*nano_cpus) / 1e9) : kNone;
}

std::string RestartText(const docker::RestartPolicy& policy) {
  return policy.max_retries > 0 ? absl::StrCat(policy.name, ":", policy.max_retries) : policy.name;
}

std::vector<Change> ReplaceReasons(const desired::Container& want, const docker::Container& have,
                                   const ObservedState& now) {
  std::vector<Change> reasons;
  if (LabelOf(have, api::kLabelSpecHash) != want.spec_hash) reasons = ExplainSpecChange(want, have);
  if (have.image == want.image() || reasons.empty()) CompareImage(want, have, now, reasons);
  CompareSecrets(want, have, now, reasons);
  for (const LiveField& field : kLiveFields)
    if (Judge(field, want, have, now) == LiveVerdict::kReplace)
      reasons.push_back({field.name, field.text(have.resources.*field.member), kNone});
  return reasons;
}

LiveUpdate CompareLive(const desired::Container& want, const docker::Container& have,
                       const ObservedState& now) {
  LiveUpdate update;
  update.operation.id = have.id;
  docker::LiveResources& send = update.operation.resources;
  for (const LiveField& field : kLiveFields) {
    const auto wanted = want.config.resources.*field.member, actual = have.resources.*field.member;
    const LiveVerdict verdict = Judge(field, want, have, now);
    if (verdict == LiveVerdict::kReport)
      update.notices.push_back(
          {absl::StrCat("container/", want.name), api::reason::kLimitNotRemovable,
           absl::StrCat(
               field.name, " is ", field.text(actual),
               ", set by hand and not in the document; Docker cannot take a limit away from a living "
               "container: put the value into the document, or remove the container"),
           false});
    if (verdict != LiveVerdict::kUpdate) continue;
    send.*field.member = wanted ? wanted : field.unlimited;
    update.changes.push_back({field.name, field.text(actual), field.text(wanted)});
  }
  if (SwapDiffers(want.config.resources, have.resources) && !Ignored(want, "resources.memorySwap")) {
    send.memory = want.config.resources.memory;
    update.changes.push_back({"resources.memorySwap", MemoryText(have.resources.memory_swap),
                              MemoryText(WantedSwap(want.config.resources))});
  }
  if (send.memory)
    send.memory_swap = WantedSwap(want.config.resources);  // alone, memory above the old swap is refused
  if (have.restart_policy != want.config.restart_policy && !Ignored(want, "restartPolicy")) {
    update.operation.restart_policy = want.config.restart_policy;
    update.changes.push_back(
        {"restartPolicy", RestartText(have.restart_policy), RestartText(want.config.restart_policy)});
  }
  return update;
}

Attachment CompareAttachment(const desired::Container& want, const docker::Container& have,
                             const docker::Network& network) {
  auto it = have.networks.find(want.network);
  if (it == have.networks.end()) return Attachment::kDetached;
  if (!it->second.network_id.empty() && it->second.network_id != network.id) return Attachment::kStale;
  for (const std::string& alias : want.config.aliases) {
    const auto& present = it->second.aliases;
    // Docker itself answers for the hostname, listed or not.
    if (alias != have.hostname && std::find(present.begin(), present.end(), alias) == present.end())
      return Attachment::kAliasLost;
  }
  return Attachment::kGood;
}

std::vector<FieldView> Explain(const desired::Container& want, const docker::Container* have,
                               const ObservedState& now) {
  std::vector<FieldView> views;
  const docker::Container absent;
  const docker::Container& actual = have ? *have : absent;
  auto add = [&](std::string field, std::string desired_text, std::string actual_text,
                 const char* when_different) {
    const bool same = have && desired_text == actual_text;
    views.push_back({std::move(field), std::move(desired_text), have ? std::move(actual_text) : kNone,
                     !have  ? "create"
                     : same ? "in sync"
                            : when_different});
  };
  add("image", want.image(), actual.image, "replace");
  // The hash knows the hostname without its suffix.
  const bool same_spec = LabelOf(actual, api::kLabelSpecHash) == want.spec_hash;
  if (!want.config.hostname.empty())
    add("hostname", HostnameOf(want), same_spec ? HostnameOf(want) : HostnameOf(actual, want), "replace");
  if (want.config.cmd)
    add("args", absl::StrJoin(*want.config.cmd, " "), absl::StrJoin(actual.cmd, " "), "replace");
  for (const auto& [name, variable] : want.config.env) {
    auto it = actual.env.find(name);
    const std::string value = it == actual.env.end() ? kNone : it->second;
    const bool hide = variable.secret || base::LooksSecret(name);
    if (!hide) add(absl::StrCat("env.", name), variable.value, value, "replace");
    if (hide)
      views.push_back({absl::StrCat("env.", name), kHidden, kHidden,
                       !have                     ? "create"
                       : value == variable.value ? "in sync"
                                                 : "replace"});
  }
  for (const auto& [name, source] : want.secret_env) {
    auto value = now.facts.secret_env.find(absl::StrCat(want.name, "/", name));
    const bool known = value != now.facts.secret_env.end() && value->second.value.has_value();
    auto it = actual.env.find(name);
    const bool same = known && it != actual.env.end() && it->second == *value->second.value;
    views.push_back({absl::StrCat("env.", name), known ? kHidden : "unavailable", have ? kHidden : kNone,
                     !have    ? "create"
                     : !known ? "left alone"
                     : same   ? "in sync"
                              : "replace"});
  }
  add("ports", PortsText(want.config.ports), PortsText(actual.ports), "replace");
  add("volumes", MountsText(want.config.mounts), MountsText(actual.mounts), "replace");
  for (const LiveField& field : kLiveFields) {
    const LiveVerdict verdict = have ? Judge(field, want, actual, now) : LiveVerdict::kInSync;
    static constexpr const char* kTexts[] = {"in sync", "update in place", "replace", "reported", "ignored"};
    views.push_back({field.name, field.text(want.config.resources.*field.member),
                     field.text(actual.resources.*field.member),
                     have ? kTexts[static_cast<int>(verdict)] : "create"});
  }
  add("restartPolicy", RestartText(want.config.restart_policy), RestartText(actual.restart_policy),
      "update in place");
  if (const docker::Network* network = want.network.empty() ? nullptr : NetworkToUse(want.network, now)) {
    static constexpr const char* kTexts[] = {"attached", "detached", "attached to a network that is gone",
                                             "attached without its aliases"};
    add("network", kTexts[0], kTexts[have ? static_cast<int>(CompareAttachment(want, actual, *network)) : 1],
        "repair");
  }
  add("specHash", want.spec_hash, LabelOf(actual, api::kLabelSpecHash), "replace");
  return views;
}

}  // namespace spacelet::plan
