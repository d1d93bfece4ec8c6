#include <algorithm>
#include <utility>

#include "absl/strings/str_join.h"
#include "pkg/secret/secret.h"

namespace spacelet::secret {
namespace {

constexpr absl::Duration kRetryAfterFailure = absl::Minutes(1);

std::string IdentityOf(const api::SecretSource& source) {
  const std::string separator(1, '\0');
  return absl::StrJoin({std::to_string(static_cast<int>(source.kind)), source.file, source.env, source.value,
                        absl::StrJoin(source.command, separator)},
                       separator);
}

}  // namespace

struct Store::Slot {
  Entry entry;
  uint64_t attempt = 0;   // the newest one whose result is kept
  base::Instant read_at;  // of the last attempt

  bool Due(const api::SecretSource& source, base::Instant now) const {
    if (source.kind != api::SecretSource::Kind::kCommand || !entry.available) return true;
    const absl::Duration interval =
        entry.error.empty() ? source.refresh_interval : std::min(source.refresh_interval, kRetryAfterFailure);
    return now >= read_at + interval;
  }

  void Take(absl::StatusOr<std::string> value) {
    entry.error = value.ok() ? "" : std::string(value.status().message());
    if (!value.ok() || (entry.available && entry.value == *value)) return;
    entry.value = *std::move(value);
    entry.available = true;
    ++entry.version;
  }
};

Store::Store(base::Clock& clock, Redactor& redactor, Permissions permissions)
    : clock_(clock), redactor_(redactor), permissions_(permissions) {}
Store::~Store() = default;

Store::Entry Store::Get(const api::SecretSource& source, bool fresh, const std::stop_token& stop) {
  const std::string identity = IdentityOf(source);
  uint64_t attempt = 0;
  {
    const base::MutexLock lock(mu_);
    const Slot& slot = slots_[identity];
    if (!fresh && !slot.Due(source, clock_.Monotonic())) return slot.entry;
    attempt = ++attempts_;
  }
  return Keep(identity, attempt, Read(source, stop, permissions_));
}

Store::Entry Store::Keep(const std::string& identity, uint64_t attempt, absl::StatusOr<std::string> value) {
  if (value.ok()) redactor_.Add(*value);
  const base::MutexLock lock(mu_);
  Slot& slot = slots_[identity];
  // Of two threads that read the same source, the one that began later saw the newer value.
  if (attempt < slot.attempt) return slot.entry;
  slot.attempt = attempt;
  slot.read_at = clock_.Monotonic();
  slot.Take(std::move(value));
  return slot.entry;
}

uint64_t Store::Version(const std::vector<api::SecretSource>& sources, const std::stop_token& stop) {
  uint64_t version = 0;
  for (const api::SecretSource& source : sources) version += Get(source, /*fresh=*/false, stop).version;
  return version;
}

}  // namespace spacelet::secret
