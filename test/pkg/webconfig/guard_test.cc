#include "pkg/webconfig/guard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace spacelet::webconfig {
namespace {

using ::testing::ElementsAre;

constexpr char kSecret[] = "$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW";  // secret

http::ServerRequest Request(const std::string& authorization) {
  http::ServerRequest request;
  request.path = "/livez";
  if (!authorization.empty()) request.headers["authorization"] = authorization;
  return request;
}

std::string Basic(const std::string& pair) { return "Basic " + absl::Base64Escape(pair); }

class GuardTest : public ::testing::Test {
 protected:
  GuardTest() { SetUsers({{"ann", kSecret}}); }
  ~GuardTest() override {
    if (thread_.joinable()) thread_.request_stop();
  }
  void SetUsers(Users users) {
    auto access = std::make_shared<Access>();
    access->users = std::move(users);
    access->headers = {{"X-Frame-Options", "deny"}, {"X-Content-Type-Options", "nosniff"}};
    in_force_ = access;
  }
  void Start() {
    thread_ = std::jthread([this](const std::stop_token& stop) { passwords_.Run(stop).IgnoreError(); });
  }
  // As the server does.
  http::ServerResponse Ask(const http::ServerRequest& request) {
    http::ServerResponse response = handler_(request);
    for (int i = 0; i < 6000 && response.later; ++i) {
      std::optional<http::ServerResponse> now = response.later();
      if (now) return *std::move(now);
      absl::SleepFor(absl::Milliseconds(10));
    }
    return response;
  }
  int StatusOf(const std::string& authorization) { return Ask(Request(authorization)).status; }

  std::shared_ptr<const Access> in_force_;
  Passwords passwords_;
  std::vector<std::string> results_;
  std::vector<http::ServerRequest> seen_;
  http::Handler handler_ = Guard([this] { return in_force_; }, passwords_,
                                 [this](absl::string_view result) { results_.emplace_back(result); },
                                 [this](const http::ServerRequest& request) {
                                   seen_.push_back(request);
                                   http::ServerResponse response;
                                   response.body = "page";
                                   if (request.path == "/stream")
                                     response.more = [] { return std::optional<std::string>("more"); };
                                   return response;
                                 });
  std::jthread thread_;
};

TEST_F(GuardTest, LetsInWhoGivesTheRightPassword) {
  Start();
  const http::ServerResponse response = Ask(Request(Basic("ann:secret")));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "page");
  EXPECT_EQ(response.headers.at("X-Frame-Options"), "deny");
  EXPECT_EQ(response.headers.count("X-Content-Type-Options"), 0u);  // every answer has it
  EXPECT_EQ(seen_.back().headers.count("authorization"), 0u);
  EXPECT_THAT(results_, ElementsAre("accepted"));
}

TEST_F(GuardTest, RefusesEverybodyElseOnEveryPage) {
  Start();
  for (const std::string& authorization :
       {std::string(), Basic("ann:wrong"), Basic("nobody:secret"), Basic("ann"), Basic(""),
        std::string("Basic !!!"), std::string("Bearer secret"), "Digest " + absl::Base64Escape("ann:secret"),
        std::string("Basic"), Basic("ann:secret") + ", " + Basic("ann:secret")}) {
    const http::ServerResponse response = Ask(Request(authorization));
    EXPECT_EQ(response.status, 401) << authorization;
    EXPECT_EQ(response.headers.at("WWW-Authenticate"), "Basic realm=\"spacelet\", charset=\"UTF-8\"");
    EXPECT_EQ(response.headers.at("X-Frame-Options"), "deny");
  }
  EXPECT_TRUE(seen_.empty());
}

TEST_F(GuardTest, ReadsTheSchemeInAnyCase) {
  Start();
  EXPECT_EQ(StatusOf("bAsIc  " + absl::Base64Escape("ann:secret")), 200);
}

TEST_F(GuardTest, SaysToComeBackWhenTooManyPasswordsWait) {
  std::vector<http::ServerResponse> waiting;
  for (size_t i = 0; i < Passwords::kQueue; ++i)
    waiting.push_back(handler_(Request(Basic(absl::StrCat("ann:", i)))));
  for (const http::ServerResponse& response : waiting) EXPECT_FALSE(response.later().has_value());
  const http::ServerResponse busy = handler_(Request(Basic("ann:secret")));
  EXPECT_EQ(busy.status, 503);
  EXPECT_EQ(busy.headers.at("Retry-After"), "1");
  EXPECT_THAT(results_, ElementsAre("busy"));
}

TEST_F(GuardTest, AsksNobodyWhoComesByTheLocalSocketOrWhenThereAreNoUsers) {
  http::ServerRequest local = Request("");
  local.local = true;
  EXPECT_EQ(handler_(local).status, 200);
  SetUsers({});
  EXPECT_EQ(handler_(Request("")).status, 200);
  EXPECT_EQ(handler_(Request(Basic("who:ever"))).status, 200);
  EXPECT_TRUE(results_.empty());
}

TEST_F(GuardTest, EndsAStreamWhenAConfigurationThatAdmitsOthersComesIntoForce) {
  Start();
  http::ServerRequest request = Request(Basic("ann:secret"));
  request.path = "/stream";
  const http::ServerResponse stream = Ask(request);
  EXPECT_EQ(stream.more(), "more");
  SetUsers({{"ann", kSecret}});  // a renewed certificate, say
  EXPECT_EQ(stream.more(), "more");
  SetUsers({{"bob", kSecret}});
  EXPECT_EQ(stream.more(), std::nullopt);
  EXPECT_EQ(StatusOf(Basic("ann:secret")), 401);
}

}  // namespace
}  // namespace spacelet::webconfig
