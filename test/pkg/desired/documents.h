// The minimal document as a typed value, and a host on which only the named files exist.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "pkg/config/load.h"
#include "pkg/desired/compile.h"

namespace spacelet::desired {

inline constexpr char kPoolYaml[] =
    "version: \"1\"\n"
    "instances:\n"
    "  - name: my-infra-us-west1\n"
    "    type: google\n"
    "    pool: 0\n"
    "    spec:\n"
    "      account: {project_id: my-project, json_path: /runner/sa.json}\n"
    "      image: projects/my-project/global/images/gitspace\n"
    "      zone: [us-west1-a]\n";

using Files = std::map<std::string, std::string>;

inline Files HostFiles() { return {{"/etc/spacelet/pool.yaml", kPoolYaml}, {"/runner/sa.json", "{}"}}; }

inline api::Document MinimalDocument() {
  api::Document d;
  d.name = "gitspaces-us-west1";
  d.runner.emplace();
  d.runner->workload.image = "drone/drone-runner-aws:1.0.0-rc.310";
  d.runner->pool = api::Pool{"/etc/spacelet/pool.yaml", std::nullopt};
  d.delegate.emplace();
  d.delegate->workload.image = "us-west1-docker.pkg.dev/gar-setup/docker/delegate:25.03.85504";
  d.delegate->workload.resources.nano_cpus = 1'000'000'000;
  d.delegate->workload.resources.memory = int64_t{2} << 30;
  d.delegate->account_id = "AbCdEfGhIjKlMnOpQrStUv";
  d.delegate->token.file = "/etc/spacelet/delegate-token";
  d.delegate->tags = {"gcp", "us-west1"};
  return d;
}

inline api::GenericContainer Generic(std::string name) {
  api::GenericContainer c;
  c.name = std::move(name);
  c.workload.image = "busybox:1.36";
  return c;
}

// `document` with defaults, as every document that is compiled.
inline api::Document Defaulted(api::Document document) {
  config::ApplyDefaults(document);
  return document;
}

inline Compiled CompileWith(const api::Document& written, const Files& files) {
  const api::Document document = Defaulted(written);
  return Compile({document, "sha256:0123", 7, [&](const std::string& path) -> absl::StatusOr<std::string> {
                    auto it = files.find(path);
                    if (it != files.end()) return it->second;
                    return absl::NotFoundError(absl::StrCat(path, ": No such file or directory"));
                  }});
}

inline Compiled CompileHere(const api::Document& document) { return CompileWith(document, HostFiles()); }

}  // namespace spacelet::desired
