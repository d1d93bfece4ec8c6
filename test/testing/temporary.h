// Names for files of a test that nobody else uses at the same time, the same program started twice included.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

namespace spacelet::testing {

inline std::string TemporaryPath(const std::string& name) {
  return ::testing::TempDir() + "/" + std::to_string(::getpid()) + "." + name;
}

}  // namespace spacelet::testing
