// A record of the state directory: the file as it is, and its text as a record whose checksum is right.
#include <nlohmann/json.hpp>

#include "pkg/base/digest.h"
#include "pkg/state/records.h"
#include "test/fuzz/fuzz.h"

namespace spacelet::fuzz {
namespace {

using nlohmann::json;

template <typename T>
void CheckRecord(absl::string_view file, absl::StatusOr<T> (*decode)(absl::string_view),
                 absl::StatusOr<std::string> (*encode)(const T&)) {
  const absl::StatusOr<T> record = decode(file);
  if (!record.ok()) return RequireReason(record.status());
  const absl::StatusOr<std::string> again = encode(*record);
  Require(again.ok(), "what was read can be kept");
  const absl::StatusOr<T> same = decode(*again);
  Require(same.ok() && *same == *record, "what is kept is given back", *again);
}

void CheckFile(absl::string_view file) {
  CheckRecord(file, state::DecodeLastGood, state::EncodeLastGood);
  CheckRecord(file, state::DecodeLimitsSet, state::EncodeLimitsSet);
  CheckRecord(file, state::DecodeRollouts, state::EncodeRollouts);
  CheckRecord(file, state::DecodeNetworks, state::EncodeNetworks);
  CheckRecord(file, state::DecodeUsedImages, state::EncodeUsedImages);
  CheckRecord(file, state::DecodeNotified, state::EncodeNotified);
  CheckRecord(file, state::DecodeDigestKey, state::EncodeDigestKey);
}

bool IsShallow(absl::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return c == '[' || c == '{'; }) < 64;
}

}  // namespace

void Check(absl::string_view input) {
  CheckFile(input);
  if (!IsShallow(input)) return;  // dump recurses
  const json record = json::parse(input.begin(), input.end(), nullptr, /*allow_exceptions=*/false);
  if (record.is_discarded()) return;
  CheckFile(json({{"checksum", base::Sha256Hex(record.dump())}, {"record", record}}).dump());
}

}  // namespace spacelet::fuzz
