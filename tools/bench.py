"""bin/bench: runs tests/bench/bench_*.py and prints one JSON line for each figure.

A benchmark is a file with `run() -> list[dict]`, a figure {"id", "value", "against", "ratio", "must", "ok"}
with `value` and its peer or limit `against` measured in the same run. A benchmark that needs a server says
`from tools.server import demo_server`.
"""

import argparse
import importlib.util
import json
import os
import sys

from tools import database
from tools.environment import PROJECT, VENV, ensure, say, told

FOLDER = PROJECT / "tests" / "bench"


def _figures(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.run()


def main():
    known = sorted(path.stem.removeprefix("bench_") for path in FOLDER.glob("bench_*.py"))
    parser = argparse.ArgumentParser(
        prog="bin/bench", description="Measures; exit code 1 when a figure misses its mark."
    )
    parser.add_argument("name", nargs="*", choices=[*known, []], help=f"only these of: {', '.join(known)}")
    options = parser.parse_args()
    ensure(tests=True)
    if sys.prefix != str(VENV):  # the benchmarks need the packages that were just installed
        os.execv(VENV / "bin/python", [VENV / "bin/python", "-m", "tools.bench", *options.name])
    failed = 0
    with database.Site("test").cluster.started():
        for name in options.name or known:
            say(f"== benchmark {name}")
            for figure in _figures(FOLDER / f"bench_{name}.py"):
                print(json.dumps(figure, ensure_ascii=False), flush=True)
                failed += not figure["ok"]
    if failed:
        say(f"{failed} figure(s) miss their mark")
    return int(bool(failed))


if __name__ == "__main__":
    with told():
        sys.exit(main())
