#include "pkg/app/compile_here.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "pkg/config/load.h"
#include "test/testing/temporary.h"

namespace spacelet::app {
namespace {

TEST(CompileHere, WarnsOfSecretsThatOthersMayRead) {
  const std::string path = testing::TemporaryPath("compile_here_token");
  std::ofstream(path) << "secret";
  api::Document document;
  document.name = "test";
  api::GenericContainer& box = document.containers.emplace_back();
  box.name = "box";
  box.workload.image = "box:1";
  box.workload.env["TOKEN"].secret.emplace().file = path;
  box.workload.image_archive = path;  // no secret: whoever likes may read it
  config::ApplyDefaults(document);

  chmod(path.c_str(), 0640);
  EXPECT_THAT(CompileHere(document, "sha256:1", 1).warnings,
              ::testing::ElementsAre("spec.containers[0].env.TOKEN.file: " + path +
                                     " can be read by others (mode 0640); run: chmod 600 " + path));
  chmod(path.c_str(), 0600);
  EXPECT_THAT(CompileHere(document, "sha256:1", 1).warnings, ::testing::IsEmpty());
}

}  // namespace
}  // namespace spacelet::app
