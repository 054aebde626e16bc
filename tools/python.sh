# shellcheck shell=bash
# Sourced by bin/*: goes to the project's folder and sets PYTHON to an interpreter 3.11-3.13, installing
# Debian's when there is none at all. Everything else is Python's work (tools/environment.py).
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

find_python() {
    local name
    for name in "${ODOO_PYTHON:-}" python3 python3.13 python3.12 python3.11 /usr/bin/python3; do
        name=$(command -v "${name:-no-python}") || continue
        "$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' && PYTHON=$name && return
    done
    return 1
}

if ! find_python; then
    command -v apt-get >/dev/null || { echo "error: Python 3.11, 3.12 or 3.13 is needed (ODOO_PYTHON names one)" >&2; exit 1; }
    sudo=()
    [ "$(id -u)" = 0 ] || sudo=(sudo)
    echo "== System packages: python3 python3-venv" >&2
    log=$({ "${sudo[@]}" apt-get update -qq &&
        "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y -qq --no-install-recommends python3 python3-venv; } 2>&1 </dev/null) || echo "$log" >&2
    find_python || { echo "error: Python 3.11, 3.12 or 3.13 is needed; install it, or set ODOO_PYTHON to the path of one" >&2; exit 1; }
fi
export PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
