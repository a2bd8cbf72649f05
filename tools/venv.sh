#!/bin/sh
# Makes or renews .venv: `sh tools/venv.sh run` for the product, `sh tools/venv.sh dev` with the development tools.
# Renewed when a file that decides its contents, the interpreter or the place of the folder changes.
set -eu
kind="$1"
python="${PYTHON:-python3}"
key=$(
    {
        cat requirements.txt constraints.txt setup.cfg pyproject.toml tools/venv.sh
        "$python" -c 'import sys; print(sys.version, sys.executable)'
        pwd
    } | sha256sum | cut -d ' ' -f 1
)
stamp=.venv/stamp
have=$(cat "$stamp" 2>/dev/null || true)
if [ "$have" = "$key dev" ] || [ "$have" = "$key $kind" ]; then
    exit 0
fi

echo "Setting up .venv ($kind): once, and again when the requirements change."
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "Python 3.11 or newer is needed; $python is older. Name another one with PYTHON=..." >&2
    exit 1
}
rm -f "$stamp"
"$python" -m venv --clear .venv || {
    echo "python3 -m venv failed: on Debian and Ubuntu, apt install python3-venv" >&2
    exit 1
}
pip() {
    .venv/bin/python -m pip --disable-pip-version-check "$@"
}
pip install --constraint constraints.txt --requirement requirements.txt
pip install --quiet --no-deps --editable .
if [ "$kind" = dev ]; then
    pip install --constraint constraints.txt --editable '.[dev]'
fi
echo "$key $kind" >"$stamp"
