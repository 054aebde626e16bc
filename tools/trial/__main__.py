"""bin/trial: a year of real receipts through the API, and a report."""

import argparse
import contextlib
import pathlib
import signal
import subprocess
import sys
from datetime import datetime

from tools import database
from tools.environment import PROJECT, VENV, ensure, say, told
from tools.trial import data

DATABASE = "trial"


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="bin/trial",
        description="Sends the receipts of The Complete Journey (155,848 baskets, 2,469 households) through "
        "the API under tests/trial/programme.json and checks what comes of it. Killed and started again it "
        "goes on.",
    )
    parser.add_argument(
        "--sample", type=int, metavar="N", help="only N receipts: whole histories of some households"
    )
    parser.add_argument(
        "--until", type=datetime.fromisoformat, metavar="DATE", help="only the receipts before this day"
    )
    parser.add_argument(
        "--db",
        help=f"the database, kept, beside those of bin/run; {DATABASE} where absent. A sample without it "
        "takes a database that is dropped at the end",
    )
    parser.add_argument("--report", type=pathlib.Path, metavar="FILE", help="the report as JSON")
    options = parser.parse_args()
    ensure(tests=True)
    data.fetch()
    is_passing = options.sample and not options.db
    site = database.Site("test" if is_passing else "run")
    with site.cluster.started(), _database(site, options.db or DATABASE, is_passing) as name:
        return _load(site, name, options)


@contextlib.contextmanager
def _database(site, name, is_passing):
    if is_passing:
        with database.throwaway(site, ["loyalty_core"]) as (name, warnings):
            for warning in warnings:
                say(warning)
            yield name
    else:
        database.ensure_database(site, name, demo=False)
        yield name


def _load(site, name, options) -> int:
    command = [VENV / "bin/python", "-m", "tools.trial.load", "--db", name, "--data-dir", site.data]
    for option in ("sample", "until", "report"):
        if (value := getattr(options, option)) is not None:
            command += [f"--{option}", str(value.absolute() if option == "report" else value)]
    process = subprocess.Popen(list(map(str, command)), cwd=PROJECT, stdin=subprocess.DEVNULL)
    # The child ends after the receipt in hand and reports; Ctrl-C reaches it without our help.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    return process.wait()


if __name__ == "__main__":
    with told():
        sys.exit(main())
