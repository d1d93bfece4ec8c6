#include "pkg/state/records.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "pkg/base/digest.h"
#include "pkg/base/status_macros.h"

namespace spacelet::state {
namespace {

using nlohmann::json;

constexpr int kMaxDepth = 16;

// dump recurses: a file of brackets must not overflow the stack.
bool DropDeep(int depth, json::parse_event_t, json&) { return depth <= kMaxDepth; }

absl::StatusOr<std::string> Encode(const json& record) try {
  const json file = {{"checksum", base::Sha256Hex(record.dump())}, {"record", record}};
  return file.dump(2) + "\n";
} catch (const json::exception&) {  // dump
  return absl::InvalidArgumentError("not valid UTF-8");
}

absl::StatusOr<json> RecordOf(absl::string_view text) {
  json file = json::parse(text.begin(), text.end(), DropDeep, /*allow_exceptions=*/false);
  if (!file.is_object() || !file.contains("record")) return absl::DataLossError("torn or not a record");
  if (file.value("checksum", json()) != base::Sha256Hex(file["record"].dump()))
    return absl::DataLossError("wrong checksum");
  return std::move(file["record"]);
}

// `read` may throw json::exception: a record with a good checksum, but of another version.
template <typename Read>
auto Decode(absl::string_view text, Read read) -> absl::StatusOr<decltype(read(json()))> {
  ASSIGN_OR_RETURN(const json record, RecordOf(text));
  try {
    return read(record);
  } catch (const json::exception&) {
    return absl::DataLossError("fields missing or of another type");
  }
}

template <typename T>
absl::StatusOr<T> Decode(absl::string_view text) {
  return Decode(text, [](const json& record) { return record.get<T>(); });
}

// As get<T>, which makes an integer out of any number, whether it fits or not.
template <typename T>
T ToInteger(const json& value) {
  const auto integer = value.get_ref<const json::number_integer_t&>();
  return static_cast<T>(
      std::clamp<int64_t>(integer, std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
}

json ToJson(const LastGood& last_good) {
  return {{"document", last_good.bytes},
          {"revision", last_good.revision},
          {"generation", last_good.generation},
          {"source", last_good.source},
          {"commit", last_good.commit},
          {"fileName", last_good.file_name},
          {"directory", last_good.directory},
          {"files", last_good.files},
          {"facts", last_good.facts}};
}
LastGood ToLastGood(const json& record) {
  return {.bytes = record.at("document").get<std::string>(),
          .revision = record.at("revision").get<std::string>(),
          .generation = ToInteger<int64_t>(record.at("generation")),
          .source = record.at("source").get<std::string>(),
          .commit = record.value("commit", std::string()),
          .file_name = record.value("fileName", std::string()),
          .directory = record.value("directory", std::string()),
          .files = record.value("files", std::map<std::string, std::string>()),
          .facts = record.value("facts", std::map<std::string, std::string>())};
}

// Infinite is absent.
bool IsFinite(absl::Time time) { return time > absl::InfinitePast() && time < absl::InfiniteFuture(); }
void PutTime(json& to, const char* name, absl::Time time) {
  if (IsFinite(time)) to[name] = absl::FormatTime(time);
}
absl::Time GetTime(const json& from, const char* name, absl::Time absent) {
  absl::Time time = absent;
  const auto text = from.find(name);
  if (text == from.end()) return absent;
  const bool good = absl::ParseTime(absl::RFC3339_full, text->get<std::string>(), &time, nullptr);
  return good && IsFinite(time) ? time : absent;
}

json ToJson(const api::Fingerprint& f) {
  return {{"specHash", f.spec_hash}, {"imageId", f.image_id}, {"secrets", f.secrets}};
}
api::Fingerprint ToFingerprint(const json& f) {
  return {f.at("specHash").get<std::string>(), f.at("imageId").get<std::string>(),
          f.at("secrets").get<std::string>()};
}

json ToJson(const api::RolloutRecord& r) {
  json out = {{"result", api::kRolloutResults[static_cast<size_t>(r.result)]},
              {"from", r.from},
              {"to", r.to},
              {"fromHash", r.from_hash},
              {"toHash", r.to_hash},
              {"tried", ToJson(r.tried)},
              {"oldWasReady", r.old_was_ready},
              {"message", r.message}};
  PutTime(out, "startedAt", r.started_at);
  PutTime(out, "finishedAt", r.finished_at);
  return out;
}
api::RolloutRecord ToRolloutRecord(const json& r) {
  const auto* end = std::end(api::kRolloutResults);
  const auto* name = std::find(std::begin(api::kRolloutResults), end, r.at("result").get<std::string>());
  return {.result = name == end ? api::RolloutRecord::Result::kFailed
                                : static_cast<api::RolloutRecord::Result>(name - api::kRolloutResults),
          .from = r.at("from").get<std::string>(),
          .to = r.at("to").get<std::string>(),
          .from_hash = r.at("fromHash").get<std::string>(),
          .to_hash = r.at("toHash").get<std::string>(),
          .tried = ToFingerprint(r.at("tried")),
          .old_was_ready = r.at("oldWasReady").get<bool>(),
          .started_at = GetTime(r, "startedAt", absl::InfinitePast()),
          .finished_at = GetTime(r, "finishedAt", absl::InfinitePast()),
          .message = r.at("message").get<std::string>()};
}

json ToJson(const api::FailedAttempt& f) {
  json out = {
      {"tried", ToJson(f.tried)}, {"image", f.image}, {"message", f.message}, {"attempts", f.attempts}};
  PutTime(out, "failedAt", f.failed_at);
  PutTime(out, "retryAt", f.retry_at);
  return out;
}
api::FailedAttempt ToFailedAttempt(const json& f) {
  return {.tried = ToFingerprint(f.at("tried")),
          .image = f.at("image").get<std::string>(),
          .message = f.at("message").get<std::string>(),
          .failed_at = GetTime(f, "failedAt", absl::InfinitePast()),
          .retry_at = GetTime(f, "retryAt", absl::InfiniteFuture()),
          .attempts = ToInteger<int>(f.at("attempts"))};
}

json ToJson(const api::WantedRollout& w) {
  json out = {{"target", ToJson(w.target)}};
  PutTime(out, "since", w.since);
  return out;
}
api::WantedRollout ToWantedRollout(const json& w) {
  return {ToFingerprint(w.at("target")), GetTime(w, "since", absl::InfinitePast())};
}

json ToJson(const Rollouts& rollouts) {
  json out = json::object();
  for (const auto& [name, history] : rollouts) {
    json entry = {{"failed", json::array()}};
    if (history.last) entry["last"] = ToJson(*history.last);
    if (history.wanted) entry["wanted"] = ToJson(*history.wanted);
    for (const api::FailedAttempt& f : history.failed) entry["failed"].push_back(ToJson(f));
    out[name] = std::move(entry);
  }
  return out;
}
Rollouts ToRollouts(const json& record) {
  Rollouts out;
  for (const auto& [name, entry] : record.items()) {
    api::RolloutHistory& history = out[name];
    if (entry.contains("last")) history.last = ToRolloutRecord(entry["last"]);
    if (entry.contains("wanted")) history.wanted = ToWantedRollout(entry["wanted"]);
    for (const json& f : entry.at("failed")) history.failed.push_back(ToFailedAttempt(f));
  }
  return out;
}

json ToJson(const Networks& networks) {
  json out = json::object();
  for (const auto& [name, history] : networks)
    out[name] = {
        {"previous", history.previous}, {"failedHash", history.failed_hash}, {"message", history.message}};
  return out;
}
Networks ToNetworks(const json& record) {
  Networks out;
  for (const auto& [name, entry] : record.items())
    out[name] = {entry.at("previous").get<std::string>(), entry.at("failedHash").get<std::string>(),
                 entry.at("message").get<std::string>()};
  return out;
}

json ToJson(const UsedImages& used) {
  json out = json::object();
  for (const auto& [name, images] : used) {
    json& list = out[name] = json::array();
    for (const api::UsedImage& image : images)
      list.push_back({{"id", image.id}, {"repository", image.repository}});
  }
  return out;
}
UsedImages ToUsedImages(const json& record) {
  UsedImages out;
  for (const auto& [name, list] : record.items()) {
    std::vector<api::UsedImage>& images = out[name];
    for (const json& image : list)
      images.push_back({image.at("id").get<std::string>(), image.at("repository").get<std::string>()});
  }
  return out;
}

}  // namespace

absl::StatusOr<std::string> EncodeLastGood(const LastGood& last_good) { return Encode(ToJson(last_good)); }
absl::StatusOr<LastGood> DecodeLastGood(absl::string_view file) { return Decode(file, ToLastGood); }

absl::StatusOr<std::string> EncodeRollouts(const Rollouts& rollouts) { return Encode(ToJson(rollouts)); }
absl::StatusOr<Rollouts> DecodeRollouts(absl::string_view file) { return Decode(file, ToRollouts); }

absl::StatusOr<std::string> EncodeNetworks(const Networks& networks) { return Encode(ToJson(networks)); }
absl::StatusOr<Networks> DecodeNetworks(absl::string_view file) { return Decode(file, ToNetworks); }

absl::StatusOr<std::string> EncodeUsedImages(const UsedImages& images) { return Encode(ToJson(images)); }
absl::StatusOr<UsedImages> DecodeUsedImages(absl::string_view file) { return Decode(file, ToUsedImages); }

absl::StatusOr<std::string> EncodeLimitsSet(const LimitsSet& limits) { return Encode(json(limits)); }
absl::StatusOr<LimitsSet> DecodeLimitsSet(absl::string_view file) { return Decode<LimitsSet>(file); }

absl::StatusOr<std::string> EncodeNotified(const Notified& notified) { return Encode(json(notified)); }
absl::StatusOr<Notified> DecodeNotified(absl::string_view file) { return Decode<Notified>(file); }

absl::StatusOr<std::string> EncodeDigestKey(const std::string& key) { return Encode(json(key)); }
absl::StatusOr<std::string> DecodeDigestKey(absl::string_view file) { return Decode<std::string>(file); }

}  // namespace spacelet::state
