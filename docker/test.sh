#!/usr/bin/env bash
# Builds the image, starts JupyterLab in it as docker/compose.yaml does, runs all
# notebooks through the kernel with nbclient, and works in JupyterLab in a headless browser.
# Screenshots and logs are written to out/docker. With --stand-ins the base images are made
# with debootstrap (as root, on Debian), for machines without a registry. Without a Docker
# engine they always are, and buildah builds in chroot isolation.
set -euo pipefail
cd "$(dirname "$0")/.."
keep=$PWD/out/docker
mkdir -p "$keep"
port=8899
limit_mb=700

say() { printf '\n-- %s\n' "$*"; }
need() {
    for tool; do
        command -v "$tool" >/dev/null || { apt-get update -qq; apt-get install -y -qq --no-install-recommends "$tool" >/dev/null; }
    done
}
stand_ins=(--build-arg GOLANG_IMAGE=localhost/fate-golang --build-arg DEBIAN_IMAGE=localhost/fate-debian)

if docker info >/dev/null 2>&1; then
    say "building with docker"
    build=()
    if [ "${1:-}" = --stand-ins ]; then
        need debootstrap
        docker/base-images.sh docker
        build=(--network host "${stand_ins[@]}")
    fi
    docker build -q "${build[@]}" -f docker/Dockerfile -t fate-test . >"$keep/build.log" 2>&1 || { tail -40 "$keep/build.log"; exit 1; }
    size=$(docker image inspect -f '{{.Size}}' fate-test)
    composer=(docker compose)
    "${composer[@]}" version >/dev/null 2>&1 || { need docker-compose; composer=(docker-compose); }
    compose() { PORT=$port FATE_MEMORY=4g "${composer[@]}" -p fate-test -f docker/compose.yaml -f docker/test/compose.yaml "$@"; }
    finish() { compose down -v >/dev/null 2>&1; }
    trap finish EXIT
    compose up -d --no-build
    container=$(compose ps -q fate)
    user=$(docker image inspect -f '{{.Config.User}}' fate-test)
    inside() { docker exec -i "$container" "$@"; }
    as_root_files() { docker exec -u 0 "$container" "$@"; }
    logs() { docker logs "$container" 2>&1; }
else
    say "building with buildah"
    export STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot
    need buildah debootstrap
    docker/base-images.sh buildah
    buildah bud --pull-never --quiet "${stand_ins[@]}" -f docker/Dockerfile -t fate-test . >"$keep/build.log" 2>&1 || { tail -40 "$keep/build.log"; exit 1; }
    buildah rmi --prune >/dev/null 2>&1 || true # the image of an earlier run
    container=$(buildah from --pull-never fate-test)
    root=$(buildah mount "$container")
    size=$(($(du -sxm "$root" | cut -f1) * 1000000))
    user=$(buildah inspect --type image --format '{{.OCIv1.Config.User}}' fate-test)
    # chroot isolation shares the network, not the process table.
    inside() { buildah run -e PORT=$port "$container" -- "$@"; }
    as_root_files() { buildah run --user root "$container" -- "$@"; }
    logs() { cat "$keep/lab.log"; }
    # Its own session, so that kill ends exactly the processes that it started.
    setsid buildah run -e PORT=$port "$container" -- start >"$keep/lab.log" 2>&1 &
    lab=$!
    finish() { kill -- -$lab || true; wait $lab 2>/dev/null || true; buildah umount "$container" >/dev/null; buildah rm "$container" >/dev/null; }
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

say "the health check passes on port $port"
inside healthy
if inside env PORT=1 healthy 2>/dev/null; then echo "the health check passes on an unused port"; exit 1; fi

say "its user is numeric and can change only the work folder and /tmp"
[ "$user" = 1000:1000 ] && [ "$(inside id -u):$(inside id -g)" = 1000:1000 ]
changes=$(inside find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /tmp -o -path /var/tmp -o -path /run/lock -o -path /home/fate/work \) -prune \
    -o -writable ! -type l -print 2>/dev/null || true)
[ -z "$changes" ] || { echo "$changes"; exit 1; }
inside sh -c 'touch /home/fate/work/x /tmp/x && rm /home/fate/work/x /tmp/x'

if [ -n "${composer:-}" ]; then
    say "the restrictions of docker/compose.yaml"
    held=$(docker inspect -f '{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}} {{.HostConfig.SecurityOpt}} {{.HostConfig.PidsLimit}} {{.HostConfig.Memory}}' "$container")
    [ "$held" = "true [ALL] [no-new-privileges:true] 512 4294967296" ] || { echo "$held"; exit 1; }
    inside grep -qx 'CapBnd:[[:space:]]*0*' /proc/self/status
    inside grep -qx 'NoNewPrivs:[[:space:]]*1' /proc/self/status
    if inside touch /var/tmp/x 2>/dev/null; then echo "the root is not read-only"; exit 1; fi
    [ "$(docker port "$container" | grep -v "127.0.0.1:$port\$" || true)" = "" ]
    for _ in $(seq 40); do # Docker asks every ten seconds
        health=$(docker inspect -f '{{.State.Health.Status}}' "$container")
        [ "$health" = starting ] || break
        sleep 1
    done
    [ "$health" = healthy ] || { echo "Docker finds it $health"; exit 1; }
fi

say "no compilers and no package caches in the image"
for tool in go gcc cc; do
    if inside sh -c "command -v $tool" >/dev/null 2>&1; then echo "the image has $tool"; exit 1; fi
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

say "completion, errors, interrupts, crashes and sliders in a browser"
"$keep/venv/bin/python" docker/test/workbench.py "$link" "$browser" "$keep"

say "the image works"
