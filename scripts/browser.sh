#!/bin/sh
# Install what the tests of pages look with, Chromium and pdftotext, from Debian's packages where that takes a minute at
# most: as root, with apt-get. Whatever goes wrong is said and is no failure: those tests are skipped then, and say so.
set -u
seconds=${1:-50}

say() { printf 'servanda: %s\n' "$*" >&2; }
has() { command -v "$1" >/dev/null 2>&1; }

wanted=
has chromium || has chromium-browser || has google-chrome || wanted='chromium'
has pdftotext || wanted="$wanted poppler-utils"
[ -n "$wanted" ] || exit 0

skip() {
    say "$1: the tests that need$(printf ' %s' $wanted) are skipped"
    exit 0
}

[ "$(id -u)" = 0 ] || skip 'not root'
has apt-get && has timeout || skip 'no apt-get here'

DEBIAN_FRONTEND=noninteractive
export DEBIAN_FRONTEND
# Only the network is given up on: a package that is half installed would be worse than none.
fetch='apt-get -qq update && apt-get -qq --yes --no-install-recommends --download-only install "$@"'
timeout "$seconds" sh -c "$fetch" sh $wanted >/dev/null 2>&1 </dev/null || skip "no packages within $seconds s"
apt-get -qq --yes --no-install-recommends --no-download install $wanted >/dev/null 2>&1 </dev/null ||
    skip 'the packages could not be installed'
say "installed$(printf ' %s' $wanted)"
