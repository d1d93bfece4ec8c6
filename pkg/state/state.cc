#include "pkg/state/state.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "pkg/base/digest.h"
#include "pkg/base/file.h"
#include "pkg/base/status_macros.h"

namespace spacelet::state {
namespace {

using nlohmann::json;

constexpr size_t kMaxBytes = 32 << 20;  // document, overlays and pool of 1 MiB each, each byte escaped
constexpr int kMaxDepth = 16;
constexpr char kLastGood[] = "last-good.json";
constexpr char kLimitsSet[] = "limits-set.json";
constexpr char kRollouts[] = "rollouts.json";
constexpr char kNetworks[] = "networks.json";
constexpr char kUsedImages[] = "used-images.json";
constexpr char kNotified[] = "notified.json";
constexpr char kDigestKey[] = "digest-key.json";
constexpr size_t kDigestKeyBytes = 32;

absl::Status DataLoss(const std::string& path, absl::string_view why) {
  return absl::DataLossError(absl::StrCat(path, ": ", why));
}

// dump recurses: a file of brackets must not overflow the stack.
bool DropDeep(int depth, json::parse_event_t, json&) { return depth <= kMaxDepth; }

// A record's file: {"checksum": "<SHA-256 of the record's compact JSON>", "record": …}.
absl::StatusOr<std::string> FileOf(const json& record) try {
  const json file = {{"checksum", base::Sha256Hex(record.dump())}, {"record", record}};
  return file.dump(2) + "\n";
} catch (const json::exception&) {  // dump
  return absl::InvalidArgumentError("not valid UTF-8");
}

constexpr mode_t kMode = 0600;

absl::StatusOr<json> Load(const std::string& path) {
  ASSIGN_OR_RETURN(const base::FileContent content, base::ReadFile(path, kMaxBytes));
  json file = json::parse(content.bytes, DropDeep, /*allow_exceptions=*/false);
  if (!file.is_object() || !file.contains("record")) return DataLoss(path, "torn or not a record");
  if (file.value("checksum", json()) != base::Sha256Hex(file["record"].dump()))
    return DataLoss(path, "wrong checksum");
  return std::move(file["record"]);
}

// `decode` may throw json::exception: a record with a good checksum, but of another version.
template <typename Decode>
auto LoadAs(const std::string& path, Decode decode) -> absl::StatusOr<decltype(decode(json()))> {
  ASSIGN_OR_RETURN(const json record, Load(path));
  try {
    return decode(record);
  } catch (const json::exception&) {
    return DataLoss(path, "fields missing or of another type");
  }
}

LastGood DecodeLastGood(const json& record) {
  return {.bytes = record.at("document").get<std::string>(),
          .revision = record.at("revision").get<std::string>(),
          .generation = record.at("generation").get<int64_t>(),
          .source = record.at("source").get<std::string>(),
          .commit = record.value("commit", std::string()),
          .file_name = record.value("fileName", std::string()),
          .directory = record.value("directory", std::string()),
          .files = record.value("files", std::map<std::string, std::string>()),
          .facts = record.value("facts", std::map<std::string, std::string>())};
}

// Infinite is absent.
void PutTime(json& to, const char* name, absl::Time time) {
  if (time > absl::InfinitePast() && time < absl::InfiniteFuture()) to[name] = absl::FormatTime(time);
}
absl::Time GetTime(const json& from, const char* name, absl::Time absent) {
  absl::Time time = absent;
  const auto text = from.find(name);
  if (text == from.end()) return absent;
  return absl::ParseTime(absl::RFC3339_full, text->get<std::string>(), &time, nullptr) ? time : absent;
}

json EncodeFingerprint(const api::Fingerprint& f) {
  return {{"specHash", f.spec_hash}, {"imageId", f.image_id}, {"secrets", f.secrets}};
}
api::Fingerprint DecodeFingerprint(const json& f) {
  return {f.at("specHash").get<std::string>(), f.at("imageId").get<std::string>(),
          f.at("secrets").get<std::string>()};
}

json EncodeRecord(const api::RolloutRecord& r) {
  json out = {{"result", api::kRolloutResults[static_cast<size_t>(r.result)]},
              {"from", r.from},
              {"to", r.to},
              {"fromHash", r.from_hash},
              {"toHash", r.to_hash},
              {"tried", EncodeFingerprint(r.tried)},
              {"oldWasReady", r.old_was_ready},
              {"message", r.message}};
  PutTime(out, "startedAt", r.started_at);
  PutTime(out, "finishedAt", r.finished_at);
  return out;
}
api::RolloutRecord DecodeRecord(const json& r) {
  const auto* end = std::end(api::kRolloutResults);
  const auto* name = std::find(std::begin(api::kRolloutResults), end, r.at("result").get<std::string>());
  return {.result = name == end ? api::RolloutRecord::Result::kFailed
                                : static_cast<api::RolloutRecord::Result>(name - api::kRolloutResults),
          .from = r.at("from").get<std::string>(),
          .to = r.at("to").get<std::string>(),
          .from_hash = r.at("fromHash").get<std::string>(),
          .to_hash = r.at("toHash").get<std::string>(),
          .tried = DecodeFingerprint(r.at("tried")),
          .old_was_ready = r.at("oldWasReady").get<bool>(),
          .started_at = GetTime(r, "startedAt", absl::InfinitePast()),
          .finished_at = GetTime(r, "finishedAt", absl::InfinitePast()),
          .message = r.at("message").get<std::string>()};
}

json EncodeFailed(const api::FailedAttempt& f) {
  json out = {{"tried", EncodeFingerprint(f.tried)},
              {"image", f.image},
              {"message", f.message},
              {"attempts", f.attempts}};
  PutTime(out, "failedAt", f.failed_at);
  PutTime(out, "retryAt", f.retry_at);
  return out;
}
api::FailedAttempt DecodeFailed(const json& f) {
  return {.tried = DecodeFingerprint(f.at("tried")),
          .image = f.at("image").get<std::string>(),
          .message = f.at("message").get<std::string>(),
          .failed_at = GetTime(f, "failedAt", absl::InfinitePast()),
          .retry_at = GetTime(f, "retryAt", absl::InfiniteFuture()),
          .attempts = f.at("attempts").get<int>()};
}

json EncodeWanted(const api::WantedRollout& w) {
  json out = {{"target", EncodeFingerprint(w.target)}};
  PutTime(out, "since", w.since);
  return out;
}
api::WantedRollout DecodeWanted(const json& w) {
  return {DecodeFingerprint(w.at("target")), GetTime(w, "since", absl::InfinitePast())};
}

json EncodeRollouts(const Rollouts& rollouts) {
  json out = json::object();
  for (const auto& [name, history] : rollouts) {
    json entry = {{"failed", json::array()}};
    if (history.last) entry["last"] = EncodeRecord(*history.last);
    if (history.wanted) entry["wanted"] = EncodeWanted(*history.wanted);
    for (const api::FailedAttempt& f : history.failed) entry["failed"].push_back(EncodeFailed(f));
    out[name] = std::move(entry);
  }
  return out;
}
Rollouts DecodeRollouts(const json& record) {
  Rollouts out;
  for (const auto& [name, entry] : record.items()) {
    api::RolloutHistory& history = out[name];
    if (entry.contains("last")) history.last = DecodeRecord(entry["last"]);
    if (entry.contains("wanted")) history.wanted = DecodeWanted(entry["wanted"]);
    for (const json& f : entry.at("failed")) history.failed.push_back(DecodeFailed(f));
  }
  return out;
}

json EncodeNetworks(const Networks& networks) {
  json out = json::object();
  for (const auto& [name, history] : networks)
    out[name] = {
        {"previous", history.previous}, {"failedHash", history.failed_hash}, {"message", history.message}};
  return out;
}
Networks DecodeNetworks(const json& record) {
  Networks out;
  for (const auto& [name, entry] : record.items())
    out[name] = {entry.at("previous").get<std::string>(), entry.at("failedHash").get<std::string>(),
                 entry.at("message").get<std::string>()};
  return out;
}

json EncodeUsedImages(const UsedImages& used) {
  json out = json::object();
  for (const auto& [name, images] : used) {
    json& list = out[name] = json::array();
    for (const api::UsedImage& image : images)
      list.push_back({{"id", image.id}, {"repository", image.repository}});
  }
  return out;
}
UsedImages DecodeUsedImages(const json& record) {
  UsedImages out;
  for (const auto& [name, list] : record.items()) {
    std::vector<api::UsedImage>& images = out[name];
    for (const json& image : list)
      images.push_back({image.at("id").get<std::string>(), image.at("repository").get<std::string>()});
  }
  return out;
}

}  // namespace

Directory::Directory(std::string path) : path_(std::move(path)) {}

absl::Status Directory::Prepare() const {
  RETURN_IF_ERROR(base::MakeDirectories(path_, 0700));
  std::error_code error;
  for (std::filesystem::directory_iterator it(path_, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename();
    if (name[0] == '.' && absl::StrContains(name, base::kTemporaryInfix)) ::unlink(it->path().c_str());
  }
  return absl::OkStatus();
}

absl::Status Directory::Write(const std::string& name, const absl::StatusOr<std::string>& file) const {
  if (!file.ok())
    return absl::Status(file.status().code(), absl::StrCat(path_, "/", name, ": ", file.status().message()));
  base::MutexLock lock(mu_);
  absl::Status written = base::WriteFileAtomically(absl::StrCat(path_, "/", name), *file, kMode);
  if (written.ok())
    unwritten_.erase(name);
  else
    unwritten_[name] = *file;
  return written;
}

absl::Status Directory::WriteAgain() const {
  base::MutexLock lock(mu_);
  while (!unwritten_.empty()) {
    const auto& [name, file] = *unwritten_.begin();
    RETURN_IF_ERROR(base::MakeDirectories(path_, 0700));
    RETURN_IF_ERROR(base::WriteFileAtomically(absl::StrCat(path_, "/", name), file, kMode));
    unwritten_.erase(unwritten_.begin());
  }
  return absl::OkStatus();
}

absl::Status Directory::SaveLastGood(const LastGood& last_good) const {
  return Write(kLastGood, FileOf({{"document", last_good.bytes},
                                  {"revision", last_good.revision},
                                  {"generation", last_good.generation},
                                  {"source", last_good.source},
                                  {"commit", last_good.commit},
                                  {"fileName", last_good.file_name},
                                  {"directory", last_good.directory},
                                  {"files", last_good.files},
                                  {"facts", last_good.facts}}));
}

absl::StatusOr<LastGood> Directory::LoadLastGood() const {
  return LoadAs(absl::StrCat(path_, "/", kLastGood), DecodeLastGood);
}

absl::Status Directory::SaveLimitsSet(const LimitsSet& limits) const {
  return Write(kLimitsSet, FileOf(json(limits)));
}

absl::StatusOr<LimitsSet> Directory::LoadLimitsSet() const {
  return LoadAs(absl::StrCat(path_, "/", kLimitsSet),
                [](const json& record) { return record.get<LimitsSet>(); });
}

absl::Status Directory::SaveRollouts(const Rollouts& rollouts) const {
  return Write(kRollouts, FileOf(EncodeRollouts(rollouts)));
}

absl::StatusOr<Rollouts> Directory::LoadRollouts() const {
  return LoadAs(absl::StrCat(path_, "/", kRollouts), DecodeRollouts);
}

absl::Status Directory::SaveNetworks(const Networks& networks) const {
  return Write(kNetworks, FileOf(EncodeNetworks(networks)));
}

absl::StatusOr<Networks> Directory::LoadNetworks() const {
  return LoadAs(absl::StrCat(path_, "/", kNetworks), DecodeNetworks);
}

absl::Status Directory::SaveUsedImages(const UsedImages& images) const {
  return Write(kUsedImages, FileOf(EncodeUsedImages(images)));
}

absl::StatusOr<UsedImages> Directory::LoadUsedImages() const {
  return LoadAs(absl::StrCat(path_, "/", kUsedImages), DecodeUsedImages);
}

absl::Status Directory::SaveNotified(const Notified& notified) const {
  return Write(kNotified, FileOf(json(notified)));
}

absl::StatusOr<Notified> Directory::LoadNotified() const {
  return LoadAs(absl::StrCat(path_, "/", kNotified),
                [](const json& record) { return record.get<Notified>(); });
}

std::string Directory::DigestKey() const {
  absl::StatusOr<std::string> kept = LoadAs(absl::StrCat(path_, "/", kDigestKey),
                                            [](const json& record) { return record.get<std::string>(); });
  if (kept.ok() && !kept->empty()) return *std::move(kept);
  std::string key = absl::BytesToHexString(base::RandomBytes(kDigestKeyBytes));
  base::MakeDirectories(path_, 0700).IgnoreError();    // the first agent of a host asks before Prepare
  Write(kDigestKey, FileOf(json(key))).IgnoreError();  // WriteAgain tells
  return key;
}

}  // namespace spacelet::state
