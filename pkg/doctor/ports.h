// Who listens on this host's ports, by /proc/net. Nothing is bound to find out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace spacelet::doctor {

struct Listener {
  std::string ip;  // "127.0.0.1", "0.0.0.0", "::"
  uint16_t port = 0;
  std::string protocol;  // "tcp", "udp"
  uint64_t inode = 0;    // of the socket
};

// The listening sockets (UDP: the bound ones) of this network namespace. `proc_net`: "/proc/net". nullopt
// when it cannot be read.
std::optional<std::vector<Listener>> ReadListeners(const std::string& proc_net);

// Of `listeners` the one that keeps others from binding `ip`:`port`; null: none does.
const Listener* InTheWay(const std::vector<Listener>& listeners, const std::string& ip, uint16_t port,
                         const std::string& protocol);

// "python3 (pid 17)"; empty when no process that we may look at has the socket.
std::string ProcessWith(uint64_t inode);

}  // namespace spacelet::doctor
