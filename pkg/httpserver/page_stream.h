// The page's updates as server-sent events (HTML Living Standard, 9.2): a message with the whole page at
// first, one with what changed at every change, and a beat in between.
//
// A beat is an event and no comment, since the page cannot see comments, and a silent line is how it finds
// out that an agent hangs. Messages have no id: the page is a state and not a log, so that a reconnect begins
// with the whole of it and nothing can have been missed.
#pragma once

#include <memory>

#include "absl/time/time.h"
#include "pkg/http/server.h"
#include "pkg/httpserver/sources.h"

namespace spacelet::httpserver {

// The server has 64 connections; of these the page may hold this many. One more gets a 503, and the page asks
// every few seconds instead.
inline constexpr int kMaxPageStreams = 16;
inline constexpr absl::Duration kBeatEvery = absl::Seconds(10);

// Thread-safety: for the server's thread only, as all handlers.
class PageStreams {
 public:
  explicit PageStreams(Sources sources) : sources_(std::move(sources)) {}

  // A stream, or the 503 with Retry-After. It counts until the answer and all its copies are gone.
  http::ServerResponse Open();

 private:
  const Sources sources_;
  const std::shared_ptr<int> open_ = std::make_shared<int>(0);
};

}  // namespace spacelet::httpserver
