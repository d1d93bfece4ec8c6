#include "cmd/spacelet/docker_flags.h"

#include "pkg/app/docker_endpoint.h"

namespace spacelet::cmd {

void AddDockerOptions(CLI::App& app, app::DockerOptions& options) {
  options.config = app::GetEnv("DOCKER_CONFIG").value_or(app::GetEnv("HOME").value_or("/root") + "/.docker") +
                   "/config.json";
  app.add_option("--docker-host", options.host,
                 "the daemon: unix:///PATH or tcp://HOST:PORT (default DOCKER_HOST, else "
                 "unix:///var/run/docker.sock)")
      ->type_name("URL");
  app.add_option("--docker-config", options.config,
                 "config.json with registry credentials (default docker's own)")
      ->type_name("FILE");
}

}  // namespace spacelet::cmd
