#include "pkg/git/repository.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "pkg/api/quantity.h"
#include "pkg/base/file.h"
#include "pkg/base/status_macros.h"
#include "pkg/base/text.h"
#include "pkg/git/trouble.h"

namespace spacelet::git {
namespace {

namespace fs = std::filesystem;

constexpr char kSeen[] = "refs/spacelet/seen";    // what was fetched last
constexpr char kTaken[] = "refs/spacelet/taken";  // what was accepted last
constexpr char kPeeled[] = "^{}";                 // in ls-remote: what an annotated tag names
constexpr int kMostPacks = 100;                   // one a fetch; every one is looked into by every lookup

struct Size {
  int64_t bytes = 0;
  int packs = 0;
};

Size Measure(const std::string& directory) {
  Size size;
  std::error_code error;
  for (fs::recursive_directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
    std::error_code gone;  // git renames and removes files while we look
    if (!it->is_regular_file(gone)) continue;
    const uintmax_t bytes = it->file_size(gone);
    if (gone) continue;
    size.bytes += static_cast<int64_t>(bytes);
    size.packs += it->path().extension() == ".pack" ? 1 : 0;
  }
  return size;
}

bool Exists(const std::string& path) {
  std::error_code error;
  return fs::exists(path, error);
}

// Whatever else is in the directory: repositories of other places, what a killed git left.
void RemoveAllBut(const std::string& directory, const std::string& kept) {
  std::error_code error;
  std::vector<fs::path> others;
  for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error))
    if (it->path() != kept && it->path().filename() != "config") others.push_back(it->path());
  for (const fs::path& other : others) fs::remove_all(other, error);
}

// ls-remote: "<id>\t<name>" lines; its patterns also match the ends of longer names.
std::string IdOf(absl::string_view listing, absl::string_view name) {
  for (const absl::string_view line : absl::StrSplit(listing, '\n')) {
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(line, absl::MaxSplits('\t', 1));
    if (parts.second == name && IsCommitId(parts.first)) return std::string(parts.first);
  }
  return "";
}

Tip TipIn(absl::string_view listing, const std::string& name) {
  Tip tip{name, IdOf(listing, name), IdOf(listing, name + kPeeled)};
  if (tip.commit.empty()) tip.commit = tip.object;
  return tip;
}

std::vector<std::string> NamesFor(const std::string& ref) {
  if (ref.empty()) return {"HEAD"};
  if (absl::StartsWith(ref, "refs/")) return {ref};
  return {"refs/heads/" + ref, "refs/tags/" + ref};
}

absl::Status NoSuchRef(const Location& location) {
  if (location.ref.empty())
    return absl::NotFoundError(
        "the repository has no commit on its default branch; push one, or name a branch by ?ref=");
  const bool like_an_id = location.ref.size() >= 7 &&
                          location.ref.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
  return absl::NotFoundError(absl::StrCat(
      location.ref, like_an_id
                        ? " is no branch or tag; a commit is named by all of its 40 digits, in lower case"
                        : " is no branch or tag of the repository (any more); push it again, or name "
                          "another by ?ref="));
}

absl::StatusOr<Tip> Choose(absl::string_view listing, const Location& location) {
  std::vector<Tip> found;
  for (const std::string& name : NamesFor(location.ref))
    if (Tip tip = TipIn(listing, name); !tip.object.empty()) found.push_back(std::move(tip));
  if (found.empty()) return NoSuchRef(location);
  if (found.size() > 1)
    return absl::NotFoundError(absl::StrCat(location.ref, " is a branch and a tag; write ?ref=refs/heads/",
                                            location.ref, " or ?ref=refs/tags/", location.ref));
  return found.front();
}

// ---- trees

// "100644 blob <id>     123\tpath\0" of `ls-tree -z -l`.
struct Entry {
  std::string mode, id;
  int64_t size = 0;
};

absl::StatusOr<Entry> ParseEntry(absl::string_view line) {
  const std::vector<absl::string_view> words =
      absl::StrSplit(line.substr(0, line.find('\t')), ' ', absl::SkipEmpty());
  if (words.size() != 4) return absl::InternalError("git ls-tree: not understood");
  Entry entry{std::string(words[0]), std::string(words[2])};
  if (words[3] != "-" && !absl::SimpleAtoi(words[3], &entry.size))
    return absl::InternalError("git ls-tree: not understood");
  return entry;
}

absl::Status Unusable(absl::string_view path, absl::string_view why) {
  return absl::FailedPreconditionError(absl::StrCat(base::OneLine(path, 200), ": ", why));
}

absl::Status CheckMode(const std::string& mode, absl::string_view path, bool is_last) {
  if (mode == "120000") return Unusable(path, "a symlink, which is not followed: name the file itself");
  if (mode == "160000")
    return Unusable(path, "a submodule, which is not fetched: keep the file in this repository");
  const bool is_directory = mode == "040000";
  if (is_last) return is_directory ? Unusable(path, "a directory, no file") : absl::OkStatus();
  return is_directory ? absl::OkStatus() : Unusable(path, "a file, no directory");
}

// The path and the directories above it, from the root on.
std::vector<std::string> Prefixes(absl::string_view path) {
  std::vector<std::string> prefixes;
  for (size_t slash = path.find('/'); slash != absl::string_view::npos; slash = path.find('/', slash + 1))
    prefixes.push_back(std::string(path.substr(0, slash)));
  prefixes.push_back(std::string(path));
  return prefixes;
}

absl::StatusOr<Entry> FindFile(const Program& program, const std::string& commit, const std::string& path,
                               const std::stop_token& stop) {
  Entry entry;
  for (const std::string& prefix : Prefixes(path)) {
    ASSIGN_OR_RETURN(const std::string listing,
                     program.Run({"ls-tree", "-z", "-l", "--full-tree", commit, prefix}, stop));
    if (listing.empty())
      return absl::NotFoundError(
          absl::StrCat(base::OneLine(path, 200), ": there is no such file in this commit"));
    ASSIGN_OR_RETURN(entry, ParseEntry(listing));
    RETURN_IF_ERROR(CheckMode(entry.mode, prefix, prefix == path));
  }
  return entry;
}

absl::Status Unsigned(absl::string_view what, absl::string_view id, absl::string_view said) {
  said = absl::StripAsciiWhitespace(said);
  const std::string why = base::OneLine(said.substr(0, said.find('\n')), 200);
  return absl::DataLossError(absl::StrCat(what, " ", Short(id),
                                          " has no good signature of a signer in --git-allowed-signers (",
                                          why.empty() ? "not signed" : why, ")"));
}

}  // namespace

Repository::Repository(Options options) : program_(std::move(options)) {}

absl::Status Repository::WithHost(const absl::Status& trouble) const {
  if (trouble.ok() || absl::IsCancelled(trouble)) return trouble;
  return absl::Status(trouble.code(),
                      absl::StrCat(program_.options().location.host, ": ", trouble.message()));
}

void Repository::StartAnew() {
  std::error_code error;
  fs::remove_all(program_.repository(), error);
}

absl::Status Repository::Prepare(const std::stop_token& stop) {
  RETURN_IF_ERROR(program_.Prepare());
  RemoveAllBut(program_.options().directory, program_.repository());
  if (Exists(program_.repository() + "/HEAD")) return absl::OkStatus();
  StartAnew();
  return program_.Run({"init", "--quiet", "--bare"}, stop).status();
}

absl::StatusOr<Tip> Repository::Ask(const std::stop_token& stop) {
  const Location& location = program_.options().location;
  if (location.names_commit()) return Tip{location.ref, location.ref, location.ref};
  RETURN_IF_ERROR(WithHost(Prepare(stop)));
  std::vector<std::string> words = {"ls-remote", "--quiet", location.url};
  for (const std::string& name : NamesFor(location.ref)) {
    words.push_back(name);
    words.push_back(name + kPeeled);
  }
  const absl::StatusOr<std::string> listing = program_.Run(words, stop);
  if (absl::IsInternal(listing.status())) StartAnew();
  if (!listing.ok()) return WithHost(listing.status());
  absl::StatusOr<Tip> tip = Choose(*listing, location);
  if (!tip.ok()) return WithHost(tip.status());
  return tip;
}

absl::Status Repository::FetchAt(int depth, const Tip& tip, const std::stop_token& stop) {
  const Options& options = program_.options();
  RETURN_IF_ERROR(Prepare(stop));
  const absl::Status fetched = program_
                                   .Run({"fetch", "--quiet", "--no-tags", "--no-write-fetch-head",
                                         "--update-shallow", absl::StrCat("--depth=", depth),
                                         options.location.url, absl::StrCat("+", tip.name, ":", kSeen)},
                                        stop)
                                   .status();
  // The kernel ends a git that writes beyond the limit before it can say why.
  const bool is_large = Measure(program_.repository()).bytes >= options.max_bytes;
  // What a git that failed leaves is not looked at again.
  if (is_large || absl::IsResourceExhausted(fetched) || absl::IsInternal(fetched)) StartAnew();
  if (!is_large || absl::IsCancelled(fetched)) return fetched;
  return absl::ResourceExhaustedError(
      absl::StrCat("larger than ", api::PrintBytes(options.max_bytes),
                   "; raise --git-max-size, or keep the document in a smaller repository"));
}

absl::StatusOr<Tip> Repository::Seen(const std::string& name, const std::stop_token& stop) {
  ASSIGN_OR_RETURN(const std::string ids,
                   program_.Run({"rev-parse", kSeen, absl::StrCat(kSeen, "^{commit}")}, stop));
  const std::vector<std::string> lines = absl::StrSplit(ids, '\n', absl::SkipEmpty());
  if (lines.size() != 2 || !IsCommitId(lines[0]) || !IsCommitId(lines[1]))
    return absl::InternalError("git rev-parse: not understood");
  return Tip{name, lines[0], lines[1]};
}

bool Repository::HasAllHistory() const { return !Exists(program_.repository() + "/shallow"); }

absl::StatusOr<bool> Repository::Descends(const std::string& commit, const std::string& from,
                                          const std::stop_token& stop) {
  ASSIGN_OR_RETURN(const base::ProgramEnd known, program_.RunToEnd({"cat-file", "-e", from}, stop));
  if (known.wait_status != 0) return false;
  ASSIGN_OR_RETURN(const base::ProgramEnd end,
                   program_.RunToEnd({"merge-base", "--is-ancestor", from, commit}, stop));
  return end.wait_status == 0;
}

absl::StatusOr<Fetched> Repository::FetchTip(const Tip& tip, const std::stop_token& stop) {
  RETURN_IF_ERROR(FetchAt(1, tip, stop));
  ASSIGN_OR_RETURN(Tip seen, Seen(tip.name, stop));
  return Fetched{std::move(seen), false};
}

absl::StatusOr<Fetched> Repository::FetchDeeper(const Tip& tip, const std::string& in_force,
                                                const std::stop_token& stop) {
  Fetched out;
  for (const int depth : kDepths) {
    RETURN_IF_ERROR(FetchAt(depth, tip, stop));
    ASSIGN_OR_RETURN(out.tip, Seen(tip.name, stop));
    ASSIGN_OR_RETURN(out.descends, Descends(out.tip.commit, in_force, stop));
    if (out.descends || HasAllHistory()) break;
  }
  return out;
}

absl::StatusOr<Fetched> Repository::Fetch(const Tip& tip, const std::string& in_force,
                                          const std::stop_token& stop) {
  const Size size = Measure(program_.repository());
  if (size.bytes > program_.options().max_bytes / 2 || size.packs > kMostPacks) StartAnew();
  // A tip that is in force already, as after a restart, needs no history.
  const bool alone = in_force.empty() || tip.commit == in_force;
  absl::StatusOr<Fetched> fetched = alone ? FetchTip(tip, stop) : FetchDeeper(tip, in_force, stop);
  if (alone && fetched.ok()) fetched->descends = fetched->tip.commit == in_force;
  // History does not fit: the commit by itself may, and then counts as rewritten.
  if (!in_force.empty() && absl::IsResourceExhausted(fetched.status())) fetched = FetchTip(tip, stop);
  if (!fetched.ok()) return WithHost(fetched.status());
  return fetched;
}

// A signed tag under another name than its own is somebody's attempt to pass off one for the other.
absl::Status Repository::VerifyTag(const Tip& tip, const std::stop_token& stop) {
  ASSIGN_OR_RETURN(const base::ProgramEnd end,
                   program_.RunToEnd({"verify-tag", "--format=%(tag)", tip.object}, stop));
  if (end.wait_status != 0) return Unsigned("tag", tip.object, end.errors);
  const std::string name(absl::StripAsciiWhitespace(end.output));
  if ("refs/tags/" + name == tip.name) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(tip.name, " holds the signed tag ", base::OneLine(name, 100)));
}

absl::Status Repository::VerifyCommit(const Tip& tip, const std::stop_token& stop) {
  ASSIGN_OR_RETURN(const base::ProgramEnd end, program_.RunToEnd({"verify-commit", tip.commit}, stop));
  return end.wait_status == 0 ? absl::OkStatus() : Unsigned("commit", tip.commit, end.errors);
}

absl::Status Repository::Verify(const Tip& tip, const std::stop_token& stop) {
  const absl::Status commit = VerifyCommit(tip, stop);
  if (!absl::IsDataLoss(commit) || tip.object == tip.commit) return WithHost(commit);
  const absl::Status tag = VerifyTag(tip, stop);
  if (!absl::IsDataLoss(tag)) return WithHost(tag);
  return WithHost(absl::DataLossError(absl::StrCat(tag.message(), "; ", commit.message())));
}

absl::StatusOr<std::string> Repository::Read(const std::string& commit, const std::string& path,
                                             size_t max_bytes, const std::stop_token& stop) const {
  ASSIGN_OR_RETURN(const Entry entry, FindFile(program_, commit, path, stop));
  if (entry.size > static_cast<int64_t>(max_bytes))
    return Unusable(path, absl::StrCat(entry.size, " bytes, more than ",
                                       api::PrintBytes(static_cast<int64_t>(max_bytes))));
  ASSIGN_OR_RETURN(std::string bytes, program_.Run({"cat-file", "blob", entry.id}, stop));
  if (absl::StartsWith(bytes, "version https://git-lfs.github.com/spec/"))
    return Unusable(path,
                    "a pointer of Git LFS, which is not followed: keep the file itself in the repository");
  return bytes;
}

std::string Repository::Taken(const std::stop_token& stop) {
  if (!Exists(program_.repository() + "/HEAD")) return "";
  const absl::StatusOr<std::string> id = program_.Run({"rev-parse", "--verify", "--quiet", kTaken}, stop);
  if (!id.ok()) return "";
  const std::string commit(absl::StripAsciiWhitespace(*id));
  return IsCommitId(commit) ? commit : "";
}

absl::Status Repository::SetTaken(const std::string& commit, const std::stop_token& stop) {
  return WithHost(program_.Run({"update-ref", kTaken, commit}, stop).status());
}

}  // namespace spacelet::git
