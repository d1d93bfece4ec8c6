// Compares text with a file under test/golden. SPACELET_UPDATE_GOLDEN=1 writes the file instead.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

namespace spacelet::desired {

inline void ExpectGolden(const std::string& name, const std::string& actual, const std::string& consequence) {
  const std::string path = "test/golden/" + name;  // tests run in the source directory
  if (std::getenv("SPACELET_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(path, std::ios::binary) << actual;
    return;
  }
  std::ifstream file(path, std::ios::binary);
  const std::string expected{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(actual, expected) << path << ": " << consequence
                              << "\nIf that is meant: SPACELET_UPDATE_GOLDEN=1 writes the file anew.";
}

inline constexpr char kRecreates[] =
    "this recreates users' containers when they upgrade the agent; a hash that is in the field is frozen";

}  // namespace spacelet::desired
