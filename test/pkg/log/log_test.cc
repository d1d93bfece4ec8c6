#include "pkg/log/log.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

namespace spacelet::log {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::StartsWith;

std::string Unchanged(std::string text) { return text; }
std::string HideHunter(std::string text) { return absl::StrReplaceAll(text, {{"hunter\"2", "***"}}); }

class Lines {
 public:
  Logger At(Level level, Format format = Format::kLogfmt) {
    return Logger::ToFunction([this](std::string line) { lines.push_back(std::move(line)); }, format, level,
                              HideHunter);
  }
  std::vector<std::string> lines;
};

// A pipe or socket pair to log into; reads never block.
class Channel {
 public:
  explicit Channel(bool socket) {
    EXPECT_EQ(socket ? ::socketpair(AF_UNIX, SOCK_STREAM, 0, fds_) : ::pipe(fds_), 0);
    ::fcntl(fds_[0], F_SETFL, O_NONBLOCK);
  }
  ~Channel() {
    ::close(fds_[0]);
    ::close(fds_[1]);
  }
  int writer() const { return fds_[1]; }
  std::string ReadAll() const {
    std::string bytes;
    char buffer[4096];
    for (ssize_t n; (n = ::read(fds_[0], buffer, sizeof buffer)) > 0;)
      bytes.append(buffer, static_cast<size_t>(n));
    return bytes;
  }

 private:
  int fds_[2];
};

TEST(Logger, WritesTimeLevelMessageComponentAndFields) {
  Lines out;
  out.At(Level::kInfo)
      .With("plan")
      .Info("image pulled", {{"object", "container/vm-runner"}, {"took", "3 s"}});
  ASSERT_EQ(out.lines.size(), 1u);
  EXPECT_THAT(out.lines[0],
              MatchesRegex("ts=[0-9]+-[0-9]+-[0-9]+T[0-9]+:[0-9]+:[0-9]+\\.[0-9]+Z level=info "
                           "msg=\"image pulled\" component=plan object=container/vm-runner took=\"3 s\""));
}

TEST(Logger, DropsWhatIsBelowItsLevel) {
  Lines out;
  const Logger logger = out.At(Level::kWarning);
  logger.Debug("a");
  logger.Info("b");
  logger.Warning("c");
  logger.Error("d");
  ASSERT_EQ(out.lines.size(), 2u);
  EXPECT_THAT(out.lines[0], HasSubstr("level=warning msg=c"));
  EXPECT_THAT(out.lines[1], HasSubstr("level=error msg=d"));
}

TEST(Logger, ADefaultLoggerDropsEverything) { Logger().With("x").Error("nobody hears", {{"k", "v"}}); }

TEST(Logger, RedactsMessageAndValuesBeforeQuotesHideTheSecret) {
  for (const Format format : {Format::kLogfmt, Format::kJson}) {
    Lines out;
    out.At(Level::kDebug, format).Debug("token hunter\"2", {{"error", "denied: hunter\"2!"}});
    ASSERT_EQ(out.lines.size(), 1u);
    EXPECT_THAT(out.lines[0], Not(HasSubstr("hunter")));
    EXPECT_THAT(out.lines[0], HasSubstr("denied: ***!"));
  }
}

TEST(Logger, CopiesShareOneSinkAndLinesOfThreadsDoNotMix) {
  Channel pipe(false);
  const Logger logger = Logger::ToFd(pipe.writer(), Format::kLogfmt, Level::kInfo, Unchanged);
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([copy = logger.With("worker")] {
        for (int i = 0; i < 100; ++i) copy.Info("tick", {{"pad", std::string(50, 'x')}});
      });
    }
  }
  const std::vector<std::string> lines = absl::StrSplit(pipe.ReadAll(), '\n', absl::SkipEmpty());
  EXPECT_EQ(lines.size(), 400u);
  for (const std::string& line : lines) EXPECT_THAT(line, EndsWith(std::string(50, 'x')));
}

class BlockedOutput : public ::testing::TestWithParam<bool> {};

TEST_P(BlockedOutput, DropsCountsAndReportsLinesInsteadOfWaiting) {
  Channel channel(GetParam());
  const Logger logger = Logger::ToFd(channel.writer(), Format::kLogfmt, Level::kInfo, Unchanged);
  const std::string pad(1000, 'x');
  for (int i = 0; i < 2000; ++i) logger.Info("flood", {{"pad", pad}});
  const std::vector<std::string> got = absl::StrSplit(channel.ReadAll(), '\n', absl::SkipEmpty());
  ASSERT_LT(got.size(), 2000u);
  ASSERT_GT(got.size(), 10u);
  logger.Info("back");
  logger.Info("again");
  const std::string rest = channel.ReadAll();
  EXPECT_THAT(rest, HasSubstr(absl::StrCat("msg=back dropped=", 2000 - got.size(), "\n")));
  EXPECT_THAT(rest, EndsWith("msg=again\n"));
}

INSTANTIATE_TEST_SUITE_P(PipeAndSocket, BlockedOutput, ::testing::Bool(),
                         [](const auto& test) { return test.param ? "Socket" : "Pipe"; });

TEST(Logger, AClosedReaderKillsNobody) {
  int fds[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
  ::close(fds[0]);
  Logger::ToFd(fds[1], Format::kLogfmt, Level::kInfo, Unchanged).Info("nobody reads");
  ::close(fds[1]);
}

TEST(Logger, PrefixesThePriorityForTheJournalOnly) {
  Channel socket(true);
  struct stat st;
  ASSERT_EQ(::fstat(socket.writer(), &st), 0);
  ::setenv("JOURNAL_STREAM", absl::StrCat(st.st_dev, ":", st.st_ino).c_str(), 1);
  const Logger to_journal = Logger::ToFd(socket.writer(), Format::kJson, Level::kDebug, Unchanged);
  Channel other(true);
  const Logger elsewhere = Logger::ToFd(other.writer(), Format::kLogfmt, Level::kDebug, Unchanged);
  ::unsetenv("JOURNAL_STREAM");
  to_journal.Debug("a");
  to_journal.Info("b");
  to_journal.Warning("c");
  to_journal.Error("d");
  elsewhere.Info("e");
  const std::vector<std::string> lines = absl::StrSplit(socket.ReadAll(), '\n', absl::SkipEmpty());
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_THAT(lines[0], StartsWith("<7>{\"ts\""));
  EXPECT_THAT(lines[1], StartsWith("<6>{"));
  EXPECT_THAT(lines[2], StartsWith("<4>{"));
  EXPECT_THAT(lines[3], StartsWith("<3>{"));
  EXPECT_THAT(other.ReadAll(), StartsWith("ts="));
}

}  // namespace
}  // namespace spacelet::log
