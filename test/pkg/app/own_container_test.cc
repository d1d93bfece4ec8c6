#include "pkg/app/own_container.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace spacelet::app {
namespace {

const std::string kId(64, 'a');

std::string Line(const std::string& root, const std::string& at) {
  return absl::StrCat("709 698 254:1 ", root, " ", at, " rw,relatime - ext4 /dev/vda1 rw\n");
}

TEST(OwnContainer, IsNamedByTheDirectoryOfItsHostname) {
  const std::string mounts =
      Line("/", "/proc") + Line("/var/lib/docker/containers/" + kId + "/hostname", "/etc/hostname");
  EXPECT_EQ(OwnContainer(mounts), kId);
}

TEST(OwnContainer, IsFoundUnderAnotherDataRootAndUnderPodman) {
  EXPECT_EQ(OwnContainer(Line("/srv/docker/containers/" + kId + "/resolv.conf", "/etc/resolv.conf")), kId);
  EXPECT_EQ(
      OwnContainer(Line("/containers/storage/overlay-containers/" + kId + "/userdata/hosts", "/etc/hosts")),
      kId);
}

TEST(OwnContainer, IsNoneOnAHostThatHasContainers) {
  EXPECT_EQ(OwnContainer(""), "");
  EXPECT_EQ(OwnContainer("garbage\n\n  \n"), "");
  EXPECT_EQ(OwnContainer(Line("/", "/var/lib/docker/containers/" + kId + "/mounts/shm")), "");
  EXPECT_EQ(OwnContainer(Line("/var/lib/docker/containers/short/hostname", "/etc/hostname")), "");
}

}  // namespace
}  // namespace spacelet::app
