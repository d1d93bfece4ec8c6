#include "pkg/base/memory_exhausted.h"

#include <gtest/gtest.h>

#include <limits>
#include <memory>

namespace spacelet::base {
namespace {

TEST(MemoryExhaustedTest, IsSaidAndEndsTheProcessWith1) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer's operator new ends the process by itself";
#endif
  const auto ask_for_too_much = [] {
    EndWhenMemoryIsExhausted();
    volatile size_t size = std::numeric_limits<ptrdiff_t>::max() / 2;
    std::make_unique<char[]>(size)[0] = 1;
  };
  EXPECT_EXIT(ask_for_too_much(), testing::ExitedWithCode(1), "^spacelet: out of memory .*: ends\n$");
}

}  // namespace
}  // namespace spacelet::base
