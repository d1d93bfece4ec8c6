#include "pkg/git/repository.h"

#include <filesystem>
#include <fstream>
#include <random>

#include "absl/strings/match.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "pkg/git/trouble.h"
#include "test/pkg/git/sandbox.h"

namespace spacelet::git {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr size_t kMost = 1 << 20;

std::string Noise(size_t bytes) {
  std::minstd_rand random(1);
  std::string text(bytes, '\0');
  for (char& c : text) c = static_cast<char>(random() >> 8);
  return text;
}

// Asks, fetches, and expects both to be well.
Fetched Bring(Repository& repository, const std::string& in_force = "") {
  const absl::StatusOr<Tip> tip = repository.Ask({});
  EXPECT_TRUE(tip.ok()) << tip.status();
  if (!tip.ok()) return {};
  const absl::StatusOr<Fetched> fetched = repository.Fetch(*tip, in_force, {});
  EXPECT_TRUE(fetched.ok()) << fetched.status();
  return fetched.ok() ? *fetched : Fetched();
}

absl::StatusOr<std::string> ReadTip(const Sandbox& sandbox, const std::string& path) {
  Repository repository(sandbox.OptionsFor());
  return repository.Read(Bring(repository).tip.commit, path, kMost, {});
}

// ---- refs

TEST(Repository, FollowsABranchATagACommitAndTheDefault) {
  const Sandbox sandbox;
  const std::string first = sandbox.CommitFile("host.yaml", "1");
  sandbox.InWork({"tag", "light"});
  sandbox.InWork({"tag", "-a", "-m", "release", "heavy"});
  const std::string second = sandbox.CommitFile("host.yaml", "2");
  const std::string tag = sandbox.InWork({"rev-parse", "heavy"});
  const struct {
    std::string query, object, commit;
  } cases[] = {
      {"", second, second},         {"?ref=main", second, second}, {"?ref=refs/heads/main", second, second},
      {"?ref=light", first, first}, {"?ref=heavy", tag, first},    {"?ref=" + first, first, first}};
  for (const auto& c : cases) {
    Repository repository(sandbox.OptionsFor(c.query));
    const Tip tip = *repository.Ask({});
    EXPECT_EQ(tip.object, c.object) << c.query;
    EXPECT_EQ(tip.commit, c.commit) << c.query;
    EXPECT_EQ(Bring(repository).tip, tip) << c.query;
    EXPECT_EQ(*repository.Read(tip.commit, "host.yaml", kMost, {}), c.commit == first ? "1" : "2") << c.query;
  }
}

TEST(Repository, ARefThatNamesNothingOrTwoThingsIsNotFound) {
  const Sandbox sandbox;
  const std::string id = sandbox.CommitFile("host.yaml", "1");
  sandbox.InWork({"branch", "both"});
  sandbox.InWork({"tag", "both"});
  sandbox.InWork({"branch", "deep/main"});  // ls-remote's pattern refs/heads/main must not find it
  const struct {
    std::string query, message;
  } cases[] = {{"?ref=gone", "gone is no branch or tag"},
               {"?ref=both", "is a branch and a tag; write ?ref=refs/heads/both"},
               {"?ref=" + id.substr(0, 8), "all of its 40 digits"}};
  for (const auto& c : cases) {
    const absl::Status status = Repository(sandbox.OptionsFor(c.query)).Ask({}).status();
    EXPECT_TRUE(absl::IsNotFound(status)) << status;
    EXPECT_THAT(status.message(), AllOf(HasSubstr(sandbox.work() + ": "), HasSubstr(c.message)));
  }
  const std::string unknown(40, 'f');
  Repository repository(sandbox.OptionsFor("?ref=" + unknown));
  EXPECT_TRUE(absl::IsNotFound(repository.Fetch(*repository.Ask({}), "", {}).status()));
}

TEST(Repository, ThatIsNotThereIsNotFound) {
  Sandbox sandbox;
  std::filesystem::remove_all(sandbox.work());
  EXPECT_STREQ(ReasonOf(Repository(sandbox.OptionsFor()).Ask({}).status()), "GitNotFound");
}

TEST(Repository, WithoutACommitSaysSo) {
  const Sandbox sandbox;
  EXPECT_THAT(Repository(sandbox.OptionsFor()).Ask({}).status().message(), HasSubstr("has no commit"));
}

// ---- hostile trees

TEST(Repository, ReadsARegularFileAndNothingElse) {
  const Sandbox sandbox;
  sandbox.Write("eu/host.yaml", "good");
  sandbox.Write("big.yaml", std::string(kMost + 1, 'x'));
  sandbox.Write("just.yaml", std::string(kMost, 'x'));
  sandbox.Write("lfs.yaml", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n");
  std::filesystem::create_symlink("/etc/passwd", sandbox.work() + "/link.yaml");
  std::filesystem::create_symlink("/etc", sandbox.work() + "/etc");
  std::filesystem::create_symlink("eu", sandbox.work() + "/inside");
  sandbox.Commit();
  sandbox.InWork(
      {"update-index", "--add", "--cacheinfo", "160000," + sandbox.InWork({"rev-parse", "HEAD"}) + ",sub"});
  sandbox.InWork({"commit", "--quiet", "-m", "submodule"});

  EXPECT_EQ(*ReadTip(sandbox, "eu/host.yaml"), "good");
  EXPECT_EQ(ReadTip(sandbox, "just.yaml")->size(), kMost);
  const struct {
    const char *path, *message;
  } cases[] = {{"link.yaml", "link.yaml: a symlink"},
               {"etc/passwd", "etc: a symlink"},
               {"inside/host.yaml", "inside: a symlink"},
               {"sub", "sub: a submodule"},
               {"sub/host.yaml", "sub: a submodule"},
               {"eu", "eu: a directory"},
               {"eu/host.yaml/x", "eu/host.yaml: a file, no directory"},
               {"none.yaml", "none.yaml: there is no such file in this commit"},
               {"eu/none.yaml", "eu/none.yaml: there is no such file"},
               {"none/host.yaml", "none/host.yaml: there is no such file"},
               {"*.yaml", "*.yaml: there is no such file"},
               {":(top)big.yaml", "there is no such file"},
               {"big.yaml", "big.yaml: 1048577 bytes, more than 1m"},
               {"lfs.yaml", "lfs.yaml: a pointer of Git LFS"}};
  for (const auto& c : cases) {
    const absl::Status status = ReadTip(sandbox, c.path).status();
    const bool absent = absl::StrContains(c.message, "no such file");
    EXPECT_EQ(status.code(), absent ? absl::StatusCode::kNotFound : absl::StatusCode::kFailedPrecondition)
        << c.path << ": " << status;
    EXPECT_THAT(status.message(), HasSubstr(c.message));
  }
}

TEST(Repository, AnExecutableFileIsAFile) {
  const Sandbox sandbox;
  sandbox.Write("host.yaml", "x");
  std::filesystem::permissions(sandbox.work() + "/host.yaml", std::filesystem::perms::all);
  sandbox.Commit();
  EXPECT_EQ(*ReadTip(sandbox, "host.yaml"), "x");
}

// A tree may hold any bytes as a name. Nothing is ever checked out; still git looks at what comes in.
TEST(Repository, ATreeThatNoGitWouldMakeIsRefused) {
  const Sandbox sandbox;
  sandbox.CommitFile("host.yaml", "good");
  const std::string blob = sandbox.InWork({"rev-parse", "HEAD:host.yaml"});
  std::ofstream(sandbox.root() + "/tree")
      << "100644 blob " << blob << "\t..\n100644 blob " << blob << "\thost.yaml\n";
  const std::string tree = sandbox.Shell("git -C hosts mktree < tree");
  sandbox.InWork({"update-ref", "refs/heads/main", sandbox.InWork({"commit-tree", "-m", "x", tree})});
  Repository repository(sandbox.OptionsFor());
  const absl::Status status = repository.Fetch(*repository.Ask({}), "", {}).status();
  EXPECT_STREQ(ReasonOf(status), "GitFailed");
  EXPECT_THAT(status.message(), HasSubstr("hasDotdot"));
}

// ---- size

TEST(Repository, OneThatIsTooLargeIsRefusedAndLeavesNothing) {
  const Sandbox sandbox;
  sandbox.Write("noise.bin", Noise(4 << 20));
  sandbox.CommitFile("host.yaml", "1");
  Options options = sandbox.OptionsFor();
  options.max_bytes = 2 << 20;
  Repository repository(options);
  const absl::StatusOr<Tip> tip = repository.Ask({});
  ASSERT_TRUE(tip.ok()) << tip.status();
  const absl::Status status = repository.Fetch(*tip, "", {}).status();
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  EXPECT_THAT(status.message(), HasSubstr("--git-max-size"));
  EXPECT_FALSE(std::filesystem::exists(Program(options).repository()));
}

TEST(Repository, HistoryThatIsTooLargeCostsTheKnowledgeOfIt) {
  const Sandbox sandbox;
  sandbox.Write("noise.bin", Noise(4 << 20));
  const std::string first = sandbox.CommitFile("host.yaml", "1");
  std::filesystem::remove(sandbox.work() + "/noise.bin");
  const std::string second = sandbox.CommitFile("host.yaml", "2");
  Options options = sandbox.OptionsFor();
  options.max_bytes = 2 << 20;
  Repository repository(options);
  const Fetched fetched = Bring(repository, first);
  EXPECT_EQ(fetched.tip.commit, second);
  EXPECT_FALSE(fetched.descends);
  EXPECT_EQ(*repository.Read(second, "host.yaml", kMost, {}), "2");
}

TEST(Repository, GrownBeyondHalfOfItsSizeItIsMadeAnew) {
  const Sandbox sandbox;
  Options options = sandbox.OptionsFor();
  options.max_bytes = 4 << 20;
  Repository repository(options);
  std::string in_force;
  for (int i = 0; i < 8; ++i) {
    sandbox.Write("noise.bin", Noise((800 << 10) + static_cast<size_t>(i)));
    sandbox.InWork({"commit", "--allow-empty", "--quiet", "-m", "x"});
    sandbox.CommitFile("host.yaml", absl::StrCat(i));
    const Fetched fetched = Bring(repository, in_force);
    EXPECT_TRUE(in_force.empty() || fetched.descends) << i;
    EXPECT_EQ(*repository.Read(fetched.tip.commit, "host.yaml", kMost, {}), absl::StrCat(i));
    in_force = fetched.tip.commit;
    sandbox.InWork({"rm", "--quiet", "noise.bin"});
  }
}

// ---- history

TEST(Repository, KnowsWhetherACommitDescends) {
  const Sandbox sandbox;
  const std::string first = sandbox.CommitFile("host.yaml", "1");
  Repository repository(sandbox.OptionsFor());
  EXPECT_FALSE(Bring(repository).descends);
  EXPECT_TRUE(Bring(repository, first).descends);
  for (int i = 0; i < 5; ++i) sandbox.CommitFile("host.yaml", absl::StrCat("2.", i));
  EXPECT_TRUE(Bring(repository, first).descends);
  sandbox.InWork({"commit", "--quiet", "--amend", "-m", "rewritten"});
  EXPECT_TRUE(Bring(repository, first).descends) << "what was in force is below what was rewritten";
  const std::string amended = sandbox.InWork({"rev-parse", "HEAD"});
  sandbox.InWork({"commit", "--quiet", "--amend", "-m", "again"});
  EXPECT_FALSE(Bring(repository, amended).descends);
  sandbox.InWork({"reset", "--quiet", "--hard", first});
  EXPECT_FALSE(Bring(repository, amended).descends) << "a branch that was moved back";
}

TEST(Repository, KnowsItOfABranchThatWasForkedLongAgo) {
  const Sandbox sandbox;
  sandbox.CommitFile("host.yaml", "1");
  sandbox.InWork({"branch", "old"});
  for (int i = 0; i < 3; ++i) sandbox.CommitFile("host.yaml", absl::StrCat("main ", i));
  const std::string in_force = sandbox.InWork({"rev-parse", "HEAD"});
  Repository repository(sandbox.OptionsFor("?ref=main"));
  Bring(repository);
  sandbox.InWork({"checkout", "--quiet", "old"});
  sandbox.CommitFile("other.yaml", "1");
  sandbox.InWork({"checkout", "--quiet", "main"});
  sandbox.InWork({"merge", "--quiet", "--no-ff", "-m", "merge", "old"});
  EXPECT_TRUE(Bring(repository, in_force).descends);
}

TEST(Repository, LooksFurtherBackThanTheFirstDepth) {
  const Sandbox sandbox;
  const std::string first = sandbox.CommitFile("host.yaml", "1");
  Repository repository(sandbox.OptionsFor());
  Bring(repository);
  std::string stream;
  for (int i = 0; i < Repository::kDepths[0] + 10; ++i)
    absl::StrAppend(&stream, "commit refs/heads/main\ncommitter T <t@example.com> ", 1700000000 + i,
                    " +0000\ndata 1\nx\n", i == 0 ? "from refs/heads/main^0\n" : "", "\n");
  std::ofstream(sandbox.root() + "/stream") << stream;
  const auto made = base::RunProgram({"sh", "-c", "git -C \"$0\" fast-import --quiet --force < \"$1\"",
                                      sandbox.work(), sandbox.root() + "/stream"},
                                     "", {}, {});
  ASSERT_TRUE(made.ok() && made->wait_status == 0) << made->errors;
  EXPECT_TRUE(Bring(repository, first).descends);
}

TEST(Repository, RemembersWhatWasTaken) {
  const Sandbox sandbox;
  const std::string first = sandbox.CommitFile("host.yaml", "1");
  {
    Repository repository(sandbox.OptionsFor());
    EXPECT_EQ(repository.Taken({}), "");
    Bring(repository);
    ASSERT_TRUE(repository.SetTaken(first, {}).ok());
  }
  EXPECT_EQ(Repository(sandbox.OptionsFor()).Taken({}), first);
  EXPECT_EQ(Repository(sandbox.OptionsFor("?ref=main")).Taken({}), "") << "another place has another memory";
}

// ---- a copy that is broken, or of another place

TEST(Repository, ABrokenCopyIsMadeAnew) {
  const Sandbox sandbox;
  const std::string first = sandbox.CommitFile("host.yaml", "1");
  const std::string copy = Program(sandbox.OptionsFor()).repository();
  const auto empty = [](const std::filesystem::path& path) { std::ofstream(path, std::ios::trunc); };
  const std::function<void()> damages[] = {
      [&] { std::filesystem::remove_all(copy + "/objects"); },
      [&] { empty(copy + "/HEAD"); },
      [&] { empty(copy + "/config"); },
      [&] { std::ofstream(copy + "/config") << "[core"; },
      [&] { empty(copy + "/shallow.lock"); },
      [&] {
        ASSERT_FALSE(std::filesystem::is_empty(copy + "/objects/pack"));
        for (const auto& entry : std::filesystem::directory_iterator(copy + "/objects/pack")) {
          std::filesystem::permissions(entry.path(), std::filesystem::perms::owner_all);
          empty(entry.path());
        }
      },
      [&] {
        std::filesystem::remove_all(copy);
        std::ofstream{copy} << "a file";
      },
  };
  for (const auto& damage : damages) {
    Repository repository(sandbox.OptionsFor());
    Bring(repository);
    damage();
    const size_t which = static_cast<size_t>(&damage - damages);
    const std::string next = sandbox.CommitFile("host.yaml", absl::StrCat("damage ", which));
    absl::StatusOr<std::string> bytes = absl::UnknownError("");
    for (int tries = 0; tries < 2 && !bytes.ok(); ++tries) {  // the first may be what finds it out
      const absl::StatusOr<Tip> tip = repository.Ask({});
      if (!tip.ok() || !repository.Fetch(*tip, first, {}).ok()) continue;
      bytes = repository.Read(next, "host.yaml", kMost, {});
    }
    EXPECT_EQ(bytes.value_or(std::string(bytes.status().message())), absl::StrCat("damage ", which));
  }
}

TEST(Repository, AnotherPlaceDoesNotKeepTheCopyOfTheFirst) {
  const Sandbox sandbox;
  sandbox.CommitFile("host.yaml", "1");
  Repository first(sandbox.OptionsFor());
  Bring(first);
  Repository second(sandbox.OptionsFor("?ref=main"));
  Bring(second);
  EXPECT_FALSE(std::filesystem::exists(Program(sandbox.OptionsFor()).repository()));
}

// ---- signatures

class Signatures : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"alice", "mallory"}) {
      const auto made = base::RunProgram(
          {"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", sandbox_.root() + "/" + name}, "",
          {}, {});
      ASSERT_TRUE(made.ok() && made->wait_status == 0);
    }
    std::ifstream key(sandbox_.root() + "/alice.pub");
    std::string line;
    std::getline(key, line);
    std::ofstream(sandbox_.root() + "/signers") << "alice@example.com namespaces=\"git\" " << line << "\n";
  }
  std::string CommitBy(const std::string& name, const std::string& text) {
    sandbox_.Write("host.yaml", text);
    sandbox_.InWork({"config", "user.signingkey", sandbox_.root() + "/" + name});
    return sandbox_.Commit({"-S"});
  }
  absl::Status VerifyTip(const std::string& query = "") {
    Options options = sandbox_.OptionsFor(query);
    options.access.allowed_signers = sandbox_.root() + "/signers";
    Repository repository(options);
    return repository.Verify(Bring(repository).tip, {});
  }

  Sandbox sandbox_;
};

TEST_F(Signatures, OfAnAllowedSignerIsGood) {
  CommitBy("alice", "1");
  EXPECT_TRUE(VerifyTip().ok()) << VerifyTip();
}

TEST_F(Signatures, OfSomebodyElseMissingOrBrokenIsNot) {
  CommitBy("mallory", "1");
  EXPECT_TRUE(absl::IsDataLoss(VerifyTip())) << VerifyTip();
  EXPECT_THAT(VerifyTip().message(), HasSubstr("has no good signature of a signer in --git-allowed-signers"));
  sandbox_.CommitFile("host.yaml", "2");
  EXPECT_THAT(VerifyTip().message(), HasSubstr("(not signed)"));
  // Alice's signature over another commit.
  CommitBy("alice", "3");
  const std::string forged = sandbox_.Shell(
      "cd hosts && git cat-file commit HEAD | sed 's/^change$/changed/' | git hash-object -t commit -w "
      "--stdin");
  sandbox_.InWork({"update-ref", "refs/heads/main", forged});
  EXPECT_TRUE(absl::IsDataLoss(VerifyTip())) << VerifyTip();
}

TEST_F(Signatures, OfATagStandsForItsCommit) {
  sandbox_.CommitFile("host.yaml", "1");
  sandbox_.InWork({"config", "user.signingkey", sandbox_.root() + "/alice"});
  sandbox_.InWork({"tag", "-s", "-m", "release", "v1"});
  sandbox_.InWork({"tag", "-a", "-m", "release", "v2"});
  EXPECT_TRUE(VerifyTip("?ref=v1").ok()) << VerifyTip("?ref=v1");
  EXPECT_THAT(VerifyTip("?ref=v2").message(), AllOf(HasSubstr("tag "), HasSubstr("; commit ")));
  sandbox_.InWork({"update-ref", "refs/tags/v3", sandbox_.InWork({"rev-parse", "v1"})});
  EXPECT_THAT(VerifyTip("?ref=v3").message(), HasSubstr("refs/tags/v3 holds the signed tag v1"));
  EXPECT_TRUE(absl::IsDataLoss(VerifyTip("?ref=main")));
}

TEST_F(Signatures, WithoutAListNobodyMay) {
  CommitBy("alice", "1");
  std::filesystem::remove(sandbox_.root() + "/signers");
  EXPECT_TRUE(absl::IsDataLoss(VerifyTip())) << VerifyTip();
}

}  // namespace
}  // namespace spacelet::git
