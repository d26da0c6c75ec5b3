#!/usr/bin/env bash
# Makes stand-ins for the base images of the Dockerfile, for buildah where no
# image registry can be reached: Debian by debootstrap, and the same with the
# local Go. Certificates that this machine trusts beside Debian's go in.
set -euo pipefail
export STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot

have() { buildah images -q "$1" 2>/dev/null | grep -q .; }

slim=docker.io/library/debian:bookworm-slim
golang=docker.io/library/golang:1.26-bookworm

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if ! have $slim; then
    debootstrap --variant=minbase --include=ca-certificates bookworm "$work/root" >"$work/log" 2>&1 || { tail "$work/log"; exit 1; }
    rm -rf "$work"/root/var/cache/apt/archives/*.deb "$work"/root/var/lib/apt/lists/* "$work"/root/usr/share/{doc,man,locale,info}/*
    cp /usr/local/share/ca-certificates/*.crt "$work/root/usr/local/share/ca-certificates/" 2>/dev/null || true
    cp /etc/apt/sources.list.d/*.sources "$work/root/etc/apt/sources.list.d/" 2>/dev/null && rm -f "$work/root/etc/apt/sources.list" || true
    chroot "$work/root" update-ca-certificates >/dev/null 2>&1
    c=$(buildah from scratch)
    buildah add -q "$c" "$work/root" / >/dev/null
    buildah config --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin --cmd bash "$c"
    buildah commit -q --rm "$c" $slim >/dev/null
fi
if ! have $golang; then
    c=$(buildah from --pull-never $slim)
    buildah add -q "$c" "$(go env GOROOT)" /usr/local/go >/dev/null
    buildah config --env PATH=/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin --env GOTOOLCHAIN=local "$c"
    buildah commit -q --rm "$c" $golang >/dev/null
fi
