#!/bin/sh
# Make .venv, if there is no working one, and install Servanda into it in editable mode.
#
#   sh scripts/environment.sh .          what it needs to run
#   sh scripts/environment.sh '.[dev]'   and what tests, checks and documents it
#
# uv installs, fetched into .venv where it is not there; where it cannot, pip does. Python is the first that will do.
# PYTHON names an interpreter to use instead.
set -eu
cd "$(dirname "$0")/.."
target=${1:-.}
new_enough='import sys; sys.exit(sys.version_info < (3, 12))'

say() { printf 'servanda: %s\n' "$*" >&2; }

# Print why the Python called $1 will not do; print nothing if it will.
shortcoming() {
    if ! command -v "$1" >/dev/null 2>&1; then
        echo 'not installed'
    elif ! "$1" -c '' >/dev/null 2>&1; then
        echo 'does not start here'
    elif ! "$1" -c "$new_enough" >/dev/null 2>&1; then
        "$1" -c 'import sys; print("is version %d.%d, but 3.12 or newer is needed" % sys.version_info[:2])' ||
            echo 'is older than 3.12'
    elif ! "$1" -c 'import venv, ensurepip' >/dev/null 2>&1; then
        "$1" -c 'import sys; print("lacks venv or ensurepip (on Debian and Ubuntu: apt install python%d.%d-venv)" % sys.version_info[:2])' ||
            echo 'lacks venv or ensurepip'
    fi
}

make_with_uv() {
    [ -z "${PYTHON:-}" ] && uv --version >/dev/null 2>&1 || return 1
    uv venv --quiet --python 3.12 .venv && return 0
    say 'uv could not make an environment with Python 3.12; trying the Pythons on the path'
    return 1
}

make_with_venv() {
    reasons=
    for candidate in ${PYTHON:-python3.12 python3.13 python3.14 python3 python}; do
        reason=$(shortcoming "$candidate")
        if [ -z "$reason" ]; then
            "$candidate" -m venv .venv && return 0
            reason='could not make a virtual environment (see above)'
        fi
        reasons="$reasons
  $candidate: $reason"
    done
    say "no suitable Python was found; install Python 3.12 or newer with its venv module, or uv$reasons"
    return 1
}

uv_here() {
    if uv --version >/dev/null 2>&1; then uv "$@"; else .venv/bin/python -m uv "$@"; fi
}

pip_here() {
    .venv/bin/python -m pip install --quiet --no-input --disable-pip-version-check -c constraints.txt "$@"
}

# uv fetches and unpacks at once what pip takes one by one; it knows nothing of pip's settings but what it is told.
install_with_uv() {
    uv_here --version >/dev/null 2>&1 || pip_here uv >/dev/null 2>&1 || return 1
    index=$(.venv/bin/python -m pip config get global.index-url 2>/dev/null) || index=${PIP_INDEX_URL:-}
    [ -z "$index" ] || export UV_DEFAULT_INDEX="${UV_DEFAULT_INDEX:-$index}"
    UV_SYSTEM_CERTS=1 uv_here pip install --quiet --python .venv/bin/python -c constraints.txt -e "$target" && return 0
    say 'uv could not install the packages; trying pip'
    return 1
}

install_with_pip() {
    .venv/bin/python -m pip --version >/dev/null 2>&1 || .venv/bin/python -m ensurepip >/dev/null 2>&1 || {
        say 'there is no pip in .venv: remove the folder .venv and try again'
        return 1
    }
    pip_here --no-compile -e "$target" || {
        say 'the packages could not be installed; the lines above say why'
        return 1
    }
}

if ! .venv/bin/python -c "$new_enough" >/dev/null 2>&1; then
    rm -rf .venv
    make_with_uv || { rm -rf .venv; make_with_venv; } || { rm -rf .venv; exit 1; }
fi
say "installing $target into .venv (some minutes the first time)"
install_with_uv || install_with_pip
