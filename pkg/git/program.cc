#include "pkg/git/program.h"

#include <cstdlib>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "pkg/base/digest.h"
#include "pkg/base/file.h"
#include "pkg/base/status_macros.h"
#include "pkg/git/trouble.h"

namespace spacelet::git {
namespace {

// Address space of one git: libraries, a mapped pack, an object in memory. Far below a small host's.
constexpr int64_t kMaxMemory = int64_t{1} << 30;
constexpr size_t kMaxOutput = 2 << 20;   // a document of 1 MiB, or thousands of refs
constexpr size_t kMaxErrors = 64 << 10;  // a server's banner must not push out git's last words

// No fsync: a copy that a power cut tore is made anew.
constexpr char kFixedConfig[] = R"([core]
	hooksPath = /dev/null
	fsync = none
	askPass =
	bigFileThreshold = 1m
[init]
	templateDir =
	defaultBranch = main
[transfer]
	fsckObjects = true
	unpackLimit = 1
[fetch]
	recurseSubmodules = false
	writeCommitGraph = false
[submodule]
	recurse = false
[gc]
	auto = 0
[maintenance]
	auto = false
[pack]
	threads = 1
[index]
	threads = 1
[protocol]
	version = 2
[credential]
	helper =
[http]
	followRedirects = false
	sslVerify = true
	lowSpeedLimit = 1
	lowSpeedTime = 30
[gpg]
	format = ssh
	minTrustLevel = fully
[gpg "openpgp"]
	program = false
[gpg "x509"]
	program = false
)";

// git runs it with sh. The file is read anew each time, by a process of its own: the token is in no argument,
// no variable and no memory of git's before the server has asked for it.
constexpr char kHelper[] =
    "!f() { test \"$1\" = get || exit 0; printf 'username=%s\\n' \"$SPACELET_GIT_USERNAME\"; "
    "printf 'password=%s\\n' \"$(cat \"$SPACELET_GIT_TOKEN_FILE\")\"; }; f";

std::string Quoted(absl::string_view value) {
  return absl::StrCat("\"", absl::StrReplaceAll(value, {{"\\", "\\\\"}, {"\"", "\\\""}, {"\n", "\\n"}}),
                      "\"");
}

std::string Setting(absl::string_view section, absl::string_view name, absl::string_view value) {
  return absl::StrCat("[", section, "]\n\t", name, " = ", Quoted(value), "\n");
}

std::string SshCommand(const Access& access) {
  std::string command = "ssh -F none -a -x -T -i " + access.ssh_key;
  for (const char* option :
       {"BatchMode=yes", "StrictHostKeyChecking=yes", "IdentitiesOnly=yes", "IdentityAgent=none",
        "GlobalKnownHostsFile=/dev/null", "UpdateHostKeys=no", "PreferredAuthentications=publickey",
        "PermitLocalCommand=no", "ConnectTimeout=15", "ServerAliveInterval=15", "ServerAliveCountMax=2"})
    absl::StrAppend(&command, " -o ", option);
  return absl::StrCat(command, " -o UserKnownHostsFile=", access.known_hosts);
}

// Behind a proxy there is no other way out. It is the same value that the agent has in its own environment.
void AddProxy(std::vector<std::string>& variables) {
  for (const char* name : {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"})
    if (const char* value = std::getenv(name)) variables.push_back(absl::StrCat(name, "=", value));
}

const char* ProtocolOf(Transport transport) {
  switch (transport) {
    case Transport::kHttps:
      return "https";
    case Transport::kSsh:
      return "ssh";
    case Transport::kFile:
      return "file";
  }
  return "";
}

// Another place has another directory, so that nothing of the one is taken for the other's.
std::string RepositoryOf(const Options& options) {
  return absl::StrCat(options.directory, "/", base::Sha256Hex(options.location.text).substr(0, 16), ".git");
}

}  // namespace

std::string ConfigText(const Location& location, const Access& access) {
  std::string text = kFixedConfig;
  if (!access.allowed_signers.empty())
    absl::StrAppend(&text, Setting("gpg \"ssh\"", "allowedSignersFile", access.allowed_signers));
  if (!access.ca_file.empty()) absl::StrAppend(&text, Setting("http", "sslCAInfo", access.ca_file));
  if (!access.token_file.empty())
    absl::StrAppend(
        &text, Setting(absl::StrCat("credential ", Quoted("https://" + location.host)), "helper", kHelper));
  if (location.transport == Transport::kSsh)
    absl::StrAppend(&text, Setting("core", "sshCommand", SshCommand(access)));
  // Who named the repository knows whose it is.
  if (location.transport == Transport::kFile)
    absl::StrAppend(&text, Setting("safe", "directory", location.host),
                    Setting("safe", "directory", location.host + "/.git"));
  return text;
}

Program::Program(Options options) : options_(std::move(options)), repository_(RepositoryOf(options_)) {}

absl::Status Program::Prepare() const {
  RETURN_IF_ERROR(base::MakeDirectories(options_.directory, 0700));
  const std::string path = options_.directory + "/config";
  const std::string text = ConfigText(options_.location, options_.access);
  const absl::StatusOr<base::FileContent> there = base::ReadFile(path, text.size());
  if (there.ok() && there->bytes == text) return absl::OkStatus();
  return base::WriteFileAtomically(path, text, 0600);
}

base::Environment Program::Variables() const {
  const Access& access = options_.access;
  const char* path = std::getenv("PATH");
  std::vector<std::string> variables = {
      absl::StrCat("PATH=", path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin"),
      "HOME=" + options_.directory,
      "TMPDIR=" + options_.directory,  // where git puts a signature that is verified
      "LC_ALL=C",                      // what it says is looked at
      "GIT_DIR=" + repository_,
      "GIT_CONFIG_NOSYSTEM=1",
      "GIT_CONFIG_GLOBAL=" + options_.directory + "/config",
      "GIT_ATTR_NOSYSTEM=1",
      "GIT_TERMINAL_PROMPT=0",
      "GIT_NO_REPLACE_OBJECTS=1",
      "GIT_LITERAL_PATHSPECS=1",
      absl::StrCat("GIT_ALLOW_PROTOCOL=", ProtocolOf(options_.location.transport))};
  if (!access.token_file.empty()) {
    variables.push_back("SPACELET_GIT_TOKEN_FILE=" + access.token_file);
    variables.push_back("SPACELET_GIT_USERNAME=" + (access.username.empty() ? kTokenUser : access.username));
  }
  if (options_.location.transport == Transport::kHttps) AddProxy(variables);
  return variables;
}

absl::StatusOr<base::ProgramEnd> Program::RunToEnd(const std::vector<std::string>& words,
                                                   const std::stop_token& stop) const {
  std::vector<std::string> argv = {"prlimit", absl::StrCat("--fsize=", options_.max_bytes),
                                   absl::StrCat("--as=", kMaxMemory), "--core=0", "git"};
  argv.insert(argv.end(), words.begin(), words.end());
  const base::ProgramLimits limits = {options_.timeout, kMaxOutput, kMaxErrors};
  absl::StatusOr<base::ProgramEnd> end = base::RunProgram(argv, "", limits, stop, Variables());
  if (absl::IsDeadlineExceeded(end.status()))
    return absl::DeadlineExceededError(absl::StrCat(
        "git ", words[0], ": no end within ", absl::FormatDuration(options_.timeout), " (--git-timeout)"));
  return end;
}

absl::StatusOr<std::string> Program::Run(const std::vector<std::string>& words,
                                         const std::stop_token& stop) const {
  ASSIGN_OR_RETURN(base::ProgramEnd end, RunToEnd(words, stop));
  if (end.wait_status != 0) return TroubleOf(end.errors);
  return std::move(end.output);
}

}  // namespace spacelet::git
