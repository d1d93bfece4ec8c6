// Document → compiled form with the files of this host.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pkg/api/types.h"
#include "pkg/config/load.h"
#include "pkg/desired/compile.h"

namespace spacelet::app {

// desired::Compile, and a warning for each secret's file that others may read. Reads the pool file: by its
// absolute path here, by a relative one from `files`. `host_name`: NameOf the host that the document is for.
desired::Compiled CompileHere(const api::Document& document, const std::string& revision, int64_t generation,
                              const config::Files& files, const std::string& host_name);

// "spec.delegate.token.file: /etc/spacelet/delegate-token can be read by others …", one sentence each.
std::vector<std::string> PermissionWarnings(const api::Document& document);

}  // namespace spacelet::app
