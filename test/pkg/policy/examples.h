// Documents and policies for tests.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "pkg/policy/load.h"
#include "pkg/policy/policy.h"
#include "test/pkg/config/document.h"

namespace spacelet::policy {

inline Policy PolicyOf(const std::string& spec) {
  const Loaded loaded = Load(absl::StrCat("apiVersion: spacelet.dev/v1alpha1\nkind: HostPolicy\n",
                                          spec.empty() ? "" : "spec:\n", spec),
                             "policy.yaml");
  EXPECT_TRUE(loaded.ok()) << config::ToText(loaded.diagnostics);
  return loaded.policy.value_or(Policy{});
}

inline config::Loaded DocumentOf(const std::string& spec) {
  config::Loaded loaded = config::Load(config::WithSpec(spec), "host.yaml", config::Today());
  EXPECT_TRUE(loaded.ok()) << config::ToText(loaded.diagnostics) << spec;
  return loaded;
}

// What goes into each part of a document that every policy below allows.
struct Parts {
  std::string network = {}, runner = {}, delegate = {}, container = {}, more = {};
  std::string image = "quay.io/acme/tool:1";  // of the container
  std::string pool = "pool: {file: /etc/spacelet/pool.yaml}";
};

inline std::string SpecOf(const Parts& parts) {
  const auto line = [](const std::string& indent, const std::string& text) {
    return text.empty() ? "" : absl::StrCat(indent, text, "\n");
  };
  return absl::StrCat(
      "  network: {", parts.network, "}\n", line("  ", parts.more),
      "  runner:\n    image: drone/drone-runner-aws:1.0.0-rc.310\n", line("    ", parts.pool),
      line("    ", parts.runner),
      "  delegate:\n    image: us-docker.pkg.dev/my-proj/docker/delegate:26.10.87100\n"
      "    accountId: AbCdEfGhIjKlMnOpQrStUv\n",
      parts.delegate.find("token:") == std::string::npos ? "    token: {file: /etc/spacelet/delegate-token}\n"
                                                         : "",
      line("    ", parts.delegate), "  containers:\n    - name: tool\n      image: ", parts.image, "\n",
      line("      ", parts.container));
}

inline constexpr char kImagesAndToken[] =
    "  images: {repositories: [drone/drone-runner-aws, us-docker.pkg.dev/my-proj/*, quay.io/acme/tool]}\n"
    "  secrets: {files: [/etc/spacelet/delegate-token]}\n";

inline std::vector<Violation> CheckParts(const Parts& parts, const std::string& policy_spec,
                                         const Host& host = {}) {
  const config::Loaded loaded = DocumentOf(SpecOf(parts));
  const Policy policy = PolicyOf(policy_spec);
  return loaded.ok() ? Check(*loaded.document, &policy, Origin::kFile, host) : std::vector<Violation>{};
}

// "rule at field", for messages and for comparing.
inline std::vector<std::string> Places(const std::vector<Violation>& violations) {
  std::vector<std::string> out;
  for (const Violation& v : violations) out.push_back(absl::StrCat(v.rule, " at ", v.field));
  return out;
}

}  // namespace spacelet::policy
