#!/usr/bin/env bash
# Builds the image, starts JupyterLab in it, runs all notebooks through the kernel
# with nbclient, and drives one in a headless browser. Screenshots and logs go to
# out/docker. Without a Docker engine the image is built by buildah in chroot
# isolation, on base images made with debootstrap (as root, on Debian).
set -euo pipefail
cd "$(dirname "$0")/.."
keep=$PWD/out/docker
mkdir -p "$keep"
port=8899
limit_mb=700

say() { printf '\n-- %s\n' "$*"; }

if docker info >/dev/null 2>&1; then
    say "building with docker"
    docker build -q -f docker/Dockerfile -t fate-test .
    size=$(docker image inspect -f '{{.Size}}' fate-test)
    container=$(docker run -d -e PORT=$port -p 127.0.0.1:$port:$port fate-test)
    inside() { docker exec -i "$container" "$@"; }
    as_root_files() { docker exec -u 0 "$container" "$@"; }
    logs() { docker logs "$container" 2>&1; }
    finish() { docker rm -f "$container" >/dev/null; }
    trap finish EXIT
else
    say "building with buildah"
    export STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot
    need=""
    for tool in buildah debootstrap; do command -v $tool >/dev/null || need="$need $tool"; done
    [ -z "$need" ] || { apt-get update -qq; apt-get install -y -qq --no-install-recommends $need >/dev/null; }
    docker/base-images.sh
    buildah bud --pull-never --quiet -f docker/Dockerfile -t fate-test . >"$keep/build.log" 2>&1 || { tail -40 "$keep/build.log"; exit 1; }
    buildah rmi --prune >/dev/null 2>&1 || true # the image of an earlier run
    container=$(buildah from --pull-never fate-test)
    root=$(buildah mount "$container")
    size=$(($(du -sxm "$root" | cut -f1) * 1000000))
    # chroot isolation shares the network, not the process table.
    inside() { buildah run --user fate --workingdir /home/fate/work "$container" -- "$@"; }
    as_root_files() { buildah run --user root "$container" -- "$@"; }
    logs() { cat "$keep/lab.log"; }
    buildah run --user fate --workingdir /home/fate/work -e PORT=$port "$container" -- start >"$keep/lab.log" 2>&1 &
    lab=$!
    finish() { pkill -f "port=$port" || true; wait $lab 2>/dev/null || true; buildah umount "$container" >/dev/null; buildah rm "$container" >/dev/null; }
    trap finish EXIT
fi

say "size: $((size / 1000000)) MB"
[ $((size / 1000000)) -lt $limit_mb ] || { echo "the image is not below $limit_mb MB"; exit 1; }

say "JupyterLab answers"
started=$(date +%s%N)
until curl -sf -o /dev/null "http://127.0.0.1:$port/api"; do
    [ $(($(date +%s%N) - started)) -lt 60000000000 ] || { logs; echo "no answer in a minute"; exit 1; }
    sleep 0.1
done
echo "after $((($(date +%s%N) - started) / 1000000)) ms"
link=$(logs | grep -o "http://127.0.0.1:$port/lab[^ ]*token=[0-9a-f]*" | head -1)
[ -n "$link" ] || { logs; echo "no link with a token in the log"; exit 1; }

say "a request without the token is refused"
code=$(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port/api/contents")
[ "$code" = 403 ] || { echo "got $code"; exit 1; }

say "what the image does not hold"
[ "$(inside id -u)" != 0 ]
for tool in go gcc cc; do
    if inside sh -c "command -v $tool" >/dev/null 2>&1; then echo "there is a $tool"; exit 1; fi
done
left=$(as_root_files sh -c 'ls -A /var/lib/apt/lists /root/.cache /opt/jupyter/.cache 2>/dev/null | grep -v :$ | grep -v ^$' || true)
[ -z "$left" ] || { echo "package caches: $left"; exit 1; }

say "all notebooks with nbclient"
inside python - <"docker/test/notebooks.py"

say "one notebook in a browser"
python3 -m venv "$keep/venv"
"$keep/venv/bin/pip" install -q --disable-pip-version-check playwright==1.55.0
browser=$(command -v chromium || true)
[ -n "$browser" ] || { apt-get update -qq; apt-get install -y -qq --no-install-recommends chromium >/dev/null; browser=$(command -v chromium); }
"$keep/venv/bin/python" docker/test/browser.py "$link" "$browser" "$keep"

say "the image works"
