// Stands in for `drone-runner-aws delegate`: the same log lines, routes, order at start and way to stop, no
// cloud. Settings: version, mode (normal, crash, never-ready), crash_line, listen_delay, stop_delay
// (seconds), healthz (OK, 404, 500), executions, db_tries, schema (of its database); the control file is
// standin.conf beside the pool file.
#include <yaml-cpp/yaml.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "test/standin/http.h"
#include "test/standin/program.h"
#include "test/standin/settings.h"

namespace spacelet::standin {
namespace {

const std::set<std::string> kDrivers = {"amazon", "ankabuild", "anka", "azure",   "digitalocean",
                                        "google", "nomad",     "noop", "vmfusion"};

[[noreturn]] void Fail(const std::string& message) {
  std::fprintf(stderr, "error: %s, try --help\n", message.c_str());
  std::exit(1);
}

// logrus.Fatal: the last line is on stdout and kingpin says nothing.
[[noreturn]] void Fatal(const std::string& message, Fields fields = {}) {
  Log("fatal", message, fields);
  std::exit(1);
}

struct Arguments {
  std::string pool, envfile;
};

Arguments ParseArguments(int argc, char** argv) {
  if (argc < 2 || std::string(argv[1]) != "delegate") Fail("command not specified");
  Arguments arguments;
  for (int i = 2; i < argc; ++i) {
    const std::string flag = argv[i];
    const size_t equals = flag.find('=');
    const std::string name = flag.substr(0, equals);
    if (name != "--pool" && name != "--envfile") Fail("unknown long flag '" + name + "'");
    if (equals == std::string::npos && i + 1 == argc) Fail("expected argument for flag '" + name + "'");
    (name == "--pool" ? arguments.pool : arguments.envfile) =
        equals == std::string::npos ? argv[++i] : flag.substr(equals + 1);
  }
  return arguments;
}

[[noreturn]] void FailToParse(const std::string& why) {
  Log("error", "exec: unable to parse pool file", {{"error", why}});
  Fatal("Unable to load pool file, or use an in memory pool");
}

const std::string kSchema = "schema ";

std::string ReadPool(const std::string& path) {
  if (std::filesystem::is_directory(path)) FailToParse("read " + path + ": is a directory");
  std::ifstream file(path);
  if (!file.is_open()) FailToParse("open " + path + ": no such file or directory");
  return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

// As lenient as the real one: what it does not know it does not see.
std::set<std::string> PoolNames(const YAML::Node& pool) {
  std::set<std::string> names;
  for (const YAML::Node& instance : pool["instances"]) {
    const auto name = instance["name"].as<std::string>(""), type = instance["type"].as<std::string>("");
    if (kDrivers.count(type) == 0) FailToParse("unknown instance tip " + type);
    if (!instance["spec"]) FailToParse("unexpected end of JSON input");
    const YAML::Node zone = instance["spec"]["zone"];
    if (zone && !zone.IsSequence())
      FailToParse("json: cannot unmarshal string into Go struct field zone of type []string");
    if (name.empty()) Fatal("pool must have a name");
    if (!names.insert(name).second) Fatal("pool \"" + name + "\" already defined");
    Log("info", "Parsing pool '" + name + "', of type '" + type + "'");
  }
  return names;
}

std::set<std::string> LoadPool(const std::string& path) {
  if (path.empty()) {
    Log("info", "no pool file provided");
    Fatal("unsupported driver, please choose a driver setting the manditory environment variables");
  }
  try {
    return PoolNames(YAML::Load(ReadPool(path)));
  } catch (const YAML::Exception& error) {
    FailToParse(std::string("error converting YAML to JSON: ") + error.what());
  }
}

// A newer version changes the database so that an older one cannot open it.
void Migrate(const std::string& path, int schema) {
  std::stringstream content;
  content << std::ifstream(path, std::ios::binary).rdbuf();
  const size_t mark = content.str().rfind(kSchema);
  const int found = mark == std::string::npos ? 1 : std::atoi(content.str().c_str() + mark + kSchema.size());
  if (found > schema)
    Fatal("Unable to start the database",
          {{"error", "no migration found for version " + std::to_string(found)}});
  if (found < schema) std::ofstream(path, std::ios::app) << kSchema << schema << '\n';
}

// The file appears, with sqlite's magic, as the real one's does.
void OpenDatabase(const Settings& settings) {
  std::string path = Settings::Environment("DRONE_DATABASE_DATASOURCE");
  if (path.empty()) path = "database.sqlite3";
  for (int tries = settings.Int("db_tries", 30); tries > 0; --tries) {
    std::ofstream file(path, std::ios::app);
    if (file.is_open()) {
      if (file.tellp() == 0) file << std::string("SQLite format 3\0", 16);
      file.close();
      Migrate(path, settings.Int("schema", 1));
      Log("info", "migration complete");
      return;
    }
    SleepFor(1);
  }
  Fatal("Unable to start the database",
        {{"error", "unable to open database file: no such file or directory"}});
}

std::string Metrics(const Settings& settings) {
  return "# HELP harness_ci_pipeline_running_executions Total number of running pipeline executions\n"
         "# TYPE harness_ci_pipeline_running_executions gauge\n"
         "harness_ci_pipeline_running_executions{arch=\"amd64\",os=\"linux\",pool_id=\"standin\"} " +
         std::to_string(settings.Int("executions", 0)) + "\n";
}

Response PoolOwner(const Request& request, const std::set<std::string>& pools) {
  const auto pool = request.query.find("pool");
  if (pool == request.query.end()) return {400, "mandatory URL parameter 'pool' is missing"};
  // Stages live in the database, which is empty here: with a stage id nobody is the owner.
  const bool owner = pools.count(pool->second) > 0 && request.query.count("stageId") == 0;
  return {200, owner ? "{\"owner\":true}" : "{\"owner\":false}", "application/json"};
}

Response Health(const Settings& settings) {
  const std::string answer = settings.Text("healthz", "OK");
  if (answer == "404") return {404, "404 page not found\n"};
  if (answer == "500") return {500, "not OK"};
  return {200, "OK"};
}

Response Route(const Request& request, Settings& settings, const std::set<std::string>& pools) {
  Response response;
  if (Steer(request, settings, response)) return response;
  if (request.path == "/healthz" && request.method == "GET") return Health(settings);
  if (request.path == "/metrics") return {200, Metrics(settings), "text/plain; version=0.0.4"};
  if (request.path == "/pool_owner" && request.method == "POST") return PoolOwner(request, pools);
  return {404, "404 page not found\n"};
}

// Shutdown: the port is closed at once, cleaning the pools takes its time, and a clean stop is exit code 1.
[[noreturn]] void Stop(Server* server, const Settings& settings) {
  Log("info", "received signal, terminating process");
  if (server != nullptr) server->Close();
  SleepFor(settings.Seconds("stop_delay", 0.05));
  while (server != nullptr && server->running_requests() > 0) SleepFor(0.01);
  Log("info", "pools cleaned");
  Fail("http: Server closed");
}

void Wait(double seconds, const Settings& settings) {
  if (WaitForSignal(seconds) != 0) Stop(nullptr, settings);
}

int ListenPort() {
  const std::string bind = Settings::Environment("DRONE_HTTP_BIND");
  return bind.empty() ? 3000 : std::atoi(bind.substr(bind.rfind(':') + 1).c_str());
}

std::string Directory(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

[[noreturn]] void Run(const Arguments& arguments) {
  // The agent's content-addressed pool lies in <bind>/.spacelet, the control file beside that folder.
  std::string directory = Directory(arguments.pool);
  if (const size_t hidden = directory.rfind("/.spacelet"); hidden != std::string::npos)
    directory.erase(hidden);
  Settings settings(directory + "/standin.conf");
  if (!arguments.envfile.empty() && !std::ifstream(arguments.envfile).is_open())
    Log("warning", "runner: failed to load environment variables from file: " + arguments.envfile);
  Log("info", "delegate: starting in standard mode", {{"version", settings.Text("version", "dev")}});
  OpenDatabase(settings);
  const std::set<std::string> pools = LoadPool(arguments.pool);
  if (settings.Text("mode", "normal") == "crash")
    Fatal(settings.Text("crash_line", "unable to ping driver"),
          {{"error", "googleapi: Error 403: stand-in"}});
  Log("info", "Instance purger started. It will run every 15 minutes");
  Log("info", "pools cleaned");
  Wait(settings.Seconds("listen_delay", 0.2), settings);
  if (settings.Text("mode", "normal") == "never-ready") Wait(-1, settings);
  Log("info", "pool created");
  Log("info", "starting the server", {{"addr", ":" + std::to_string(ListenPort())}});
  Server server(ListenPort(), [&](const Request& request) { return Route(request, settings, pools); });
  WaitForSignal(-1);
  Stop(&server, settings);
}

}  // namespace
}  // namespace spacelet::standin

int main(int argc, char** argv) {
  spacelet::standin::BlockSignals();
  spacelet::standin::Run(spacelet::standin::ParseArguments(argc, argv));
}
