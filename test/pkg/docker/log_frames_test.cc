#include "pkg/docker/log_frames.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace spacelet::docker {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string Frame(char stream, const std::string& text) {
  std::string header = {
      stream, 0, 0, 0, 0, 0, static_cast<char>(text.size() >> 8), static_cast<char>(text.size() & 255)};
  return header + text;
}

TEST(TailOfLogs, JoinsBothStreamsInOrder) {
  EXPECT_THAT(TailOfLogs(Frame(1, "one\n") + Frame(2, "two\n") + Frame(1, "three\n"), 10),
              ElementsAre("one", "two", "three"));
}

TEST(TailOfLogs, KeepsTheLastLines) {
  EXPECT_THAT(TailOfLogs(Frame(1, "a\nb\nc\n"), 2), ElementsAre("b", "c"));
  EXPECT_THAT(TailOfLogs(Frame(1, "a\n"), 0), IsEmpty());
}

TEST(TailOfLogs, ALineInSeveralPiecesIsOneLine) {
  EXPECT_THAT(TailOfLogs(Frame(1, "half") + Frame(2, "error\n") + Frame(1, "-whole\n"), 10),
              ElementsAre("error", "half-whole"));
}

TEST(TailOfLogs, ATerminalsOutputHasNoFrames) {
  EXPECT_THAT(TailOfLogs("a\r\nb\r\n\r\nc", 10), ElementsAre("a", "b", "", "c"));
}

TEST(TailOfLogs, ABodyCutAnywhereIsFine) {
  const std::string body = Frame(1, "one\n") + Frame(2, "two\n");
  for (size_t n = 0; n <= body.size(); ++n) EXPECT_LE(TailOfLogs(body.substr(0, n), 10).size(), 2u);
  EXPECT_THAT(TailOfLogs(std::string("\x01\0\0\0\xff\xff\xff\xffx", 9), 10), ElementsAre("x"));
}

TEST(TailOfLogs, ControlCharactersDoNotReachATerminal) {
  EXPECT_THAT(TailOfLogs(Frame(1, "a\x1b[31mb\n"), 1), ElementsAre("a\\x1b[31mb"));
}

}  // namespace
}  // namespace spacelet::docker
