#include "cmd/spacelet/output.h"

#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <map>

#include "absl/strings/str_cat.h"
#include "pkg/app/options.h"

namespace spacelet::cmd {
namespace {

bool HasColor(int fd) {
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  const bool dumb = term == nullptr || absl::string_view(term) == "dumb";
  return isatty(fd) == 1 && (no_color == nullptr || *no_color == '\0') && !dumb;
}

bool IsUnreachable(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsPermissionDenied(status) || absl::IsFailedPrecondition(status);
}

}  // namespace

void AddOutputOption(CLI::App& app, Format& format) {
  const std::map<std::string, Format> names = {
      {"text", Format::kText}, {"json", Format::kJson}, {"yaml", Format::kYaml}};
  app.add_option_function<std::string>(
         "-o,--output",
         [&format, names](const std::string& name) {
           const auto known = names.find(name);
           if (known == names.end())
             throw CLI::ValidationError("--output", "expected text, json or yaml, not " + name);
           format = known->second;
         },
         "text, json or yaml (default text)")
      ->type_name("FORMAT");
}

void AddDurationOption(CLI::App& app, const std::string& name, absl::Duration& value, absl::Duration least,
                       const std::string& description) {
  app.add_option_function<std::string>(
         name,
         [&value, least, name](const std::string& text) {
           absl::Duration parsed;
           if (!absl::ParseDuration(text, &parsed))
             throw CLI::ValidationError(name, "expected a duration like 90s or 5m, not " + text);
           if (parsed < least) throw CLI::ValidationError(name, "at least " + absl::FormatDuration(least));
           value = parsed;
         },
         absl::StrCat(description, " (default ", absl::FormatDuration(value), ")"))
      ->type_name("DURATION");
}

void Complain(absl::string_view message) { std::cerr << "spacelet: " << std::string(message) << std::endl; }

int Fail(const absl::Status& status, int exit_code) {
  Complain(status.message());
  return exit_code;
}

int FailDocker(const absl::Status& status) {
  return Fail(status, IsUnreachable(status) ? app::kUnreachable : app::kNotSo);
}

std::string Counted(size_t count, absl::string_view noun) {
  return absl::StrCat(count, " ", noun, count == 1 ? "" : "s");
}

bool StdoutIsTerminal() { return isatty(STDOUT_FILENO) == 1; }
bool StderrIsTerminal() { return isatty(STDERR_FILENO) == 1; }
bool StdoutHasColor() { return HasColor(STDOUT_FILENO); }
bool StderrHasColor() { return HasColor(STDERR_FILENO); }

}  // namespace spacelet::cmd
