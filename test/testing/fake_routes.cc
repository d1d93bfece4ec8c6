#include "test/testing/fake_routes.h"

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "test/testing/fake_json.h"
#include "test/testing/tar.h"

namespace spacelet::testing {
namespace {

using Json = nlohmann::json;

// A request on its way: what the path's `*` matched, and where to perform it.
struct Exchange {
  FakeDocker& docker;
  const HttpRequest& request;
  std::string object;
  std::stop_token stop;

  Json Body() const { return request.body.empty() ? Json::object() : Json::parse(request.body); }

  template <typename T>
  absl::StatusOr<T> Ask(const std::string& operation, const std::string& what, bool mutating,
                        const std::function<absl::StatusOr<T>(FakeEngine&)>& perform) const {
    absl::StatusOr<T> answer = absl::UnavailableError("not asked");
    const absl::Status status = docker.Do(operation, what, mutating, stop, [&](FakeEngine& engine) {
      answer = perform(engine);
      return answer.status();
    });
    if (!status.ok()) return status;
    return answer;
  }
};

constexpr bool kReads = false, kMutates = true;

HttpAnswer FromStatus(const absl::Status& status, int ok = 204) {
  if (status.ok()) return {ok, "", "application/json", {}};
  return Refusal(HttpStatusOf(status), std::string(status.message()));
}

template <typename T>
HttpAnswer FromValue(const absl::StatusOr<T>& value, const std::function<Json(const T&)>& show,
                     int ok = 200) {
  if (!value.ok()) return FromStatus(value.status());
  return {
      ok, show(*value).dump(-1, ' ', false, Json::error_handler_t::replace) + "\n", "application/json", {}};
}

using Filters = std::map<std::string, std::vector<std::string>>;

Filters FiltersOf(const HttpRequest& request) {
  Filters filters;
  const std::string text = request.Query("filters");
  if (text.empty()) return filters;
  const Json parsed = Json::parse(text);
  for (const auto& [key, values] : parsed.items()) {
    if (values.is_array()) filters[key] = values.get<std::vector<std::string>>();
    // The older form of a filter: {"label": {"a=b": true}}.
    if (values.is_object()) {
      for (const auto& [value, on] : values.items()) filters[key].push_back(value);
    }
  }
  return filters;
}

bool Passes(const Filters& filters, const std::string& name,
            const std::map<std::string, std::string>& labels) {
  for (const auto& [key, wanted] : filters) {
    if (key == "label" && !std::all_of(wanted.begin(), wanted.end(),
                                       [&](const std::string& label) { return HasLabel(labels, label); })) {
      return false;
    }
    // Docker's name filter is no equality.
    if (key == "name" && std::none_of(wanted.begin(), wanted.end(), [&](const std::string& part) {
          return absl::StrContains(name, part);
        })) {
      return false;
    }
  }
  return true;
}

// --- Containers

HttpAnswer ListContainers(const Exchange& exchange) {
  const Filters filters = FiltersOf(exchange.request);
  const bool all = exchange.request.Query("all") == "1" || exchange.request.Query("all") == "true";
  using Rows = std::vector<docker::ContainerSummary>;
  const auto rows =
      exchange.Ask<Rows>("ListContainers", "", kReads, [](FakeEngine& engine) { return engine.List(); });
  return FromValue<Rows>(rows, [&](const Rows& list) {
    Json shown = Json::array();
    for (const docker::ContainerSummary& row : list) {
      const bool running = row.state == "running" || row.state == "paused" || row.state == "restarting";
      if ((all || running) && Passes(filters, row.name, row.labels)) shown.push_back(ToJson(row));
    }
    return shown;
  });
}

HttpAnswer InspectContainer(const Exchange& exchange) {
  return FromValue<docker::Container>(
      exchange.Ask<docker::Container>("InspectContainer", exchange.object, kReads,
                                      [&](FakeEngine& engine) { return engine.Inspect(exchange.object); }),
      [](const docker::Container& container) { return ToJson(container); });
}

HttpAnswer CreateContainer(const Exchange& exchange) {
  const docker::CreateContainerRequest request = {exchange.request.Query("name"),
                                                  exchange.request.Query("platform"),
                                                  ContainerConfigFrom(exchange.Body())};
  return FromValue<std::string>(
      exchange.Ask<std::string>("CreateContainer", request.name, kMutates,
                                [&](FakeEngine& engine) { return engine.CreateContainer(request); }),
      [](const std::string& id) {
        return Json{{"Id", id}, {"Warnings", Json::array()}};
      },
      201);
}

// 304 when it was so already.
HttpAnswer FromChange(const absl::StatusOr<bool>& changed) {
  if (!changed.ok()) return FromStatus(changed.status());
  return FromStatus(absl::OkStatus(), *changed ? 204 : 304);
}

HttpAnswer Start(const Exchange& exchange) {
  return FromChange(exchange.Ask<bool>("StartContainer", exchange.object, kMutates,
                                       [&](FakeEngine& engine) { return engine.Start(exchange.object); }));
}

HttpAnswer Stop(const Exchange& exchange) {
  return FromChange(exchange.Ask<bool>("StopContainer", exchange.object, kMutates,
                                       [&](FakeEngine& engine) { return engine.Stop(exchange.object); }));
}

// A handler of a call that has no answer but its status.
using Change = std::function<absl::Status(FakeEngine&, const Exchange&)>;
std::function<HttpAnswer(const Exchange&)> Changing(const std::string& operation, const Change& change,
                                                    int ok = 204) {
  return [=](const Exchange& exchange) {
    return FromStatus(exchange.docker.Do(operation, exchange.object, kMutates, exchange.stop,
                                         [&](FakeEngine& engine) { return change(engine, exchange); }),
                      ok);
  };
}

bool IsOn(const std::string& flag) { return flag == "1" || flag == "true"; }

HttpAnswer Update(const Exchange& exchange) {
  const Json body = exchange.Body();
  return FromValue<bool>(exchange.Ask<bool>("UpdateContainer", exchange.object, kMutates,
                                            [&](FakeEngine& engine) -> absl::StatusOr<bool> {
                                              const absl::Status status =
                                                  engine.Update(exchange.object, ResourcesFrom(body),
                                                                RestartPolicyFrom(body));
                                              if (!status.ok()) return status;
                                              return true;
                                            }),
                         [](bool) {
                           return Json{{"Warnings", nullptr}};
                         });
}

HttpAnswer Logs(const Exchange& exchange) {
  auto lines = exchange.Ask<std::vector<std::string>>(
      "TailLogs", exchange.object, kReads, [&](FakeEngine& engine) { return engine.Logs(exchange.object); });
  if (!lines.ok()) return FromStatus(lines.status());
  size_t tail = 0;
  if (!absl::SimpleAtoi(exchange.request.Query("tail"), &tail)) tail = lines->size();
  HttpAnswer answer;
  answer.content_type = "application/vnd.docker.raw-stream";
  for (size_t i = lines->size() - std::min(tail, lines->size()); i < lines->size(); ++i) {
    const std::string line = (*lines)[i] + "\n";
    // Docker's multiplexed stream: stream number, three zeros, length in big endian.
    const auto size = static_cast<uint32_t>(line.size());
    answer.body += {'\1',
                    0,
                    0,
                    0,
                    static_cast<char>(size >> 24),
                    static_cast<char>(size >> 16),
                    static_cast<char>(size >> 8),
                    static_cast<char>(size)};
    answer.body += line;
  }
  return answer;
}

HttpAnswer GetArchive(const Exchange& exchange) {
  const std::string path = exchange.request.Query("path");
  const auto content =
      exchange.Ask<std::string>("ReadContainerFile", exchange.object, kReads,
                                [&](FakeEngine& engine) { return engine.ReadFile(exchange.object, path); });
  if (!content.ok()) return FromStatus(content.status());
  const std::string name = path.substr(path.rfind('/') + 1);
  const Json stat = {
      {"name", name}, {"size", content->size()}, {"mode", 420}, {"mtime", "2026-01-01T00:00:00Z"}};
  return {200,
          MakeTar({{name, *content}}),
          "application/x-tar",
          {{"X-Docker-Container-Path-Stat", absl::Base64Escape(stat.dump())}}};
}

absl::Status PutArchive(FakeEngine& engine, const Exchange& exchange) {
  std::string root = exchange.request.Query("path");
  if (root.empty() || root.back() != '/') root.push_back('/');
  for (const auto& [name, content] : ReadTar(exchange.request.body)) {
    const std::string relative = absl::StartsWith(name, "./") ? name.substr(2) : name;
    const absl::Status status = engine.WriteFile(exchange.object, absl::StrCat(root, relative), content);
    if (!status.ok()) return status;
  }
  return engine.Inspect(exchange.object).status();
}

// The exit code travels in the id.
HttpAnswer CreateExec(const Exchange& exchange) {
  return FromValue<int>(
      exchange.Ask<int>("Exec", exchange.object, kReads,
                        [&](FakeEngine& engine) { return engine.Exec(exchange.object); }),
      [](int code) {
        return Json{{"Id", absl::StrFormat("%064x", code)}};
      },
      201);
}

HttpAnswer InspectExec(const Exchange& exchange) {
  uint64_t code = 0;
  if (!absl::SimpleHexAtoi(exchange.object, &code)) return Refusal(404, "No such exec instance");
  return {200,
          Json{{"ID", exchange.object}, {"Running", false}, {"ExitCode", code}}.dump(),
          "application/json",
          {}};
}

// --- Networks

HttpAnswer ListNetworks(const Exchange& exchange) {
  const Filters filters = FiltersOf(exchange.request);
  using Networks = std::vector<docker::Network>;
  return FromValue<Networks>(exchange.Ask<Networks>("ListNetworks", "", kReads,
                                                    [](FakeEngine& engine) { return engine.Networks(); }),
                             [&](const Networks& networks) {
                               Json shown = Json::array();
                               for (const docker::Network& network : networks) {
                                 if (Passes(filters, network.config.name, network.config.labels))
                                   shown.push_back(ToJson(network, false));
                               }
                               return shown;
                             });
}

HttpAnswer InspectNetwork(const Exchange& exchange) {
  return FromValue<docker::Network>(
      exchange.Ask<docker::Network>(
          "InspectNetwork", exchange.object, kReads,
          [&](FakeEngine& engine) { return engine.InspectNetwork(exchange.object); }),
      [](const docker::Network& network) { return ToJson(network, true); });
}

HttpAnswer CreateNetwork(const Exchange& exchange) {
  const Json body = exchange.Body();
  const docker::NetworkConfig config = NetworkConfigFrom(body);
  return FromValue<std::string>(
      exchange.Ask<std::string>("CreateNetwork", config.name, kMutates,
                                [&](FakeEngine& engine) {
                                  return engine.CreateNetwork(config, body.value("CheckDuplicate", false));
                                }),
      [](const std::string& id) {
        return Json{{"Id", id}, {"Warning", ""}};
      },
      201);
}

absl::Status Connect(FakeEngine& engine, const Exchange& exchange) {
  const Json body = exchange.Body(), endpoint = body.value("EndpointConfig", Json::object());
  const Json aliases = endpoint.is_object() ? endpoint.value("Aliases", Json::array()) : Json::array();
  return engine.Connect(
      exchange.object, body.value("Container", ""),
      aliases.is_array() ? aliases.get<std::vector<std::string>>() : std::vector<std::string>{});
}

absl::Status Disconnect(FakeEngine& engine, const Exchange& exchange) {
  const Json body = exchange.Body();
  return engine.Disconnect(exchange.object, body.value("Container", ""), body.value("Force", false));
}

// --- Images and the daemon itself

HttpAnswer InspectImage(const Exchange& exchange) {
  return FromValue<docker::Image>(
      exchange.Ask<docker::Image>("InspectImage", exchange.object, kReads,
                                  [&](FakeEngine& engine) { return engine.InspectImage(exchange.object); }),
      [](const docker::Image& image) { return ToJson(image); });
}

HttpAnswer PullImage(const Exchange& exchange) {
  const std::string name = exchange.request.Query("fromImage"), tag = exchange.request.Query("tag");
  const std::string reference =
      tag.empty() ? name : absl::StrCat(name, absl::StartsWith(tag, "sha256:") ? "@" : ":", tag);
  const absl::Status status = exchange.docker.Do("PullImage", reference, kMutates, exchange.stop,
                                                 [&](FakeEngine& engine) { return engine.Pull(reference); });
  if (!status.ok()) return FromStatus(status);
  HttpAnswer answer;
  for (const Json& line :
       {Json{{"status", absl::StrCat("Pulling from ", name)}, {"id", tag}},
        Json{{"status", "Pulling fs layer"}, {"progressDetail", Json::object()}, {"id", "0a1b2c3d4e5f"}},
        Json{{"status", "Downloading"},
             {"progressDetail", {{"current", 10}, {"total", 20}}},
             {"id", "0a1b2c3d4e5f"}},
        Json{{"status", "Pull complete"}, {"progressDetail", Json::object()}, {"id", "0a1b2c3d4e5f"}},
        Json{{"status", absl::StrCat("Status: Downloaded newer image for ", reference)}}}) {
    absl::StrAppend(&answer.body, line.dump(), "\r\n");
  }
  return answer;
}

// "box" of "box:1" and "box@sha256:…", for the filter by reference.
bool IsOfRepository(const std::string& name, const std::string& repository) {
  return absl::StartsWith(name, repository) &&
         (name.size() == repository.size() || name[repository.size()] == ':' ||
          name[repository.size()] == '@');
}

HttpAnswer ListImages(const Exchange& exchange) {
  const Filters filters = FiltersOf(exchange.request);
  const auto wanted = filters.find("reference");
  using Rows = std::vector<docker::Image>;
  const auto rows =
      exchange.Ask<Rows>("ListImages", "", kReads, [](FakeEngine& engine) { return engine.Images(); });
  return FromValue<Rows>(rows, [&](const Rows& list) {
    Json shown = Json::array();
    for (docker::Image row : list) {
      const auto hidden = [&](const std::string& name) {
        return wanted != filters.end() &&
               std::none_of(wanted->second.begin(), wanted->second.end(),
                            [&](const auto& repository) { return IsOfRepository(name, repository); });
      };
      std::erase_if(row.repo_tags, hidden);
      std::erase_if(row.repo_digests, hidden);
      if (wanted == filters.end() || !row.repo_tags.empty() || !row.repo_digests.empty())
        shown.push_back(ToJson(row));
    }
    return shown;
  });
}

HttpAnswer DistributionDigest(const Exchange& exchange) {
  return FromValue<std::string>(
      exchange.Ask<std::string>(
          "DistributionDigest", exchange.object, kReads,
          [&](FakeEngine& engine) { return engine.DistributionDigest(exchange.object); }),
      [](const std::string& digest) {
        return Json{{"Descriptor", {{"digest", digest}, {"size", 945}}}, {"Platforms", Json::array()}};
      });
}

HttpAnswer SaveImage(const Exchange& exchange) {
  const auto archive =
      exchange.docker.World([&](FakeEngine& engine) { return engine.Save(exchange.object); });
  if (!archive.ok()) return FromStatus(archive.status());
  return {200, *archive, "application/x-tar", {}};
}

// What is wrong with an archive is said inside a 200.
HttpAnswer LoadImage(const Exchange& exchange) {
  const absl::Status status =
      exchange.docker.Do("LoadImage", "", kMutates, exchange.stop,
                         [&](FakeEngine& engine) { return engine.Load(exchange.request.body); });
  if (!status.ok() && HttpStatusOf(status) != 400) return FromStatus(status);
  const std::string message(status.message());
  const Json line = status.ok() ? Json{{"stream", "Loaded image\n"}}
                                : Json{{"errorDetail", {{"message", message}}}, {"error", message}};
  return {200, line.dump() + "\r\n", "application/json", {}};
}

HttpAnswer PushImage(const Exchange& exchange) {
  const std::string reference = absl::StrCat(exchange.object, ":", exchange.request.Query("tag"));
  const absl::Status status =
      exchange.docker.World([&](FakeEngine& engine) { return engine.Push(reference); });
  if (!status.ok()) return FromStatus(status);
  return {200, Json{{"status", "pushed"}}.dump() + "\r\n", "application/json", {}};
}

HttpAnswer RemoveImage(const Exchange& exchange) {
  const HttpAnswer answer = Changing("RemoveImage", [](FakeEngine& engine, const Exchange& e) {
    return engine.RemoveImage(e.object);
  })(exchange);
  if (answer.status != 204) return answer;
  return {200, Json::array({Json{{"Untagged", exchange.object}}}).dump(), "application/json", {}};
}

HttpAnswer Ping(const Exchange& exchange) {
  const docker::EngineInfo info = exchange.docker.World([](FakeEngine& engine) { return engine.Info(); });
  return {200,
          "OK",
          "text/plain; charset=utf-8",
          {{"Api-Version", info.api_version},
           {"Ostype", "linux"},
           {"Server", absl::StrCat("Docker/", info.engine_version, " (linux)")}}};
}

HttpAnswer Version(const Exchange& exchange) {
  const EngineOptions options = exchange.docker.World([](FakeEngine& engine) { return engine.options(); });
  return {200,
          Json{{"Version", options.engine_version},
               {"ApiVersion", options.api_version},
               {"MinAPIVersion", options.min_api_version},
               {"Os", "linux"},
               {"Arch", "amd64"},
               {"Components", Json::array({Json{{"Name", "Engine"}, {"Version", options.engine_version}}})}}
              .dump(),
          "application/json",
          {}};
}

HttpAnswer Info(const Exchange& exchange) {
  const EngineOptions options = exchange.docker.World([](FakeEngine& engine) { return engine.options(); });
  return {200,
          Json{{"ID", "FAKE"},
               {"NCPU", options.cpus},
               {"DockerRootDir", options.data_root},
               {"OSType", "linux"},
               {"Architecture", "x86_64"},
               {"ServerVersion", options.engine_version}}
              .dump(),
          "application/json",
          {}};
}

struct RouteEntry {
  std::string method, pattern;  // one `*` in a pattern stands for any text
  std::function<HttpAnswer(const Exchange&)> handler;
};

const std::vector<RouteEntry>& Routes() {
  static const auto* const kRoutes = new std::vector<RouteEntry>{
      {"GET", "/_ping", Ping},
      {"HEAD", "/_ping", Ping},
      {"GET", "/version", Version},
      {"GET", "/info", Info},
      {"GET", "/containers/json", ListContainers},
      {"POST", "/containers/create", CreateContainer},
      {"GET", "/containers/*/json", InspectContainer},
      {"GET", "/containers/*/logs", Logs},
      {"GET", "/containers/*/archive", GetArchive},
      {"PUT", "/containers/*/archive", Changing("CopyFiles", PutArchive, 200)},
      {"POST", "/containers/*/start", Start},
      {"POST", "/containers/*/stop", Stop},
      {"POST", "/containers/*/update", Update},
      {"POST", "/containers/*/exec", CreateExec},
      {"POST", "/containers/*/kill",
       Changing("KillContainer", [](auto& e, auto& x) { return e.Kill(x.object); })},
      {"POST", "/containers/*/pause",
       Changing("PauseContainer", [](auto& e, auto& x) { return e.Pause(x.object); })},
      {"POST", "/containers/*/restart",
       Changing("RestartContainer", [](auto& e, auto& x) { return e.Restart(x.object); })},
      {"POST", "/containers/*/unpause",
       Changing("UnpauseContainer", [](auto& e, auto& x) { return e.Unpause(x.object); })},
      {"POST", "/containers/*/rename",
       Changing("RenameContainer",
                [](auto& e, auto& x) { return e.Rename(x.object, x.request.Query("name")); })},
      {"DELETE", "/containers/*",
       Changing("RemoveContainer",
                [](auto& e, auto& x) { return e.Remove(x.object, IsOn(x.request.Query("force"))); })},
      {"POST", "/exec/*/start",
       [](const Exchange&) {
         return HttpAnswer{200, "", "application/vnd.docker.raw-stream", {}};
       }},
      {"GET", "/exec/*/json", InspectExec},
      {"GET", "/networks", ListNetworks},
      {"POST", "/networks/create", CreateNetwork},
      {"POST", "/networks/*/connect", Changing("ConnectNetwork", Connect, 200)},
      {"POST", "/networks/*/disconnect", Changing("DisconnectNetwork", Disconnect, 200)},
      {"GET", "/networks/*", InspectNetwork},
      {"DELETE", "/networks/*",
       Changing("RemoveNetwork", [](auto& e, auto& x) { return e.RemoveNetwork(x.object); })},
      {"POST", "/images/create", PullImage},
      {"GET", "/images/json", ListImages},
      {"POST", "/images/load", LoadImage},
      {"POST", "/images/*/push", PushImage},
      {"GET", "/images/*/get", SaveImage},
      {"GET", "/images/*/json", InspectImage},
      {"GET", "/distribution/*/json", DistributionDigest},
      {"DELETE", "/images/*", RemoveImage},
      {"POST", "/images/*/tag",
       Changing(
           "TagImage",
           [](auto& e, auto& x) {
             return e.Tag(x.object, absl::StrCat(x.request.Query("repo"), ":", x.request.Query("tag")));
           },
           201)},
  };
  return *kRoutes;
}

std::optional<std::string> Match(const std::string& pattern, const std::string& path) {
  const size_t star = pattern.find('*');
  if (star == std::string::npos) return pattern == path ? std::optional<std::string>("") : std::nullopt;
  const std::string prefix = pattern.substr(0, star), suffix = pattern.substr(star + 1);
  const bool fits = path.size() > prefix.size() + suffix.size() && absl::StartsWith(path, prefix) &&
                    absl::EndsWith(path, suffix);
  if (!fits) return std::nullopt;
  return path.substr(prefix.size(), path.size() - prefix.size() - suffix.size());
}

}  // namespace

HttpAnswer Refusal(int http_status, const std::string& message) {
  const Json body = {{"message", message}};
  return {
      http_status, body.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n", "application/json", {}};
}

HttpAnswer Route(FakeDocker& docker, const HttpRequest& request, const std::stop_token& stop) {
  for (const RouteEntry& route : Routes()) {
    if (route.method != request.method) continue;
    const std::optional<std::string> object = Match(route.pattern, request.path);
    if (!object) continue;
    try {
      return route.handler({docker, request, *object, stop});
    } catch (const Json::exception& error) {
      return Refusal(400, error.what());
    }
  }
  return Refusal(404, "page not found");
}

}  // namespace spacelet::testing
