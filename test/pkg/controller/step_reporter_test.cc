#include "pkg/controller/step_reporter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pkg/api/reasons.h"
#include "test/testing/fake_clock.h"

namespace spacelet::controller {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class PullReport : public ::testing::Test {
 protected:
  PullReport() {
    report::ObjectStatus object;
    object.object = pull_.object;
    board_.SetObject(object);
    reporter_.StepStarted(pull_);
  }
  void Progress(int layers, int64_t mib) {
    reporter_.PullProgressed(pull_, {4, layers, mib << 20, 200 << 20, "Downloading"});
  }
  std::string Message() const {
    const auto object = board_.Object(pull_.object);
    const report::Condition* c = report::Find(object->conditions, api::kProgressing);
    return c == nullptr ? "" : c->reason + ": " + c->message;
  }
  std::vector<std::string> Lines() {
    std::vector<std::string> lines = std::exchange(lines_, {});
    std::erase_if(lines,
                  [](const std::string& line) { return line.find("msg=pulling") == std::string::npos; });
    return lines;
  }
  double Bytes() {
    const std::string text = metrics_.Render(), line = "\nspacelet_image_pull_bytes_total ";
    return std::stod(text.substr(text.find(line) + line.size()));
  }

  testing::FakeClock clock_;
  std::vector<std::string> lines_;
  Memory memory_{clock_, absl::ZeroDuration(), {}};
  Records records_{nullptr, log::Logger()};
  report::StatusBoard board_{clock_, nullptr, "test"};
  report::EventLog events_{clock_, nullptr};
  report::Metrics metrics_{clock_, "test", "test"};
  const plan::Step pull_{plan::PullImage{"web:1", "", {}}, "container/web", "test", {}};
  StepReporter reporter_{
      memory_,
      records_,
      board_,
      events_,
      metrics_,
      clock_,
      log::Logger::ToFunction([this](std::string line) { lines_.push_back(std::move(line)); },
                              log::Format::kLogfmt, log::Level::kDebug,
                              [](std::string text) { return text; })};
};

TEST_F(PullReport, TheStatusFollowsEveryStep) {
  EXPECT_EQ(Message(), "Pulling: web:1");
  Progress(1, 50);
  EXPECT_EQ(Message(), "Pulling: web:1: 1/4 layers, 50/200 MiB");
  Progress(2, 51);
  EXPECT_EQ(Message(), "Pulling: web:1: 2/4 layers, 51/200 MiB");
}

TEST_F(PullReport, TheStatusHasItInNumbersUntilItIsOver) {
  const auto pull = [&] { return board_.Object(pull_.object)->pull; };
  EXPECT_EQ(pull(), (report::PullStatus{.image = "web:1", .started_at = clock_.Now()}));
  const absl::Time begun = clock_.Now();
  clock_.Advance(absl::Seconds(3));
  Progress(1, 50);
  EXPECT_EQ(pull(), (report::PullStatus{"web:1", 1, 4, 50 << 20, 200 << 20, begun}));
  reporter_.StepFinished(pull_, absl::OkStatus(), absl::Seconds(3));
  EXPECT_EQ(pull(), std::nullopt);
}

TEST_F(PullReport, TheLogHasEachTenthAndTenSeconds) {
  for (int64_t mib = 1; mib < 20; ++mib) Progress(0, mib);
  EXPECT_THAT(Lines(), ElementsAre());
  Progress(0, 20);
  EXPECT_THAT(Lines(),
              ElementsAre(HasSubstr("object=container/web image=web:1 progress=\"0/4 layers, 20/200 MiB\"")));
  clock_.Advance(absl::Seconds(9));
  Progress(0, 21);
  EXPECT_THAT(Lines(), ElementsAre());
  clock_.Advance(absl::Seconds(1));
  Progress(0, 21);
  EXPECT_THAT(Lines(), ElementsAre(HasSubstr("21/200 MiB")));
}

TEST_F(PullReport, BytesAreCountedOnceThoughALayerIsTriedAgain) {
  Progress(0, 50);
  Progress(0, 20);
  Progress(0, 60);
  EXPECT_EQ(Bytes(), 60 << 20);
  reporter_.StepStarted(pull_);
  Progress(0, 10);
  EXPECT_EQ(Bytes(), 70 << 20);
}

TEST_F(PullReport, AFailureIsAnEventByItsReason) {
  reporter_.StepFinished(pull_, absl::NotFoundError("manifest unknown"), absl::Seconds(1));
  EXPECT_EQ(events_.Since(0).back().reason, api::reason::kImageNotFound);
  const plan::Step load{plan::LoadImage{"/srv/a.tar", "web:1", ""}, "container/web", "test", {}};
  reporter_.StepStarted(load);
  reporter_.StepFinished(load, absl::FailedPreconditionError("rubbish"), absl::Seconds(1));
  EXPECT_EQ(events_.Since(0).back().reason, api::reason::kImageArchiveFailed);
}

}  // namespace
}  // namespace spacelet::controller
