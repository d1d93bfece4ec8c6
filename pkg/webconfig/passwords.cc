#include "pkg/webconfig/passwords.h"

#include <crypt.h>
#include <string.h>  // NOLINT(modernize-deprecated-headers): explicit_bzero

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "pkg/base/digest.h"

namespace spacelet::webconfig {
namespace {

constexpr size_t kBcryptBytes = 72;  // bcrypt looks at no more of a password

void Wipe(std::string& text) {
  explicit_bzero(text.data(), text.size());
  text.clear();
}

// What is compared with for a user that is not there: costs what the dearest one costs, and fits no password
// that anybody knows.
std::string HashOfNobody(const Users& users) {
  int cost = 4;
  for (const auto& [name, hash] : users) cost = std::max(cost, BcryptCost(hash).value_or(0));
  return absl::StrFormat("$2b$%02d$%s%s", cost, std::string(22, '.'), std::string(31, '.'));
}

bool Fits(const std::string& hash, const std::string& password) {
  const auto data = std::make_unique<crypt_data>();
  const char* computed = crypt_r(password.c_str(), hash.c_str(), data.get());
  const bool equal = computed != nullptr && base::EqualInConstantTime(computed, hash);
  explicit_bzero(data.get(), sizeof *data);
  return equal;
}

}  // namespace

void Passwords::Memory::Add(const std::string& ticket) {
  if (tickets_.size() == kRemembered) tickets_.pop_front();
  tickets_.push_back(ticket);
}

bool Passwords::Memory::Has(const std::string& ticket) const {
  return std::find(tickets_.begin(), tickets_.end(), ticket) != tickets_.end();
}

Passwords::Passwords() : key_(base::RandomBytes(32)) {}

Passwords::~Passwords() {
  base::MutexLock lock(mu_);
  for (Question& question : queue_) Wipe(question.password);
}

std::string Passwords::Ask(const Users& users, const std::string& user, absl::string_view password) {
  const auto found = users.find(user);
  // As a C string a password with a NUL would be its own beginning.
  const bool known = found != users.end() && password.find('\0') == absl::string_view::npos;
  Question question{"", known ? found->second : HashOfNobody(users), known,
                    std::string(password.substr(0, kBcryptBytes))};
  question.ticket = base::HmacSha256Hex(
      key_, absl::StrCat(user.size(), ":", user, question.hash, known ? "+" : "-", question.password));
  base::MutexLock lock(mu_);
  const std::string ticket = question.ticket;
  const bool settled = right_.Has(ticket) || wrong_.Has(ticket) || IsWaiting(ticket);
  if (settled || queue_.size() >= kQueue) {
    Wipe(question.password);
    return ticket;
  }
  queue_.push_back(std::move(question));
  asked_.NotifyAll();
  return ticket;
}

bool Passwords::IsWaiting(const std::string& ticket) const {
  return computing_ == ticket ||
         std::any_of(queue_.begin(), queue_.end(), [&](const Question& q) { return q.ticket == ticket; });
}

Passwords::Verdict Passwords::Of(const std::string& ticket) const {
  base::MutexLock lock(mu_);
  if (right_.Has(ticket)) return Verdict::kRight;
  if (wrong_.Has(ticket)) return Verdict::kWrong;
  return IsWaiting(ticket) ? Verdict::kComputing : Verdict::kBusy;
}

absl::Status Passwords::Run(const std::stop_token& stop) {
  const std::stop_callback on_stop(stop, [this] {
    base::MutexLock lock(mu_);
    asked_.NotifyAll();
  });
  while (true) {
    Question question;
    {
      base::MutexLock lock(mu_);
      while (queue_.empty() && !stop.stop_requested()) asked_.Wait(mu_);
      if (stop.stop_requested()) return absl::OkStatus();
      question = std::move(queue_.front());
      queue_.pop_front();
      computing_ = question.ticket;
    }
    const bool right = Fits(question.hash, question.password) && question.known;
    Wipe(question.password);
    base::MutexLock lock(mu_);
    (right ? right_ : wrong_).Add(question.ticket);
    computing_.clear();
  }
}

}  // namespace spacelet::webconfig
