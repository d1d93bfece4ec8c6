# shellcheck shell=bash
# Sourced by the scripts in hack/: how they speak, fail and get their packages.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

if [[ -t 1 && -z ${NO_COLOR:-} && ${TERM:-dumb} != dumb ]]; then
  BOLD=$'\e[1m' DIM=$'\e[2m' RED=$'\e[31m' GREEN=$'\e[32m' PLAIN=$'\e[0m'
else
  BOLD='' DIM='' RED='' GREEN='' PLAIN=''
fi

section() { printf '\n%s== %s ==%s\n' "$BOLD" "$*" "$PLAIN"; }
note() { printf '%s%s%s\n' "$DIM" "$*" "$PLAIN"; }
good() { printf '%s%s%s\n' "$GREEN" "$*" "$PLAIN"; }
warn() { printf '%s%s%s\n' "$RED" "$*" "$PLAIN" >&2; }

# die WHAT [WHAT TO DO]
die() {
  warn "error: $1"
  [[ $# -lt 2 ]] || printf '  what to do: %s\n' "$2" >&2
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }
is_root() { [[ $EUID -eq 0 ]]; }

# quietly WHAT LOGFILE COMMAND...: shows the command's output only when it fails.
quietly() {
  local what=$1 log=$2
  shift 2
  mkdir -p "$(dirname "$log")"
  if ! "$@" >"$log" 2>&1; then
    tail -n 40 "$log" >&2
    die "$what failed: $*" "the whole output is in $log; run the command by hand after mending it"
  fi
}

# give_back PATH...: what sudo has built belongs to who called it, who could not build there again otherwise.
give_back() {
  [[ -z ${SUDO_UID:-} ]] || chown -R "$SUDO_UID:${SUDO_GID:-$SUDO_UID}" "$@"
}

# packages GROUP...: their names.
packages() {
  local group
  for group in "$@"; do awk -v group="$group" '$1 == group { print $2 }' "$ROOT/hack/packages.txt"; done | sort -u
}

package_present() {
  # Docker's own packages conflict with Debian's, as Node's do: any dockerd, node and npm does.
  [[ $1 == docker.io ]] && have dockerd && return 0
  [[ $1 == nodejs ]] && have node && return 0
  [[ $1 == npm ]] && have npm && return 0
  [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

missing_packages() {
  local package
  for package in $(packages "$@"); do package_present "$package" || echo "$package"; done
}

# Some of the packages (docker.io, docker-registry, prometheus) bring services; on a machine that only develops
# spacelet they shall not start. policy-rc.d is Debian's way to say so.
without_services() {
  local policy=/usr/sbin/policy-rc.d status=0
  if [[ -e $policy ]]; then
    "$@"
    return
  fi
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
  "$@" || status=$?
  rm -f "$policy"
  return "$status"
}

# install_packages GROUP...
install_packages() {
  local missing
  have dpkg-query || die "this is no Debian or Ubuntu" "install the packages of hack/packages.txt by your system's means"
  mapfile -t missing < <(missing_packages "$@")
  [[ ${#missing[@]} -gt 0 ]] || return 0
  if ! is_root; then
    die "these packages are missing: ${missing[*]}" "sudo apt-get install --no-install-recommends ${missing[*]}"
  fi
  note "installing ${missing[*]}"
  quietly "apt-get update" "$ROOT/build/log/apt.log" apt-get update
  quietly "the installation" "$ROOT/build/log/apt.log" without_services \
    env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"
}
