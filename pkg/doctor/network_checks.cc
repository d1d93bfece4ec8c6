#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "pkg/doctor/examine.h"
#include "pkg/doctor/findings.h"

namespace spacelet::doctor {
namespace {

using Stage = ReachFacts::Stage;

struct Trouble {
  std::string message, fix;
};

std::string Peer(const ReachFacts& reach) { return absl::StrCat(reach.host, ":", reach.port); }

Trouble TroubleOf(const ReachFacts& reach) {
  const std::string peer = Peer(reach);
  switch (reach.stage) {
    case Stage::kUrl:
      return {absl::StrCat(reach.url, " is no address: ", reach.error), "correct it in the document"};
    case Stage::kDns:
      return {absl::StrCat("DNS: ", reach.host, " is not found: ", reach.error),
              absl::StrCat("resolvectl query ", reach.host, "; check /etc/resolv.conf and the VPC's DNS")};
    case Stage::kConnect:
      return {absl::StrCat("TCP: no connection to ", peer, ": ", reach.error),
              absl::StrCat("open egress to ", peer, " (firewall, route, NAT gateway), or set HTTPS_PROXY")};
    case Stage::kProxy:
      return {absl::StrCat("the proxy ", reach.proxy, " does not lead to ", peer, ": ", reach.error),
              "check HTTPS_PROXY and NO_PROXY, and what the proxy allows"};
    case Stage::kTls:
      return {absl::StrCat("TLS: ", peer, ": ", reach.error),
              "check the clock, apt-get install ca-certificates, and whether something on the way opens TLS "
              "(then add its CA: "
              "update-ca-certificates)"};
    case Stage::kHttp:
      return {absl::StrCat("HTTP: ", reach.url, ": ", reach.error), absl::StrCat("curl -v ", reach.url)};
    case Stage::kDone:
      break;
  }
  return {};
}

// What the daemon pulls may go by a way that this program does not see: its own proxy.
constexpr char kOwnProxy[] = "if only dockerd has a proxy: systemctl show docker -p Environment";

}  // namespace

Check CheckManager(const ReachFacts& reach) {
  if (reach.url.empty()) return Skip("manager", "the document has no delegate");
  Findings found;
  if (reach.stage != Stage::kDone) {
    const Trouble trouble = TroubleOf(reach);
    found.Fail(trouble.message, trouble.fix);
  } else if (reach.http_status >= 500) {
    found.Warn(absl::StrCat(reach.url, " answers with status ", reach.http_status), "see status.harness.io");
  }
  const std::string how =
      reach.proxy.empty()
          ? absl::StrCat("answers (status ", reach.http_status, ", certificate valid)")
          : absl::StrCat("is connected to by the proxy ", reach.proxy, " (TLS not looked at)");
  return std::move(found).ToCheck("manager", absl::StrCat(reach.url, " ", how));
}

Check CheckRegistries(const std::vector<RegistryFacts>& registries) {
  if (registries.empty()) return Skip("registries", "needs a valid document");
  Findings found;
  std::vector<std::string> names;
  for (const RegistryFacts& registry : registries) {
    names.push_back(registry.name);
    if (registry.reach.stage == Stage::kDone) continue;
    const Trouble trouble = TroubleOf(registry.reach);
    const std::string fix =
        absl::StrCat(trouble.fix, found.none() ? "\n" : "", found.none() ? kOwnProxy : "");
    if (registry.images_present)
      found.Warn(absl::StrCat(registry.name, ": ", trouble.message, " (its images are here already)"), fix);
    else
      found.Fail(absl::StrCat(registry.name, ": ", trouble.message), fix);
  }
  return std::move(found).ToCheck("registries", absl::StrCat("connected: ", absl::StrJoin(names, ", ")));
}

Check CheckPorts(const Facts& facts) {
  if (!facts.ports_known) return Skip("ports", "the listening sockets of this host cannot be read");
  Findings found;
  std::vector<std::string> fine;
  for (const PortFacts& port : facts.ports) {
    const bool taken = port.holder == Holder::kContainer || port.holder == Holder::kProcess ||
                       port.holder == Holder::kUnknown;
    if (!taken) {
      fine.push_back(absl::StrCat(port.address,
                                  port.holder == Holder::kOurs ? " is held by our " : " is free",
                                  port.holder == Holder::kOurs ? port.container : ""));
      continue;
    }
    const std::string who = port.who.empty() ? "a process that you may not see" : port.who;
    const std::string stop = port.fix.empty() ? "stop it (ss -ltnup shows who listens)" : port.fix;
    const std::string change =
        port.container.empty() ? "" : absl::StrCat(", or change `ports` of ", port.container);
    found.Fail(absl::StrCat(port.address, " is taken by ", who), absl::StrCat(stop, change));
  }
  if (facts.ports.empty()) return Skip("ports", "the document publishes none");
  return std::move(found).ToCheck("ports", absl::StrJoin(fine, ", "));
}

Check CheckRivals(const Facts& facts) {
  if (!facts.rivals_unknown.empty()) return Skip("rivals", facts.rivals_unknown);
  Findings found;
  for (const RivalFacts& rival : facts.rivals) {
    if (rival.blocks)
      found.Fail(rival.reason, "docs/import.md tells how to take a hand-made host over");
    else
      found.Warn(rival.reason, "");
  }
  return std::move(found).ToCheck("rivals", "no other container or manager is in the way");
}

Check CheckMetadata(const MetadataFacts& metadata, Cloud cloud) {
  constexpr char kName[] = "metadata";
  if (cloud == Cloud::kNone) return Skip(kName, "this is neither an EC2 nor a Compute Engine machine");
  if (!metadata.asked) return Skip(kName, "was not asked");
  const bool ec2 = cloud == Cloud::kEc2;
  Findings found;
  if (!metadata.error.empty())
    found.Warn(absl::StrCat("the metadata service does not answer: ", metadata.error),
               ec2 ? "aws ec2 modify-instance-metadata-options --instance-id ID --http-endpoint enabled "
                     "--http-put-response-hop-limit 2"
                   : "open 169.254.169.254 in this host's firewall");
  else if (metadata.one_hop)
    found.Warn("the metadata service's answers do not reach containers: the hop limit is 1",
               "aws ec2 modify-instance-metadata-options --instance-id ID --http-put-response-hop-limit 2");
  return std::move(found).ToCheck(kName,
                                  ec2 ? "answers, with a hop limit that reaches containers" : "answers");
}

}  // namespace spacelet::doctor
