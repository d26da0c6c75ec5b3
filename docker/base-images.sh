#!/usr/bin/env bash
# Makes stand-ins for the base images of the Dockerfile where no image registry is
# reachable: localhost/fate-debian by debootstrap, and localhost/fate-golang, the same
# with the local Go. Certificates that this machine trusts in addition to Debian's are
# included.
set -euo pipefail
slim=localhost/fate-debian
golang=localhost/fate-golang
path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

have() { docker images -q "$1" 2>/dev/null | grep -q .; }
have $slim && have $golang && exit

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root

# import NAME PATH makes an image of the root folder.
import() { tar -C "$root" -c . | docker import --change "ENV PATH=$2" --change "ENV GOTOOLCHAIN=local" --change 'CMD ["bash"]' - "$1" >/dev/null; }

debootstrap --variant=minbase --include=ca-certificates bookworm "$root" >"$work/log" 2>&1 || { tail "$work/log"; exit 1; }
rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/* "$root"/usr/share/{doc,man,locale,info}/*
cp /usr/local/share/ca-certificates/*.crt "$root/usr/local/share/ca-certificates/" 2>/dev/null || true
cp /etc/apt/sources.list.d/*.sources "$root/etc/apt/sources.list.d/" 2>/dev/null && rm -f "$root/etc/apt/sources.list" || true
chroot "$root" update-ca-certificates >/dev/null 2>&1
import $slim $path
cp -a "$(go env GOROOT)" "$root/usr/local/go"
import $golang /usr/local/go/bin:$path
