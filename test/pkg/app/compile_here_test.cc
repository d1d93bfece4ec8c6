#include "pkg/app/compile_here.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "pkg/app/named_files.h"
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
  EXPECT_THAT(CompileHere(document, "sha256:1", 1, {}, "host").warnings,
              ::testing::ElementsAre("spec.containers[0].env.TOKEN.file: " + path +
                                     " can be read by others (mode 0640); run: chmod 600 " + path));
  chmod(path.c_str(), 0600);
  EXPECT_THAT(CompileHere(document, "sha256:1", 1, {}, "host").warnings, ::testing::IsEmpty());
}

TEST(CompileHere, ReadsAPoolBesideADocumentInGitFromItsCommit) {
  api::Document document;
  document.name = "test";
  document.runner.emplace().workload.image = "runner:1";
  document.runner->pool = api::Pool{.file = "pool.yaml", .inline_yaml = std::nullopt};
  config::ApplyDefaults(document);
  const config::Files files = {{"pool.yaml", "instances: [{name: a, type: noop, spec: {}}]\n"}};
  EXPECT_THAT(CompileHere(document, "sha256:1", 1, files, "host").host.blocked, ::testing::IsEmpty());
  EXPECT_THAT(CompileHere(document, "sha256:1", 1, {}, "host").host.blocked, ::testing::SizeIs(1));
  EXPECT_THAT(NamedFiles(document), ::testing::IsEmpty());  // there is nothing on the host to watch
}

}  // namespace
}  // namespace spacelet::app
