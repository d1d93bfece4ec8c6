#include "pkg/state/state.h"

#include <unistd.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "pkg/base/digest.h"
#include "pkg/base/file.h"
#include "pkg/base/status_macros.h"

namespace spacelet::state {
namespace {

constexpr size_t kMaxBytes = 32 << 20;  // document, overlays and pool of 1 MiB each, each byte escaped
constexpr char kLastGood[] = "last-good.json";
constexpr char kLimitsSet[] = "limits-set.json";
constexpr char kRollouts[] = "rollouts.json";
constexpr char kNetworks[] = "networks.json";
constexpr char kUsedImages[] = "used-images.json";
constexpr char kNotified[] = "notified.json";
constexpr char kDigestKey[] = "digest-key.json";
constexpr size_t kDigestKeyBytes = 32;

absl::Status At(const std::string& path, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat(path, ": ", status.message()));
}

constexpr mode_t kMode = 0600;

template <typename T>
absl::StatusOr<T> Load(const std::string& path, absl::StatusOr<T> (*decode)(absl::string_view file)) {
  ASSIGN_OR_RETURN(const base::FileContent content, base::ReadFile(path, kMaxBytes));
  absl::StatusOr<T> record = decode(content.bytes);
  if (!record.ok()) return At(path, record.status());
  return record;
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
  const std::string path = absl::StrCat(path_, "/", name);
  if (!file.ok()) return At(path, file.status());
  base::MutexLock lock(mu_);
  absl::Status written = base::WriteFileAtomically(path, *file, kMode);
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
  return Write(kLastGood, EncodeLastGood(last_good));
}

absl::StatusOr<LastGood> Directory::LoadLastGood() const {
  return Load(absl::StrCat(path_, "/", kLastGood), DecodeLastGood);
}

absl::Status Directory::SaveLimitsSet(const LimitsSet& limits) const {
  return Write(kLimitsSet, EncodeLimitsSet(limits));
}

absl::StatusOr<LimitsSet> Directory::LoadLimitsSet() const {
  return Load(absl::StrCat(path_, "/", kLimitsSet), DecodeLimitsSet);
}

absl::Status Directory::SaveRollouts(const Rollouts& rollouts) const {
  return Write(kRollouts, EncodeRollouts(rollouts));
}

absl::StatusOr<Rollouts> Directory::LoadRollouts() const {
  return Load(absl::StrCat(path_, "/", kRollouts), DecodeRollouts);
}

absl::Status Directory::SaveNetworks(const Networks& networks) const {
  return Write(kNetworks, EncodeNetworks(networks));
}

absl::StatusOr<Networks> Directory::LoadNetworks() const {
  return Load(absl::StrCat(path_, "/", kNetworks), DecodeNetworks);
}

absl::Status Directory::SaveUsedImages(const UsedImages& images) const {
  return Write(kUsedImages, EncodeUsedImages(images));
}

absl::StatusOr<UsedImages> Directory::LoadUsedImages() const {
  return Load(absl::StrCat(path_, "/", kUsedImages), DecodeUsedImages);
}

absl::Status Directory::SaveNotified(const Notified& notified) const {
  return Write(kNotified, EncodeNotified(notified));
}

absl::StatusOr<Notified> Directory::LoadNotified() const {
  return Load(absl::StrCat(path_, "/", kNotified), DecodeNotified);
}

std::string Directory::DigestKey() const {
  absl::StatusOr<std::string> kept = Load(absl::StrCat(path_, "/", kDigestKey), DecodeDigestKey);
  if (kept.ok() && !kept->empty()) return *std::move(kept);
  std::string key = absl::BytesToHexString(base::RandomBytes(kDigestKeyBytes));
  base::MakeDirectories(path_, 0700).IgnoreError();       // the first agent of a host asks before Prepare
  Write(kDigestKey, EncodeDigestKey(key)).IgnoreError();  // WriteAgain tells
  return key;
}

}  // namespace spacelet::state
