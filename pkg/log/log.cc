#include "pkg/log/log.h"

#include <errno.h>
#include <poll.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "pkg/base/clock.h"
#include "pkg/log/encode.h"

namespace spacelet::log {
namespace {

spdlog::level::level_enum ToSpdlog(Level level) {
  switch (level) {
    case Level::kDebug:
      return spdlog::level::debug;
    case Level::kInfo:
      return spdlog::level::info;
    case Level::kWarning:
      return spdlog::level::warn;
    case Level::kError:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

// sd-daemon(3): journald takes a leading "<N>" of a line for its syslog priority.
absl::string_view PriorityPrefix(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::debug:
      return "<7>";
    case spdlog::level::info:
      return "<6>";
    case spdlog::level::warn:
      return "<4>";
    default:
      return "<3>";
  }
}

// systemd.exec(5): JOURNAL_STREAM is "device:inode" of the stream to the journal; a descriptor that was
// redirected since is another one.
bool IsJournal(int fd) {
  const char* stream = ::getenv("JOURNAL_STREAM");
  struct stat st;
  if (stream == nullptr || ::fstat(fd, &st) != 0) return false;
  return absl::StrCat(st.st_dev, ":", st.st_ino) == stream;
}

// Where finished lines go. Returns false when the line could not be taken at once.
using Output = std::function<bool(std::string line)>;

class FdOutput {
 public:
  explicit FdOutput(int fd) : fd_(fd) {}

  bool operator()(const std::string& line) {
    const std::string bytes = absl::StrCat(torn_ ? "\n" : "", line, "\n");
    const ssize_t n = WriteNow(bytes);
    if (n <= 0) return false;
    torn_ = static_cast<size_t>(n) < bytes.size();
    return !torn_;
  }

 private:
  // O_NONBLOCK would be seen by every process that shares this descriptor (a shell's terminal), so ask
  // instead: a socket takes MSG_DONTWAIT, and a pipe that polls writable has room for PIPE_BUF bytes.
  ssize_t WriteNow(const std::string& bytes) const {
    const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n >= 0 || errno != ENOTSOCK) return n;
    pollfd ready = {.fd = fd_, .events = POLLOUT, .revents = 0};
    if (::poll(&ready, 1, 0) != 1 || (ready.revents & POLLOUT) == 0) return -1;
    return ::write(fd_, bytes.data(), bytes.size());
  }

  int fd_;
  bool torn_ = false;  // the last line was cut: the next one must not grow on it
};

// The lock of base_sink keeps lines whole and the count right.
class LineSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  LineSink(Output output, Format format, bool to_journal)
      : output_(std::move(output)), format_(format), to_journal_(to_journal) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    std::string line(message.payload.data(), message.payload.size());
    if (dropped_ > 0) line = WithDropped(std::move(line), dropped_, format_);
    if (to_journal_) line.insert(0, PriorityPrefix(message.level).data());
    dropped_ = output_(std::move(line)) ? 0 : dropped_ + 1;
  }
  void flush_() override {}

 private:
  const Output output_;
  const Format format_;
  const bool to_journal_;
  int64_t dropped_ = 0;
};

}  // namespace

class Sink {
 public:
  Sink(std::shared_ptr<LineSink> lines, Format format, Level level,
       std::function<std::string(std::string)> redact)
      : format_(format), redact_(std::move(redact)), logger_("spacelet", std::move(lines)) {
    logger_.set_level(ToSpdlog(level));
    logger_.set_error_handler([](const std::string&) {});  // the default prints to stderr, unredacted
  }

  // Values are redacted before they are quoted: an escaped secret would not be found any more.
  void Write(Level level, const std::string& component, absl::string_view message,
             std::initializer_list<Field> fields) {
    if (!logger_.should_log(ToSpdlog(level))) return;
    std::vector<Field> all = {{"msg", redact_(std::string(message))}};
    if (!component.empty()) all.push_back({"component", component});
    for (const Field& field : fields) all.push_back({field.key, redact_(field.value)});
    const std::string line = EncodeLine(base::RealClock().Now(), level, all, format_);
    logger_.log(ToSpdlog(level), spdlog::string_view_t(line.data(), line.size()));
  }

 private:
  const Format format_;
  const std::function<std::string(std::string)> redact_;
  spdlog::logger logger_;
};

Logger::Logger() = default;

Logger Logger::ToFd(int fd, Format format, Level level, std::function<std::string(std::string)> redact) {
  Logger logger;
  logger.sink_ = std::make_shared<Sink>(std::make_shared<LineSink>(FdOutput(fd), format, IsJournal(fd)),
                                        format, level, std::move(redact));
  return logger;
}

Logger Logger::ToFunction(std::function<void(std::string)> out, Format format, Level level,
                          std::function<std::string(std::string)> redact) {
  const auto output = [out = std::move(out)](std::string line) {
    out(std::move(line));
    return true;
  };
  Logger logger;
  logger.sink_ = std::make_shared<Sink>(std::make_shared<LineSink>(output, format, false), format, level,
                                        std::move(redact));
  return logger;
}

Logger Logger::With(absl::string_view component) const {
  Logger logger = *this;
  logger.component_ = std::string(component);
  return logger;
}

void Logger::Debug(absl::string_view message, std::initializer_list<Field> fields) const {
  if (sink_ != nullptr) sink_->Write(Level::kDebug, component_, message, fields);
}

void Logger::Info(absl::string_view message, std::initializer_list<Field> fields) const {
  if (sink_ != nullptr) sink_->Write(Level::kInfo, component_, message, fields);
}

void Logger::Warning(absl::string_view message, std::initializer_list<Field> fields) const {
  if (sink_ != nullptr) sink_->Write(Level::kWarning, component_, message, fields);
}

void Logger::Error(absl::string_view message, std::initializer_list<Field> fields) const {
  if (sink_ != nullptr) sink_->Write(Level::kError, component_, message, fields);
}

}  // namespace spacelet::log
