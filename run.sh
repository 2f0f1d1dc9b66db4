#!/bin/sh
# Set up and run: ./run.sh [start|setup|test|lint|lock] [arguments]. See README.md.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
venv=$here/.venv
python=${PYTHON:-python3}

# A set-up is good as long as what it was made from is unchanged; `kind` is "run" or "dev".
stamp() { cat "$here/pyproject.toml" "$here/requirements.txt" "$here/requirements-dev.txt" | cksum; }

setup() {
    kind=$1
    want=$(stamp)
    for made in "$kind" dev; do
        if [ "$(cat "$venv/.made-$made" 2>/dev/null)" = "$want" ]; then return; fi
    done
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        { echo "run.sh: Python 3.11 or newer is needed; set PYTHON=/path/to/python3.11" >&2; exit 1; }
    requirements=$here/requirements.txt
    if [ "$kind" = dev ]; then requirements=$here/requirements-dev.txt; fi
    echo "run.sh: setting up $venv" >&2
    rm -f "$venv"/.made-*
    if command -v uv >/dev/null 2>&1; then
        [ -x "$venv/bin/python" ] || uv venv --quiet --python "$python" "$venv"
        uv pip install --quiet --python "$venv/bin/python" --require-hashes -r "$requirements" >&2
        uv pip install --quiet --python "$venv/bin/python" --no-deps --no-build-isolation --editable "$here" >&2
    else
        [ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
        "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$requirements" >&2
        "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable "$here" >&2
    fi
    echo "$want" >"$venv/.made-$kind"
}

command=start
case "${1:-}" in
    start | setup | test | lint | lock) command=$1; shift ;;
esac

case "$command" in
    start) setup run; exec "$venv/bin/aggregator" -c "$here/config/aggregator.toml" run "$@" ;;
    setup) setup run ;;
    test) setup dev; cd "$here"; exec "$venv/bin/python" -m pytest "$@" ;;
    lint)
        setup dev; cd "$here"
        "$venv/bin/ruff" check . && "$venv/bin/ruff" format --check . && exec "$venv/bin/mypy" ;;
    lock) # needs uv; writes no address of any registry
        cd "$here"
        for extra in "" dev; do
            uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
                --no-emit-find-links --no-annotate --no-header --no-strip-extras --extra setup ${extra:+--extra "$extra"} \
                -o "requirements${extra:+-$extra}.txt" pyproject.toml
        done ;;
esac
