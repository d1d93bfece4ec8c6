#include "pkg/policy/policy.h"

namespace spacelet::policy {
namespace {

Rules MakeBaseline() {
  Rules rules;
  // kubernetes.io/docs/tasks/administer-cluster/sysctl-cluster: the safe set, without the kernel's version.
  rules.containers.sysctls = {"kernel.shm_rmid_forced",           "net.ipv4.ip_local_port_range",
                              "net.ipv4.ip_local_reserved_ports", "net.ipv4.ip_unprivileged_port_start",
                              "net.ipv4.ping_group_range",        "net.ipv4.tcp_fin_timeout",
                              "net.ipv4.tcp_keepalive_intvl",     "net.ipv4.tcp_keepalive_probes",
                              "net.ipv4.tcp_keepalive_time",      "net.ipv4.tcp_syncookies"};
  rules.containers.log_drivers = {"json-file", "local", "journald"};
  rules.containers.log_options = {"compress", "max-buffer-size", "max-file", "max-size", "mode", "tag"};
  rules.ports.addresses = {"127.0.0.1", "::1"};
  rules.network.names = {"harness"};
  rules.network.drivers = {"bridge"};
  rules.network.options = {"com.docker.network.driver.mtu"};
  rules.runner.directories = {"/runner"};
  rules.runner.pool_files = {"/etc/spacelet/pool.yaml", "/runner/pool.yaml"};
  rules.delegate.manager_hosts = {"app.harness.io"};
  return rules;
}

}  // namespace

const Rules& Baseline() {
  static const Rules& made = *new Rules(MakeBaseline());
  return made;
}

}  // namespace spacelet::policy
