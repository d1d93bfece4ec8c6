// How far a connection to another machine gets: name, TCP, TLS, HTTP. Every stage has an end.
#pragma once

#include <string>

#include "pkg/doctor/facts.h"

namespace spacelet::doctor {

// At most some 12 s in all: the look-up 3, two addresses 2 each, the answer 5.
struct ReachOptions {
  bool http = true;           // ask with TLS and HTTP; else only connect
  std::string proxy = {};     // HTTPS_PROXY: "http://[user:password@]host:port"; empty: directly
  std::string no_proxy = {};  // NO_PROXY: hosts and domains, separated by commas
};

// Connects to `url` ("https://host[:port]/…") and asks for "/". By a proxy only the connection is tried: what
// the proxy allows is the question there. Never fails: what went wrong is in the facts.
ReachFacts Reach(const std::string& url, const ReachOptions& options);

// Whether NO_PROXY exempts `host`: "*", the host itself, or a domain that it is below.
bool IsExempt(const std::string& host, const std::string& no_proxy);

}  // namespace spacelet::doctor
