#!/bin/sh
# Builds .venv/ from uv.lock, with nothing but Python 3.11 or newer: uv is taken from PATH, else installed into build/uv/.
set -eu
cd "$(dirname "$0")/.."

python=""
for candidate in "${PYTHON:-}" python3 python3.14 python3.13 python3.12 python3.11 python; do
    if [ -n "$candidate" ] && "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python=$("$candidate" -c 'import sys; print(sys.executable)')
        break
    fi
done
if [ -z "$python" ]; then
    echo "Leadline needs Python 3.11 or newer, and finds none on PATH: install it, or run make PYTHON=/path/to/python3" >&2
    exit 1
fi

# Downloads are kept in uv's own cache; where there is no home directory to hold it, in build/.
if [ -z "${UV_CACHE_DIR:-}" ] && { [ -z "${HOME:-}" ] || [ ! -w "${HOME:-/}" ]; }; then
    export UV_CACHE_DIR="$PWD/build/uv-cache"
fi

# uv brings certificates of its own; what the system trusts (a company's proxy, say) counts here too.
if [ -z "${SSL_CERT_FILE:-}" ] && [ -r /etc/ssl/certs/ca-certificates.crt ]; then
    export SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
fi

uv=$(command -v uv || true)
if [ -z "$uv" ]; then
    uv="$PWD/build/uv/bin/uv"
    if [ ! -x "$uv" ]; then
        echo "uv is not on PATH: installing it into build/uv/" >&2
        if ! "$python" -m venv build/uv; then
            rm -rf build/uv
            echo "$python cannot make virtual environments: install its venv module (Debian: python3-venv), or uv" >&2
            exit 1
        fi
        build/uv/bin/python -m pip install --quiet --disable-pip-version-check 'uv==0.13.*'
    fi
fi

if [ "${1:-}" = lock ]; then
    exec "$uv" lock
fi
echo "Building .venv/ from uv.lock ($("$python" --version))" >&2
"$uv" sync --quiet --locked --all-groups --python "$python"
touch .venv/.ready
