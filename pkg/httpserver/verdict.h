// How things stand, in one word for an object and a few for the host: what the page says first. Pure.
#pragma once

#include <string>

#include "pkg/httpserver/node.h"
#include "pkg/report/readiness.h"
#include "pkg/report/status.h"

namespace spacelet::httpserver {

enum class Level {
  kOk,
  kBusy,     // not ready, and the agent is at work on it: nobody has to get up
  kBad,      // not ready, and it will hardly become so by itself
  kUnknown,  // it cannot be looked at
};

const char* ClassOf(Level level);  // in the page's style: "ok", "busy", "bad", "unknown"
Level LevelOf(const report::ObjectStatus& object);

struct Verdict {
  Level level = Level::kBad;
  std::string headline;  // "Ready", "Working on it", "Not ready", "Not ready, suspended"
};
Verdict VerdictOn(const report::Status& status);

// The first section: the verdict, since when, and what is missing.
Node VerdictSection(const report::Status& status);

// "1 of 4 layers, 51 of 200 MiB".
std::string PullWords(const report::PullStatus& pull);

// A sign for who sees, which says nothing that words do not say as well.
Node Mark(Level level);

}  // namespace spacelet::httpserver
