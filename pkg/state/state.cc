#include "pkg/state/state.h"

#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "pkg/base/digest.h"
#include "pkg/base/file.h"
#include "pkg/base/status_macros.h"

namespace spacelet::state {
namespace {

using nlohmann::json;

constexpr size_t kMaxBytes = 16 << 20;  // a document of 1 MiB, each byte escaped
constexpr int kMaxDepth = 16;
constexpr char kLastGood[] = "last-good.json";
constexpr char kLimitsSet[] = "limits-set.json";

absl::Status DataLoss(const std::string& path, absl::string_view why) {
  return absl::DataLossError(absl::StrCat(path, ": ", why));
}

// dump recurses: a file of brackets must not overflow the stack.
bool DropDeep(int depth, json::parse_event_t, json&) { return depth <= kMaxDepth; }

// A record's file: {"checksum": "<SHA-256 of the record's compact JSON>", "record": …}.
absl::Status Save(const std::string& path, const json& record) try {
  const json file = {{"checksum", base::Sha256Hex(record.dump())}, {"record", record}};
  return base::WriteFileAtomically(path, file.dump(2) + "\n", 0600);
} catch (const json::exception&) {  // dump
  return absl::InvalidArgumentError(absl::StrCat(path, ": not valid UTF-8"));
}

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
          .source = record.at("source").get<std::string>()};
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

absl::Status Directory::SaveLastGood(const LastGood& last_good) const {
  return Save(absl::StrCat(path_, "/", kLastGood), {{"document", last_good.bytes},
                                                    {"revision", last_good.revision},
                                                    {"generation", last_good.generation},
                                                    {"source", last_good.source}});
}

absl::StatusOr<LastGood> Directory::LoadLastGood() const {
  return LoadAs(absl::StrCat(path_, "/", kLastGood), DecodeLastGood);
}

absl::Status Directory::SaveLimitsSet(const LimitsSet& limits) const {
  return Save(absl::StrCat(path_, "/", kLimitsSet), json(limits));
}

absl::StatusOr<LimitsSet> Directory::LoadLimitsSet() const {
  return LoadAs(absl::StrCat(path_, "/", kLimitsSet),
                [](const json& record) { return record.get<LimitsSet>(); });
}

}  // namespace spacelet::state
