#include "pkg/webconfig/passwords.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace spacelet::webconfig {
namespace {

using Verdict = Passwords::Verdict;

// Made by other programs than ours; the costs are low.
constexpr char kSecret[] = "$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW";  // secret
constexpr char kUtf8[] = "$2y$04$abcdefghijklmnopqrstuu.FR18ZCDFBCoJzNr2I/p8lw/8VmpkKS";    // grün:wie
constexpr char kLong[] = "$2y$04$abcdefghijklmnopqrstuubzadhGtS2zEF.gu0yd0opP6cVzb.e0i";    // 80 times x
constexpr char kOther[] = "$2b$04$abcdefghijklmnopqrstuu0HtfOlPbTiymk5tcV.3TsFPDd3SYZqu";   // other
constexpr char kCrypt[] = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";   // U*U
constexpr char kGo[] = "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi";      // fakepassword
constexpr char kPrometheus[] = "$2b$12$hNf2lSsxfm0.i4a.1kVpSOVyBCfIB51VRjgBUyv6kdnyTlgWj81Ay";  // test
constexpr char kEmpty[] = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy";       // (nothing)

class PasswordsTest : public testing::Test {
 protected:
  ~PasswordsTest() override { Stop(); }
  void Start() {
    thread_ = std::jthread([this](const std::stop_token& stop) { passwords_.Run(stop).IgnoreError(); });
  }
  void Stop() {
    if (!thread_.joinable()) return;
    thread_.request_stop();
    thread_.join();
  }
  Verdict Wait(const std::string& ticket) const {
    for (int i = 0; i < 6000 && passwords_.Of(ticket) == Verdict::kComputing; ++i)
      absl::SleepFor(absl::Milliseconds(10));
    return passwords_.Of(ticket);
  }
  Verdict Check(const Users& users, const std::string& user, absl::string_view password) {
    return Wait(passwords_.Ask(users, user, password));
  }

  Passwords passwords_;
  std::jthread thread_;
};

TEST_F(PasswordsTest, KnowsTheRightOnesOfEveryMakerOfHashes) {
  Start();
  const Users users = {{"secret", kSecret}, {"utf8", kUtf8}, {"long", kLong},       {"other", kOther},
                       {"crypt", kCrypt},   {"go", kGo},     {"prom", kPrometheus}, {"empty", kEmpty}};
  struct Case {
    std::string user, password;
    Verdict verdict;
  };
  const std::vector<Case> cases = {
      {"secret", "secret", Verdict::kRight},
      {"secret", "Secret", Verdict::kWrong},
      {"secret", "secret ", Verdict::kWrong},
      {"secret", "", Verdict::kWrong},
      {"secret", std::string("secret\0", 7), Verdict::kWrong},
      {"utf8", "grün:wie", Verdict::kRight},
      {"long", std::string(80, 'x'), Verdict::kRight},
      {"long", std::string(5000, 'x'), Verdict::kRight},  // bcrypt looks at 72
      {"long", std::string(71, 'x'), Verdict::kWrong},
      {"other", "other", Verdict::kRight},
      {"other", "secret", Verdict::kWrong},
      {"crypt", "U*U", Verdict::kRight},
      {"go", "fakepassword", Verdict::kRight},
      {"prom", "test", Verdict::kRight},
      {"empty", "", Verdict::kRight},
      {"nobody", "secret", Verdict::kWrong},
      {"", "", Verdict::kWrong},
  };
  for (const Case& c : cases) {
    // One user a time: the cost of a stranger is the highest of the file.
    Users some = {{"secret", kSecret}};
    if (const auto found = users.find(c.user); found != users.end()) some[c.user] = found->second;
    EXPECT_EQ(Check(some, c.user, c.password), c.verdict) << c.user << " " << c.password.substr(0, 20);
  }
}

TEST_F(PasswordsTest, RemembersAVerdictAndComputesNoMore) {
  const Users users = {{"ann", kSecret}};
  Start();
  const std::string right = passwords_.Ask(users, "ann", "secret"),
                    wrong = passwords_.Ask(users, "ann", "guess");
  EXPECT_EQ(Wait(right), Verdict::kRight);
  EXPECT_EQ(Wait(wrong), Verdict::kWrong);
  Stop();
  EXPECT_EQ(passwords_.Of(passwords_.Ask(users, "ann", "secret")), Verdict::kRight);
  EXPECT_EQ(passwords_.Of(passwords_.Ask(users, "ann", "guess")), Verdict::kWrong);
}

TEST_F(PasswordsTest, ForgetsAVerdictWithItsHash) {
  Start();
  EXPECT_EQ(Check({{"ann", kSecret}}, "ann", "secret"), Verdict::kRight);
  EXPECT_EQ(Check({{"ann", kOther}}, "ann", "secret"), Verdict::kWrong);
  EXPECT_EQ(Check({{"bob", kSecret}}, "ann", "secret"), Verdict::kWrong);
}

TEST_F(PasswordsTest, TakesNoMoreThanFitIntoTheQueueAndEqualQuestionsOnce) {
  const Users users = {{"ann", kSecret}};
  const auto guess = [](size_t i) { return absl::StrCat("guess ", i); };
  for (size_t i = 0; i < Passwords::kQueue; ++i)
    EXPECT_EQ(passwords_.Of(passwords_.Ask(users, "ann", guess(i))), Verdict::kComputing) << i;
  const std::string one_more = passwords_.Ask(users, "ann", "secret");
  EXPECT_EQ(passwords_.Of(one_more), Verdict::kBusy);
  EXPECT_EQ(passwords_.Of(passwords_.Ask(users, "ann", guess(0))), Verdict::kComputing);
  Start();
  EXPECT_EQ(Wait(passwords_.Ask(users, "ann", guess(Passwords::kQueue - 1))), Verdict::kWrong);
  EXPECT_EQ(Check(users, "ann", "secret"), Verdict::kRight);
}

TEST_F(PasswordsTest, KeepsTheRightOnesWhateverIsGuessed) {
  const Users users = {{"ann", kSecret}};
  Start();
  EXPECT_EQ(Check(users, "ann", "secret"), Verdict::kRight);
  for (size_t i = 0; i < 2 * Passwords::kRemembered; ++i)
    EXPECT_EQ(Check(users, "ann", absl::StrCat(i)), Verdict::kWrong);
  Stop();
  EXPECT_EQ(passwords_.Of(passwords_.Ask(users, "ann", "secret")), Verdict::kRight);
  EXPECT_EQ(passwords_.Of(passwords_.Ask(users, "ann", "0")), Verdict::kComputing);  // forgotten, asked again
}

TEST_F(PasswordsTest, NamesTheSameQuestionDifferentlyInEachProcess) {
  const Users users = {{"ann", kSecret}};
  const auto other = std::make_unique<Passwords>();
  EXPECT_NE(passwords_.Ask(users, "ann", "secret"), other->Ask(users, "ann", "secret"));
  EXPECT_NE(passwords_.Ask(users, "ann", "b"), passwords_.Ask(users, "an", "nb"));
}

}  // namespace
}  // namespace spacelet::webconfig
