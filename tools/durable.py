"""A PostgreSQL as a shop has it: what is committed survives a crash, the log is archived, backups restore.

The tests' PostgreSQL trades all of that for speed, so what is about crashes and restores gets a cluster of its own:
`with durable("crash") as cluster:`. It is made anew, and gone at the end.
"""

import contextlib
import os
import pathlib
import shutil
import time

from tools import database, environment
from tools.environment import WORK, Cluster, SetupError, locked, step

SETTINGS = {
    "wal_level": "replica",
    "max_wal_senders": "4",
    "archive_mode": "on",
    "shared_buffers": "64MB",
    "max_connections": "60",
    # A log segment is copied under another name first: what stands in the archive is whole.
    "archive_command": "'cp \"%p\" \"{archive}/%f.part\" && mv \"{archive}/%f.part\" \"{archive}/%f\"'",
}


class Durable(Cluster):
    """One that can crash, be backed up and be restored to a moment."""

    def __init__(self, name):
        super().__init__(name)
        self.archive = self.folder / "archive"
        self.settings = {key: value.format(archive=self.archive) for key, value in SETTINGS.items()}

    def owned(self, *parts):
        """A folder that the server's account may write."""
        folder = self.folder.joinpath(*parts)
        folder.mkdir(parents=True, exist_ok=True)
        if self.account:
            os.chown(folder, self.account.pw_uid, self.account.pw_gid)
        folder.chmod(0o700)
        return folder

    def crash(self):
        """The power fails: no buffer is written, no client is told. The next start recovers."""
        self.stop("immediate")

    def backup(self):
        """A base backup of the running server; its folder."""
        shutil.rmtree(self.folder / "base", ignore_errors=True)
        folder = self.owned("base")
        self.program("pg_basebackup", "-h", self.socket, "-U", "odoo", "-D", folder, "-X", "none", "-c", "fast")
        return folder

    def archived(self, patience=30):
        """Returns when all that is committed until now is in the archive."""
        (name,) = database.sql("postgres", "SELECT pg_walfile_name(pg_switch_wal())")
        deadline = time.monotonic() + patience
        while not (self.archive / name).exists():
            if time.monotonic() > deadline:
                raise SetupError(f"{name} has not been archived, see {self.folder / 'log'}")
            time.sleep(0.05)

    def restore(self, base, moment):
        """The data of the backup and of the archive up to a moment take the place of those that are there."""
        self.stop("immediate")
        shutil.rmtree(self.data)
        shutil.copytree(base, self.data, symlinks=True)
        lines = [
            f"restore_command = 'cp \"{self.archive}/%f\" \"%p\"'",
            f"recovery_target_time = '{moment}'",
            "recovery_target_action = 'promote'",
            "archive_mode = off",
        ]
        with (self.data / "postgresql.conf").open("a") as file:
            file.write("\n".join(["", *lines, ""]))
        (self.data / "recovery.signal").touch()
        if self.account:
            for path in [self.data, *self.data.rglob("*")]:
                os.chown(path, self.account.pw_uid, self.account.pw_gid, follow_symlinks=False)
        self.data.chmod(0o700)
        self.start()
        while database.sql("postgres", "SELECT 1 WHERE pg_is_in_recovery()"):
            time.sleep(0.05)

    def remove(self):
        self.stop("immediate")
        for folder in {self.folder, self.socket}:
            shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def durable(name):
    """A durable cluster; inside the block libpq and Odoo are pointed at it."""
    if environment.EXTERNAL_PG:
        raise SetupError("PGHOST names the PostgreSQL: nobody else's server is crashed or restored.")
    names = ("PGHOST", "PGPORT", "PGUSER")
    with locked(WORK / f"pg-{name}.lock-alone", "a test with a PostgreSQL of its own"):
        before = {key: os.environ.get(key) for key in names}
        cluster = Durable(name)
        try:
            if cluster.data.exists():  # of a run that was killed
                cluster.remove()
            cluster.owned()
            cluster.owned("archive")
            cluster.start()
            yield cluster
        finally:
            cluster.remove()
            for key, value in before.items():
                os.environ.pop(key, None) if value is None else os.environ.update({key: value})


def move_in(name, source_host, folder):
    """Copies the database `name` of another server (its socket's folder) into the one that libpq is pointed at."""
    create = "CREATE DATABASE :\"name\" TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C'"
    dump = pathlib.Path(folder) / f"{name}.dump"
    with step(f"Copying {name}"):
        environment.call(["pg_dump", "-Fc", "-Z0", "-h", source_host, "-f", dump, name])
        database.sql("postgres", create, name=name)
        environment.call(["pg_restore", "-j2", "--no-owner", "-d", name, dump])
        dump.unlink()


__all__ = ["Durable", "durable", "move_in"]
