// Structured logging: a constant message and key/value pairs, one line an event. spdlog underneath (log.cc
// only).
//   logger.Info("image pulled", {{"object", key}, {"took", absl::FormatDuration(d)}});
// Thread-safety: a Logger is a value; copies share one thread-safe sink.
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"

namespace spacelet::log {

enum class Level { kDebug, kInfo, kWarning, kError };
enum class Format { kLogfmt, kJson };

struct Field {
  absl::string_view key;
  std::string value;
};

class Sink;  // log.cc

class Logger {
 public:
  // Drops everything. For tests and one-shot commands.
  Logger();
  // Writes to `fd`, which stays open. Every value and message goes through `redact` first; a line that cannot
  // be written at once is dropped and counted, so that a blocked journal never blocks a reconcile.
  static Logger ToFd(int fd, Format format, Level level, std::function<std::string(std::string)> redact);
  // For tests: each finished line goes to `out`.
  static Logger ToFunction(std::function<void(std::string)> out, Format format, Level level,
                           std::function<std::string(std::string)> redact);

  // A logger that adds `component=<name>` to each line.
  Logger With(absl::string_view component) const;

  void Debug(absl::string_view message, std::initializer_list<Field> fields = {}) const;
  void Info(absl::string_view message, std::initializer_list<Field> fields = {}) const;
  void Warning(absl::string_view message, std::initializer_list<Field> fields = {}) const;
  void Error(absl::string_view message, std::initializer_list<Field> fields = {}) const;

 private:
  std::shared_ptr<Sink> sink_;
  std::string component_;
};

}  // namespace spacelet::log
