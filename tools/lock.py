"""Writes the lock files of tools/requirements anew: `python3 -m tools.lock` (some minutes, any machine).

A lock names every distribution with its version and no address, so that set-up installs it without resolving.
"""

import pathlib
import re
import subprocess
import sys
import tempfile

FOLDER = pathlib.Path(__file__).parent / "requirements"
# On Python 3.13 reportlab draws through rlPyCairo; its declared need of pycairo is met by cairocffi.
ONLY_LOCKED = ['rlPyCairo==0.4.0 ; python_version >= "3.13"']
TOOLS_OF_VENV = {"pip", "wheel"}


def _frozen(python):
    freeze = [python, "-m", "pip", "freeze", "--all", "--disable-pip-version-check"]
    lines = subprocess.run(freeze, check=True, capture_output=True, text=True).stdout.split()
    pins = {re.split("==", line)[0].lower().replace("_", "-"): line for line in lines if "==" in line}
    return {name: pin for name, pin in pins.items() if name not in TOOLS_OF_VENV}


def _conditional(path):
    """Pins with a marker, verbatim: this machine's Python meets only some of them."""
    return [line for line in path.read_text().splitlines() if ";" in line and not line.startswith("#")]


def main():
    known = {}
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        python = f"{folder}/bin/python"
        for name in ("run", "dev"):
            source = FOLDER / f"{name}.txt"
            install = [python, "-m", "pip", "install", "-q", "--prefer-binary", "-r", str(source)]
            subprocess.run(install, check=True)
            pins, extra = _frozen(python), _conditional(source) + (ONLY_LOCKED if name == "run" else [])
            marked = {line.split("==")[0].lower() for line in extra}
            new = [pin for key, pin in sorted(pins.items()) if key not in known and key not in marked]
            known |= pins
            head = f"# Made by tools/lock.py from {name}.txt; installed with --no-deps.\n"
            (FOLDER / f"{name}.lock").write_text(head + "\n".join(new + extra) + "\n")


if __name__ == "__main__":
    main()
