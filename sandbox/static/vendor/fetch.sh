#!/usr/bin/env bash
# Fetches the third-party assets that the pages serve, at pinned versions, and checks them.
# For maintainers only: the files are kept in the repository, so nobody else needs Node.
# Usage: sandbox/static/vendor/fetch.sh   (needs npm, openssl, tar, sha256sum; 160 MB of download)
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

package=pretendard-gov
version=1.3.9
integrity="sha512-U9bEVWfBoM5AUAM2yJvmbffrt4oO//onVbKOIzy/pEU0SEP+6O/YmOxGgYaMgDr+zmqhDGhSwQqOnBFSgmp4bQ=="

(cd "$work" && npm pack --silent "$package@$version" >/dev/null)
archive="$work/$package-$version.tgz"
found="sha512-$(openssl dgst -sha512 -binary "$archive" | openssl base64 -A)"
if [ "$found" != "$integrity" ]; then
  echo "$package@$version: integrity is $found, expected $integrity" >&2
  exit 1
fi

target="$here/$package"
mkdir -p "$target"
for weight in Regular Bold; do
  file="PretendardGOV-$weight.subset.woff2"
  tar -xzf "$archive" -O "package/dist/web/static/woff2-subset/$file" >"$target/$file"
done
tar -xzf "$archive" -O package/dist/LICENSE.txt >"$target/LICENSE.txt"
(cd "$here" && sha256sum "$package"/* >SHA256SUMS)
