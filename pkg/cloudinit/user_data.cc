#include "pkg/cloudinit/user_data.h"

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "pkg/base/text.h"
#include "pkg/cloudinit/bootstrap.h"

namespace spacelet::cloudinit {
namespace {

constexpr char kScriptPath[] = "/usr/local/sbin/spacelet-bootstrap";
constexpr char kDropInPath[] = "/etc/systemd/system/spacelet.service.d/runner-directory.conf";
constexpr char kPolicyDropInPath[] = "/etc/systemd/system/spacelet.service.d/policy.conf";
constexpr char kUnitPath[] = "/etc/systemd/system/spacelet-bootstrap.service";

constexpr char kHead[] = R"(#cloud-config
# A Gitspaces host, made by "spacelet cloud-init". It holds no secret: the document says where they are read from.
#
# cloud-init writes the files and starts spacelet-bootstrap.service, which installs Docker and spacelet and is tried again
# until both are there. From then on the machine follows its document, and a change of this text changes nothing any more.
#
# To change by hand: the document and the pool under write_files, and package= and sha256= in the script there.

# Until the bootstrap has ended, each boot begins anew: a power cut may have torn what the first one wrote.
bootcmd:
  - [sh, -c, "[ -e /var/lib/spacelet-bootstrap/done ] || rm -f /var/lib/cloud/instance/sem/config_write_files /var/lib/cloud/instance/sem/config_runcmd /var/lib/cloud/instance/sem/config_scripts_user"]

write_files:
)";

// Type=exec: a oneshot would hold up multi-user.target, and with it cloud-init's last stage, for as long as
// the network is away.
constexpr char kUnit[] = R"([Unit]
Description=Install Docker and spacelet, once
Wants=network-online.target
After=network-online.target
ConditionPathExists=!/var/lib/spacelet-bootstrap/done
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=/usr/local/sbin/spacelet-bootstrap
Restart=on-failure
RestartSec=15
StandardOutput=journal+console

[Install]
WantedBy=multi-user.target
)";

// The flag stands here and not in /etc/default/spacelet, which is the package's and comes later.
constexpr char kPolicyDropIn[] = R"([Service]
ExecStart=
ExecStart=/usr/bin/spacelet agent --config /etc/spacelet/host.yaml --policy /etc/spacelet/policy.yaml $SPACELET_FLAGS
)";

constexpr char kTail[] = R"(
runcmd:
  - [systemctl, daemon-reload]
  - [systemctl, enable, --now, --no-block, spacelet-bootstrap.service]
)";

constexpr char kEnd[] = "END-OF-FILE";

constexpr char kScriptHead[] = R"SCRIPT(#!/bin/sh
# A Gitspaces host, made by "spacelet cloud-init --format script": what the user-data does, for machines without cloud-init,
# such as those of Google's Debian images, which run it as startup-script at each boot. It holds no secret.
set -eu
[ ! -e /var/lib/spacelet-bootstrap/done ] || exit 0 # from then on the machine follows its document
umask 022

write() {
  mkdir -p "$(dirname "$1")"
  (umask 077 && cat >"$1.new")
  chmod "$2" "$1.new"
  mv "$1.new" "$1"
}

)SCRIPT";

constexpr char kScriptTail[] = R"SCRIPT(systemctl daemon-reload
systemctl enable --now --no-block spacelet-bootstrap.service
)SCRIPT";

struct Entry {
  std::string path, permissions, content, comment;
};

// What a literal block scalar gives back as it was.
bool IsLiteral(absl::string_view content) {
  if (content.empty() || absl::ascii_isspace(static_cast<unsigned char>(content.front())) ||
      content.back() != '\n')
    return false;
  if (absl::EndsWith(content, "\n\n") || absl::StrContains(content, "\n\t")) return false;
  while (!content.empty()) {
    const base::Utf8Char c = base::DecodeUtf8(content);
    if (!c.valid || (c.code_point != '\n' && c.code_point != '\t' && base::IsDeceptive(c.code_point)))
      return false;
    if (c.code_point >= 0xfffe && (c.code_point & 0xfffe) == 0xfffe) return false;
    content.remove_prefix(c.length);
  }
  return true;
}

std::string Content(const std::string& content) {
  if (!IsLiteral(content))
    return absl::StrCat("    encoding: b64\n    content: \"", absl::Base64Escape(content), "\"\n");
  std::string out = "    content: |\n";
  for (const absl::string_view line :
       absl::StrSplit(absl::string_view(content).substr(0, content.size() - 1), '\n'))
    absl::StrAppend(&out, line.empty() ? "" : "      ", line, "\n");
  return out;
}

std::string ToYaml(const Entry& entry) {
  return absl::StrCat(entry.comment.empty() ? "" : "  # ", entry.comment, entry.comment.empty() ? "" : "\n",
                      "  - path: ", entry.path, "\n    owner: root:root\n    permissions: \"",
                      entry.permissions, "\"\n", Content(entry.content));
}

std::string ToShell(const Entry& entry) {
  const std::string head = entry.comment.empty() ? "" : absl::StrCat("# ", entry.comment, "\n");
  const std::string target = absl::StrCat(entry.path, " ", entry.permissions);
  const bool literal = IsLiteral(entry.content) && !absl::StrContains(entry.content, kEnd);
  if (literal) return absl::StrCat(head, "write ", target, " <<'", kEnd, "'\n", entry.content, kEnd, "\n");
  return absl::StrCat(head, "base64 -d <<'", kEnd, "' | write ", target, "\n",
                      absl::Base64Escape(entry.content), "\n", kEnd, "\n");
}

std::string Script(const UserData& user_data) {
  return absl::StrReplaceAll(
      kBootstrapScript,
      {{"package='' ", absl::StrCat("package='", user_data.package.source, "' ")},
       {"sha256='' ", absl::StrCat("sha256='", user_data.package.sha256, "' ")},
       {"directory='/runner' ", absl::StrCat("directory='", user_data.runner_directory, "' ")}});
}

std::vector<Entry> Entries(const UserData& user_data) {
  std::vector<Entry> entries;
  for (const File& file : user_data.files) entries.push_back({file.path, "0600", file.content, file.comment});
  if (user_data.runner_directory != "/runner")  // which the unit of the package opens by itself
    entries.push_back({kDropInPath, "0644",
                       absl::StrCat("[Service]\nReadWritePaths=-", user_data.runner_directory, "\n"), ""});
  if (user_data.has_policy) entries.push_back({kPolicyDropInPath, "0644", kPolicyDropIn, ""});
  entries.push_back({kScriptPath, "0755", Script(user_data), ""});
  entries.push_back({kUnitPath, "0644", kUnit, ""});
  return entries;
}

}  // namespace

std::string Render(const UserData& user_data, Format format) {
  const bool script = format == Format::kScript;
  std::string out = script ? kScriptHead : kHead;
  for (const Entry& entry : Entries(user_data))
    absl::StrAppend(&out, script ? ToShell(entry) : ToYaml(entry), "\n");
  return absl::StrCat(out, script ? kScriptTail : kTail);
}

std::string SizeText(size_t bytes) {
  if (bytes < 1024) return absl::StrCat(bytes, " bytes");
  return absl::StrFormat("%.1f KiB", static_cast<double>(bytes) / 1024);
}

}  // namespace spacelet::cloudinit
