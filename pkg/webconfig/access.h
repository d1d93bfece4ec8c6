// What a web configuration and the files that it names make together: who may ask, and by what TLS.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pkg/base/clock.h"
#include "pkg/base/file.h"
#include "pkg/config/diagnostic.h"
#include "pkg/http/tls.h"
#include "pkg/secret/secret.h"
#include "pkg/webconfig/webconfig.h"

namespace spacelet::webconfig {

struct Access {
  std::shared_ptr<const http::TlsContext> tls;  // null: plain HTTP
  std::map<std::string, std::string> headers;
  Users users;  // empty: everybody
  // Which certificates of clients are good: equal texts, equal rules.
  std::string client_rules;
};

// Whether both let in the same clients.
bool AdmitAlike(const Access& a, const Access& b);

// The files that were looked at, each as it was then; nothing: it could not be read.
using Stamps = std::map<std::string, std::optional<base::FileStamp>>;

// What stat says of them now.
Stamps StampsNow(const Stamps& files);

struct Loaded {
  std::shared_ptr<const Access> access;  // null: there are errors
  std::vector<config::Diagnostic> diagnostics;
  Stamps files;
};

// Reads the file and what it names; relative paths are relative to the file. A key that group or others may
// read is a warning, or with kStrict an error; a certificate that is out of date is a warning.
Loaded Load(const std::string& path, secret::Permissions permissions, absl::Time now);

}  // namespace spacelet::webconfig
