# Part of docker/test.sh: what the images hold, and what they must not.
# shellcheck shell=bash disable=SC2154

build full

size=$(($(docker image inspect -f '{{.Size}}' "$name:cpu") / 1000000))
[ "$size" -lt "${LIMIT_MB:-600}" ] || fail "the serving image has $size MB; ${LIMIT_MB:-600} are allowed"

inside() { docker run --rm --read-only --network none --entrypoint "$1" "$name:cpu" "${@:2}"; }
[ "$(inside id -u)" = 10001 ] || fail "the image runs as user $(inside id -u)"
for tool in cc gcc g++ make; do
    ! inside sh -c "command -v $tool" >/dev/null || fail "the image holds $tool"
done
for image in cpu full; do
    docker run --rm -i --network none --entrypoint python3 -v "$clone/constraints.txt:/constraints.txt:ro" "$name:$image" \
        - /constraints.txt <docker/testing/versions.py || fail "$image differs from constraints.txt"
done
say "No compiler, no pip, user 10001; every version is the one of constraints.txt"
