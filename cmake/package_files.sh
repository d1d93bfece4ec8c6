#!/usr/bin/env bash
# Lays out the file tree of the package:
#   cmake/package_files.sh SPACELET SOURCE_DIR ROOT PACKAGE_VERSION
# SPACELET is the program as it was linked; its manual pages, completions and schema come from itself.
set -euo pipefail
spacelet=$1 source=$2 root=$3 version=$4
manifests=$source/manifests

umask 022
rm -rf "$root"
mkdir -p "$root"

# put TARGET: writes stdin there. put TARGET FILE: copies.
put() { install -D --mode=644 "${2:-/dev/stdin}" "$root/$1"; }

# As dh_strip does: the build id stays.
install -D --mode=755 "$spacelet" "$root/usr/bin/spacelet"
strip --remove-section=.comment --remove-section=.note "$root/usr/bin/spacelet"

put usr/lib/systemd/system/spacelet.service "$manifests/systemd/spacelet.service"
put usr/lib/sysusers.d/spacelet.conf "$manifests/systemd/spacelet.sysusers"
put usr/lib/tmpfiles.d/spacelet.conf "$manifests/systemd/spacelet.tmpfiles"
put etc/default/spacelet "$manifests/debian/default"

for page in $("$spacelet" man); do
  "$spacelet" man "$page" | gzip -9n | put "usr/share/man/man${page##*.}/$page.gz"
done
"$spacelet" completion bash | put usr/share/bash-completion/completions/spacelet
"$spacelet" completion zsh | put usr/share/zsh/vendor-completions/_spacelet
"$spacelet" completion fish | put usr/share/fish/vendor_completions.d/spacelet.fish

schema=usr/share/spacelet/gitspacehost.v1alpha1.json
"$spacelet" schema | put "$schema"
example() { sed "1s|\(\.\./\)*manifests/schema/|/${schema%/*}/|" "$1"; }
example "$source/examples/minimal.yaml" | put etc/spacelet/host.yaml.example
"$spacelet" schema --policy | put "${schema%/*}/hostpolicy.v1alpha1.json"
example "$source/examples/policy/policy.yaml" | put etc/spacelet/policy.yaml.example

# For the machine of whoever watches the hosts.
for name in scrape spacelet.rules; do
  put "usr/share/spacelet/prometheus/$name.yaml" "$manifests/prometheus/$name.yaml"
done
put usr/share/spacelet/grafana/spacelet.json "$manifests/grafana/spacelet.json"

doc=usr/share/doc/spacelet
put "$doc/copyright" "$manifests/debian/copyright"
# The changelog speaks of the version that is packaged, which has the release it was built for in it.
sed "1s/([^)]*)/($version)/" "$manifests/debian/changelog" | gzip -9n | put "$doc/changelog.Debian.gz"
for page in "$source"/docs/*.md; do put "$doc/$(basename "$page")" "$page"; done
for document in "$source"/examples/*.yaml; do
  example "$document" | put "$doc/examples/$(basename "$document")"
done
put "$doc/examples/web-config.yml" "$source/examples/web-config/web-config.yml"
