#include "pkg/app/web_access.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "pkg/api/reasons.h"
#include "pkg/config/diagnostic.h"
#include "pkg/webconfig/guard.h"

namespace spacelet::app {
namespace {

std::string FirstError(const webconfig::Loaded& loaded) {
  for (const config::Diagnostic& diagnostic : loaded.diagnostics)
    if (diagnostic.severity == config::Severity::kError) return config::ToText(diagnostic);
  return "";
}

}  // namespace

WebAccess::WebAccess(std::string path, secret::Permissions permissions, webconfig::Loaded first, Core& core)
    : path_(std::move(path)),
      core_(core),
      live_(path_, permissions, std::move(first), core.clock,
            [this](const webconfig::Loaded& loaded) { Report(loaded); }) {}

void WebAccess::Start(lifecycle::RunGroup& group) {
  group.Start("web-config", [this](const std::stop_token& stop) { return live_.Run(stop); });
  group.Start("passwords", [this](const std::stop_token& stop) { return passwords_.Run(stop); });
}

http::Handler WebAccess::Guard(http::Handler pages) {
  return webconfig::Guard([this] { return live_.InForce(); }, passwords_,
                          [this](absl::string_view result) { core_.metrics.HttpAuthenticated(result); },
                          std::move(pages));
}

void WebAccess::Report(const webconfig::Loaded& loaded) {
  const bool good = loaded.access != nullptr;
  const bool first = std::exchange(is_first_, false);
  const bool tls = good && loaded.access->tls != nullptr;
  core_.metrics.WebConfigReloaded(good, tls ? std::optional(loaded.access->tls->not_after()) : std::nullopt);
  for (const config::Diagnostic& diagnostic : loaded.diagnostics) {
    const bool is_error = diagnostic.severity == config::Severity::kError;
    core_.logger.Warning(is_error ? "the web configuration is not valid, the one before stays in force"
                                  : "the web configuration has a flaw",
                         {{"diagnostic", config::ToText(diagnostic)}});
  }
  if (good)
    core_.logger.Info(
        "web configuration is in force",
        {{"file", path_}, {"tls", tls ? "yes" : "no"}, {"users", absl::StrCat(loaded.access->users.size())}});
  if (good && !first)
    core_.events.Record(report::Event::Type::kNormal, report::kHostObject, api::reason::kWebConfigAccepted,
                        absl::StrCat("the web configuration ", path_, " was read again and is in force"));
  if (!good)
    core_.events.Record(report::Event::Type::kWarning, report::kHostObject, api::reason::kWebConfigRejected,
                        absl::StrCat("the web configuration before stays in force: ", FirstError(loaded)));
}

}  // namespace spacelet::app
