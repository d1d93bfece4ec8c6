#include "pkg/doctor/metadata.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/testing/tcp_server.h"

namespace spacelet::doctor {
namespace {

using ::testing::HasSubstr;
using testing::TcpPeer;
using testing::TcpServer;

constexpr char kLoopback[] = "127.0.0.1";

TcpServer::Script Tokens(int hops, std::string* request = nullptr) {
  return [=](const TcpPeer& peer) {
    const std::string header = peer.ReadHeader();
    if (request != nullptr) *request = header;
    peer.SetHops(hops);
    peer.Send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\ntoken");
    peer.WaitForClose();
  };
}

TEST(Metadata, IsAskedOnlyOnAMachineOfACloud) {
  const TcpServer service([](const TcpPeer&) { ADD_FAILURE() << "was asked"; });
  EXPECT_FALSE(AskMetadata(Cloud::kNone, kLoopback, service.port()).asked);
}

TEST(Metadata, AnAnswerThatReachesContainersIsGood) {
  const TcpServer service(Tokens(2));
  const MetadataFacts facts = AskMetadata(Cloud::kEc2, kLoopback, service.port());
  EXPECT_EQ(facts.error, "");
  EXPECT_FALSE(facts.one_hop);
}

TEST(Metadata, AnAnswerOfOneHopIsTold) {
  const TcpServer service(Tokens(1));
  const MetadataFacts facts = AskMetadata(Cloud::kEc2, kLoopback, service.port());
  EXPECT_EQ(facts.error, "");
  EXPECT_TRUE(facts.one_hop);
}

TEST(Metadata, GoogleIsAskedInItsOwnWordsAndHasNoHopLimit) {
  std::string request;
  MetadataFacts facts;
  {
    const TcpServer service(Tokens(1, &request));
    facts = AskMetadata(Cloud::kGce, kLoopback, service.port());
  }
  EXPECT_THAT(request, HasSubstr("Metadata-Flavor: Google"));
  EXPECT_EQ(facts.error, "");
  EXPECT_FALSE(facts.one_hop);
}

TEST(Metadata, ARefusalIsQuoted) {
  const TcpServer service(TcpServer::Answering("HTTP/1.1 403 Forbidden\r\n\r\n"));
  EXPECT_THAT(AskMetadata(Cloud::kEc2, kLoopback, service.port()).error, HasSubstr("403 Forbidden"));
}

}  // namespace
}  // namespace spacelet::doctor
