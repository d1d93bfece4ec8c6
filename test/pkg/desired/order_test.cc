#include "pkg/desired/order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace spacelet::desired {
namespace {

Container Named(std::string name, std::vector<std::string> depends_on = {}) {
  Container c;
  c.name = std::move(name);
  c.depends_on = std::move(depends_on);
  return c;
}

std::vector<std::string> Names(const std::vector<Container>& containers) {
  std::vector<std::string> out;
  for (const Container& c : containers) out.push_back(c.name);
  return out;
}

using testing::ElementsAre;

TEST(InStartOrder, WithoutDependenciesTheDocumentsOrderStays) {
  EXPECT_THAT(Names(InStartOrder({Named("c"), Named("a"), Named("b")})), ElementsAre("c", "a", "b"));
}

TEST(InStartOrder, DependenciesComeFirstAndTheRestStays) {
  EXPECT_THAT(Names(InStartOrder({Named("a", {"c"}), Named("b"), Named("c", {"d"}), Named("d")})),
              ElementsAre("b", "d", "c", "a"));
}

TEST(InStartOrder, ADependencyThatIsNotThereHoldsNobodyUp) {
  EXPECT_THAT(Names(InStartOrder({Named("a", {"gone"}), Named("b")})), ElementsAre("a", "b"));
}

TEST(InStartOrder, ACycleKeepsItsOrderAndLosesNobody) {
  EXPECT_THAT(Names(InStartOrder({Named("a", {"b"}), Named("b", {"a"}), Named("c", {"c"})})),
              ElementsAre("c", "a", "b"));
}

}  // namespace
}  // namespace spacelet::desired
