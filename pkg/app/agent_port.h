// Where a running agent answers, and as whom it is asked: for the commands that ask one.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "pkg/http/client.h"

namespace spacelet::app {

inline constexpr char kDefaultAddress[] = "127.0.0.1:9746";

// As the flags say it.
struct AgentAddress {
  // HOST:PORT, https://HOST:PORT or unix:///PATH. Empty: the socket of the agent on this machine, which knows
  // neither TLS nor passwords and is for root and the agent's group; where there is none, kDefaultAddress.
  std::string url = {};
  std::string ca_file = {};                   // who vouches for the agent's certificate; empty: the system's
  std::string cert_file = {}, key_file = {};  // the client's own certificate
  std::string user = {}, password_file = {};
};

struct AgentPort {
  http::Endpoint endpoint;
  std::string name;           // for messages: what was asked
  std::string authorization;  // the header's value; may be empty
  std::string hint;           // what else might be tried; may be empty
};

// Errors: InvalidArgument the address cannot be understood, or a flag lacks its other half; as secret::Read
// for the password's file.
absl::StatusOr<AgentPort> FindAgent(const AgentAddress& address);

// GET `target`, with the port's credentials.
http::Request RequestTo(const AgentPort& port, const std::string& target);

// OK for a 200. Otherwise a sentence that says who was asked and what to do: Unavailable nobody answers,
// PermissionDenied it wants (other) credentials.
absl::Status CheckAnswer(const AgentPort& port, const absl::StatusOr<http::Response>& answer);

// The body of a 200. Errors: as FindAgent and CheckAnswer.
absl::StatusOr<std::string> AskAgent(const AgentAddress& address, const std::string& target,
                                     absl::Duration deadline);

}  // namespace spacelet::app
