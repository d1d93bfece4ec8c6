#include "pkg/http/sharing.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <cstring>

namespace spacelet::http {
namespace {

using ::testing::ElementsAre;

std::string Peer(const std::string& text) {
  sockaddr_storage storage{};
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  if (inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    std::memcpy(&storage, &v4, sizeof v4);
  } else if (inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    std::memcpy(&storage, &v6, sizeof v6);
  } else {
    storage.ss_family = AF_UNIX;
  }
  return PeerOf(storage);
}

TEST(Sharing, APeerIsAnAddressOrANetworkOfIPv6) {
  EXPECT_NE(Peer("10.0.0.1"), Peer("10.0.0.2"));
  EXPECT_EQ(Peer("10.0.0.1"), Peer("::ffff:10.0.0.1"));
  EXPECT_EQ(Peer("2001:db8:1:2::1"), Peer("2001:db8:1:2:ffff::9"));
  EXPECT_NE(Peer("2001:db8:1:2::1"), Peer("2001:db8:1:3::1"));
  EXPECT_EQ(Peer("a unix socket"), "");
}

TEST(Sharing, WhoComesLastHasHisTurnBeforeTheSecondOfAnother) {
  EXPECT_THAT(TurnOrder({"a", "a", "a", "b"}, ""), ElementsAre(0, 3, 1, 2));
  EXPECT_THAT(TurnOrder({"a", "a", "b", "b"}, ""), ElementsAre(0, 2, 1, 3));
  EXPECT_THAT(TurnOrder({}, "a"), ElementsAre());
}

// A turn may be over after one handshake.
TEST(Sharing, TheCircleGoesOnAfterWhoHadTheLastTurn) {
  EXPECT_THAT(TurnOrder({"a", "a", "b", "c"}, "a"), ElementsAre(2, 3, 0, 1));
  EXPECT_THAT(TurnOrder({"a", "a", "b", "c"}, "b"), ElementsAre(3, 0, 2, 1));
  EXPECT_THAT(TurnOrder({"a", "b"}, "c"), ElementsAre(0, 1));
}

Place At(const std::string& peer, int second, bool idle_stream = false) {
  return {peer, idle_stream, {absl::Seconds(second)}};
}

TEST(Sharing, APlaceIsTakenFromThePeerThatHasTheMost) {
  EXPECT_EQ(PlaceToGiveUp({At("b", 1), At("a", 3), At("a", 2)}, "c", false), 2u);
  EXPECT_EQ(PlaceToGiveUp({At("a", 3), At("a", 2), At("a", 4)}, "a", false), 1u);
  EXPECT_EQ(PlaceToGiveUp({At("b", 1), At("a", 2)}, "c", false), 0u);
}

TEST(Sharing, AStreamThatSaysNothingIsTheLastToGo) {
  EXPECT_EQ(PlaceToGiveUp({At("a", 1, true), At("a", 2, true), At("b", 3)}, "c", false), 2u);
  EXPECT_EQ(PlaceToGiveUp({At("b", 1, true), At("a", 3, true), At("a", 2, true)}, "c", false), 2u);
}

// Whoever comes first is served first, where it is one peer's own handshakes that take all of the time.
TEST(Sharing, WhileOthersWaitForTheProcessorWhoHasTheMostGetsNoMore) {
  EXPECT_EQ(PlaceToGiveUp({At("a", 1), At("a", 2), At("b", 3)}, "a", true), std::nullopt);
  EXPECT_EQ(PlaceToGiveUp({At("a", 1), At("a", 2), At("b", 3)}, "b", true), 0u);
  EXPECT_EQ(PlaceToGiveUp({At("a", 1), At("a", 2), At("b", 3)}, "c", true), 0u);
}

}  // namespace
}  // namespace spacelet::http
