// How the server's places and turns are shared out when there is not enough for all: by peer, so that one who
// takes all he can get takes it from himself. Pure.
#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "pkg/base/clock.h"

namespace spacelet::http {

// Whose connection it is: an IPv4 address; of IPv6 the network of 64 bits, since whoever has one address has
// all of it (RFC 4291, 2.5.1); all who come by a unix socket are one.
std::string PeerOf(const sockaddr_storage& address);

// The indices of `peers` in the order in which their handshakes have their turn: the first of each peer
// before the second of any, the peers in a circle that goes on after `last`.
std::vector<size_t> TurnOrder(const std::vector<std::string>& peers, const std::string& last);

struct Place {
  std::string peer;
  bool idle_stream = false;  // is the last to be given up
  base::Instant end;         // the sooner, the more of its time it has used up
};

// Which of the places, all taken, is given up for a newcomer: one of the peer that has the most, the one that
// has used up most of its time. nullopt: the newcomer has to go, since its peer has as many as anybody and
// those before it wait for the processor (`busy`).
std::optional<size_t> PlaceToGiveUp(const std::vector<Place>& places, const std::string& newcomer, bool busy);

}  // namespace spacelet::http
