"""bin/test: sets up, runs the checks and tests, leaves nothing running, and ends with one line of totals."""

import argparse
import collections
import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

from tools import database, environment
from tools.environment import PROJECT, VENV, SetupError, ensure, step, told

PYTHON = str(VENV / "bin/python")
# All of pylint-odoo but what contradicts records that are never changed or deleted (their write and unlink
# only raise), and a README.rst (an addon's description is static/description/index.html).
PYLINT = [
    "--disable=all",
    "--enable=odoolint",
    "--disable=method-required-super,missing-readme,missing-return,no-raise-unlink",
]


def _patiently(command, **options):
    """Exit code of a program that is given time to tidy up when we are told to end."""
    process = subprocess.Popen(command, **options)
    try:
        return process.wait()
    except BaseException as error:
        if not isinstance(error, KeyboardInterrupt):  # Ctrl-C has reached it already
            process.send_signal(signal.SIGINT)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
        raise


class Run:
    """The totals of all stages, as they come."""

    def __init__(self):
        self.totals, self.stages = collections.Counter(), []

    @contextlib.contextmanager
    def stage(self, name):
        print(f"\n---- {name}", flush=True)
        start, before = time.monotonic(), self.totals.copy()
        try:
            yield
        except SetupError as error:
            print(f"FAILED {error}", flush=True)
            self.add(failed=1)
        counts = {key: self.totals[key] - before[key] for key in ("passed", "failed", "skipped")}
        self.stages.append((name, time.monotonic() - start, counts))

    def add(self, passed=0, failed=0, skipped=0):
        self.totals.update(passed=passed, failed=failed, skipped=skipped)

    def command(self, title, command, **options):
        """One check: it passes when the command does; what it prints is shown when not."""
        with step(title):
            done = subprocess.run(
                list(map(str, command)),
                cwd=PROJECT,
                stdin=subprocess.DEVNULL,
                text=True,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                **options,
            )
        print(f"{'ok    ' if done.returncode == 0 else 'FAILED'} {title}", flush=True)
        if done.returncode:
            print(done.stdout.rstrip(), flush=True)
        self.add(passed=int(done.returncode == 0), failed=int(done.returncode != 0))

    def pytest(self, *arguments):
        """One run of pytest, strictly (tools/strict.py); counts each test."""
        with tempfile.TemporaryDirectory() as folder:
            counts = pathlib.Path(folder, "counts.json")
            strictly = ["-p", "tools.strict", "-p", "no:cacheprovider", "-q", "--tb=short"]
            code = _patiently(
                [PYTHON, "-m", "pytest", *strictly, *map(str, arguments)],
                cwd=PROJECT,
                stdin=subprocess.DEVNULL,
                env={**os.environ, "LOY_COUNTS": str(counts)},
            )
            totals = json.loads(counts.read_text()) if counts.exists() else {}
        if code and not totals.get("failed"):  # it broke down, or found no test
            print(f"pytest ended with code {code}", flush=True)
            totals["failed"] = 1
        self.add(**totals)

    def finish(self):
        print()
        for name, seconds, counts in self.stages:
            print(f"{name:<12} {seconds:6.0f} s   {counts['passed']} passed, {counts['failed']} failed")
        total = self.totals
        print(f"\n{total['passed']} passed, {total['failed']} failed, {total['skipped']} skipped", flush=True)
        return int(bool(total["failed"] or not total["passed"]))


# ---------------------------------------------------------------- stages
def _javascript():
    """The project's own JavaScript files (not libraries)."""
    files = database.ADDONS.glob("*/static/**/*.js")
    return sorted(
        str(p.relative_to(PROJECT)) for p in files if "lib" not in p.relative_to(database.ADDONS).parts
    )


def lint(run, arguments):
    run.command("ruff", [VENV / "bin/ruff", "check", "--no-cache", "--output-format=concise", "."])
    addons = [f"addons/{addon}" for addon in database.own_addons()]
    run.command("pylint-odoo", [VENV / "bin/pylint", *PYLINT, *addons])
    run.command("mypy", [VENV / "bin/mypy", "--cache-dir", environment.WORK / "mypy"])
    if files := _javascript():
        run.command("eslint", ["node_modules/.bin/eslint", "--max-warnings=0", *files])
        run.command("prettier", ["node_modules/.bin/prettier", "--check", *files])


def unit(run, arguments):
    run.pytest("-p", "no:odoo", "tests/unit", *arguments)


def odoo(run, arguments, addons=None):
    """Odoo's own tests of the addons, in one database that has them all."""
    addons, site = addons or database.own_addons(), database.Site("test")
    with (
        site.cluster.started(),
        database.throwaway(site, database.with_own_dependencies(addons)) as (name, warnings),
    ):
        run.add(passed=int(not warnings), failed=int(bool(warnings)))
        if warnings:
            print(
                "FAILED installation: Odoo logged (see tests/allowed_log.txt):",
                *warnings,
                sep="\n  ",
                flush=True,
            )
        folders = [
            f"addons/{addon}/tests" for addon in addons if database.ADDONS.joinpath(addon, "tests").exists()
        ]
        run.pytest(
            "-p",
            "odoo",
            f"--odoo-database={name}",
            f"--odoo-config={PROJECT / 'odoo.conf'}",
            "--odoo-http",
            f"--odoo-addons-path={database.ADDONS}",
            f"--odoo-extra=data-dir={site.data}",
            "--odoo-log-level=warn",
            *folders,
            *arguments,
        )


def e2e(run, arguments):
    with database.Site("test").cluster.started():
        run.pytest("-p", "no:odoo", "tests/e2e", *arguments)


def trial(run, arguments):
    if (PROJECT / "bin/trial").exists():
        with database.Site("test").cluster.started():
            run.command("bin/trial --sample 2000", ["bin/trial", "--sample", "2000", *arguments])


STAGES = {"lint": lint, "unit": unit, "odoo": odoo, "e2e": e2e, "trial": trial}


def main():
    addons = database.own_addons()
    parser = argparse.ArgumentParser(
        prog="bin/test",
        description="Runs all checks and tests, or one part of them. What follows the part goes to pytest "
        "(bin/test loyalty_core -k ledger).",
    )
    parser.add_argument("part", nargs="?", choices=[*STAGES, *addons], metavar="|".join([*STAGES, "ADDON"]))
    options, arguments = parser.parse_known_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job has it ignored
    wanted = [options.part] if options.part else list(STAGES)
    run, javascript = Run(), bool(_javascript())
    with run.stage("set-up"):
        ensure(tests=True, javascript=javascript and "lint" in wanted)
    if run.totals["failed"]:
        return run.finish()
    needs_database = bool(set(wanted) - {"lint", "unit"})
    with contextlib.ExitStack() as stack:
        # What browsers and others leave in the folder for temporary files goes with it.
        folder = stack.enter_context(
            tempfile.TemporaryDirectory(prefix="loy-test-", ignore_cleanup_errors=True)
        )
        os.environ["TMPDIR"] = tempfile.tempdir = folder
        if needs_database:
            stack.enter_context(database.Site("test").cluster.started())
        for name in wanted:
            with run.stage(name):
                if name in STAGES:
                    STAGES[name](run, arguments)
                else:
                    odoo(run, arguments, [name])
    return run.finish()


if __name__ == "__main__":
    with told():
        sys.exit(main())
