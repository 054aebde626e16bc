"""Sets up what the project needs, all of it below `<project>/.odoo` but for missing system packages.

Law: `ensure()` may be killed at any moment and called again, also by two at once; each step either is
complete or is done anew (parts are made beside their place and renamed). Only the standard library is used,
since this runs before anything is installed.

    .odoo/root       Odoo 19, unpacked from Debian's package        (not with ODOO_HOME)
    .odoo/venv       Python packages, from tools/requirements/*.lock
    .odoo/pg-run     PostgreSQL of bin/run: durable, a person's data   (not with PGHOST)
    .odoo/pg-test    PostgreSQL of tests: fast, may be lost            (not with PGHOST)
    .odoo/data-*     Odoo's filestores; data-run and data-test
    .odoo/log        what the steps wrote
"""

import base64
import contextlib
import fcntl
import hashlib
import json
import os
import pathlib
import pwd
import re
import shlex
import shutil
import subprocess
import sys
import threading
import time
import zipfile

PROJECT = pathlib.Path(__file__).resolve().parent.parent
WORK = PROJECT / ".odoo"
LOGS = WORK / "log"
VENV = WORK / "venv"
REQUIREMENTS = PROJECT / "tools" / "requirements"

# The snapshot that the suite is tested with, and the only files of newer or older suites that it needs.
ODOO_DEB = "odoo-19=19.0.0+dfsg-1"
STABLE = "trixie"
DEBS = (
    "libjs-jquery",
    "libjs-jquery-form",
    "libjs-underscore",
    "fonts-roboto-unhinted",
    "fonts-montserrat",
    "fonts-ocr-b",
    f"fonts-font-awesome/{STABLE}",
    f"fonts-inconsolata/{STABLE}",
)

ROOT = os.geteuid() == 0
os.environ["PATH"] += ":/usr/sbin:/sbin"  # an ordinary user of Debian does not have them
# An environment that is active in the caller's shell must not steer ours.
for _name in ("ODOO_RC", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "PGDATABASE"):
    os.environ.pop(_name, None)
# A PostgreSQL that the user has; .odoo/env.sh names one of our own.
_host = os.environ.get("PGHOST") or os.environ.get("PGHOSTADDR") or ""
EXTERNAL_PG = bool(_host) and not _host.startswith((f"{WORK}/pg-", "/var/tmp/loyalty-", "/tmp/loyalty-"))


class SetupError(Exception):
    """Something cannot be had; the text says what to do."""


# ---------------------------------------------------------------- talking
def say(text=""):
    print(text, file=sys.stderr, flush=True)


@contextlib.contextmanager
def step(title):
    """Shows that a long step is under way and how long it took; short ones (under 2 s) stay silent."""
    start, done = time.monotonic(), threading.Event()
    live = sys.stderr.isatty()

    def heartbeat():
        if done.wait(1):
            return
        say(f"== {title} ...") if not live else None
        while not done.wait(1 if live else 20):
            seconds = int(time.monotonic() - start)
            if live:
                print(f"\r== {title} ... {seconds} s", end="", file=sys.stderr, flush=True)
            else:
                say(f"   {title}: {seconds} s so far")

    thread = threading.Thread(target=heartbeat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
        seconds = time.monotonic() - start
        if seconds > 2:
            say(f"{chr(13) if live else ''}== {title}: {seconds:.0f} s")


def call(command, log="setup", hint="", **options):
    """Runs a command; what it writes goes to .odoo/log/<log>.log, and its last lines into the error."""
    LOGS.mkdir(parents=True, exist_ok=True)
    path = LOGS / f"{log}.log"
    with path.open("a", encoding="utf-8") as file:
        file.write(f"\n$ {shlex.join(map(str, command))}\n")
        file.flush()
        start = file.tell()
        options.setdefault("stdin", subprocess.DEVNULL)
        try:
            code = subprocess.run(command, stdout=file, stderr=subprocess.STDOUT, **options).returncode
        except FileNotFoundError:
            code = 127
    if code:
        text = path.read_bytes()[start:].decode(errors="replace").strip()
        tail = "\n".join("    " + line for line in text.splitlines()[-12:])
        raise SetupError(
            f"`{shlex.join(map(str, command))[:200]}` failed ({code}), see {path}:\n{tail}\n{hint}".rstrip()
        )


def output(command, **options):
    """What a command prints, '' when it fails or is missing."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, **options)
    except FileNotFoundError:
        return ""
    return done.stdout if done.returncode == 0 else ""


@contextlib.contextmanager
def locked(path, what):
    """Holds an exclusive lock; says so when it has to wait for another process."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"== waiting: {what} is under way in another process")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


# ---------------------------------------------------------------- system packages
def _library(name):
    return name in output(["ldconfig", "-p"])


def postgres_bin():
    """Folder of PostgreSQL's server programs, the newest; None when there is none."""
    named = os.environ.get("ODOO_PG_BIN")
    found = sorted(
        pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: float(p.parent.name), reverse=True
    )
    on_path = shutil.which("initdb")
    for folder in [named, *found, on_path and pathlib.Path(on_path).parent]:
        if folder and os.access(f"{folder}/initdb", os.X_OK) and os.access(f"{folder}/postgres", os.X_OK):
            return str(folder)
    return None


def _missing_packages(browser, javascript):
    missing = []

    def need(there, *packages):
        if not there:
            missing.extend(packages)

    need(
        subprocess.run([sys.executable, "-c", "import ensurepip, venv"], capture_output=True).returncode == 0,
        "python3-venv",
    )
    need(_library("libmagic.so.1"), "libmagic1")
    if sys.version_info >= (3, 13):
        need(_library("libcairo.so.2"), "libcairo2")
    if EXTERNAL_PG:
        need(shutil.which("psql"), "postgresql-client")
    else:
        need(postgres_bin(), "postgresql")
        need(not ROOT or shutil.which("setpriv"), "util-linux")
    if not os.environ.get("ODOO_HOME"):
        need(shutil.which("dpkg-deb") and shutil.which("apt-get"), "apt", "dpkg")
    if browser:
        from tools.browser import find_program

        need(find_program(), "chromium")
    if javascript:
        need(shutil.which("node"), "nodejs")
        need(shutil.which("npm"), "npm")
    return missing


def _install_packages(packages):
    names = " ".join(packages)
    if "chromium" in packages and "ID=ubuntu" in pathlib.Path("/etc/os-release").read_text():
        raise SetupError(
            "A browser is needed for the tests, and Ubuntu's package `chromium` only leads to a snap.\n"
            "Install Google Chrome (`google-chrome`) or another Chromium that is found in PATH; start again."
        )
    by_hand = f"Install them yourself and start again:\n    apt-get install --no-install-recommends {names}"
    if not shutil.which("apt-get"):
        raise SetupError(f"These packages are missing, and this is not a Debian or Ubuntu: {names}")
    prefix = []
    if not ROOT:
        if not shutil.which("sudo"):
            raise SetupError(
                f"System packages are missing, and you are neither root nor have sudo: {names}\n{by_hand}"
            )
        prefix = ["sudo"] if sys.stdin.isatty() else ["sudo", "-n"]
        if subprocess.run([*prefix, "true"]).returncode:
            raise SetupError(f"System packages are missing, and sudo does not let you in: {names}\n{by_hand}")
    quiet = ["env", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8"]
    with step(f"System packages: {names}"):
        call([*prefix, *quiet, "apt-get", "update", "-qq"], hint=by_hand)
        call(
            [*prefix, *quiet, "apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages],
            hint=by_hand,
        )


# ---------------------------------------------------------------- Odoo
def _debian_mirror():
    """Address of a Debian mirror, taken from the machine's own apt settings."""
    if named := os.environ.get("ODOO_DEB_MIRROR"):
        return named.rstrip("/")
    fields = "$(CREATED_BY)|$(ORIGIN)|$(LABEL)|$(REPO_URI)"
    rows = [line.split("|") for line in output(["apt-get", "indextargets", "--format", fields]).splitlines()]
    rows = [(origin, label, uri) for kind, origin, label, uri in rows if kind == "Packages"]
    # Origin and Label come from the Release files: empty before an update, then only the address can tell.
    for origin, label, uri in rows:
        if origin == label == "Debian" or re.search(r"/debian/?$", uri):
            return uri.rstrip("/")
    raise SetupError(
        "Odoo 19 is taken from Debian's archive, and no Debian mirror is among this machine's apt sources.\n"
        "Set ODOO_DEB_MIRROR to the address of one (it ends in /debian),\n"
        "or ODOO_HOME to an Odoo 19 that you have (the folder that holds odoo/)."
    )


def _private_apt(folder):
    """Environment for an apt of our own: own lists and state, the machine's proxies, no hooks."""
    keyring = next(
        (
            p
            for p in sorted(pathlib.Path("/usr/share/keyrings").glob("debian-archive-keyring.*"))
            if p.suffix in (".pgp", ".gpg")
        ),
        None,
    )
    if not keyring:
        _install_packages(["debian-archive-keyring"])
        return _private_apt(folder)
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("lists/partial", "cache/archives/partial", "conf.d", "state"):
        (folder / name).mkdir(parents=True)
    (folder / "state/status").touch()
    machine = [*pathlib.Path("/etc/apt/apt.conf.d").glob("*"), pathlib.Path("/etc/apt/apt.conf")]
    for index, path in enumerate(sorted(p for p in machine if p.is_file() and os.access(p, os.R_OK))):
        shutil.copy(path, folder / f"conf.d/{index:03}{path.name.removesuffix('.conf')}.conf")
    hooks = (
        "APT::Update::Pre-Invoke",
        "APT::Update::Post-Invoke",
        "APT::Update::Post-Invoke-Success",
        "DPkg::Post-Invoke",
        "Acquire::IndexTargets::deb::DEP-11",
        "Acquire::IndexTargets::deb::CNF",
    )
    user = pwd.getpwuid(os.geteuid()).pw_name
    (folder / "conf.d/zzz-private.conf").write_text(
        "".join(f"#clear {hook};\n" for hook in hooks)
        + f'APT::Sandbox::User "{user}";\nAcquire::Languages "none";\nAcquire::Retries "3";\n'
    )
    (folder / "apt.conf").write_text(
        f"""Dir::Etc::Main "/dev/null";
Dir::Etc::Parts "{folder}/conf.d";
Dir::Etc::SourceList "{folder}/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
Dir::State "{folder}/state";
Dir::State::Lists "{folder}/lists";
Dir::State::Status "{folder}/state/status";
Dir::Cache "{folder}/cache";
"""
    )
    mirror = _debian_mirror()
    (folder / "sources.list").write_text(
        "".join(f"deb [signed-by={keyring}] {mirror} {suite} main\n" for suite in ("sid", STABLE))
    )
    return {**os.environ, "APT_CONFIG": str(folder / "apt.conf")}


def _download_odoo(target):
    part = target.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    hint = (
        "The Debian mirror could not be read. Check the network and the proxy in apt's settings, or set\n"
        "ODOO_DEB_MIRROR to another mirror, or ODOO_HOME to an Odoo 19 that you have."
    )
    private = WORK / "apt.part"
    environment = _private_apt(private)
    with step("Reading Debian's package lists"):
        call(["apt-get", "update", "-qq"], env=environment, hint=hint)
    odoo, _, version = ODOO_DEB.partition("=")
    if version not in output(["apt-cache", "madison", odoo], env=environment):
        say(f"   {ODOO_DEB} is no longer there: taking the newest")
        package = odoo
    else:
        package = ODOO_DEB
    with step("Downloading Odoo 19 (130 MB)"):
        call(["apt-get", "download", "-qq", package, *DEBS], env=environment, cwd=part, hint=hint)
    part.rename(target)
    shutil.rmtree(private)


def _repair(root):
    """Mends what Debian's package lacks or mixes up, in the unpacked copy."""
    dist = root / "usr/lib/python3/dist-packages"
    for name in ("odoo-19.0.egg-info", "addons", "setup", "doc"):
        shutil.rmtree(dist / name, ignore_errors=True)
    # Its links cross .woff with .woff2 and .eot with .ttf: each file in its own format.
    fonts = root / "usr/share/fonts-font-awesome/fonts"
    web = dist / "odoo/addons/web/static"
    for source, folder in [(font, web / "lib/fontawesome/fonts") for font in fonts.iterdir()] + [
        (fonts / "fontawesome-webfont.ttf", web / "src/libs/fontawesome/fonts")
    ]:
        if source.name.startswith(("fontawesome-webfont.", "FontAwesome.")) and source.suffix != ".svg":
            (folder / source.name).unlink(missing_ok=True)
            shutil.copy(source, folder / source.name)
    # Listed in the assets of every page but not free enough for Debian: without it each page logs an error.
    stub = dist / "odoo/addons/mail/static/lib/selfie_segmentation/selfie_segmentation.js"
    if not stub.exists():
        stub.parent.mkdir(parents=True, exist_ok=True)
        stub.write_text("/* stub: not in Debian's package; blurring of the background is unavailable */\n")


def _ensure_odoo():
    """Folder to put on Python's path, so that `import odoo` is Odoo 19."""
    if home := os.environ.get("ODOO_HOME"):
        release = pathlib.Path(home, "odoo/release.py")
        if not release.exists():
            raise SetupError(
                f"ODOO_HOME={home}: there is no odoo/release.py in it. Name the folder that holds odoo/."
            )
        if not re.search(r"^version_info = \(19, 0", release.read_text(), re.MULTILINE):
            raise SetupError(f"ODOO_HOME={home} is not Odoo 19.0.")
        return pathlib.Path(home).resolve()
    root, debs = WORK / "root", WORK / "deb"
    if not (root / ".complete").exists():
        if not list(debs.glob("odoo-19_*.deb")):
            shutil.rmtree(debs, ignore_errors=True)
            _download_odoo(debs)
        part = WORK / "root.part"
        with step("Unpacking Odoo"):
            shutil.rmtree(part, ignore_errors=True)
            shutil.rmtree(root, ignore_errors=True)
            part.mkdir()
            for deb in sorted(debs.glob("*.deb")):
                call(["dpkg-deb", "-x", deb, part], hint=f"Remove {debs} and start again.")
            _repair(part)
            (part / ".complete").touch()
            part.rename(root)
    return root / "usr/lib/python3/dist-packages"


# ---------------------------------------------------------------- Python packages
def _stub_wheel(source):
    """A wheel `odoo` that only points at the unpacked Odoo: packaged addons require that name."""
    files = {
        "zz_odoo_source.pth": f"{source}\n",
        "odoo-19.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: odoo\nVersion: 19.0\n"
        "Summary: pointer to an unpacked Odoo 19\n",
        "odoo-19.0.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: loyalty\n"
        "Root-Is-Purelib: true\nTag: py3-none-any\n",
        "odoo-19.0.dist-info/entry_points.txt": "[console_scripts]\nodoo = odoo.cli:main\n",
    }
    wheel, record = WORK / "odoo-19.0-py3-none-any.whl", []
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
            record.append(f"{name},sha256={digest},{len(text.encode())}")
        record.append("odoo-19.0.dist-info/RECORD,,")
        archive.writestr("odoo-19.0.dist-info/RECORD", "\n".join(record) + "\n")
    return wheel


def _ensure_venv(source, locks):
    python, stamp = VENV / "bin/python", VENV / ".stamp"
    if not stamp.exists() or not output([python, "-c", "print(1)"]):
        with step(f"Python environment ({sys.version.split()[0]})"):
            shutil.rmtree(VENV, ignore_errors=True)
            call([sys.executable, "-m", "venv", VENV])
            stamp.write_text("{}")
    try:
        have = json.loads(stamp.read_text())
    except ValueError:  # of an older set-up
        have = {}
    hint = (
        "Check the network and pip's own settings (`pip config list`). Packages are installed as wheels:\n"
        f"Python 3.11, 3.12 and 3.13 on Linux are served, this is {sys.version.split()[0]};\n"
        "ODOO_PYTHON names another."
    )
    for lock in locks:
        digest = hashlib.sha256((REQUIREMENTS / f"{lock}.lock").read_bytes()).hexdigest()
        if have.get(lock) != digest:
            stamp.unlink()  # killed from here on, the environment is made anew: pip may leave half a package
            with step(f"Python packages ({lock})"):
                call(
                    [
                        python,
                        "-m",
                        "pip",
                        "install",
                        "--no-deps",
                        "--prefer-binary",
                        "--no-input",
                        "--disable-pip-version-check",
                        "-r",
                        REQUIREMENTS / f"{lock}.lock",
                    ],
                    hint=hint,
                )
            have[lock] = digest
            stamp.write_text(json.dumps(have))
    if have.get("odoo") != str(source):
        call(
            [
                python,
                "-m",
                "pip",
                "install",
                "--no-deps",
                "--force-reinstall",
                "--no-index",
                "--disable-pip-version-check",
                _stub_wheel(source),
            ]
        )
        have["odoo"] = str(source)
        stamp.write_text(json.dumps(have))


# ---------------------------------------------------------------- JavaScript packages
def _ensure_node_modules():
    lock, stamp = PROJECT / "package-lock.json", PROJECT / "node_modules/.stamp"
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != digest:
        with step("JavaScript packages"):
            call(
                ["npm", "ci", "--no-audit", "--no-fund"],
                cwd=PROJECT,
                hint="Check the network and npm's own settings.",
            )
        stamp.write_text(digest)


# ---------------------------------------------------------------- PostgreSQL
class Cluster:
    """A PostgreSQL of the project's own that listens on a socket only.

    `run` keeps what was committed through a crash; `test` trades that for speed. With PGHOST set both are
    that server, and starting and stopping do nothing.
    """

    COMMON = {
        "listen_addresses": "''",
        "max_connections": "100",
        "shared_buffers": "256MB",
        "work_mem": "16MB",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "jit": "off",
    }
    TEST = {
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "max_wal_size": "2GB",
        "checkpoint_timeout": "1h",
        "autovacuum_naptime": "5min",
    }

    def __init__(self, name, settings=None):
        """`settings` are postgresql.conf's beside or in place of COMMON; those of a test's by default."""
        self.name, self.folder, self.account, self._as = name, WORK / f"pg-{name}", None, []
        self.settings = settings if settings is not None else self.TEST if name == "test" else {}
        self.keep = WORK / f"pg-{name}.keep"  # a developer started it by hand
        if EXTERNAL_PG:
            return
        digest = hashlib.sha256(str(self.folder).encode()).hexdigest()[:12]
        if ROOT:  # PostgreSQL refuses to run as root
            users = {user.pw_name: user for user in pwd.getpwall()}
            self.account = users.get("postgres") or users.get("nobody")
            self._as = [
                "setpriv",
                f"--reuid={self.account.pw_uid}",
                f"--regid={self.account.pw_gid}",
                "--clear-groups",
                "env",
                "HOME=/",
            ]
            if subprocess.run(
                [*self._as, "test", "-x", WORK], cwd="/"
            ).returncode:  # below a closed folder, as /root
                self.folder = pathlib.Path(f"/var/tmp/loyalty-{digest}-{name}")
        self.socket = self.folder
        if len(str(self.socket)) > 80:  # a socket's path has at most 107 bytes
            self.socket = pathlib.Path(f"/tmp/loyalty-{digest}-{name}")
        self.data, self.port = self.folder / "data", "5432"

    def _programs(self):
        """Folder of the server programs that fit the data; the newest when there are no data yet."""
        made_by = self.data / "PG_VERSION"
        fitting = made_by.exists() and f"/usr/lib/postgresql/{made_by.read_text().strip()}/bin"
        return fitting if fitting and pathlib.Path(fitting, "postgres").exists() else postgres_bin()

    def _pg_ctl(self, *arguments):
        return [*self._as, f"{self._programs()}/pg_ctl", "-D", self.data, *arguments]

    def running(self):
        """Whether it answers (for a server named by PGHOST: assumed)."""
        return EXTERNAL_PG or (
            (self.data / "postmaster.pid").exists()
            and subprocess.run(self._pg_ctl("status"), cwd="/", capture_output=True).returncode == 0
        )

    def _create(self):
        part = self.folder / "data.part"
        for folder in {self.folder, self.socket}:
            folder.mkdir(parents=True, exist_ok=True)
            if self.account:
                os.chown(folder, self.account.pw_uid, self.account.pw_gid)
        with step("Creating a PostgreSQL cluster"):
            shutil.rmtree(part, ignore_errors=True)
            call(
                [
                    *self._as,
                    f"{postgres_bin()}/initdb",
                    "-D",
                    part,
                    "-U",
                    "odoo",
                    "-A",
                    "trust",
                    "-E",
                    "UTF8",
                    "--locale=C.UTF-8",
                    "--no-sync",
                ],
                cwd="/",
            )
            settings = self.COMMON | self.settings
            settings |= {"port": self.port, "unix_socket_directories": f"'{self.socket}'"}
            with (part / "postgresql.conf").open("a") as file:
                file.write(
                    "\n# of the loyalty project\n" + "".join(f"{k} = {v}\n" for k, v in settings.items())
                )
            part.rename(self.data)

    def start(self):
        """Starts it unless it runs, and points libpq and Odoo at it. True if it was started now."""
        if EXTERNAL_PG:
            self._check_external()
            return False
        os.environ.update(PGHOST=str(self.socket), PGPORT=self.port, PGUSER="odoo")
        with locked(WORK / f"pg-{self.name}.lock", "the start of PostgreSQL"):
            if not (self.data / "PG_VERSION").exists():
                self._create()
            if self.running():
                return False
            version, programs = (self.data / "PG_VERSION").read_text().strip(), self._programs()
            if not re.search(rf"\b{version}\b", output([f"{programs}/postgres", "--version"])):
                raise SetupError(
                    f"The data in {self.data} are of PostgreSQL {version}, {programs} is another.\n"
                    f"Set ODOO_PG_BIN to the programs of PostgreSQL {version}, or remove {self.folder}\n"
                    "(its data are lost)."
                )
            self.socket.mkdir(parents=True, exist_ok=True)
            if self.account:
                os.chown(self.socket, self.account.pw_uid, self.account.pw_gid)
            call(
                self._pg_ctl("-l", self.folder / "log", "-w", "-t", "60", "start"),
                cwd="/",
                hint=f"PostgreSQL's own log is {self.folder / 'log'}.",
            )
            return True

    def stop(self, mode="fast"):
        """Stops it if it runs; `immediate` is a crash: the next start recovers from the log."""
        if not EXTERNAL_PG and self.running():
            call(self._pg_ctl("-m", mode, "-w", "stop"), cwd="/")

    def program(self, name, *arguments):
        """Runs one of the server's programs as the account that owns the data."""
        call([*self._as, f"{self._programs()}/{name}", *arguments], cwd="/")

    @staticmethod
    def _check_external():
        done = subprocess.run(
            ["psql", "-XAtqw", "-d", "postgres", "-c", "SELECT 1"], capture_output=True, text=True
        )
        if done.returncode:
            raise SetupError(
                f"The PostgreSQL that PGHOST names does not answer: {done.stderr.strip()}\n"
                "Set PGHOST, PGPORT, PGUSER (who may create databases) and PGPASSWORD;\n"
                "unset PGHOST for a private one."
            )

    @contextlib.contextmanager
    def used(self):
        """It runs inside the block, and nobody else's `stop_unless_used` stops it."""
        WORK.mkdir(exist_ok=True)
        with (WORK / f"pg-{self.name}.use").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_SH)
            self.start()
            yield self

    def stop_unless_used(self):
        """Stops it when no block of `used()` is open in any process and nobody asked to keep it."""
        with (WORK / f"pg-{self.name}.use").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            if not self.keep.exists():
                self.stop()

    @contextlib.contextmanager
    def started(self):
        """It runs inside the block; the last of all who use it stops it."""
        try:
            with self.used():
                yield self
        finally:
            self.stop_unless_used()


# ---------------------------------------------------------------- all together
def ensure(tests=False, javascript=False):
    """Everything that bin/run needs; with `tests` what checks and tests need too. Returns Odoo's folder."""
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        raise SetupError(
            f"Python 3.11, 3.12 or 3.13 is needed, {sys.executable} is {sys.version.split()[0]}.\n"
            "Set ODOO_PYTHON to the path of one."
        )
    with locked(WORK / "lock", "a set-up of this folder"):
        if missing := _missing_packages(tests, javascript):
            _install_packages(missing)
        source = _ensure_odoo()
        _ensure_venv(source, ("run", "dev") if tests else ("run",))
        if javascript:
            _ensure_node_modules()
        if not EXTERNAL_PG:
            os.environ["PATH"] = f"{postgres_bin()}:{os.environ['PATH']}"
        _write_env()
    os.environ["PATH"] = f"{VENV / 'bin'}:{os.environ['PATH']}"
    return source


def _write_env():
    """For a developer's shell: `. .odoo/env.sh`."""
    lines = [f"export PATH={VENV / 'bin'}:{postgres_bin() or ''}:$PATH"]
    if not EXTERNAL_PG:
        cluster = Cluster("test")
        lines.append(f"export PGHOST={cluster.socket} PGPORT={cluster.port} PGUSER=odoo")
    (WORK / "env.sh").write_text("\n".join(lines) + "\n")


def odoo_source():
    """Odoo's folder, after `ensure()`."""
    return pathlib.Path(json.loads((VENV / ".stamp").read_text())["odoo"])


@contextlib.contextmanager
def told():
    """Turns a SetupError into a message and exit code 1, an interruption into 130."""
    try:
        yield
    except SetupError as error:
        say(f"\nerror: {error}")
        sys.exit(1)
    except KeyboardInterrupt:
        say("\ninterrupted")
        sys.exit(130)


if __name__ == "__main__":  # python3 -m tools.environment [start|stop]: set-up, and the tests' PostgreSQL
    with told():
        ensure(tests=True)
        by_hand = Cluster("test")
        if sys.argv[1:] == ["start"]:
            by_hand.start()
            by_hand.keep.touch()
        elif sys.argv[1:] == ["stop"]:
            by_hand.keep.unlink(missing_ok=True)
            by_hand.stop_unless_used()
