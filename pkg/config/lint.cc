#include <re2/re2.h>

#include <set>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "pkg/config/scalars.h"
#include "pkg/config/validate.h"

namespace spacelet::config {
namespace {

constexpr int kSupportMonths = 6, kLifeMonths = 8;     // Harness: delegate image expiration
constexpr int kFirstKeepingVms = 183;                  // drone-runner-aws rc.183: "Do not cleanup CDE VMs"
constexpr int kFirstBroken = 259, kLastBroken = 261;   // their image cannot open its database
constexpr int64_t kDelegateMemory = int64_t{2} << 30;  // Harness: at least 2 GB for a delegate

struct Linter {
  const Placed& placed;
  Report& report;
  const api::Workload& w = *placed.workload;

  void Warn(absl::string_view field, absl::string_view message, absl::string_view suggestion = "") const {
    report.AddAt(Severity::kWarning, absl::StrCat(placed.path, ".", field), message, suggestion);
  }

  void Image() const {
    if (w.image.empty() || absl::StrContains(w.image, '@')) return;
    const absl::string_view tag = TagOf(w.image);
    if (tag.empty())
      Warn("image", "has no tag, so it means whatever `latest` is today", "pin a release or a digest");
    if (tag == "latest")
      Warn("image", "the tag `latest` moves: a restart elsewhere may bring another version",
           "pin a release or a digest");
  }

  void Ports() const {
    if (!w.ports) return;
    for (size_t i = 0; i < w.ports->size(); ++i) {
      const std::string& ip = (*w.ports)[i].ip;
      if (ip == "0.0.0.0" || ip == "::")
        Warn(absl::StrCat("ports[", i, "]"),
             "is published on all interfaces of the host, past ufw and the like", "127.0.0.1 is the default");
    }
  }

  void Privileges() const {
    if (w.privileged.value_or(false)) Warn("privileged", "gives the container all rights on the host");
    for (size_t i = 0; i < w.volumes.size(); ++i) {
      const std::string field = absl::StrCat("volumes[", i, "]");
      const std::string& host = w.volumes[i].host;
      if (!host.empty() && host.find_first_not_of('/') == std::string::npos)
        Warn(field, "mounts the whole host file system");
      if (absl::EndsWith(host, "/docker.sock"))
        Warn(field, "mounts the Docker socket, which is root on the host");
    }
  }

  void Secrets() const {
    for (const auto& [name, value] : w.env)
      if (value.secret) Secret(Join("env", name), *value.secret);
    for (size_t i = 0; i < w.files.size(); ++i)
      if (w.files[i].secret) Secret(absl::StrCat("files[", i, "]"), *w.files[i].secret);
    if (w.image_pull_secret) Secret("imagePullSecret.password", w.image_pull_secret->password);
  }

  void Secret(absl::string_view field, const api::SecretSource& secret) const {
    if (secret.kind == api::SecretSource::Kind::kValue)
      Warn(absl::StrCat(field, ".value"), "the secret stands in the document", "use file, env or command");
  }
};

void LintRunner(const Linter& lint) {
  const auto rc = RunnerReleaseCandidate(lint.w.image);
  if (!rc) return;
  if (*rc < kFirstKeepingVms)
    lint.Warn("image", absl::StrCat("rc.", *rc, " destroys the Gitspace VMs when it is stopped"),
              "use rc.183 or newer");
  if (*rc >= kFirstBroken && *rc <= kLastBroken)
    lint.Warn("image", absl::StrCat("rc.", *rc, " runs as nobody and may not open its database"),
              "use rc.262 or newer");
}

void LintRelease(const Linter& lint, absl::Time today) {
  const auto release = DelegateRelease(lint.w.image);
  if (!release) return;
  const absl::CivilMonth month(release->year, release->month);
  const auto is_past = [today, month](int age) {
    return today >= absl::FromCivil(month + age, absl::UTCTimeZone());
  };
  if (!is_past(kSupportMonths)) return;
  const bool dead = is_past(kLifeMonths);
  lint.Warn("image",
            absl::StrFormat("is of %d-%02d: Harness %s a delegate %d months after its release", release->year,
                            release->month, dead ? "ends the life of" : "stops supporting",
                            dead ? kLifeMonths : kSupportMonths),
            "choose a newer tag");
}

void LintDelegate(const api::Delegate& delegate, const Linter& lint, absl::Time today) {
  static const RE2& account = *new RE2("[A-Za-z0-9_-]{22}");
  LintRelease(lint, today);
  lint.Secret("token", delegate.token);
  if (!delegate.account_id.empty() && !RE2::FullMatch(delegate.account_id, account))
    lint.Warn("accountId", "does not look like a Harness account id, which has 22 characters");
  if (absl::EndsWith(delegate.manager_url, "/"))
    lint.Warn("managerUrl", "the trailing slash is dropped: the image appends /api/…");
  if (lint.w.resources.memory && *lint.w.resources.memory < kDelegateMemory)
    lint.Warn("resources.memory", "is less than the 2g that a delegate needs");
  if (lint.w.rollout.strategy == api::Rollout::Strategy::kStartFirst)
    lint.Warn("rollout.strategy",
              "Harness advises against two delegates on one host: they overwrite each other's tasks");
  constexpr char kNoRestart[] =
      "a delegate's health is its connection to Harness: restarting it during an outage helps nobody";
  if (lint.w.liveness_probe) lint.Warn("livenessProbe", kNoRestart);
  if (lint.w.startup_probe) lint.Warn("startupProbe", kNoRestart);
}

}  // namespace

std::optional<ReleaseMonth> DelegateRelease(absl::string_view image) {
  static const RE2& pattern = *new RE2("([0-9]{2})\\.(0[1-9]|1[0-2])\\.[0-9]{4,6}(?:\\..*|-.*)?");
  ReleaseMonth release;
  if (!RE2::FullMatch(std::string(TagOf(image)), pattern, &release.year, &release.month)) return std::nullopt;
  release.year += 2000;
  return release;
}

std::optional<int> RunnerReleaseCandidate(absl::string_view image) {
  static const RE2& pattern = *new RE2("v?1\\.0\\.0-rc\\.([0-9]{1,6})(?:-.*)?");
  int candidate = 0;
  if (!RE2::FullMatch(std::string(TagOf(image)), pattern, &candidate)) return std::nullopt;
  return candidate;
}

void Lint(const api::Document& document, absl::Time today, Report& report) {
  for (const Placed& placed : Workloads(document)) {
    const Linter lint{placed, report};
    lint.Image();
    lint.Ports();
    lint.Privileges();
    lint.Secrets();
    if (placed.component == "runner") LintRunner(lint);
    if (placed.component == "delegate" && document.delegate) LintDelegate(*document.delegate, lint, today);
  }
}

}  // namespace spacelet::config
