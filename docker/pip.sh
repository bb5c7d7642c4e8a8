#!/bin/sh
# Inside the image's build: pip with the project's versions, and a proxy's certificate where one was handed in.
set -eu
if [ -s /run/secrets/pip_ca ]; then
    export PIP_CERT=/run/secrets/pip_ca
fi
export PIP_CONSTRAINT=/src/constraints.txt PIP_DISABLE_PIP_VERSION_CHECK=1
exec /opt/build/bin/pip "$@"
