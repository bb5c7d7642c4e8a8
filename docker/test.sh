#!/usr/bin/env bash
# Builds the images and uses them as a user would, then removes all of it. Exit 77: Docker cannot be had here, and why.
#
#   docker/test.sh              with the Docker that runs, or one started for this test alone (root, dockerd)
#   docker/test.sh --install    on Debian, fetch what is missing first (docker.io, docker-compose, debootstrap)
#   docker/test.sh --keep       leave containers and images when it ends, to look at them
#
# Where the network wants more, these may be set:
#   BASE_IMAGE      image with Python; made with debootstrap where it cannot be pulled   python:3.11-slim-bookworm
#   DEBIAN_MIRROR   where debootstrap and apt look                                        http://deb.debian.org/debian
#   PIP_CA          certificates pip trusts while building                                $PIP_CERT
#   PIP_CONF        pip's settings while building                                         none
#   LIMIT_MB        largest serving image allowed                                         600
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PATH:/usr/sbin:/sbin
base=${BASE_IMAGE:-python:3.11-slim-bookworm}
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
ca=${PIP_CA:-${PIP_CERT:-}}
name=isoglot-test-$$
install=no keep=no
for word in "$@"; do
    case $word in
        --install) install=yes ;;
        --keep) keep=yes ;;
        *) sed -n '2,13s/^# \{0,1\}//p' "$0"; exit 2 ;;
    esac
done

work=$(mktemp -d "${TMPDIR:-/tmp}/isoglot-docker.XXXXXX")

say() { printf '%4ds  %s\n' "$SECONDS" "$*"; }
fail() { say "FAILED: $*"; exit 1; }
# Exit status 77 is the custom of test runners for "not here".
skip() { say "Not run: $*"; exit 77; }

. docker/testing/daemon.sh
trap 'status=$?; tidy $status; exit $status' EXIT

lint
find_docker
find_base
current=${composes[0]}
# Words of the caller's environment would count more than those of .env below.
unset PORT "${!ISOGLOT_@}" "${!COMPOSE_@}"

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
# As a clone would be: what git tracks or would track, and nothing that was built here.
clone=$work/clone
mkdir "$clone"
git ls-files -z --cached --others --exclude-standard | tar --null --ignore-failed-read -T - -c 2>/dev/null | tar -C "$clone" -x
cd "$clone"
mkdir "$work/incoming"
cp index/demo/passages.jsonl "$work/incoming/"
chmod -R a+rX "$work" && chmod 755 "$work"
port=$(free_port) prometheus_port=$(free_port)
url=http://127.0.0.1:$port
cat >docker/.env <<END
COMPOSE_PROJECT_NAME=$name
ISOGLOT_VOLUME=$name
ISOGLOT_IMAGE=$name
PORT=$port
PROMETHEUS_PORT=$prometheus_port
PROMETHEUS_IMAGE=$name:prometheus
JOB_FOLDER=$work/incoming
END

build() {
    local secrets=()
    [ -z "$ca" ] || secrets+=(--secret "id=pip_ca,src=$ca")
    [ -z "${PIP_CONF:-}" ] || secrets+=(--secret "id=pip_conf,src=$PIP_CONF")
    docker build --quiet --network=host --build-arg "BASE_IMAGE=$base" "${secrets[@]}" --target "$1" \
        -f docker/Dockerfile -t "$name:$1" . >"$work/build-$1.log" 2>&1 || { tail -30 "$work/build-$1.log"; fail "no image $1"; }
    say "Image $1: $(($(docker image inspect -f '{{.Size}}' "$name:$1") / 1000000)) MB"
}

# By its labels: Compose 1.29 takes seconds to say the same.
container() {
    docker ps -aq --filter "label=com.docker.compose.project=$name" --filter "label=com.docker.compose.service=isoglot" \
        --filter "label=com.docker.compose.oneoff=False"
}

wait_healthy() {
    local until=$((SECONDS + 180)) state
    while ((SECONDS < until)); do
        state=$(docker inspect -f '{{.State.Health.Status}}' "$(container)" 2>/dev/null || true)
        [ "$state" != healthy ] || return 0
        sleep 0.5
    done
    $current -f docker/compose.yaml logs isoglot | tail -5
    fail "not healthy after three minutes: ${state:-no container}"
}

for each in "${composes[@]}"; do
    COMPOSE_PROFILES=gpu,jobs,monitoring,milvus,train $each -f docker/compose.yaml config -q || fail "$each refuses compose.yaml"
done

began=$SECONDS
build cpu
compose up -d --no-build
wait_healthy
[[ $(curl -fs "$url/") == *"<title>"* ]] || fail "no page at $url/"
python3 docker/checks.py ask "$url"
say "From a clone to questions answered in $((SECONDS - began)) s, the building of the image included"

. docker/testing/image.sh
. docker/testing/life.sh
say "Docker: all checks passed"
