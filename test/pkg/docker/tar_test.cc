#include "pkg/docker/tar.h"

#include <gtest/gtest.h>

#include <string>

namespace spacelet::docker {
namespace {

std::string Archive(const FileToCopy& file) { return *WriteTar({file}); }

TEST(Tar, WhatIsWrittenIsRead) {
  for (const size_t size : {0u, 1u, 511u, 512u, 513u, 100000u}) {
    const std::string content(size, 'x');
    const std::string tar = Archive({"/etc/file", content, 0600, false});
    EXPECT_EQ(tar.size() % 512, 0u);
    EXPECT_EQ(ReadSingleFile(tar).value_or("?"), content) << size;
  }
}

TEST(Tar, HeaderIsUstar) {
  const std::string tar = Archive({"/etc/file", "content", 0640, false});
  EXPECT_STREQ(tar.c_str(), "etc/file");
  EXPECT_EQ(tar.substr(100, 8), std::string("0000640\0", 8));
  EXPECT_EQ(tar.substr(124, 12), std::string("00000000007\0", 12));
  EXPECT_EQ(tar.substr(257, 8), std::string("ustar\00000", 8));
}

TEST(Tar, ALongPathIsSplitAtASlash) {
  const std::string directory(120, 'd'), name(90, 'n');
  const std::string tar = Archive({"/" + directory + "/" + name, "", 0644, false});
  EXPECT_STREQ(tar.c_str(), name.c_str());
  EXPECT_STREQ(tar.c_str() + 345, directory.c_str());
}

TEST(Tar, APathThatDoesNotFitIsRefused) {
  for (const std::string& path :
       {std::string("relative"), std::string("/"), std::string("/dir/"), std::string(),
        "/" + std::string(101, 'x'), "/" + std::string(160, 'd') + "/x", std::string("/a\0b", 4)}) {
    EXPECT_EQ(WriteTar({{path, "", 0644, false}}).status().code(), absl::StatusCode::kInvalidArgument)
        << path;
  }
}

TEST(Tar, ADirectoryIsNoFile) {
  std::string tar = Archive({"/etc/dir", "", 0755, false});
  tar[156] = '5';
  EXPECT_EQ(ReadSingleFile(tar + Archive({"/etc/dir/file", "x", 0644, false})).status().code(),
            absl::StatusCode::kNotFound);
}

TEST(Tar, ExtendedHeadersAreSkipped) {
  std::string extended = Archive({"/pax", "30 mtime=1", 0644, false}).substr(0, 1024);
  extended[156] = 'x';
  EXPECT_EQ(ReadSingleFile(extended + Archive({"/f", "content", 0644, false})).value_or("?"), "content");
}

TEST(Tar, ATornArchiveIsAnError) {
  const std::string tar = Archive({"/f", std::string(600, 'x'), 0644, false});
  for (size_t n = 0; n < 512 + 600; ++n) EXPECT_FALSE(ReadSingleFile(tar.substr(0, n)).ok()) << n;
  std::string bad = tar;
  bad[124] = '9';
  EXPECT_EQ(ReadSingleFile(bad).status().code(), absl::StatusCode::kInternal);
}

}  // namespace
}  // namespace spacelet::docker
