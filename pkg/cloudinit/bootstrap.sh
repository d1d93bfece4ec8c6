#!/bin/sh
# Makes this machine a Gitspaces host: Docker, the package spacelet, its service. spacelet-bootstrap.service runs it until it
# succeeds, and never again. Every step looks first at what is there: it may end anywhere and be run again, also by hand.
set -eu

package=''          # URL or path of the .deb; empty: spacelet comes from the apt sources of this machine
sha256=''           # of the .deb; empty: not compared
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
