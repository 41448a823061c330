#!/bin/sh
# Makes producers/collector/tracker/tracker.min.js of the readable source beside it, with terser at one version (npm).
# With an absolute path as argument it writes there. Exit code 3: npm is not here, or does not give the package.
set -eu
cd "$(dirname "$0")/.."
version=5.51.4
folder=producers/collector/tracker
tool=build/terser-$version
out=${1:-$folder/tracker.min.js}
command -v npm >/dev/null || { echo "npm is needed to make the tracker" >&2; exit 3; }
if [ ! -x "$tool/node_modules/.bin/terser" ]; then
    mkdir -p "$tool"
    npm install --silent --no-audit --no-fund --prefix "$tool" "terser@$version" >&2 || { rm -rf "$tool"; exit 3; }
fi
minified=$("$tool/node_modules/.bin/terser" "$folder/tracker.js" --ecma 2019 --mangle \
    --compress passes=3,unsafe_arrows=true,pure_getters=true,keep_fargs=false)
printf '%s\n%s\n' "// tracker.js by terser $version" "$minified" >"$out"
