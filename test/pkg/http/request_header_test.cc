#include "pkg/http/request_header.h"

#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

namespace spacelet::http {
namespace {

int StatusOf(const std::string& bytes) {
  const auto parsed = ParseRequestHeader(bytes);
  const Refusal* refusal = std::get_if<Refusal>(&parsed);
  return refusal == nullptr ? 200 : refusal->status;
}

TEST(RequestHeader, AnswersEachKindOfRequestWithItsStatus) {
  const std::string host = "\r\nHost: localhost";
  const struct {
    const char* what;
    std::string bytes;
    int status;
  } kCases[] = {
      {"plain GET", "GET / HTTP/1.1" + host, 200},
      {"HEAD", "HEAD /metrics HTTP/1.1" + host, 200},
      {"HTTP/1.0 needs no Host", "GET / HTTP/1.0", 200},
      {"an empty body", "GET / HTTP/1.1" + host + "\r\nContent-Length: 0", 200},
      {"a tab in a value", "GET / HTTP/1.1" + host + "\r\nX-A: a\tb", 200},
      {"POST", "POST / HTTP/1.1" + host, 405},
      {"TRACE", "TRACE / HTTP/1.1" + host, 405},
      {"CONNECT", "CONNECT example.org:80 HTTP/1.1" + host, 405},
      {"a body", "GET / HTTP/1.1" + host + "\r\nContent-Length: 3", 413},
      {"a chunked body", "GET / HTTP/1.1" + host + "\r\nTransfer-Encoding: chunked", 413},
      {"two framings", "GET / HTTP/1.1" + host + "\r\nTransfer-Encoding: chunked\r\nContent-Length: 3", 400},
      {"two lengths", "GET / HTTP/1.1" + host + "\r\nContent-Length: 0\r\nContent-Length: 0", 400},
      {"a negative length", "GET / HTTP/1.1" + host + "\r\nContent-Length: -1", 400},
      {"no Host", "GET / HTTP/1.1", 400},
      {"two Hosts", "GET / HTTP/1.1" + host + "\r\nhost: evil.example", 400},
      {"HTTP/0.9", "GET /", 400},
      {"HTTP/2 preface", "PRI * HTTP/2.0", 505},
      {"absolute form", "GET http://localhost/ HTTP/1.1" + host, 400},
      {"asterisk form", "GET * HTTP/1.1" + host, 400},
      {"two spaces", "GET  / HTTP/1.1" + host, 400},
      {"a NUL in the path", std::string("GET /\0 HTTP/1.1", 15) + host, 400},
      {"a bare line feed in a value", "GET / HTTP/1.1" + host + "\nX: y", 400},
      {"a folded line", "GET / HTTP/1.1" + host + "\r\n folded: x", 400},
      {"a space before the colon", "GET / HTTP/1.1" + host + "\r\nX : y", 400},
      {"a line without a colon", "GET / HTTP/1.1" + host + "\r\nnonsense", 400},
      {"nothing", "", 400},
  };
  for (const auto& c : kCases) EXPECT_EQ(StatusOf(c.bytes), c.status) << c.what;
}

TEST(RequestHeader, SplitsPathAndQueryAndDecodesOnlyTheQuery) {
  const auto parsed = ParseRequestHeader("GET /a%2eb?since=1%2B2&follow=true&flag&x=%zz&y=%4 HTTP/1.0");
  const RequestHeader& header = std::get<RequestHeader>(parsed);
  EXPECT_EQ(header.path, "/a%2eb");
  const std::map<std::string, std::string> expected{
      {"since", "1+2"}, {"follow", "true"}, {"flag", ""}, {"x", "%zz"}, {"y", "%4"}};
  EXPECT_EQ(header.query, expected);
}

TEST(RequestHeader, JoinsARepeatedFieldThatNeitherFramesNorRoutes) {
  const auto parsed = ParseRequestHeader("GET / HTTP/1.0\r\nAccept: a\r\nACCEPT: b");
  EXPECT_EQ(std::get<RequestHeader>(parsed).headers.at("accept"), "a, b");
}

TEST(RequestHeader, TakesTheHostWithoutItsPort) {
  EXPECT_EQ(HostWithoutPort("Example.ORG:80"), "example.org");
  EXPECT_EQ(HostWithoutPort("localhost"), "localhost");
  EXPECT_EQ(HostWithoutPort("[::1]:9746"), "::1");
  EXPECT_EQ(HostWithoutPort(""), "");
}

TEST(RequestHeader, TellsIpLiteralsFromNames) {
  for (const char* literal : {"127.0.0.1", "::1", "10.0.0.7"}) EXPECT_TRUE(IsIpLiteral(literal)) << literal;
  for (const char* name : {"", "localhost", "127.0.0.1.evil.example", "127.1"})
    EXPECT_FALSE(IsIpLiteral(name)) << name;
}

}  // namespace
}  // namespace spacelet::http
