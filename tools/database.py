"""Databases and their filestores: made, cloned, renamed and dropped together; and Odoo's command line.

A database that is being made has a name of its own until it is complete, so that a killed run leaves nothing
that looks finished.
"""

import contextlib
import hashlib
import json
import os
import pathlib
import re
import secrets
import shutil
import subprocess
import tempfile

from tools import environment
from tools.environment import PROJECT, REQUIREMENTS, VENV, WORK, SetupError, locked, step

ADDONS = PROJECT / "addons"
PARAMETER = "loyalty.tools"
RUN = "LOY_RUN"  # in the environment: the process whose end is the end of what its run has installed
LOG_LINE = re.compile(r"^\d{4}-\d\d-\d\d \S+ \d+ (?P<level>[A-Z]+) \S+ (?P<text>\S+: .*)$")


# ---------------------------------------------------------------- SQL
def sql(database, statement, **values):
    """Rows (as text) of one statement; `:'name'` in it stands for a value."""
    variables = [part for name, value in values.items() for part in ("-v", f"{name}={value}")]
    done = subprocess.run(
        ["psql", "-XAtqw", "-v", "ON_ERROR_STOP=1", *variables, "-d", database, "-f", "-"],
        input=statement,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise SetupError(f"PostgreSQL refused `{statement[:120]}`: {done.stderr.strip()}")
    return done.stdout.splitlines()


def exists(name):
    return bool(sql("postgres", "SELECT 1 FROM pg_database WHERE datname = :'name'", name=name))


def filestore(site, name):
    return site.data / "filestore" / name


def create(site, name, template="template0"):
    """An empty database, or a copy of another one with its files (as hard links)."""
    empty = " ENCODING 'UTF8' LC_COLLATE 'C'" if template == "template0" else ""
    sql("postgres", f'CREATE DATABASE :"name" TEMPLATE :"template"{empty}', name=name, template=template)
    shutil.rmtree(filestore(site, name), ignore_errors=True)
    if filestore(site, template).exists():
        shutil.copytree(filestore(site, template), filestore(site, name), copy_function=os.link)


def drop(site, name):
    """Drops a database, whoever is connected, and its files; nothing happens when it is not there."""
    if exists(name):
        sql("postgres", 'DROP DATABASE :"name" WITH (FORCE)', name=name)
    shutil.rmtree(filestore(site, name), ignore_errors=True)


def rename(site, old, new):
    shutil.rmtree(filestore(site, new), ignore_errors=True)
    if filestore(site, old).exists():
        filestore(site, old).rename(filestore(site, new))
    sql("postgres", 'ALTER DATABASE :"old" RENAME TO :"new"', old=old, new=new)


# ---------------------------------------------------------------- Odoo's command line
class Site:
    """A PostgreSQL with the folder of its databases' files: `run` for people, `test` for tests."""

    def __init__(self, name):
        self.cluster = environment.Cluster(name)
        self.data = WORK / f"data-{name}"


def options(site, database):
    """Odoo's options that depend on the folder; all others stand in odoo.conf."""
    return [
        "-c",
        str(PROJECT / "odoo.conf"),
        f"--addons-path={ADDONS}",
        f"--data-dir={site.data}",
        "-d",
        database,
    ]


def odoo(site, database, *arguments, log):
    """Runs Odoo until it ends by itself; returns the WARNING and ERROR lines of its log."""
    ending = ["--stop-after-init", "--no-http", "--max-cron-threads=0"]
    relaxed = {**os.environ, "PGOPTIONS": "-c synchronous_commit=off"}
    command = [VENV / "bin/odoo", *options(site, database), *ending, *arguments]
    return _logged(command, log, env=relaxed)


def build_pages(site, database):
    """Makes what every page loads, as the first browser would; returns the WARNING and ERROR lines of the log."""
    with tempfile.TemporaryFile("w+") as script:
        script.write('env["ir.qweb"]._pregenerate_assets_bundles()\nenv.cr.commit()\n')
        script.seek(0)
        command = [VENV / "bin/odoo", "shell", *options(site, database), "--no-http"]
        return _logged(command, "pages", stdin=script)


def _logged(command, log, **options):
    path = environment.LOGS / f"{log}.log"
    start = path.stat().st_size if path.exists() else 0
    environment.call(command, log=log, cwd=PROJECT, **options)
    return problems(path, start)


def problems(path, start=0):
    """Warnings and errors of an Odoo log, tracebacks included, less those of tests/allowed_log.txt."""
    allowed, records = allowed_patterns("allowed_log.txt"), []
    with path.open("rb") as file:
        file.seek(start)
        for line in file.read().decode(errors="replace").splitlines():
            if match := LOG_LINE.match(line):
                records.append([match["level"], match["text"]])
            elif records:  # a traceback belongs to the record above it
                records[-1][1] += f"\n{line}"
    bad = [(level, text) for level, text in records if level in ("WARNING", "ERROR", "CRITICAL")]
    return [f"{level} {text}" for level, text in bad if not any(pattern.search(text) for pattern in allowed)]


def allowed_patterns(name):
    """Regular expressions of a list in tests/: one a line, comments say why."""
    lines = (PROJECT / "tests" / name).read_text().splitlines()
    return [re.compile(line.strip()) for line in lines if line.strip() and not line.startswith("#")]


def shell(site, database, script):
    """What `script` prints as its last line, run with `env` in Odoo's shell and committed if it says so."""
    command = [VENV / "bin/odoo", "shell", *options(site, database), "--log-level=error", "--no-http"]
    done = subprocess.run(command, input=script, capture_output=True, text=True, cwd=PROJECT)
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines or "Traceback" in done.stderr:
        raise SetupError(f"Odoo's shell failed:\n{done.stderr.strip()[-2000:]}")
    return lines[-1]


# ---------------------------------------------------------------- addons
def manifest(addon):
    import ast

    return ast.literal_eval((ADDONS / addon / "__manifest__.py").read_text())


def own_addons():
    """Names of the project's addons, sorted."""
    return sorted(path.parent.name for path in ADDONS.glob("*/__manifest__.py"))


def digests():
    """{addon: hash of the files that decide what is in a database}."""
    found = {}
    for addon in own_addons():
        folder, digest = ADDONS / addon, hashlib.sha256()
        for path in sorted(folder.rglob("*")):
            part = path.relative_to(folder)
            if (
                path.is_file()
                and part.parts[0] not in ("tests", "readme")
                and "__pycache__" not in part.parts
            ):
                digest.update(f"{part}\0".encode() + path.read_bytes() + b"\0")
        found[addon] = digest.hexdigest()[:16]
    return found


def dependencies(addons):
    """Modules of Odoo (not of the project) that the addons need, sorted; own addons are looked through."""
    own, found, seen, queue = set(own_addons()), set(), set(), list(addons)
    while queue:
        name = queue.pop()
        if name in own and name not in seen:
            seen.add(name)
            queue += manifest(name).get("depends", [])
        elif name not in own:
            found.add(name)
    return sorted(found)


def with_own_dependencies(addons):
    """The addons and those of the project that they need, sorted."""
    own, found, queue = set(own_addons()), set(), list(addons)
    while queue:
        name = queue.pop()
        if name in own and name not in found:
            found.add(name)
            queue += manifest(name).get("depends", [])
    return sorted(found)


# ---------------------------------------------------------------- databases for tests
def template(site, modules, demo):
    """Name of a database with Odoo's `modules`, made once for each Odoo, requirements and list of modules."""
    source = environment.odoo_source()
    key = [
        str(site.data),
        str(source),
        (source / "odoo/release.py").read_text(),
        (REQUIREMENTS / "run.lock").read_text(),
        demo,
        modules,
    ]
    digest = hashlib.sha256(json.dumps(key).encode()).hexdigest()[:10]
    name = f"loy_tpl_{'demo_' if demo else ''}{digest}"
    with locked(WORK / "template.lock", "the making of a template database"):
        if not (exists(name) and filestore(site, name).exists()):
            drop(site, name)
            drop(site, f"{name}_part")
            with step(f"Template database{' with demo data' if demo else ''}: {', '.join(modules)}"):
                create(site, f"{name}_part")
                odoo(
                    site,
                    f"{name}_part",
                    "-i",
                    ",".join(modules),
                    *(["--with-demo"] if demo else []),
                    log="template",
                )
                filestore(site, f"{name}_part").mkdir(parents=True, exist_ok=True)
                rename(site, f"{name}_part", name)
    return name


@contextlib.contextmanager
def one_run(site):
    """Inside the block, also for processes that it starts, the same addons are installed once and then copied."""
    if RUN in os.environ:  # part of a run already
        yield
        return
    os.environ[RUN] = str(os.getpid())
    try:
        yield
    finally:
        prefix = f"loy_test_{os.environ.pop(RUN)}_"
        mine = "SELECT datname FROM pg_database WHERE starts_with(datname, :'prefix')"
        for name in sql("postgres", mine, prefix=prefix):
            drop(site, name)


def _once(site, what, source, make):
    """Name of a database of this run, made from another to be copied and never opened; and what Odoo warned of."""
    name = f"loy_test_{os.environ[RUN]}_{hashlib.sha256(json.dumps(what).encode()).hexdigest()[:10]}"
    with locked(WORK / "install.lock", "the making of a database"):
        _sweep(site)
        if not exists(name):
            part = f"{name}_part"
            drop(site, part)
            create(site, part, source)
            remark = "COMMENT ON DATABASE :\"part\" IS :'warnings'"
            sql("postgres", remark, part=part, warnings=json.dumps(make(part)))
            rename(site, part, name)
    remark = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = :'name'"
    return name, json.loads(*sql("postgres", remark, name=name))


def installed(site, addons, demo):
    """The addons are in it."""

    def install(name):
        arguments = ["-i", ",".join(addons), *(["--with-demo"] if demo else [])]
        with step(f"Installing {', '.join(addons)}{' with demo data' if demo else ''}"):
            return odoo(site, name, *arguments, log="install")

    return _once(site, [digests(), addons, demo], template(site, dependencies(addons), demo), install)


def visited(site, addons, demo):
    """Besides, what every page loads is there, as if a browser had been here."""
    source, warnings = installed(site, addons, demo)

    def visit(name):
        with step("Building what every page loads"):
            return warnings + build_pages(site, name)

    return _once(site, [source, "visited"], source, visit)


@contextlib.contextmanager
def throwaway(site, addons, demo=False, original=installed):
    """A database with the addons installed, dropped at the end: yields its name and the log's warnings."""
    name = f"loy_test_{os.getpid()}_{secrets.token_hex(3)}"
    with one_run(site):
        source, warnings = original(site, addons, demo)
        try:
            create(site, name, source)
            yield name, warnings
        finally:
            drop(site, name)


def _sweep(site):
    """Drops what killed runs left behind (only in the private cluster, where the process ids are ours)."""
    if environment.EXTERNAL_PG:
        return
    for name in sql("postgres", "SELECT datname FROM pg_database WHERE datname LIKE 'loy\\_test\\_%'"):
        pid = name.split("_")[2]
        if not pathlib.Path(f"/proc/{pid}").exists():
            drop(site, name)


# ---------------------------------------------------------------- the database of bin/run
def ensure_database(site, name, demo):
    """A database with all addons of the project, up to date with their code."""
    with locked(WORK / "database.lock", "the making of a database"):
        now = digests()
        if not exists(name):
            part = f"{name}_part"
            drop(site, part)
            with step(f"Database {name}{' with demo data' if demo else ''}: {', '.join(now)}"):
                create(site, part)
                arguments = ["-i", ",".join(now), *(["--with-demo"] if demo else [])]
                _tell(odoo(site, part, *arguments, log="run"))
                _remember(part, {"demo": demo, "addons": now})
                rename(site, part, name)
            return
        statement = "SELECT value FROM ir_config_parameter WHERE key = :'key'"
        has_odoo = sql(name, "SELECT 1 FROM pg_tables WHERE tablename = 'ir_config_parameter'")
        rows = sql(name, statement, key=PARAMETER) if has_odoo else []
        if not rows:
            raise SetupError(
                f"The database {name} was not made by bin/run, so it is left alone.\n"
                "Choose another name with --db, or drop and make it anew with --reset (its data are lost)."
            )
        known = json.loads(rows[0])
        if known["demo"] != demo:
            environment.say(
                f"   note: {name} was made with{'' if known['demo'] else 'out'} demo data; "
                "--reset makes it anew"
            )
        new = [addon for addon in now if addon not in known["addons"]]
        changed = [addon for addon in now if addon not in new and known["addons"][addon] != now[addon]]
        if new or changed:
            with step(f"The code has changed, updating {', '.join(new + changed)}"):
                arguments = (["-i", ",".join(new)] if new else []) + (
                    ["-u", ",".join(changed)] if changed else []
                )
                _tell(odoo(site, name, *arguments, *(["--with-demo"] if known["demo"] else []), log="run"))
                _remember(name, known | {"addons": now})


def _tell(warnings):
    """Shows what Odoo complained about; a missing demo is an error, since Odoo goes on without it."""
    for warning in warnings:
        environment.say(f"   Odoo: {warning.splitlines()[0]}")
    if any("demo data failed" in warning for warning in warnings):
        raise SetupError(f"The demo data could not be loaded, see {environment.LOGS / 'run.log'}")


def _remember(database, state):
    sql(
        database,
        "INSERT INTO ir_config_parameter (key, value) VALUES (:'key', :'value')"
        " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        key=PARAMETER,
        value=json.dumps(state),
    )
