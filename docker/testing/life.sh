# Part of docker/test.sh: a job, keys, metrics, a stop, a kill, and another Compose; nothing may be lost.
# shellcheck shell=bash disable=SC2154

ask() { python3 docker/checks.py ask "$url" "$@" || fail "questions"; }
status() { curl -s -o /dev/null -w '%{http_code}' "$@"; }

compose run --rm -T job /incoming/passages.jsonl --collection docs --switch
ask --collection docs
say "A job filled a collection beside the running service, which answers from it"

compose exec -T isoglot isoglot index snapshot docs
$current -f docker/compose.yaml exec -T isoglot sh -c 'cd /data/snapshots/docs && tar -c "$(ls | tail -1)"' >"$work/docs.tar"
$current -f docker/compose.yaml exec -T isoglot tar -C /data/collections --one-top-level=restored --strip-components=1 -x <"$work/docs.tar"
ask --collection restored
say "A snapshot left the volume as a tar file and came back as a collection"

$current -f docker/compose.yaml run --rm -T isoglot keys web --scope read --file /data/keys.jsonl >"$work/web.key" 2>>"$work/compose.log" ||
    fail "no key: $(tail -3 "$work/compose.log")"
echo ISOGLOT_KEYS_FILE=/data/keys.jsonl >>docker/.env
# An encoder of one's own: the bundled one under another name, in the volume that training writes to.
docker run --rm --network none -v "$name-runs:/runs" --entrypoint sh "$name:cpu" -c \
    'cp -r /opt/isoglot/lib/python3*/site-packages/index/bundled/isoglot-static /runs/mine' || fail "/runs cannot be written"
echo ISOGLOT_ENCODER=/runs/mine >>docker/.env
printf %s "$(tr -d '\r\n' <"$work/web.key")" >"$work/metrics.key"
chmod 644 "$work/metrics.key"
echo "METRICS_KEY_FILE=$work/metrics.key" >>docker/.env
key=$(cat "$work/metrics.key")
compose up -d --no-build
wait_healthy
[ "$(status "$url/collections")" = 401 ] || fail "with keys set, $url/collections answers $(status "$url/collections") without one"
ask --key "$key"
[[ $($current -f docker/compose.yaml logs isoglot 2>&1) == *"encoder /runs/mine"* ]] || fail "the encoder of .env does not serve"
say "With a key in .env nobody is let in without; the encoder is the one of .env"

image=$(sed -n 's/.*PROMETHEUS_IMAGE:-\(.*\)}".*/\1/p' docker/compose.yaml)
if docker pull -q "$image" >/dev/null 2>&1; then
    docker tag "$image" "$name:prometheus"
elif docker build --quiet --network=host --build-arg "BASE=$base" -t "$name:prometheus" - >"$work/prometheus.log" 2>&1 <<'END'
ARG BASE
FROM ${BASE}
RUN apt-get update && apt-get install -y --no-install-recommends prometheus && install -d -o 65534 /prometheus
USER 65534
ENTRYPOINT ["prometheus"]
END
then
    say "Prometheus: Debian's, as $image cannot be pulled"
else
    image=
    say "Not run: Prometheus can be neither pulled nor installed"
fi
if [ -n "${daemon:-}" ] && [[ $(iptables -S FORWARD 2>/dev/null) == *"-P FORWARD DROP"* ]]; then
    image=
    say "Not run: Prometheus; this machine's firewall drops what containers send each other"
fi
if [ -n "$image" ]; then
    sed -i 's/15s/3s/' docker/prometheus.yaml
    compose up -d --no-build prometheus
    python3 docker/checks.py traffic "$url" --seconds 15 --key "$key" || fail "traffic"
    python3 docker/checks.py dashboard "http://127.0.0.1:$prometheus_port" || fail "the dashboard"
    compose stop prometheus
fi
sed -i '/KEYS_FILE/d; /ISOGLOT_ENCODER/d' docker/.env
compose up -d --no-build isoglot
wait_healthy

container=$(container)
began=$SECONDS
docker stop -t 30 "$container" >/dev/null
# uvicorn closes everything and then ends by the signal it was sent, which reads as 143.
[[ $(docker logs --since 60s "$container" 2>&1) == *"Application shutdown complete"* ]] || fail "SIGTERM did not close the service"
code=$(docker inspect -f '{{.State.ExitCode}}' "$container")
[ "$code" = 143 ] || [ "$code" = 0 ] || fail "stopping ended with $code"
say "SIGTERM was heard: all closed after $((SECONDS - began)) s"
docker start "$container" >/dev/null
wait_healthy

python3 docker/checks.py fill "$url" "$work/written" &
filler=$!
# In the midst of it: by batches, because a busy machine acknowledges few in any number of seconds.
until=$((SECONDS + 120))
while [ "$(wc -l 2>/dev/null <"$work/written" || echo 0)" -lt 50 ] && kill -0 $filler 2>/dev/null && ((SECONDS < until)); do sleep 0.2; done
docker exec "$container" python3 -c '
import os, signal
from pathlib import Path
for folder in Path("/proc").iterdir():
    if folder.name.isdigit() and folder.name != "1" and b"serve" in (folder / "cmdline").read_bytes().split(b"\0"):
        os.kill(int(folder.name), signal.SIGKILL)
'
wait $filler || fail "filling"
wait_healthy
python3 docker/checks.py kept "$url" "$work/written" || fail "something was lost"
say "Killed while it wrote, the service came back by itself with all that it had acknowledged"

if [ ${#composes[@]} -gt 1 ]; then
    compose down
    say "Removed; $($current version --short) hands over"
    current=${composes[-1]}
    compose up -d --no-build
    wait_healthy
    python3 docker/checks.py kept "$url" "$work/written" || fail "something was lost"
    ask --collection docs
    say "Removed and made again by $($current version --short): the same data"
fi
