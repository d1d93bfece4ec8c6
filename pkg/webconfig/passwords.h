// Checks passwords against bcrypt hashes, which takes 50 ms to seconds by design, for a server that may not
// wait.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <stop_token>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "pkg/base/mutex.h"
#include "pkg/webconfig/webconfig.h"

namespace spacelet::webconfig {

// One thread computes, the newest verdicts are remembered. What is remembered and asked by is a digest of
// user, hash and password under a key of this process: no password is kept longer than its turn takes. A user
// that is not known costs as much as the dearest one that is. Thread-safety: thread-safe; Run once.
class Passwords {
 public:
  enum class Verdict { kRight, kWrong, kComputing, kBusy };

  // Those that wait for their turn; one more is kBusy.
  static constexpr size_t kQueue = 16;
  // Remembered of each kind, right and wrong apart: wrong ones do not push out right ones.
  static constexpr size_t kRemembered = 64;

  Passwords();
  ~Passwords();

  // Names the question; equal questions have equal tickets. Never blocks.
  std::string Ask(const Users& users, const std::string& user, absl::string_view password)
      ABSL_LOCKS_EXCLUDED(mu_);
  // The verdict of a ticket: kBusy when its question was not taken, or is forgotten.
  Verdict Of(const std::string& ticket) const ABSL_LOCKS_EXCLUDED(mu_);

  // Computes until `stop`, at most to the end of one hash. Always OK.
  absl::Status Run(const std::stop_token& stop) ABSL_LOCKS_EXCLUDED(mu_);

 private:
  struct Question {
    std::string ticket, hash;
    bool known = false;
    std::string password;
  };
  // Digests, oldest first.
  class Memory {
   public:
    void Add(const std::string& ticket);
    bool Has(const std::string& ticket) const;

   private:
    std::deque<std::string> tickets_;
  };

  bool IsWaiting(const std::string& ticket) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const std::string key_;  // random
  mutable base::Mutex mu_;
  base::CondVar asked_;
  std::deque<Question> queue_ ABSL_GUARDED_BY(mu_);
  std::string computing_ ABSL_GUARDED_BY(mu_);  // ticket; empty: none
  Memory right_ ABSL_GUARDED_BY(mu_), wrong_ ABSL_GUARDED_BY(mu_);
};

}  // namespace spacelet::webconfig
