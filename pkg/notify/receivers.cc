#include "pkg/notify/receivers.h"

#include <map>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "pkg/base/file.h"
#include "pkg/base/status_macros.h"
#include "pkg/base/subprocess.h"
#include "pkg/http/client.h"

namespace spacelet::notify {
namespace {

constexpr size_t kMaxAnswerBytes = 64 << 10, kMaxHeaderBytes = 64 << 10;

class Command : public Receiver {
 public:
  explicit Command(std::string program) : program_(std::move(program)) {}

  absl::Status Deliver(const std::string& json, const std::stop_token& stop) override {
    ASSIGN_OR_RETURN(const base::ProgramEnd end,
                     base::RunProgram({program_}, json, {.timeout = kAttempt}, stop));
    if (end.wait_status == 0) return absl::OkStatus();
    return absl::UnknownError(absl::StrCat(program_, ": ", base::ExitText(end.wait_status)));
  }

 private:
  const std::string program_;
};

absl::StatusOr<std::map<std::string, std::string>> ReadHeaders(const std::string& path) {
  std::map<std::string, std::string> headers;
  if (path.empty()) return headers;
  ASSIGN_OR_RETURN(const base::FileContent file, base::ReadFile(path, kMaxHeaderBytes));
  int number = 0;
  for (const absl::string_view line : absl::StrSplit(file.bytes, '\n')) {
    ++number;
    const absl::string_view text = absl::StripAsciiWhitespace(line);
    if (text.empty()) continue;
    const std::pair<absl::string_view, absl::string_view> header =
        absl::StrSplit(text, absl::MaxSplits(':', 1));
    if (header.first.size() == text.size() || header.first.empty())
      return absl::InvalidArgumentError(absl::StrCat(path, ":", number, ": not a header (Name: value)"));
    headers[std::string(header.first)] = std::string(absl::StripAsciiWhitespace(header.second));
  }
  return headers;
}

// Another attempt would end in the same way.
bool IsRefusal(int status) {
  return status >= 400 && status < 500 && status != 408 && status != 425 && status != 429;
}

class Webhook : public Receiver {
 public:
  Webhook(http::Endpoint endpoint, std::string target, std::string header_file)
      : where_(http::HostHeader(endpoint)),
        client_(std::move(endpoint)),
        target_(std::move(target)),
        header_file_(std::move(header_file)) {}

  absl::Status Deliver(const std::string& json, const std::stop_token& stop) override {
    http::Request request;
    request.method = "POST";
    request.target = target_;
    request.body = json;
    ASSIGN_OR_RETURN(request.headers, ReadHeaders(header_file_));
    http::CallOptions options;
    options.deadline = kAttempt;
    options.max_body_bytes = kMaxAnswerBytes;
    options.stop = stop;
    const absl::StatusOr<http::Response> response = client_.Call(request, options);
    if (!response.ok()) return Hidden(response.status());
    if (response->status >= 200 && response->status < 300) return absl::OkStatus();
    const std::string message = absl::StrCat(where_, " answered ", response->status);
    if (response->status >= 300 && response->status < 400)
      return absl::FailedPreconditionError(absl::StrCat(message, ": redirects are not followed"));
    return IsRefusal(response->status) ? absl::FailedPreconditionError(message)
                                       : absl::UnavailableError(message);
  }

 private:
  // The path of such a URL is often all that authorises its use.
  absl::Status Hidden(const absl::Status& status) const {
    const std::string message = absl::StrReplaceAll(status.message(), {{target_, "/…"}});
    return {status.code(), absl::StrCat(where_, ": ", message)};
  }

  const std::string where_;
  http::Client client_;
  const std::string target_, header_file_;
};

}  // namespace

std::unique_ptr<Receiver> MakeCommand(std::string program) {
  return std::make_unique<Command>(std::move(program));
}

absl::StatusOr<std::unique_ptr<Receiver>> MakeWebhook(absl::string_view url, std::string header_file) {
  const size_t scheme = url.find("://");
  const bool is_http = absl::StartsWith(url, "http://") || absl::StartsWith(url, "https://");
  const size_t slash = is_http ? url.find_first_of("/?#", scheme + 3) : absl::string_view::npos;
  const absl::string_view origin = url.substr(0, slash);
  // Neither the path nor credentials are repeated in what is said.
  if (!is_http || absl::StrContains(origin, '@'))
    return absl::InvalidArgumentError(
        is_http ? "the URL holds credentials: put an Authorization header into --notify-header-file"
                : "the URL must begin with http:// or https://");
  ASSIGN_OR_RETURN(http::Endpoint endpoint, http::ParseEndpoint(origin));
  const absl::string_view path =
      slash == absl::string_view::npos ? "" : url.substr(slash, url.find('#') - slash);
  std::string target = absl::StrCat(absl::StartsWith(path, "/") ? "" : "/", path);
  return std::make_unique<Webhook>(std::move(endpoint), std::move(target), std::move(header_file));
}

}  // namespace spacelet::notify
