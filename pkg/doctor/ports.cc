#include "pkg/doctor/ports.h"

#include <arpa/inet.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace spacelet::doctor {
namespace {

constexpr char kListening[] = "0A", kBoundUdp[] = "07";

// The kernel prints an address as 32-bit words in the machine's byte order.
std::string Address(absl::string_view hex) {
  std::array<uint32_t, 4> words{};
  for (size_t i = 0; i * 8 < hex.size() && i < words.size(); ++i)
    if (!absl::SimpleHexAtoi(hex.substr(i * 8, 8), &words[i])) return "";
  char text[INET6_ADDRSTRLEN] = "";
  const int family = hex.size() == 8 ? AF_INET : AF_INET6;
  return inet_ntop(family, words.data(), text, sizeof text) == nullptr ? "" : text;
}

// "   0: 0100007F:0BB8 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 12345 …"
std::optional<Listener> ParseLine(absl::string_view line, const std::string& protocol) {
  const std::vector<absl::string_view> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
  if (words.size() < 10 || words[3] != (protocol == "tcp" ? kListening : kBoundUdp)) return std::nullopt;
  const std::pair<absl::string_view, absl::string_view> local =
      absl::StrSplit(words[1], absl::MaxSplits(':', 1));
  uint32_t port = 0;
  Listener listener;
  if (!absl::SimpleHexAtoi(local.second, &port) || !absl::SimpleAtoi(words[9], &listener.inode))
    return std::nullopt;
  listener.ip = Address(local.first);
  listener.port = static_cast<uint16_t>(port);
  listener.protocol = protocol;
  return listener;
}

bool ReadTable(const std::string& path, const std::string& protocol, std::vector<Listener>& out) {
  std::ifstream file(path);
  if (!file) return false;
  for (std::string line; std::getline(file, line);)
    if (std::optional<Listener> listener = ParseLine(line, protocol)) out.push_back(*std::move(listener));
  return true;
}

bool AnyAddress(const std::string& ip) { return ip.empty() || ip == "0.0.0.0" || ip == "::"; }

}  // namespace

std::optional<std::vector<Listener>> ReadListeners(const std::string& proc_net) {
  std::vector<Listener> listeners;
  if (!ReadTable(proc_net + "/tcp", "tcp", listeners)) return std::nullopt;
  ReadTable(proc_net + "/tcp6", "tcp", listeners);
  ReadTable(proc_net + "/udp", "udp", listeners);
  ReadTable(proc_net + "/udp6", "udp", listeners);
  return listeners;
}

const Listener* InTheWay(const std::vector<Listener>& listeners, const std::string& ip, uint16_t port,
                         const std::string& protocol) {
  for (const Listener& listener : listeners)
    if (listener.port == port && listener.protocol == protocol &&
        (AnyAddress(ip) || AnyAddress(listener.ip) || listener.ip == ip))
      return &listener;
  return nullptr;
}

std::string ProcessWith(uint64_t inode) {
  namespace fs = std::filesystem;
  const std::string socket = absl::StrCat("socket:[", inode, "]");
  std::error_code error;
  for (const fs::directory_entry& process : fs::directory_iterator("/proc", error)) {
    int64_t pid = 0;
    if (!absl::SimpleAtoi(process.path().filename().string(), &pid)) continue;
    std::error_code gone;
    for (const fs::directory_entry& fd : fs::directory_iterator(process.path() / "fd", gone)) {
      std::error_code closed;
      if (fs::read_symlink(fd.path(), closed).string() != socket) continue;
      std::string name;
      std::getline(std::ifstream(process.path() / "comm") >> std::ws, name);
      return absl::StrCat(name, " (pid ", pid, ")");
    }
  }
  return "";
}

}  // namespace spacelet::doctor
