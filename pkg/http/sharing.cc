#include "pkg/http/sharing.h"

#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <numeric>
#include <tuple>

namespace spacelet::http {
namespace {

constexpr size_t kNetworkBytes = 8, kMappedPrefix = 12, kIpv4Bytes = 4;

template <typename T>
T As(const sockaddr_storage& address) {
  T out;
  std::memcpy(&out, &address, sizeof out);
  return out;
}

}  // namespace

std::string PeerOf(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET) {
    const in_addr ip = As<sockaddr_in>(address).sin_addr;
    return {reinterpret_cast<const char*>(&ip), sizeof ip};
  }
  if (address.ss_family != AF_INET6) return "";
  const in6_addr ip = As<sockaddr_in6>(address).sin6_addr;
  const std::string bytes(reinterpret_cast<const char*>(&ip), sizeof ip);
  return IN6_IS_ADDR_V4MAPPED(&ip) ? bytes.substr(kMappedPrefix, kIpv4Bytes) : bytes.substr(0, kNetworkBytes);
}

std::vector<size_t> TurnOrder(const std::vector<std::string>& peers, const std::string& last) {
  std::map<std::string, size_t> before;  // by peer
  std::vector<size_t> round, order(peers.size());
  for (const std::string& peer : peers) round.push_back(before[peer]++);
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return std::tuple(round[a], peers[a] <= last, peers[a]) <
           std::tuple(round[b], peers[b] <= last, peers[b]);
  });
  return order;
}

std::optional<size_t> PlaceToGiveUp(const std::vector<Place>& places, const std::string& newcomer,
                                    bool busy) {
  std::map<std::string, size_t> taken;
  for (const Place& place : places) ++taken[place.peer];
  size_t most = 0;
  for (const auto& [peer, count] : taken) most = std::max(most, count);
  if (places.empty() || (busy && taken[newcomer] >= most)) return std::nullopt;
  const auto rank = [&](const Place& place) {
    return std::tuple(place.idle_stream, taken[place.peer] < most, place.end.since_epoch);
  };
  const auto first = std::min_element(places.begin(), places.end(),
                                      [&](const Place& a, const Place& b) { return rank(a) < rank(b); });
  return static_cast<size_t>(first - places.begin());
}

}  // namespace spacelet::http
