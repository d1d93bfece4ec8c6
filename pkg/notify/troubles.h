// What is wrong on a host, out of its status; and what is new about it. Level-triggered: whatever was missed,
// the next look at the status makes good.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "pkg/notify/notification.h"
#include "pkg/report/status.h"

namespace spacelet::notify {

// Key → message of each trouble that somebody was told of and that is not over.
using Told = std::map<std::string, std::string>;

// Thread-safety: none.
class Troubles {
 public:
  // `told`: by agents before this one; of this host alone.
  Troubles(std::string host, Told told) : host_(std::move(host)), told_(std::move(told)) {}

  // What has begun or ended since the last call, in a fixed order. A trouble that the status says nothing
  // about (Docker is away, a fix is being tried) is as it was.
  std::vector<Notification> Update(const report::Status& status, absl::Time now);

 private:
  struct Sighting;
  void Judge(const Sighting& sighting, const report::Status& status, absl::Time now,
             std::vector<Notification>& news);
  void End(const std::string& key, const std::string& object, const std::string& reason,
           const std::string& message, const report::Status& status, absl::Time now,
           std::vector<Notification>& news);

  std::string host_;
  Told told_;
  std::map<std::string, int64_t> counts_;  // by key
};

}  // namespace spacelet::notify
