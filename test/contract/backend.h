// The daemons that the contract suite runs against.
#pragma once

#include <memory>
#include <ostream>
#include <string>

#include "absl/status/statusor.h"
#include "pkg/docker/client.h"

namespace spacelet::contract {

// The fakes are a 20.10, in memory and over a socket, and a 28.5 over a socket.
enum class Kind { kMemory, kFakeDaemon, kNewFakeDaemon, kRealDaemon };
void PrintTo(Kind kind, std::ostream* out);

// A daemon with these images, and what docker::Client cannot do to it:
//   box:1         runs until it is stopped, then exits 0; has IMG=1 in its environment; its log is "one",
//                 "two", "three"
//   box:2, box:3  other images
//   crash:1       exits with 7 at once
//   broken:1      has a command that does not exist
// It has more than one CPU and less than 1000.
class Backend {
 public:
  virtual ~Backend() = default;
  virtual docker::Client& docker() = 0;
  virtual void Pause(const std::string& container) = 0;
  virtual void Tag(const std::string& reference, const std::string& repository, const std::string& tag) = 0;
  // Into the registry at 127.0.0.1:5000, from this host's image of that name.
  virtual void Push(const std::string& repository, const std::string& tag) = 0;
  // As `docker save` does it, into a file.
  virtual void Save(const std::string& reference, const std::string& path) = 0;
  // As `docker network create` does it: a second one of the same name. Returns the id; empty: refused, as it
  // is since Engine 25.
  virtual std::string AddNetwork(const std::string& name) = 0;
  // A file of its directory cannot be removed, until the end of this backend.
  virtual void KeepFromRemoval(const std::string& id) = 0;
};

// Fresh: no container, only predefined networks. Errors: FailedPrecondition with the reason for a skip, which
// may be that the current test is a known deviation of the engine (test/engines.txt).
absl::StatusOr<std::unique_ptr<Backend>> MakeBackend(Kind kind);

}  // namespace spacelet::contract
