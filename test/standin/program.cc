#include "test/standin/program.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <mutex>

namespace spacelet::standin {
namespace {

std::string Now() {
  const time_t now = time(nullptr);
  tm parts = {};
  gmtime_r(&now, &parts);
  char text[32];
  strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

std::string Quote(const std::string& text) {
  if (!text.empty() && text.find_first_of(" \"=:\\") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out + "\"";
}

timespec ToTimespec(double seconds) {
  const auto whole = static_cast<time_t>(seconds);
  return {.tv_sec = whole, .tv_nsec = static_cast<long>((seconds - static_cast<double>(whole)) * 1e9)};
}

sigset_t StopSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

}  // namespace

void Log(const std::string& level, const std::string& message, Fields fields) {
  std::string line = "time=\"" + Now() + "\" level=" + level + " msg=" + Quote(message);
  for (const auto& [key, value] : fields) line += " " + key + "=" + Quote(value);
  FILE* out = level == "error" ? stderr : stdout;
  std::fprintf(out, "%s\n", line.c_str());
  std::fflush(out);
}

void BlockSignals() {
  const sigset_t set = StopSignals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

int WaitForSignal(double seconds) {
  const sigset_t set = StopSignals();
  if (seconds < 0) {
    int signal = 0;
    sigwait(&set, &signal);
    return signal;
  }
  const timespec timeout = ToTimespec(seconds);
  const int signal = sigtimedwait(&set, nullptr, &timeout);
  return signal < 0 ? 0 : signal;
}

void SleepFor(double seconds) {
  const timespec time = ToTimespec(seconds);
  nanosleep(&time, nullptr);
}

bool Steer(const Request& request, Settings& settings, Response& response) {
  if (request.path == "/standin/version") {
    response = {200, settings.Text("version", "dev") + "\n"};
  } else if (request.method == "POST" && request.path == "/standin/set") {
    for (const auto& [key, value] : request.query) settings.Set(key, value);
    response = {200, "ok\n"};
  } else if (request.method == "POST" && request.path == "/standin/exit") {
    const auto code = request.query.find("code");
    std::_Exit(code == request.query.end() ? 1 : std::atoi(code->second.c_str()));
  } else {
    return false;
  }
  return true;
}

}  // namespace spacelet::standin
