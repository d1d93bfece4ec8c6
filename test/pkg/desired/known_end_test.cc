#include "pkg/desired/known_end.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace spacelet::desired {
namespace {

using testing::HasSubstr;

struct Case {
  const char* name;
  const char* component;
  int exit_code;
  std::vector<std::string> lines;
  const char* remedy;  // a part of it; "": nothing is known
};

class Ends : public testing::TestWithParam<Case> {};

TEST_P(Ends, AreExplained) {
  const Case& c = GetParam();
  const std::optional<KnownEnd> known = ExplainEnd(c.component, c.exit_code, c.lines);
  ASSERT_EQ(known.has_value(), *c.remedy != '\0');
  EXPECT_THAT(known.value_or(KnownEnd()).remedy, HasSubstr(c.remedy));
}

// The lines are those of the programs (and of Go, Java and the shell under them).
INSTANTIATE_TEST_SUITE_P(
    Runner, Ends,
    testing::Values(
        Case{"Ping",
             "runner",
             1,
             {R"(time="…" level=fatal msg="unable to ping driver" error="googleapi: Error 403: …")"},
             "json_path"},
        Case{
            "PoolFile",
            "runner",
            1,
            {R"(level=error msg="exec: unable to parse pool file" error="open /x: no such file or directory")",
             R"(level=fatal msg="Unable to load pool file, or use an in memory pool")"},
            "`runner.pool`"},
        Case{"Type", "runner", 1, {R"(level=error error="unknown instance tip gcp")"}, "google and amazon"},
        Case{
            "Database",
            "runner",
            1,
            {R"(msg="Unable to start the database" error="unable to open database file: no such file or directory")"},
            "writable"},
        Case{"UserData", "runner", 1, {"failed to read user_data file: open /x"}, "user_data_path"},
        Case{"SecurityGroup",
             "runner",
             1,
             {"security group sg-1 does not have the correct ingress rules. There is no rule for port 9079"},
             "9079"},
        Case{"NoPool", "runner", 1, {"unsupported driver, please choose a driver setting the …"}, "--pool"},
        Case{"CleanStop", "runner", 1, {"error: http: Server closed, try --help"}, ""}),
    [](const auto& param) { return std::string(param.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Delegate, Ends,
    testing::Values(Case{"Heap",
                         "delegate",
                         1,
                         {"java.lang.OutOfMemoryError: Java heap space", "\tat a.b.C(C.java:1)"},
                         "JAVA_OPTS"},
                    Case{"Unauthorized", "delegate", 1, {"HTTP/1.1 401 Unauthorized"}, "`token`"},
                    Case{"StatusCode", "delegate", 1, {"Response code: 401, Message: …"}, "`token`"},
                    Case{"FourHundredAndOneTasks", "delegate", 1, {"401 tasks done"}, ""},
                    Case{"Account", "delegate", 1, {"Invalid account id"}, "`accountId`"},
                    Case{"CheckSaysUnauthorized", "delegate", 2, {}, "`token`"},
                    Case{"CheckCannotReach", "delegate", 4, {}, "`managerUrl`"},
                    Case{"SelfDestruct", "delegate", 1, {"Self destruct sequence initiated"}, "`name`"},
                    Case{"InitScript", "delegate", 1, {"Delegate wont be started"}, "INIT_SCRIPT"},
                    Case{"Dns", "delegate", 1, {"java.net.UnknownHostException: app.harness.io"}, "`dns`"}),
    [](const auto& param) { return std::string(param.param.name); });

INSTANTIATE_TEST_SUITE_P(
    AnyProgram, Ends,
    testing::Values(
        Case{"Port", "gateway", 1, {"listen tcp :80: bind: address already in use"}, "hostNetwork"},
        Case{"Platform", "gateway", 1, {"exec /bin/x: exec format error"}, "`platform`"},
        Case{"Clock", "gateway", 1, {"x509: certificate has expired or is not yet valid"}, "clock"},
        Case{"Disk", "gateway", 1, {"write /x: no space left on device"}, "disk is full"},
        Case{"NotInTheImage", "gateway", 127, {}, "`command`"}, Case{"Killed", "gateway", 137, {}, "killed"},
        Case{"RunnersWordsMeanNothingElsewhere", "gateway", 1, {"unable to ping driver"}, ""},
        Case{"NothingKnown", "gateway", 3, {"bye"}, ""}),
    [](const auto& param) { return std::string(param.param.name); });

TEST(ExplainEnd, TheLaterOfTwoLinesToldAndTheProgramsOwnWordsComeFirst) {
  const std::vector<std::string> lines = {"x: permission denied", "unable to ping driver (1)",
                                          "unable to ping driver (2)", "no such file or directory"};
  EXPECT_EQ(ExplainEnd("runner", 137, lines)->line, 2u);
  EXPECT_EQ(ExplainEnd("gateway", 137, lines)->line, 0u);
  EXPECT_EQ(ExplainEnd("gateway", 137, {})->line, std::nullopt);
}

}  // namespace
}  // namespace spacelet::desired
