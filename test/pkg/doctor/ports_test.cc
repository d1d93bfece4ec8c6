#include "pkg/doctor/ports.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "test/testing/tcp_server.h"
#include "test/testing/temporary.h"

namespace spacelet::doctor {
namespace {

class ListenersTest : public ::testing::Test {
 protected:
  ListenersTest() : directory_(testing::TemporaryPath("proc-net")) {
    std::filesystem::create_directories(directory_);
    Write("tcp",
          " 0: 0100007F:0BB8 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 11 1\n"
          " 1: 0100007F:0BB9 0100007F:8000 01 00000000:00000000 00:00000000 00000000 0 0 12 1\n");
    Write("tcp6",
          " 0: 00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A "
          "00000000:00000000 00:00000000 00000000 0 0 13 1\n");
    Write("udp", " 0: 00000000:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000 0 0 14 2 x 0\n");
  }
  ~ListenersTest() override { std::filesystem::remove_all(directory_); }

  void Write(const char* table, const char* lines) {
    std::ofstream(absl::StrCat(directory_, "/", table)) << "  sl  local_address rem_address   st …\n"
                                                        << lines;
  }
  uint64_t Holder(const char* ip, uint16_t port, const char* protocol) {
    const auto listeners = ReadListeners(directory_);
    const Listener* listener = InTheWay(*listeners, ip, port, protocol);
    return listener == nullptr ? 0 : listener->inode;
  }
  std::string directory_;
};

TEST_F(ListenersTest, OnlyWhatListensIsInTheWay) {
  EXPECT_EQ(Holder("127.0.0.1", 3000, "tcp"), 11u);
  EXPECT_EQ(Holder("0.0.0.0", 3000, "tcp"), 11u) << "all addresses include that one";
  EXPECT_EQ(Holder("10.0.0.1", 3000, "tcp"), 0u) << "another address is free";
  EXPECT_EQ(Holder("127.0.0.1", 3001, "tcp"), 0u) << "a connection is no listener";
  EXPECT_EQ(Holder("127.0.0.1", 8080, "tcp"), 13u) << "IPv6's any address takes IPv4 as well";
  EXPECT_EQ(Holder("127.0.0.1", 53, "udp"), 14u);
  EXPECT_EQ(Holder("127.0.0.1", 53, "tcp"), 0u);
}

TEST_F(ListenersTest, WithoutTheTableNothingIsKnown) {
  std::filesystem::remove(directory_ + "/tcp");
  EXPECT_FALSE(ReadListeners(directory_).has_value());
}

TEST(ProcessWith, FindsTheProcessOfASocket) {
  const testing::TcpServer server;
  const auto listeners = ReadListeners("/proc/net");
  ASSERT_TRUE(listeners.has_value());
  const Listener* listener = InTheWay(*listeners, "127.0.0.1", server.port(), "tcp");
  ASSERT_NE(listener, nullptr);
  EXPECT_EQ(ProcessWith(listener->inode), absl::StrCat("doctor_test (pid ", getpid(), ")"));
}

}  // namespace
}  // namespace spacelet::doctor
