#include "pkg/api/listen_port.h"

#include <gtest/gtest.h>

namespace spacelet::api {
namespace {

TEST(ListenPort, IsWhatTheEnvironmentSaysElseTheProgramsOwn) {
  const struct {
    const char* bind;
    uint16_t port;
  } kCases[] = {{":3100", 3100},   {"0.0.0.0:3100", 3100}, {"[::]:3100", 3100}, {"3100", 3100}, {"", 3000},
                {"0.0.0.0", 3000}, {":0", 3000},           {":65536", 3000},    {":x", 3000}};
  for (const auto& c : kCases) {
    Workload runner;
    runner.env["DRONE_HTTP_BIND"].value = c.bind;
    EXPECT_EQ(RunnerListenPort(runner), c.port) << c.bind;
  }
  EXPECT_EQ(RunnerListenPort({}), 3000);
  EXPECT_EQ(DelegateListenPort({}), 3460);
  Workload delegate;
  delegate.env["DELEGATE_HTTP_PORT"].value = "3999";
  EXPECT_EQ(DelegateListenPort(delegate), 3999);
  delegate.env["DELEGATE_HTTP_PORT"].secret.emplace();
  EXPECT_EQ(DelegateListenPort(delegate), 3460);
}

}  // namespace
}  // namespace spacelet::api
