#include "pkg/webconfig/live.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "test/pkg/webconfig/files.h"
#include "test/testing/fake_clock.h"

namespace spacelet::webconfig {
namespace {

using ::testing::HasSubstr;

class LiveTest : public ::testing::Test {
 protected:
  LiveTest() {
    directory_.WriteServer(server_);
    path_ = directory_.Write("web.yml", absl::StrCat(kTlsText, kUsersText));
    live_ = std::make_unique<Live>(path_, secret::Permissions::kWarn,
                                   Load(path_, secret::Permissions::kWarn, absl::Now()), base::RealClock(),
                                   [this](const Loaded& loaded) { attempts_.push_back(loaded); });
    first_ = live_->InForce();
  }
  void Look(int times) {
    for (int i = 0; i < times; ++i) live_->Look();
  }
  bool unchanged() const { return live_->InForce() == first_; }

  const Directory directory_;
  const testing::Certificate ca_ = testing::MakeCa("ca");
  const testing::Certificate server_ = testing::Issue(ca_, "server", {"IP:127.0.0.1"});
  std::string path_;
  std::vector<Loaded> attempts_;
  std::unique_ptr<Live> live_;
  std::shared_ptr<const Access> first_;
};

TEST_F(LiveTest, TellsOfTheFirstAndThenOnlyOfChanges) {
  Look(5);
  EXPECT_EQ(attempts_.size(), 1u);
  EXPECT_TRUE(unchanged());
}

TEST_F(LiveTest, TakesAnotherFileOnceItHasStoodForALook) {
  directory_.Write("web.yml", kTlsText);
  Look(1);
  EXPECT_TRUE(unchanged());
  Look(1);
  EXPECT_TRUE(live_->InForce()->users.empty());
  EXPECT_EQ(attempts_.size(), 2u);
}

TEST_F(LiveTest, WaitsWhileAFileIsBeingWritten) {
  // The first half of such a file lets everybody in.
  for (int i = 0; i < 5; ++i) {
    directory_.Write("web.yml", absl::StrCat(kTlsText, std::string(static_cast<size_t>(i), '\n')));
    Look(1);
    EXPECT_TRUE(unchanged());
  }
  directory_.Write("web.yml", absl::StrCat(kTlsText, kUsersText, "# more\n"));
  Look(2);
  EXPECT_FALSE(unchanged());
  EXPECT_EQ(live_->InForce()->users.size(), 1u);
}

TEST_F(LiveTest, TakesARenewedCertificate) {
  directory_.WriteServer(testing::Issue(ca_, "renewed", {}, absl::Hours(1), absl::Hours(40)));
  Look(2);
  EXPECT_FALSE(unchanged());
  EXPECT_GT(live_->InForce()->tls->not_after(), absl::Now() + absl::Hours(30));
}

TEST_F(LiveTest, KeepsWhatIsInForceWhateverIsWrongAndSaysSoOnce) {
  struct Case {
    std::string name, file, text, says;
  };
  const std::vector<Case> cases = {
      {"the file is broken", "web.yml", "basic_auth_users: [", "web.yml:1:"},
      {"the file is empty", "web.yml", "", "web.yml"},
      {"the key is another's", "server.key", testing::Issue(ca_, "other", {}).key_pem, "is not the key"},
  };
  for (const Case& c : cases) {
    const size_t before = attempts_.size();
    directory_.Write(c.file, c.text);
    Look(6);
    EXPECT_TRUE(unchanged()) << c.name;
    ASSERT_EQ(attempts_.size(), before + 1) << c.name;
    EXPECT_EQ(attempts_.back().access, nullptr) << c.name;
    EXPECT_THAT(config::ToText(attempts_.back().diagnostics), HasSubstr(c.says)) << c.name;
    directory_.WriteServer(server_);
    directory_.Write("web.yml", absl::StrCat(kTlsText, kUsersText));
    Look(2);
    EXPECT_NE(attempts_.back().access, nullptr) << c.name;
    first_ = live_->InForce();
  }
}

TEST_F(LiveTest, KeepsWhatIsInForceWhenAFileGoesAwayAndTakesItsReturn) {
  for (const char* name : {"web.yml", "server.crt"}) {
    std::filesystem::rename(directory_.Path(name), directory_.Path("away"));
    Look(6);
    EXPECT_TRUE(unchanged()) << name;
    EXPECT_EQ(attempts_.back().access, nullptr) << name;
    std::filesystem::rename(directory_.Path("away"), directory_.Path(name));
    Look(2);
    EXPECT_FALSE(unchanged()) << name;
    first_ = live_->InForce();
  }
}

TEST_F(LiveTest, FollowsASymlinkThatIsTurned) {
  const Directory& d = directory_;
  std::filesystem::create_directories(d.Path("one"));
  std::filesystem::create_directories(d.Path("two"));
  d.Write("one/web.yml", kUsersText);
  d.Write("two/web.yml", "{}");
  std::filesystem::create_directory_symlink("one", d.Path("current"));
  const std::string path = d.Path("current/web.yml");
  Live live(path, secret::Permissions::kWarn, Load(path, secret::Permissions::kWarn, absl::Now()),
            base::RealClock(), [](const Loaded&) {});
  std::filesystem::create_directory_symlink("two", d.Path("next"));
  std::filesystem::rename(d.Path("next"), d.Path("current"));
  live.Look();
  live.Look();
  EXPECT_TRUE(live.InForce()->users.empty());
}

}  // namespace
}  // namespace spacelet::webconfig
