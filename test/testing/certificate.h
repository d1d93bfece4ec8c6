// Certificates made on the spot, by OpenSSL.
#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"

namespace spacelet::testing {

struct Certificate {
  std::string pem, key_pem;
};

// A CA that vouches for itself.
Certificate MakeCa(const std::string& name);
// For servers and clients; `sans` as OpenSSL writes them: "DNS:agent.example", "IP:127.0.0.1", "email:…",
// "URI:…".
Certificate Issue(const Certificate& ca, const std::string& name, const std::vector<std::string>& sans,
                  absl::Duration age = absl::Hours(1), absl::Duration life = absl::Hours(2));

}  // namespace spacelet::testing
