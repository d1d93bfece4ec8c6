// The fake daemon as a program: an agent under test takes it for dockerd. Scripts steer it by requests below
// /_fake/:
//
//   GET  /_fake/state                    the model by names, without ids and times
//   GET  /_fake/containers               their ids, start times and addresses by names
//   GET  /_fake/requests                 how many requests were counted (see --kill-peer-after)
//   GET  /_fake/violations               of what has to hold after every call (invariants.h)
//   POST /_fake/allow?workload=W&running=N        so many of its containers may run at a time
//   POST /_fake/remove?container=C&failures=N     as a hand does it with `docker rm -f`: no violation; so
//                                        many tries, by whomever, fail and leave it behind dead
//   POST /_fake/restart                  as `systemctl restart docker` does it
//   POST /_fake/guard?stranger=NAME      its container and network belong to somebody else: none may change
//   POST /_fake/health?container=C&health=H       what its health check says from now on
//   POST /_fake/publish?reference=R&health=H&exits=N&start-error=TEXT&pull=1      an image of the registry
//   POST /_fake/kill-peer-after?n=N      arms --kill-peer-after anew, counting from now; 0 disarms
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "test/testing/fake_daemon.h"
#include "test/testing/fake_routes.h"
#include "test/testing/invariants.h"

namespace spacelet::testing {
namespace {

using Json = nlohmann::json;

constexpr int kBackOffMillis = 100;  // moby restartmanager begins with it

constexpr char kUsage[] =
    "usage: fake_dockerd --socket PATH [--seed-image REF]... [--kill-peer-after N]\n"
    "                    [--log FILE] [--api-version V] [--min-api-version V] [--addresses PREFIX]\n"
    "--kill-peer-after N: SIGKILL the caller of the N-th request once it is performed and before it is "
    "answered;\n"
    "/_ping, /events, /version and /info are not counted.\n";

struct Flags {
  std::string socket, log, api_version = "1.41", min_api_version = "1.12",
                           addresses = EngineOptions().addresses;
  std::vector<std::string> images;
  int kill_after = 0;
};

bool ParseFlags(const std::vector<std::string>& words, Flags& flags) {
  for (size_t i = 0; i + 1 < words.size(); i += 2) {
    const std::string &name = words[i], &value = words[i + 1];
    if (name == "--socket")
      flags.socket = value;
    else if (name == "--log")
      flags.log = value;
    else if (name == "--seed-image")
      flags.images.push_back(value);
    else if (name == "--api-version")
      flags.api_version = value;
    else if (name == "--min-api-version")
      flags.min_api_version = value;
    else if (name == "--addresses")
      flags.addresses = value;
    else if (name != "--kill-peer-after" || !absl::SimpleAtoi(value, &flags.kill_after))
      return false;
  }
  return !flags.socket.empty() && words.size() % 2 == 0;
}

// Kills the caller of the n-th counted request.
class Executioner {
 public:
  void Arm(int n) {
    base::MutexLock lock(mu_);
    left_ = n;
  }
  void Log(const std::string& path) {
    if (!path.empty()) log_.open(path, std::ios::app);
  }
  int counted() {
    base::MutexLock lock(mu_);
    return counted_;
  }
  // False when the peer was killed.
  bool Pass(const HttpRequest& request, pid_t peer) {
    static const std::set<std::string> kFree = {"/_ping", "/version", "/info"};
    if (kFree.count(request.path) > 0) return true;
    base::MutexLock lock(mu_);
    ++counted_;
    if (log_.is_open()) log_ << request.method << " " << request.path << std::endl;
    if (left_ == 0 || --left_ > 0) return true;
    if (log_.is_open()) log_ << "KILL " << peer << std::endl;
    if (peer > 1) kill(peer, SIGKILL);
    return false;
  }

 private:
  base::Mutex mu_;
  int left_ ABSL_GUARDED_BY(mu_) = 0, counted_ ABSL_GUARDED_BY(mu_) = 0;
  std::ofstream log_ ABSL_GUARDED_BY(mu_);
};

Json State(FakeDocker& docker) {
  static const std::map<docker::ContainerStatus, std::string> kStates = {
      {docker::ContainerStatus::kCreated, "created"},
      {docker::ContainerStatus::kRunning, "running"},
      {docker::ContainerStatus::kPaused, "paused"},
      {docker::ContainerStatus::kRestarting, "restarting"},
      {docker::ContainerStatus::kExited, "exited"}};
  Json containers = Json::object(), networks = Json::array();
  for (const docker::Container& container : docker.Containers()) {
    Json attached = Json::array();
    for (const auto& [name, attachment] : container.networks) {
      if (!attachment.network_id.empty()) attached.push_back(name);
    }
    const auto state = kStates.find(container.status);
    containers[container.name] = {{"image", container.image},
                                  {"state", state == kStates.end() ? "" : state->second},
                                  {"labels", container.labels},
                                  {"networks", attached},
                                  {"env", container.env},
                                  {"restart_policy", container.restart_policy.name},
                                  {"memory", container.resources.memory.value_or(0)}};
  }
  for (const docker::Network& network : docker.Networks()) {
    Json members = Json::array();
    for (const docker::NetworkMember& member : network.members) members.push_back(member.container_name);
    std::sort(members.begin(), members.end());
    networks.push_back({{"name", network.config.name},
                        {"subnet", network.config.subnet},
                        {"labels", network.config.labels},
                        {"members", members}});
  }
  Json tags = Json::array();
  for (const docker::Image& image : docker.World([](FakeEngine& engine) { return engine.Images(); })) {
    for (const std::string& tag : image.repo_tags) tags.push_back(tag);
  }
  std::sort(tags.begin(), tags.end());
  return {{"containers", containers}, {"networks", networks}, {"images", tags}};
}

Json Identities(FakeDocker& docker) {
  Json containers = Json::object();
  for (const docker::Container& container : docker.Containers()) {
    Json addresses = Json::array();
    for (const auto& [name, attachment] : container.networks) addresses.push_back(attachment.ip);
    containers[container.name] = {{"id", container.id},
                                  {"started_at", absl::FormatTime(container.started_at)},
                                  {"addresses", addresses}};
  }
  return containers;
}

HttpAnswer Publish(FakeDocker& docker, const HttpRequest& request) {
  ImageProfile profile;
  profile.health = request.Query("health");
  profile.start_error = request.Query("start-error");
  int exits = 0;
  if (absl::SimpleAtoi(request.Query("exits"), &exits)) profile.exits_at_once = exits;
  const std::string reference = request.Query("reference");
  const std::string id = docker.World([&](FakeEngine& engine) {
    return request.Query("pull") == "1" ? engine.Seed(reference, profile)
                                        : engine.Publish(reference, profile);
  });
  return {200, Json{{"Id", id}}.dump(), "application/json", {}};
}

// Under one lock: no call of the agent's comes between.
HttpAnswer RemoveByHand(FakeDocker& docker, Invariants& invariants, const HttpRequest& request) {
  const std::string container = request.Query("container");
  int failures = 0;
  const bool fails = absl::SimpleAtoi(request.Query("failures"), &failures);
  const absl::Status status = docker.World([&](FakeEngine& engine) {
    invariants.Forgive(container);
    if (fails) engine.KeepFromRemoval(container, failures).IgnoreError();
    return engine.Remove(container, /*force=*/true);
  });
  return status.ok() ? HttpAnswer{200, "{}", "application/json", {}}
                     : Refusal(HttpStatusOf(status), std::string(status.message()));
}

HttpAnswer Restart(FakeDocker& docker, Invariants& invariants) {
  docker.World([&](FakeEngine& engine) {
    engine.RestartDaemon();
    invariants.GuardAnew(engine);
    return true;
  });
  docker.EndStreams();
  return {200, "{}", "application/json", {}};
}

HttpAnswer Guard(FakeDocker& docker, Invariants& invariants, const std::string& stranger) {
  docker.World([&](const FakeEngine& engine) {
    invariants.Guard(engine, stranger);
    return true;
  });
  return {200, "{}", "application/json", {}};
}

HttpAnswer Steer(FakeDocker& docker, Executioner& executioner, Invariants& invariants,
                 const HttpRequest& request) {
  const auto say = [](const Json& json) { return HttpAnswer{200, json.dump(), "application/json", {}}; };
  if (request.path == "/_fake/state") return say(State(docker));
  if (request.path == "/_fake/containers") return say(Identities(docker));
  if (request.path == "/_fake/requests") return say(executioner.counted());
  if (request.path == "/_fake/violations") return say(invariants.violations());
  if (request.path == "/_fake/publish") return Publish(docker, request);
  if (request.path == "/_fake/remove") return RemoveByHand(docker, invariants, request);
  if (request.path == "/_fake/guard") return Guard(docker, invariants, request.Query("stranger"));
  if (request.path == "/_fake/health") {
    const absl::Status status = docker.World([&](FakeEngine& engine) {
      return engine.SetHealth(request.Query("container"), request.Query("health"));
    });
    return status.ok() ? say(Json::object()) : Refusal(404, std::string(status.message()));
  }
  if (request.path == "/_fake/restart") return Restart(docker, invariants);
  int n = 0;
  if (request.path == "/_fake/allow" && absl::SimpleAtoi(request.Query("running"), &n)) {
    invariants.Allow(request.Query("workload"), n);
    return say(Json::object());
  }
  if (request.path != "/_fake/kill-peer-after" || !absl::SimpleAtoi(request.Query("n"), &n)) {
    return Refusal(404, "page not found");
  }
  executioner.Arm(n);
  return say(Json::object());
}

void Check(FakeDocker& docker, Invariants& invariants, const std::string& after) {
  docker.World([&](const FakeEngine& engine) {
    invariants.Check(engine, after);
    return true;
  });
}

// Returns at SIGTERM or SIGINT; meanwhile Docker's back-off of crash loops goes on.
void ServeUntilSignal(FakeDocker& docker, Invariants& invariants, const sigset_t& signals) {
  const int fd = signalfd(-1, &signals, SFD_CLOEXEC);
  pollfd wait = {fd, POLLIN, 0};
  while (poll(&wait, 1, kBackOffMillis) == 0) {
    docker.World([](FakeEngine& engine) {
      engine.RetryCrashed();
      return true;
    });
    Check(docker, invariants, "a restart by Docker");
  }
  close(fd);
}

// As dockerd 20.10, which needs a second for its containerd when all containers have ended.
void GoDown(FakeDocker& docker, FakeDaemon& daemon) {
  daemon.StopAccepting();
  for (const docker::Container& container : docker.Containers())
    docker.World([&](FakeEngine& engine) { return engine.Stop(container.id).ok(); });
  sleep(1);
}

int Main(const std::vector<std::string>& words) {
  Flags flags;
  if (!ParseFlags(words, flags)) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  EngineOptions options;
  options.api_version = flags.api_version;
  options.min_api_version = flags.min_api_version;
  options.addresses = flags.addresses;
  options.now = [] { return absl::Now(); };
  FakeDocker docker(options);
  Invariants invariants;
  docker.SetHook([&](const Call& call) {
    if (call.mutating) Check(docker, invariants, absl::StrCat(call.operation, " ", call.object));
  });
  for (const std::string& image : flags.images) {
    ImageProfile profile;
    profile.health = "healthy";
    docker.World([&](FakeEngine& engine) { return engine.Seed(image, profile); });
  }
  Executioner executioner;
  executioner.Log(flags.log);
  executioner.Arm(flags.kill_after);
  FakeDaemon daemon(
      docker,
      {flags.socket, [&](const HttpRequest& request, pid_t peer) { return executioner.Pass(request, peer); },
       [&](const HttpRequest& request) { return Steer(docker, executioner, invariants, request); }});
  if (const absl::Status status = daemon.Listen(); !status.ok()) {
    std::fprintf(stderr, "fake_dockerd: %s\n", std::string(status.message()).c_str());
    return 1;
  }
  ServeUntilSignal(docker, invariants, signals);
  if (daemon.activated()) GoDown(docker, daemon);
  return 0;
}

}  // namespace
}  // namespace spacelet::testing

int main(int argc, char** argv) { return spacelet::testing::Main({argv + 1, argv + argc}); }
