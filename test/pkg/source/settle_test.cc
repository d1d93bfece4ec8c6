#include "pkg/source/settle.h"

#include <cstdio>
#include <fstream>

#include "gtest/gtest.h"
#include "test/testing/temporary.h"

namespace spacelet::source {
namespace {

base::Instant At(int64_t ms) { return {absl::Milliseconds(ms)}; }

base::FileStamp Stamp(uint64_t size) {
  base::FileStamp stamp;
  stamp.size = size;
  return stamp;
}

TEST(Settling, ARenameIsTakenAtOnce) {
  Settling settling;
  settling.OnReplaced();
  EXPECT_TRUE(settling.MayTake(Stamp(1), Writer::kNone, false, At(0)));
}

TEST(Settling, AChangeInPlaceIsTakenWhenItHasBeenQuiet) {
  Settling settling;
  settling.OnWritten();
  settling.OnClosed();
  EXPECT_FALSE(settling.MayTake(Stamp(1), Writer::kNone, false, At(0)));
  EXPECT_FALSE(settling.MayTake(Stamp(2), Writer::kNone, false, At(1400)));
  EXPECT_FALSE(settling.MayTake(Stamp(2), Writer::kNone, false, At(2800)));
  EXPECT_TRUE(settling.MayTake(Stamp(2), Writer::kNone, false, At(2900)));
}

TEST(Settling, AWriterAtWorkHoldsBackEvenAPersonsWish) {
  Settling settling;
  EXPECT_FALSE(settling.MayTake(Stamp(1), Writer::kSome, true, At(0)));
  EXPECT_FALSE(settling.MayTake(Stamp(1), Writer::kSome, true, At(29'000)));
  EXPECT_TRUE(settling.MayTake(Stamp(1), Writer::kSome, true, At(30'000)));
}

TEST(Settling, WithoutLeasesTheEventsTellThatAWriterHasNotClosed) {
  Settling settling;
  settling.OnWritten();
  EXPECT_FALSE(settling.MayTake(Stamp(1), Writer::kUnknown, false, At(0)));
  EXPECT_FALSE(settling.MayTake(Stamp(1), Writer::kUnknown, false, At(5000)));
  settling.OnClosed();
  EXPECT_TRUE(settling.MayTake(Stamp(1), Writer::kUnknown, false, At(5000)));
}

TEST(Settling, TheFirstLookNeedNotWait) {
  Settling settling;
  EXPECT_TRUE(settling.MayTake(Stamp(1), Writer::kNone, true, At(0)));
}

TEST(WriterOf, SeesWhoHasTheFileOpenForWriting) {
  const std::string path = testing::TemporaryPath("writer_of");
  std::ofstream writer(path);
  writer << "x" << std::flush;
  EXPECT_NE(WriterOf(path), Writer::kNone);
  writer.close();
  EXPECT_NE(WriterOf(path), Writer::kSome);
  std::remove(path.c_str());
  EXPECT_EQ(WriterOf(path), Writer::kUnknown);
}

}  // namespace
}  // namespace spacelet::source
