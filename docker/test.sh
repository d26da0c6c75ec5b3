#!/usr/bin/env bash
# Builds the image, starts it by the line of the README, and works in JupyterLab in a headless
# browser: a changed notebook survives a restart, and a newer image adds its notebooks.
# Screenshots and logs are written to out/docker. As root on Debian, where no Docker engine
# answers, it installs one and starts it with folders of its own, which it removes. Without a
# registry the base images are made with debootstrap. FULL=1 runs all notebooks in the image.
set -euo pipefail
cd "$(dirname "$0")/.."
keep=$PWD/out/docker
mkdir -p "$keep"
limit_mb=295 # 281 MB on a base by debootstrap, and 5 %

say() { printf '\n-- %s (%d s)\n' "$*" $SECONDS; }
need() { # COMMAND PACKAGE
    command -v "$1" >/dev/null || { apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$2" >/dev/null; }
}
fail() {
    echo "$*"
    exit 1
}

ends=()
finish() {
    for ((i = ${#ends[@]} - 1; i >= 0; i--)); do eval "${ends[i]}" || true; done
}
trap finish EXIT

need docker docker.io
if ! docker info >/dev/null 2>&1; then
    say "starting a Docker engine"
    need dockerd docker.io
    engine=$(mktemp -d /tmp/fate-docker.XXXXXX)
    export DOCKER_HOST=unix://$engine/socket
    ip link show docker0 >/dev/null 2>&1 || ends+=('ip link delete docker0')
    # Its own mount namespace hides the sockets of other engines. It changes no firewall: ports
    # of containers are published by its proxy.
    unshare --mount sh -c 'mkdir -p /run/containerd && mount -t tmpfs tmpfs /run/containerd && exec dockerd --data-root "$0/data" --exec-root "$0/exec" -H "unix://$0/socket" --pidfile "$0/pid" --iptables=false --ip6tables=false --ip-forward=false' "$engine" >"$keep/engine.log" 2>&1 &
    daemon=$!
    ends+=('kill $daemon; wait $daemon; rm -rf "$engine"')
    for _ in $(seq 300); do
        docker info >/dev/null 2>&1 && break
        kill -0 $daemon 2>/dev/null || { tail -20 "$keep/engine.log"; fail "the engine did not start"; }
        sleep 0.2
    done
fi

build=()
if ! docker pull -q "$(sed -n 's/^ARG DEBIAN_IMAGE=//p' docker/Dockerfile)" >/dev/null 2>&1; then
    say "no registry: base images by debootstrap"
    need debootstrap debootstrap
    docker/base-images.sh
    build=(--network host --build-arg GOLANG_IMAGE=localhost/fate-golang --build-arg DEBIAN_IMAGE=localhost/fate-debian)
fi

# Not the name that the README's line gives, which may be in use.
export FATE_IMAGE=fate-test:$$ PORT=8899 COMPOSE_PROJECT_NAME=fate-test
ends+=('docker image rm -f "$FATE_IMAGE" >/dev/null 2>&1')
say "building the image"
docker build -q "${build[@]}" -f docker/Dockerfile -t "$FATE_IMAGE" . >"$keep/build.log" 2>&1 || { tail -40 "$keep/build.log"; exit 1; }
size=$(($(docker image inspect -f '{{.Size}}' "$FATE_IMAGE") / 1000000))
echo "size: $size MB"
[ $size -le $limit_mb ] || fail "the image is above $limit_mb MB"
user=$(docker image inspect -f '{{.Config.User}}' "$FATE_IMAGE")

docker compose version >/dev/null 2>&1 || {
    need docker-compose docker-compose
    echo "docker compose is not installed: docker-compose stands for it"
    docker() { if [ "$1" = compose ]; then command docker-compose "${@:2}"; else command docker "$@"; fi; }
}
readme=$(grep -o 'docker compose -f docker/compose.yaml up' README.md | head -1)
[ -n "$readme" ] || fail "README.md has no line that starts the image"
ends+=('docker compose -f docker/compose.yaml down -v >/dev/null 2>&1')

# up starts JupyterLab by the line of the README, and waits until Docker finds it healthy.
up() {
    eval "$readme" >"$keep/lab.log" 2>&1 &
    begun=$SECONDS
    until container=$(docker ps -q --filter label=com.docker.compose.project=$COMPOSE_PROJECT_NAME) && [ -n "$container" ] &&
        health=$(docker inspect -f '{{.State.Health.Status}}' "$container") && [ "$health" = healthy ]; do
        [ $((SECONDS - begun)) -lt 90 ] || { cat "$keep/lab.log"; fail "Docker finds it ${health:-absent}"; }
        sleep 0.5
    done
    link=$(grep -o "http://127.0.0.1:$PORT/lab[^ ]*token=[0-9a-f]*" "$keep/lab.log" | head -1)
    [ -n "$link" ] || { cat "$keep/lab.log"; fail "it printed no link with a token"; }
}
inside() { docker exec -i "$container" "$@"; }

say "$readme"
up
echo "healthy after $((SECONDS - begun)) s"

say "a request without the token is refused"
code=$(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$PORT/api/contents")
[ "$code" = 403 ] || fail "got $code"

say "the health check fails on an unused port"
inside healthy
if inside env PORT=1 healthy 2>/dev/null; then fail "it passes"; fi

say "its user is numeric and can change only the work folder and /tmp"
[ "$user" = 1000:1000 ] && [ "$(inside id -u):$(inside id -g)" = 1000:1000 ]
changes=$(inside find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /tmp -o -path /var/tmp -o -path /run/lock -o -path /home/fate/work \) -prune \
    -o -writable ! -type l -print 2>/dev/null || true)
[ -z "$changes" ] || fail "$changes"
inside sh -c 'touch /home/fate/work/x /tmp/x && rm /home/fate/work/x /tmp/x'

say "the restrictions of docker/compose.yaml"
held=$(docker inspect -f '{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}} {{.HostConfig.SecurityOpt}} {{.HostConfig.PidsLimit}} {{.HostConfig.Memory}}' "$container")
[ "$held" = "true [ALL] [no-new-privileges:true] 512 4294967296" ] || fail "$held"
inside grep -qx 'CapBnd:[[:space:]]*0*' /proc/self/status
inside grep -qx 'NoNewPrivs:[[:space:]]*1' /proc/self/status
if inside touch /var/tmp/x 2>/dev/null; then fail "the root is not read-only"; fi
[ "$(docker port "$container" | grep -v "127.0.0.1:$PORT\$" || true)" = "" ]

say "no compilers, installers and package caches in the image"
for tool in go gcc cc pip; do
    if inside sh -c "command -v $tool" >/dev/null 2>&1; then fail "the image has $tool"; fi
done
left=$(docker exec -u 0 "$container" sh -c 'ls -A /var/lib/apt/lists /root/.cache /opt/jupyter/.cache 2>/dev/null | grep -v :$ | grep -v ^$' || true)
[ -z "$left" ] || fail "package caches: $left"

say "the command in the image, and a notebook as a page"
inside bash -euo pipefail -c 'mkdir /tmp/pages && cd /tmp/pages
    fate run /opt/fate/notebooks/03_scratch_double_descent.ipynb | tail -1
    fate report /opt/fate/notebooks -o report.html
    jupyter nbconvert --to html --output-dir . /opt/fate/notebooks/00_start_here.ipynb 2>&1 | tail -1
    test -s report.html && test -s 00_start_here.html
    rm -r /tmp/pages'

# The other notebooks run through this kernel in the tests of pkg/notebook.
say "notebooks with nbclient"
if [ -n "${FULL:-}" ]; then inside python - <docker/test/notebooks.py; else inside python - 00 15 <docker/test/notebooks.py; fi

say "one notebook in a browser"
python3 -m venv "$keep/venv"
"$keep/venv/bin/pip" install -q --disable-pip-version-check playwright==1.55.0
need chromium chromium
browser=$(command -v chromium)
"$keep/venv/bin/python" docker/test/browser.py "$link" "$browser" "$keep"

say "completion, errors, interrupts, crashes and sliders in a browser"
"$keep/venv/bin/python" docker/test/workbench.py "$link" "$browser" "$keep"

say "a changed notebook survives a restart, and a newer image adds its notebooks"
"$keep/venv/bin/python" docker/test/saved.py change "$link" "$browser" "$keep"
docker compose -f docker/compose.yaml restart >/dev/null 2>&1
begun=$SECONDS
until curl -sf -o /dev/null "http://127.0.0.1:$PORT/api"; do
    [ $((SECONDS - begun)) -lt 90 ] || fail "it does not answer after a restart"
    sleep 0.2
done
restarted=$(docker logs "$container" 2>&1 | grep -o "http://127.0.0.1:$PORT/lab[^ ]*token=[0-9a-f]*" | tail -1)
"$keep/venv/bin/python" docker/test/saved.py find "$restarted" "$browser" "$keep"
docker compose -f docker/compose.yaml down >/dev/null 2>&1
printf 'FROM %s\nCOPY --chown=0:0 notebooks/00_start_here.ipynb /opt/fate/notebooks/99_new.ipynb\n' "$FATE_IMAGE" | docker build -q -t "$FATE_IMAGE" -f - . >/dev/null
up
inside test -e /home/fate/work/notebooks/99_new.ipynb || fail "the notebook of the newer image is not in the work folder"
"$keep/venv/bin/python" docker/test/saved.py find "$link" "$browser" "$keep"

say "the image works"
