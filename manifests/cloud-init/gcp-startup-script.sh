#!/bin/sh
# A Gitspaces host, made by "spacelet cloud-init --format script": what the user-data does, for machines without cloud-init,
# such as those of Google's Debian images, which run it as startup-script at each boot. It holds no secret.
set -eu
[ ! -e /var/lib/spacelet-bootstrap/done ] || exit 0 # from then on the machine follows its document
umask 022

write() {
  mkdir -p "$(dirname "$1")"
  (umask 077 && cat >"$1.new")
  chmod "$2" "$1.new"
  mv "$1.new" "$1"
}

# The document. Edit it where it is kept, and make this text anew; after the first boot edit it there alone.
write /etc/spacelet/host.yaml 0600 <<'END-OF-FILE'
# yaml-language-server: $schema=../manifests/schema/gitspacehost.v1alpha1.json
#
# A Gitspaces host on Google Cloud. What is marked with "EDIT" is yours to fill in.
#
# Put beside it /etc/spacelet/pool.yaml, the pool of the Terraform module (pool/gcp.yaml is one). With `json_path` in it, the key
# has to lie there: /runner/sa.json, mode 0600, since the runner sees /runner of the host. Without, the runner uses the VM's own
# service account.
apiVersion: spacelet.dev/v1alpha1
kind: GitspaceHost
metadata:
  name: gitspaces-us-west1 # EDIT: a name of your choice for this host
spec:
  network:
    name: harness
    options:
      com.docker.network.driver.mtu: "1460" # the MTU of a VPC; a larger one loses packets of TLS handshakes

  runner:
    image: drone/drone-runner-aws:1.0.0-rc.310 # from rc.183 on Gitspace VMs survive a restart of the runner
    pool:
      file: /etc/spacelet/pool.yaml
    resources: {cpus: 1, memory: 2g}

  delegate:
    image: us-docker.pkg.dev/gar-prod-setup/harness-public/harness/delegate:26.07.89501 # EDIT: the newest is in Account Settings > Delegates
    name: gcp-us-west1 # EDIT: as it shall be called in Harness
    accountId: AbCdEfGhIjKlMnOpQrStUv # EDIT: from Account Settings > Overview
    # Read from Secret Manager with the VM's service account, again every 15 minutes: rotating it there rolls it out here.
    # Instead, from a file of mode 0600: token: {file: /etc/spacelet/delegate-token}
    token: {command: [spacelet, secret, gcp, delegate-token]}
    tags: [gcp, us-west1] # EDIT: the delegate selectors of the infrastructure in Harness
    # managerUrl: https://app3.harness.io # when your account is not on app.harness.io: the host in your browser's address bar
    resources: {cpus: 2, memory: 4g}
END-OF-FILE

# The pool of the Terraform module.
write /etc/spacelet/pool.yaml 0600 <<'END-OF-FILE'
# The pool of a runner on Google Cloud, in the shape that the Terraform module harness/terraform-gcp-harness-gitspaces writes.
# Without account.json_path the runner uses the service account of the VM that it runs on, and no key lies anywhere.
version: "1"
instances:
  - name: gitspaces-us-west1
    type: google
    pool: 0 # Gitspaces are made on demand; a number here keeps so many VMs warm, and costs money
    limit: 1000
    platform: {os: linux, arch: amd64}
    spec:
      account: {project_id: my-project, no_service_account: true}
      image: projects/my-project/global/images/my-gitspace-image
      network: projects/my-project/global/networks/my-infra-network
      subnetwork: projects/my-project/regions/us-west1/subnetworks/harnessdefault
      zone: [us-west1-a] # the module does not write it; the runner's own default is us-central1-a
      private_ip: true
      tags: [my-gitspace-tag]
      disk: {size: 100, type: pd-balanced}
END-OF-FILE

write /usr/local/sbin/spacelet-bootstrap 0755 <<'END-OF-FILE'
#!/bin/sh
# Makes this machine a Gitspaces host: Docker, the package spacelet, its service. spacelet-bootstrap.service runs it until it
# succeeds, and never again. Every step looks first at what is there: it may end anywhere and be run again, also by hand.
set -eu

package='https://example.org/spacelet.deb'          # URL or path of the .deb; empty: spacelet comes from the apt sources of this machine
sha256='0000000000000000000000000000000000000000000000000000000000000000'           # of the .deb; empty: not compared
directory='/runner' # spec.runner.directory

state=/var/lib/spacelet-bootstrap
export DEBIAN_FRONTEND=noninteractive PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
umask 022

say() { echo "spacelet-bootstrap: $*"; }
fail() {
  say "$*" >&2
  exit 1
}

apt() {
  apt-get -q -y -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 -o Acquire::http::Timeout=30 \
    -o Acquire::https::Timeout=30 -o Dpkg::Options::=--force-confold "$@"
}

# The lists are fetched only when it does not go without: a machine that has everything needs no network.
install() {
  say "installing $*"
  apt install "$@" && return
  say "asking the apt sources what they have"
  apt update || fail "cannot ask the apt sources"
  apt install "$@" || fail "cannot install $*"
}

installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }
have() { command -v "$1" >/dev/null; }

# Whether a file is the package: whole, spacelet's, and the very one that is wanted.
check() {
  [ "$(dpkg-deb --field "$1" Package)" = spacelet ] || fail "$package is no package of spacelet"
  [ -z "$sha256" ] || echo "$sha256  $1" | sha256sum --check --status ||
    fail "$package has the SHA-256 $(sha256sum <"$1"), not $sha256"
}

fetch() {
  have curl || install ca-certificates curl
  say "downloading $package"
  curl --fail --silent --show-error --location --proto "=https,${package%%:*}" --retry 2 \
    --proto-redir "=https,${package%%:*}" --connect-timeout 20 --speed-limit 1000 --speed-time 60 --output "$1.part" "$package" ||
    fail "cannot download $package"
  check "$1.part"
  mv "$1.part" "$1"
}

install_spacelet() {
  case $package in
  '') install spacelet ;;
  /*)
    [ -f "$package" ] || fail "$package is not there"
    check "$package"
    install "$package"
    ;;
  *)
    # What an earlier attempt left behind may have lost its end with the power.
    { [ -f $state/spacelet.deb ] && (check $state/spacelet.deb); } || fetch $state/spacelet.deb
    install $state/spacelet.deb
    ;;
  esac
}

mkdir -p $state
dpkg --configure -a || fail "dpkg is busy, or cannot go on where it was cut off"
have dockerd || install docker.io
# Where the kernel has AppArmor and the tools are missing, as in a slim image, Docker starts no container.
[ "$(cat /sys/module/apparmor/parameters/enabled 2>/dev/null)" != Y ] || have apparmor_parser || install apparmor
[ -d "$directory" ] || (umask 077 && mkdir -p "$directory")
installed spacelet || install_spacelet

systemctl enable spacelet.service # an image may have it disabled
systemctl start spacelet.service || say "spacelet.service does not start: journalctl -u spacelet"

rm -f $state/spacelet.deb $state/spacelet.deb.part
sync # before the word that everything is there, everything is on the disk
: >$state/done
say "done: spacelet looks after this host from here on (journalctl -u spacelet)"
END-OF-FILE

write /etc/systemd/system/spacelet-bootstrap.service 0644 <<'END-OF-FILE'
[Unit]
Description=Install Docker and spacelet, once
Wants=network-online.target
After=network-online.target
ConditionPathExists=!/var/lib/spacelet-bootstrap/done
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=/usr/local/sbin/spacelet-bootstrap
Restart=on-failure
RestartSec=15
StandardOutput=journal+console

[Install]
WantedBy=multi-user.target
END-OF-FILE

systemctl daemon-reload
systemctl enable --now --no-block spacelet-bootstrap.service
