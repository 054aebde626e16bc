"""bin/test: sets up, runs the checks and tests, leaves nothing running, and ends with one line of totals.

All work is cut into shares. Each is a process of its own, and two run side by side; what a share says is shown when
it has ended. A share that ends without a report of its tests has failed, as has a part that ran no test.
"""

import argparse
import collections
import concurrent.futures
import contextlib
import dataclasses
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time

from tools import database, environment
from tools.environment import PROJECT, VENV, SetupError, ensure, say, told

PYTHON = str(VENV / "bin/python")
NO_TEST = 5  # pytest's exit code when none was chosen: a share may have none, its part may not
LANES = 2  # shares at once: they keep two cores busy, and PostgreSQL has connections for so many servers
# All of pylint-odoo but what contradicts records that are never changed or deleted (their write and unlink
# only raise), and a README.rst (an addon's description is static/description/index.html).
PYLINT = [
    "--disable=all",
    "--enable=odoolint",
    "--disable=method-required-super,missing-readme,missing-return,no-raise-unlink",
]


# ---------------------------------------------------------------- shares
class Ended(Exception):
    """The run is ended from outside: no process is started any more."""


class Processes:
    """The processes of the shares that run now."""

    def __init__(self):
        self._lock, self._running, self._is_ended = threading.Lock(), set(), False

    def run(self, command, **options):
        """Exit code of a program, and what it printed."""
        with tempfile.TemporaryFile() as file:
            with self._lock:
                if self._is_ended:
                    raise Ended
                process = subprocess.Popen(
                    list(map(str, command)),
                    cwd=PROJECT,
                    stdin=subprocess.DEVNULL,
                    stdout=file,
                    stderr=subprocess.STDOUT,
                    **options,
                )
                self._running.add(process)
            code = process.wait()
            self._running.discard(process)
            file.seek(0)
            return code, file.read().decode(errors="replace").rstrip()

    def end(self, error):
        """Those that run are told, unless Ctrl-C has reached them already, and are given time to tidy up."""
        with self._lock:
            self._is_ended, running = True, list(self._running)
        for process in running:
            if not isinstance(error, KeyboardInterrupt):
                process.send_signal(signal.SIGINT)
        for process in running:
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()


@dataclasses.dataclass
class Check:
    """A command that passes or fails as a whole; what it prints is shown when it fails."""

    part: str
    name: str
    command: list

    def run(self, processes):
        code, said = processes.run(self.command)
        return {"failed": 1} if code else {"passed": 1}, said if code else ""


@dataclasses.dataclass
class Tests:
    """A run of pytest, strictly (tools/strict.py), that reports how many tests passed, failed and were skipped."""

    part: str
    name: str
    arguments: list

    def run(self, processes):
        with tempfile.TemporaryDirectory() as folder:
            report = pathlib.Path(folder, "counts.json")
            strictly = ["-p", "tools.strict", "-p", "no:cacheprovider", "-q", "--tb=short"]
            code, said = processes.run(
                [PYTHON, "-m", "pytest", *strictly, *self.arguments],
                env={**os.environ, "LOY_COUNTS": str(report)},
            )
            counts = json.loads(report.read_text()) if report.exists() else None
        if counts is None or (code not in (0, NO_TEST) and not counts["failed"]):  # it broke down
            return {**(counts or {}), "failed": 1}, f"{said}\npytest ended with code {code}"
        return counts, said


@dataclasses.dataclass
class Installation:
    """The addons are installed, and Odoo has nothing to complain of."""

    part: str
    name: str
    addons: list

    def run(self, processes):
        with database.throwaway(database.Site("test"), self.addons) as (_name, warnings):
            if warnings:
                return {"failed": 1}, "\n  ".join(["Odoo logged (see tests/allowed_log.txt):", *warnings])
            return {"passed": 1}, ""


@dataclasses.dataclass
class OdooTests(Tests):
    """Odoo's own tests in some files, in a database of their own."""

    addons: list

    def run(self, processes):
        site = database.Site("test")
        with database.throwaway(site, self.addons) as (name, _warnings):  # of which the installation tells
            options = [
                "-p",
                "odoo",
                f"--odoo-database={name}",
                f"--odoo-config={PROJECT / 'odoo.conf'}",
                "--odoo-http",
                f"--odoo-addons-path={database.ADDONS}",
                f"--odoo-extra=data-dir={site.data}",
                "--odoo-log-level=warn",
            ]
            return Tests(self.part, self.name, [*options, *self.arguments]).run(processes)


class Run:
    """The totals of all parts, as they come."""

    def __init__(self):
        self.parts = collections.defaultdict(collections.Counter)
        self._start, self._lock = time.monotonic(), threading.Lock()

    @contextlib.contextmanager
    def setup(self):
        start = time.monotonic()
        try:
            yield
        except SetupError as error:
            self._add("set-up", "set-up", {"failed": 1}, str(error), start)

    def all(self, shares):
        """Runs the shares, some side by side, begun in their order."""
        processes = Processes()
        with concurrent.futures.ThreadPoolExecutor(LANES) as lanes:
            try:
                for begun in [lanes.submit(self._one, share, processes) for share in shares]:
                    begun.result()
            except BaseException as error:
                lanes.shutdown(wait=False, cancel_futures=True)
                processes.end(error)
                raise
        for part in {share.part for share in shares}:
            if not self.parts[part]["passed"] + self.parts[part]["failed"]:
                self._add(part, part, {"failed": 1}, "no test was run", time.monotonic())

    def _one(self, share, processes):
        start = time.monotonic()
        say(f"== {share.name} ...")
        try:
            counts, said = share.run(processes)
        except SetupError as error:
            counts, said = {"failed": 1}, str(error)
        self._add(share.part, share.name, counts, said, start)

    def _add(self, part, name, counts, said, start):
        seconds = time.monotonic() - start
        told = ", ".join(f"{number} {what}" for what, number in counts.items())
        with self._lock:
            self.parts[part].update(counts, seconds=seconds)
            print(f"{'FAILED' if counts.get('failed') else 'ok    '} {name}: {told} in {seconds:.0f} s", flush=True)
            if said:
                print(said, flush=True)

    @property
    def has_failed(self):
        return any(counts["failed"] for counts in self.parts.values())

    def finish(self):
        print()
        for part, counts in self.parts.items():
            print(f"{part:<12} {counts['seconds']:6.0f} s   {counts['passed']} passed, {counts['failed']} failed")
        print(f"{'in all':<12} {time.monotonic() - self._start:6.0f} s   with {LANES} shares at once")
        total = sum(self.parts.values(), collections.Counter())
        print(f"\n{total['passed']} passed, {total['failed']} failed, {total['skipped']} skipped", flush=True)
        return int(bool(total["failed"] or not total["passed"]))


# ---------------------------------------------------------------- parts
def _javascript():
    """The project's own JavaScript files (not libraries)."""
    files = database.ADDONS.glob("*/static/**/*.js")
    return sorted(
        str(p.relative_to(PROJECT)) for p in files if "lib" not in p.relative_to(database.ADDONS).parts
    )


def _largest_first(files):
    """The order of test files that leaves little to wait for at the end, and the same every time."""
    return sorted(files, key=lambda path: (-path.stat().st_size, path))


def lint(arguments):
    commands = {
        "ruff": [VENV / "bin/ruff", "check", "--no-cache", "--output-format=concise", "."],
        "pylint-odoo": [VENV / "bin/pylint", *PYLINT, *(f"addons/{addon}" for addon in database.own_addons())],
        "mypy": [VENV / "bin/mypy", "--cache-dir", environment.WORK / "mypy"],
    }
    if files := _javascript():
        commands["eslint"] = ["node_modules/.bin/eslint", "--max-warnings=0", *files]
        commands["prettier"] = ["node_modules/.bin/prettier", "--check", *files]
    return [Check("lint", name, command) for name, command in commands.items()]


def unit(arguments):
    return [Tests("unit", "unit", ["-p", "no:odoo", "tests/unit", *arguments])]


def odoo(arguments, addons=None):
    """Odoo's own tests of the addons, dealt out like cards, so that each share has long and short ones."""
    tested = addons or database.own_addons()
    installed = database.with_own_dependencies(tested)
    files = _largest_first(
        path for addon in tested for path in database.ADDONS.joinpath(addon, "tests").rglob("test_*.py")
    )
    hands = [hand for lane in range(LANES) if (hand := files[lane::LANES])]
    return [
        Installation("odoo", "installation", installed),
        *(
            OdooTests("odoo", f"odoo {number} of {len(hands)}", [*hand, *arguments], installed)
            for number, hand in enumerate(hands, 1)
        ),
    ]


def e2e(arguments):
    """Each file has servers and databases of its own."""
    files = _largest_first(PROJECT.glob("tests/e2e/test_*.py"))
    return [Tests("e2e", path.stem, ["-p", "no:odoo", path, *arguments]) for path in files]


def trial(arguments):
    if not (PROJECT / "bin/trial").exists():
        return []
    return [Check("trial", "bin/trial --sample 2000", ["bin/trial", "--sample", "2000", *arguments])]


PARTS = {"lint": lint, "unit": unit, "odoo": odoo, "trial": trial, "e2e": e2e}


def main():
    addons = database.own_addons()
    parser = argparse.ArgumentParser(
        prog="bin/test",
        description="Runs all checks and tests, or one part of them. What follows the part goes to pytest "
        "(bin/test loyalty_core -k ledger).",
    )
    parser.add_argument("part", nargs="?", choices=[*PARTS, *addons], metavar="|".join([*PARTS, "ADDON"]))
    options, arguments = parser.parse_known_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job has it ignored
    wanted = [options.part] if options.part else list(PARTS)
    run = Run()
    with run.setup():
        ensure(tests=True, javascript=bool(_javascript()) and "lint" in wanted)
    if run.has_failed:
        return run.finish()
    parts = {**PARTS, **{addon: lambda rest, addon=addon: odoo(rest, [addon]) for addon in addons}}
    with contextlib.ExitStack() as stack:
        # What browsers and others leave in the folder for temporary files goes with it.
        folder = stack.enter_context(
            tempfile.TemporaryDirectory(prefix="loy-test-", ignore_cleanup_errors=True)
        )
        os.environ["TMPDIR"] = tempfile.tempdir = folder
        if set(wanted) - {"lint", "unit"}:
            site = database.Site("test")
            stack.enter_context(site.cluster.started())
            stack.enter_context(database.one_run(site))
        run.all([share for name in wanted for share in parts[name](arguments)])
    return run.finish()


if __name__ == "__main__":
    with told():
        sys.exit(main())
