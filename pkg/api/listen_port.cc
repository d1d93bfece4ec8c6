#include "pkg/api/listen_port.h"

#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"

namespace spacelet::api {
namespace {

constexpr uint16_t kRunnerPort = 3000;    // drone-runner-aws: DRONE_HTTP_BIND defaults to :3000
constexpr uint16_t kDelegatePort = 3460;  // delegate: DELEGATE_HTTP_PORT defaults to 3460

// A secret's value is not known here; what is no port is the program's to complain about.
uint16_t PortIn(const Workload& workload, const std::string& variable, uint16_t fallback) {
  const auto written = workload.env.find(variable);
  if (written == workload.env.end() || written->second.secret) return fallback;
  absl::string_view port = written->second.value;
  if (const size_t colon = port.rfind(':'); colon != absl::string_view::npos) port.remove_prefix(colon + 1);
  uint32_t number = 0;
  return absl::SimpleAtoi(port, &number) && number > 0 && number < 65536 ? static_cast<uint16_t>(number)
                                                                         : fallback;
}

}  // namespace

uint16_t RunnerListenPort(const Workload& runner) { return PortIn(runner, "DRONE_HTTP_BIND", kRunnerPort); }
uint16_t DelegateListenPort(const Workload& delegate) {
  return PortIn(delegate, "DELEGATE_HTTP_PORT", kDelegatePort);
}

}  // namespace spacelet::api
