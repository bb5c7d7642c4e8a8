#!/bin/sh
# Inside the image's build: pip with the project's versions. PLACE names an environment to make first and to leave
# without pip; unset means the build's own.
set -eu
if [ -s /run/secrets/pip_ca ]; then
    export PIP_CERT=/run/secrets/pip_ca
fi
place=${PLACE:-/opt/build}
[ -x "$place/bin/pip" ] || python3 -m venv "$place"
verb=$1
shift
"$place/bin/pip" --disable-pip-version-check "$verb" -c /src/constraints.txt "$@"
if [ -n "${PLACE:-}" ]; then
    "$place/bin/pip" uninstall --quiet -y pip setuptools
fi
