// What both stand-ins have in common as processes: log lines, signals, the steering requests.
#pragma once

#include <initializer_list>
#include <string>
#include <utility>

#include "test/standin/http.h"
#include "test/standin/settings.h"

namespace spacelet::standin {

using Fields = std::initializer_list<std::pair<std::string, std::string>>;

// One logrus text line: `time="…" level=info msg="…" key=value`. As in the runner, level=error goes to stderr
// and everything else, warnings and level=fatal included, to stdout.
void Log(const std::string& level, const std::string& message, Fields fields = {});

// Blocks SIGTERM and SIGINT in this thread and all that it starts. Call first.
void BlockSignals();
// Waits for one of them for at most `seconds` (< 0: for ever); returns its number, or 0.
int WaitForSignal(double seconds);
void SleepFor(double seconds);

// Answers what starts with /standin/: POST set?key=value, POST exit?code=N (a crash), GET version. False: not
// one.
bool Steer(const Request& request, Settings& settings, Response& response);

}  // namespace spacelet::standin
