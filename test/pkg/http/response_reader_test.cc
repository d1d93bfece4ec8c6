#include "pkg/http/response_reader.h"

#include <gtest/gtest.h>

#include <string>

namespace spacelet::http {
namespace {

struct Outcome {
  absl::StatusCode code = absl::StatusCode::kOk;
  int status = 0;
  std::string body;
  bool done = false;  // without the peer's close
  bool operator==(const Outcome&) const = default;
};
std::ostream& operator<<(std::ostream& out, const Outcome& o) {
  return out << absl::StatusCodeToString(o.code) << " " << o.status << " \"" << o.body
             << "\" done=" << o.done;
}

// Feeds `bytes` in pieces of `size` and then closes.
Outcome Read(const std::string& bytes, size_t size, ResponseLimits limits = {}) {
  ResponseReader reader(limits);
  absl::Status status;
  for (size_t at = 0; at < bytes.size() && status.ok() && !reader.done(); at += size)
    status = reader.Feed(absl::string_view(bytes).substr(at, size));
  const bool early = reader.done();
  if (status.ok() && !reader.done()) status = reader.End();
  if (!status.ok()) return {status.code(), 0, "", false};
  return {status.code(), reader.status(), reader.body(), early};
}

TEST(ResponseReader, ReadsWhatServersSendHoweverItIsCut) {
  constexpr auto kOk = absl::StatusCode::kOk, kTorn = absl::StatusCode::kDataLoss;
  struct Case {
    std::string bytes;
    Outcome outcome;
  };
  const std::string ok = "HTTP/1.1 200 OK\r\n", chunked = ok + "Transfer-Encoding: chunked\r\n\r\n";
  const Case cases[] = {
      {ok + "Content-Length: 2\r\n\r\nok", {kOk, 200, "ok", true}},
      {ok + "Content-Length: 0\r\n\r\n", {kOk, 200, "", true}},
      {ok + "content-length:2\r\n\r\nok and more", {kOk, 200, "ok", true}},
      {ok + "\r\nuntil the close", {kOk, 200, "until the close", false}},
      {"HTTP/1.0 503 Service Unavailable\r\n\r\n", {kOk, 503, "", false}},
      {"HTTP/1.1 204\r\n\r\n", {kOk, 204, "", true}},
      {"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", {kOk, 304, "", true}},
      {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 1\r\n\r\nx",
       {kOk, 404, "x", true}},
      {chunked + "3\r\nabc\r\nA;ext=1\r\n0123456789\r\n0\r\n\r\n", {kOk, 200, "abc0123456789", true}},
      {chunked + "0\r\nTrailer: x\r\n\r\n", {kOk, 200, "", true}},
      {"", {kTorn, 0, "", false}},
      {"HTTP/1.1 200 OK\r\nContent-Le", {kTorn, 0, "", false}},
      {ok + "Content-Length: 9\r\n\r\nshort", {kTorn, 0, "", false}},
      {chunked + "5\r\nab", {kTorn, 0, "", false}},
      {chunked + "2\r\nabXX", {kTorn, 0, "", false}},
      {chunked + "-2\r\nab\r\n", {kTorn, 0, "", false}},
      {chunked + "ffffffffffffffffff\r\nab\r\n", {kTorn, 0, "", false}},
      {chunked + "\r\n", {kTorn, 0, "", false}},
      {chunked + "1;" + std::string(254, 'x') + "\r\na\r\n0\r\n\r\n", {kOk, 200, "a", true}},
      {chunked + "1;" + std::string(255, 'x') + "\r\na\r\n0\r\n\r\n", {kTorn, 0, "", false}},
      {"SSH-2.0-OpenSSH_9.2\r\n\r\n", {kTorn, 0, "", false}},
      {"HTTP/2 200\r\n\r\n", {kTorn, 0, "", false}},
      {"HTTP/1.1 2000\r\n\r\n", {kTorn, 0, "", false}},
      {"HTTP/1.1 099 X\r\n\r\n", {kTorn, 0, "", false}},
      {"HTTP/1.1 2\r\n\r\n", {kTorn, 0, "", false}},
      {"1\r\n\r\n", {kTorn, 0, "", false}},
      {ok + "no colon\r\n\r\n", {kTorn, 0, "", false}},
      {ok + ": no name\r\n\r\n", {kTorn, 0, "", false}},
      {ok + "bad name: x\r\n\r\n", {kTorn, 0, "", false}},
      {ok + "Content-Length: -1\r\n\r\n", {kTorn, 0, "", false}},
      {ok + "Content-Length: 99999999999999999999999\r\n\r\n", {kTorn, 0, "", false}},
      {ok + "Transfer-Encoding: gzip\r\n\r\n", {kTorn, 0, "", false}},
  };
  for (const Case& c : cases)
    for (const size_t size : {size_t{1}, size_t{2}, size_t{7}, size_t{1} << 20})
      EXPECT_EQ(Read(c.bytes, size), c.outcome) << c.bytes << "\nin pieces of " << size;
}

TEST(ResponseReader, KeepsTheHeadersInLowerCase) {
  ResponseReader reader({});
  ASSERT_TRUE(reader.Feed("HTTP/1.1 200 OK\r\nContent-Type:  text/plain \r\nContent-Length: 0\r\n\r\n").ok());
  EXPECT_EQ(reader.headers().at("content-type"), "text/plain");
}

// What a hostile peer may send for ever: how much of it is taken in.
TEST(ResponseReader, AnEndlessAnswerIsCutAtItsLimit) {
  const ResponseLimits limits{.header_bytes = 4096, .body_bytes = 8192};
  struct Case {
    const char* name;
    std::string begin, more;
  };
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  const Case cases[] = {{"a status line", "HTTP/1.1 200 ", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
                        {"one header line", ok + "X: ", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
                        {"header lines", ok, "X-Very: much\r\n"},
                        {"informational responses", "", "HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n"},
                        {"a body", ok + "\r\n", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
                        {"chunks", ok + "Transfer-Encoding: chunked\r\n\r\n", "1\r\na\r\n"},
                        {"a chunk's extension", ok + "Transfer-Encoding: chunked\r\n\r\n1;", "aaaaaaaaaa"}};
  for (const Case& c : cases) {
    ResponseReader reader(limits);
    absl::Status status = reader.Feed(c.begin);
    size_t fed = 0;
    for (; status.ok() && fed < 1 << 20; fed += c.more.size()) status = reader.Feed(c.more);
    EXPECT_FALSE(status.ok()) << c.name;
    EXPECT_LE(fed, 6 * limits.body_bytes + c.more.size()) << c.name;
    EXPECT_LE(reader.body().size(), limits.body_bytes) << c.name;
  }
}

TEST(ResponseReader, ABodyMayBeCutInsteadOfRefused) {
  EXPECT_EQ(
      Read("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n0123456789", 4, {.body_bytes = 5, .cut_body = true}),
      (Outcome{absl::StatusCode::kOk, 200, "01234", true}));
  EXPECT_EQ(Read("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789", 4, {.body_bytes = 9}).code,
            absl::StatusCode::kOutOfRange);
  EXPECT_EQ(Read("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789", 4, {.body_bytes = 10}).body,
            "0123456789");
}

}  // namespace
}  // namespace spacelet::http
