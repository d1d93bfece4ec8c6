// The answer of a container that is probed: the same however the bytes are cut, and never more than its
// limits.
#include "pkg/http/response_reader.h"
#include "test/fuzz/fuzz.h"

namespace spacelet::fuzz {
namespace {

constexpr http::ResponseLimits kLimits = {.header_bytes = 512, .body_bytes = 256};

struct Answer {
  absl::Status status;
  int code = 0;
  std::map<std::string, std::string> headers;
  std::string body;
  bool operator==(const Answer&) const = default;
};

Answer Read(const std::vector<absl::string_view>& pieces, const http::ResponseLimits& limits) {
  http::ResponseReader reader(limits);
  Answer answer;
  for (const absl::string_view piece : pieces) {
    answer.status = reader.Feed(piece);
    Require(reader.body().size() <= limits.body_bytes, "a body is bounded");
    if (!answer.status.ok() || reader.done()) break;
  }
  if (answer.status.ok() && !reader.done()) answer.status = reader.End();
  if (!answer.status.ok()) return {answer.status, 0, {}, {}};
  return {answer.status, reader.status(), reader.headers(), reader.body()};
}

void RequireAnswer(const Answer& answer) {
  Require(answer.code >= 200 && answer.code <= 599, "an answer has a final status");
  size_t bytes = 0;
  for (const auto& [name, value] : answer.headers) bytes += name.size() + value.size();
  Require(bytes <= kLimits.header_bytes, "a header is bounded");
}

}  // namespace

void Check(absl::string_view input) {
  for (const bool cut : {false, true}) {
    http::ResponseLimits limits = kLimits;
    limits.cut_body = cut;
    const Answer whole = Read({input}, limits);
    if (whole.status.ok())
      RequireAnswer(whole);
    else
      RequireReason(whole.status);
    for (const std::vector<absl::string_view>& pieces : Cuts(input))
      Require(Read(pieces, limits) == whole, "an answer is the same however the bytes are cut");
  }
}

}  // namespace spacelet::fuzz
