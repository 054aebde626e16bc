"""Which database this is, and since when: what a process keeps of another one is worth nothing.

A restore turns back the counters by which Odoo's processes tell each other of changes. The next change brings a number
that a process has seen before, and it would go on with rights and bounds that the restored database never gave.
"""

from weakref import WeakSet

from odoo import models
from odoo.tools import SQL

#: What differs after a restore, whether of a dump or of the whole cluster to a moment.
ERA = SQL(
    "(SELECT oid FROM pg_database WHERE datname = current_database()), to_regclass('loy_revision')::oid,"
    " pg_postmaster_start_time()"
)

# A connection ends with its database, so each is asked once; a replica has an era of its own.
_met: WeakSet = WeakSet()
_eras: dict[str, tuple] = {}  # where a connection leads → the era from which this process keeps what it keeps


class LoyEra(models.AbstractModel):
    """Drops what this process keeps when the database has become another one."""

    _name = "loy.era"
    _description = "Era service"

    def _register_hook(self):
        """The models are loaded from a database of some era, and workers begin with what was kept meanwhile."""
        super()._register_hook()
        self._meet()

    def _meet(self) -> None:
        """Before anything that is kept is used over the connection of this transaction. One query for a new one."""
        connection = self.env.cr.connection
        if connection in _met:
            return
        self.env.cr.execute(SQL("SELECT %s", ERA))
        era = self.env.cr.fetchone()
        if _eras.get(connection.dsn) != era:
            self._forget()
            _eras[connection.dsn] = era  # afterwards, so that no other thread takes the caches for new too early
        _met.add(connection)

    def _forget(self) -> None:
        """In this process alone: the others have connections of their own, and nothing was changed."""
        registry = self.env.registry
        changed = set(registry.cache_invalidated)
        registry.clear_all_caches()
        registry.cache_invalidated.intersection_update(changed)
