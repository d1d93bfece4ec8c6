#include "pkg/doctor/check.h"

#include <gtest/gtest.h>

namespace spacelet::doctor {
namespace {

std::vector<Check> Four() {
  return {{"document", Result::kPass, "host.yaml is valid", ""},
          {"docker", Result::kFail, "nothing answers", "systemctl start docker\njournalctl -u docker -n 50"},
          {"clock", Result::kWarn, "the clock is not synchronised", "timedatectl set-ntp true"},
          {"cloud-init", Result::kSkip, "is not used on this host", ""}};
}

TEST(DoctorText, IsATableWithTheFixBelowAndASummary) {
  EXPECT_EQ(ToText(Four(), {}),
            "ok   document    host.yaml is valid\n"
            "FAIL docker      nothing answers\n"
            "                 fix: systemctl start docker\n"
            "                 fix: journalctl -u docker -n 50\n"
            "WARN clock       the clock is not synchronised\n"
            "                 fix: timedatectl set-ntp true\n"
            "skip cloud-init  is not used on this host\n"
            "\n"
            "Not well: 1 failed, 1 warning, 1 passed, 1 skipped.\n");
}

TEST(DoctorText, HasSignsOnATerminalThatKnowsThem) {
  EXPECT_EQ(ToText({Four()[1]}, {.unicode = true, .color = false}),
            "✘ docker  nothing answers\n"
            "          → systemctl start docker\n"
            "          → journalctl -u docker -n 50\n"
            "\n"
            "Not well: 1 failed, 0 passed.\n");
  EXPECT_EQ(ToText({Four()[0]}, {.unicode = true, .color = true}),
            "\x1b[32m✔\x1b[0m document  host.yaml is valid\n\nAll well: 1 passed.\n");
}

TEST(DoctorText, WarningsAloneAreNoFailure) {
  EXPECT_EQ(ToText({Four()[2]}, {}).substr(0, 4), "WARN");
  EXPECT_NE(ToText({Four()[2]}, {}).find("\nWell, but: 1 warning, 0 passed.\n"), std::string::npos);
  EXPECT_TRUE(IsHealthy({Four()[0], Four()[2], Four()[3]}));
  EXPECT_FALSE(IsHealthy(Four()));
}

TEST(DoctorJson, HasTheAgreedShape) {
  EXPECT_EQ(ToJson({Four()[2], Four()[3]}),
            R"({"checks":[{"name":"clock","result":"warn","message":"the clock is not synchronised",)"
            R"("fix":"timedatectl set-ntp true"},)"
            R"({"name":"cloud-init","result":"skip","message":"is not used on this host","fix":""}]})");
}

TEST(DoctorJson, InvalidUtf8IsReplaced) {
  EXPECT_NE(ToJson({{"a", Result::kPass, "\xff", ""}}).find("\xEF\xBF\xBD"), std::string::npos);
}

}  // namespace
}  // namespace spacelet::doctor
