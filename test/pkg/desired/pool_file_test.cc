#include "pkg/desired/pool_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_replace.h"
#include "pkg/api/reasons.h"
#include "pkg/base/digest.h"
#include "test/pkg/desired/documents.h"

namespace spacelet::desired {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

const Container& RunnerOf(const Compiled& compiled) { return *compiled.host.Find("vm-runner"); }

std::string PoolArgument(const Compiled& compiled) { return RunnerOf(compiled).config.cmd->back(); }

TEST(PoolFile, IsNamedByTheDigestOfItsBytes) {
  const Compiled compiled = CompileHere(MinimalDocument());
  ASSERT_TRUE(RunnerOf(compiled).pool);
  const PoolFile& pool = *RunnerOf(compiled).pool;
  EXPECT_EQ(pool.hash, base::Sha256Hex(pool.content));
  EXPECT_EQ(pool.host_path, "/runner/.spacelet/pool-" + pool.hash.substr(0, 16) + ".yaml");
  EXPECT_EQ(PoolArgument(compiled), pool.host_path);
}

TEST(PoolFile, IsToldFromOtherFilesByItsName) {
  EXPECT_TRUE(IsPoolFileName("pool-0123456789abcdef.yaml"));
  for (const char* other : {"", "pool-.yaml", "pool-0123456789abcde.yaml", "pool-0123456789abcdef0.yaml",
                            "pool-0123456789ABCDEF.yaml", "pool-0123456789abcdef.yaml.bak", "pool.yaml",
                            "my-pool-0123456789abcdef.yaml", ".pool-0123456789abcdef.yaml.tmp"})
    EXPECT_FALSE(IsPoolFileName(other)) << other;
  const std::string path = RunnerOf(CompileHere(MinimalDocument())).pool->host_path;
  EXPECT_TRUE(IsPoolFileName(path.substr(path.rfind('/') + 1)));
}

TEST(PoolFile, StandsInTheRunnersDirectoryAndIsNamedAsTheContainerSeesIt) {
  api::Document d = MinimalDocument();
  d.runner->directory = "/data/runner";
  d.runner->workload.user = "65534";
  const Compiled compiled =
      CompileWith(d, {{"/etc/spacelet/pool.yaml", kPoolYaml}, {"/data/runner/sa.json", "{}"}});
  ASSERT_THAT(compiled.host.blocked, IsEmpty());
  EXPECT_THAT(RunnerOf(compiled).pool->host_path, StartsWith("/data/runner/.spacelet/pool-"));
  EXPECT_EQ(RunnerOf(compiled).pool->owner, "65534");
  EXPECT_THAT(PoolArgument(compiled), StartsWith("/runner/.spacelet/pool-"));
  EXPECT_THAT(RunnerOf(compiled).directories,
              ElementsAre(Directory{"/data/runner", 0700, "65534"},
                          Directory{"/data/runner/.spacelet", 0700, "65534"}));
}

TEST(PoolFile, ACosmeticChangeChangesNothing) {
  Files files = HostFiles();
  const Compiled before = CompileWith(MinimalDocument(), files);
  files["/etc/spacelet/pool.yaml"] += "timestamp: 2026-01-01T00:00:00Z  # terraform\n";
  EXPECT_EQ(CompileWith(MinimalDocument(), files).host, before.host);
}

TEST(PoolFile, ARealChangeChangesTheSpecHash) {
  Files files = HostFiles();
  const Compiled before = CompileWith(MinimalDocument(), files);
  files["/etc/spacelet/pool.yaml"] = absl::StrReplaceAll(kPoolYaml, {{"pool: 0", "pool: 1"}});
  const Compiled after = CompileWith(MinimalDocument(), files);
  EXPECT_NE(RunnerOf(after).spec_hash, RunnerOf(before).spec_hash);
  EXPECT_EQ(after.host.Find("docker-delegate")->spec_hash, before.host.Find("docker-delegate")->spec_hash);
}

TEST(PoolFile, InlineAndFileOfTheSameMeaningAreTheSame) {
  api::Document d = MinimalDocument();
  d.runner->pool = api::Pool{std::nullopt, std::string(kPoolYaml)};
  EXPECT_EQ(RunnerOf(CompileHere(d)), RunnerOf(CompileHere(MinimalDocument())));
}

TEST(PoolFile, WithoutAPoolTheRunnersOwnIsRead) {
  api::Document d = MinimalDocument();
  d.runner->pool.reset();
  const Compiled compiled = CompileWith(d, {{"/runner/pool.yaml", kPoolYaml}, {"/runner/sa.json", ""}});
  EXPECT_EQ(RunnerOf(compiled), RunnerOf(CompileHere(MinimalDocument())));
}

struct Broken {
  const char* name;
  Files files;
  const char* message;
};

class BrokenPool : public testing::TestWithParam<Broken> {};

TEST_P(BrokenPool, BlocksOnlyTheRunner) {
  const Compiled good = CompileHere(MinimalDocument());
  const Compiled compiled = CompileWith(MinimalDocument(), GetParam().files);
  ASSERT_EQ(compiled.host.blocked.size(), 1u);
  EXPECT_EQ(compiled.host.blocked[0].container, "vm-runner");
  EXPECT_EQ(compiled.host.blocked[0].reason, api::reason::kInvalidPool);
  EXPECT_EQ(compiled.host.blocked[0].message, GetParam().message);
  EXPECT_FALSE(RunnerOf(compiled).pool);
  EXPECT_EQ(PoolArgument(compiled), "");
  EXPECT_EQ(*compiled.host.Find("docker-delegate"), *good.host.Find("docker-delegate"));
  EXPECT_EQ(compiled.host.network, good.host.network);
}

INSTANTIATE_TEST_SUITE_P(
    Pools, BrokenPool,
    testing::Values(
        Broken{"Absent", {}, "/etc/spacelet/pool.yaml: No such file or directory"},
        Broken{"Empty", {{"/etc/spacelet/pool.yaml", ""}}, "/etc/spacelet/pool.yaml:0:0: nothing is in it"},
        Broken{"OneProblem",
               {{"/etc/spacelet/pool.yaml", kPoolYaml}},
               "/etc/spacelet/pool.yaml:7:52: instances[0].spec.account.json_path: /runner/sa.json is not in "
               "the "
               "runner's container: put it where its volume shows it"},
        Broken{"ManyProblems",
               {{"/etc/spacelet/pool.yaml", "instances:\n- {name: a, type: aws}\n"}},
               "/etc/spacelet/pool.yaml:2:3: instances[0]: spec is missing: the runner does not start "
               "without it "
               "(and 1 more problem)"}),
    [](const auto& param) { return std::string(param.param.name); });

TEST(PoolFile, WarningsAreTakenOverWithTheirPlace) {
  Files files = HostFiles();
  files["/etc/spacelet/pool.yaml"] = absl::StrReplaceAll(kPoolYaml, {{"pool: 0", "pool: -1"}});
  const Compiled compiled = CompileWith(MinimalDocument(), files);
  EXPECT_THAT(compiled.host.blocked, IsEmpty());
  EXPECT_THAT(compiled.warnings,
              ElementsAre("/etc/spacelet/pool.yaml:5:11: warning: instances[0].pool: counts as 0"));
}

TEST(PoolFile, FilesThatItNamesAreLookedForBehindTheInnermostBind) {
  api::Document d = MinimalDocument();
  d.runner->workload.volumes = {{"/secrets/sa.json", "/runner/sa.json", true}};
  Files files = {{"/etc/spacelet/pool.yaml", kPoolYaml}, {"/secrets/sa.json", "{}"}};
  EXPECT_THAT(CompileWith(d, files).host.blocked, IsEmpty());
  files = HostFiles();  // there on the host, but hidden by the volume
  EXPECT_EQ(CompileWith(d, files).host.blocked.size(), 1u);
}

TEST(PoolFile, AFileThatIsCopiedIntoTheContainerIsThere) {
  api::Document d = MinimalDocument();
  d.runner->workload.files = {{"/runner/sa.json", std::nullopt, api::SecretSource{}, 0600}};
  EXPECT_THAT(CompileWith(d, {{"/etc/spacelet/pool.yaml", kPoolYaml}}).host.blocked, IsEmpty());
}

TEST(PoolFile, AFileThatMayNotBeReadIsThere) {
  const api::Document d = Defaulted(MinimalDocument());
  const Compiled compiled = Compile({d, "", 0, [](const std::string& path) -> absl::StatusOr<std::string> {
                                       if (path == "/etc/spacelet/pool.yaml") return std::string(kPoolYaml);
                                       return absl::PermissionDeniedError(path);
                                     }});
  EXPECT_THAT(compiled.host.blocked, IsEmpty());
}

TEST(PoolFile, AnUnreadablePoolSaysWhichFile) {
  const api::Document d = Defaulted(MinimalDocument());
  const Compiled compiled = Compile({d, "", 0, [](const std::string&) -> absl::StatusOr<std::string> {
                                       return absl::PermissionDeniedError("Permission denied");
                                     }});
  ASSERT_EQ(compiled.host.blocked.size(), 1u);
  EXPECT_THAT(compiled.host.blocked[0].message, HasSubstr("/etc/spacelet/pool.yaml: Permission denied"));
}

}  // namespace
}  // namespace spacelet::desired
