from odoo import models
from odoo.tools import SQL


class LoyBigintMixin(models.AbstractModel):
    """A table whose ids are bigint: it holds rows of every purchase line of many years."""

    _name = "loy.bigint.mixin"
    _description = "Table with bigint ids"

    def init(self):
        super().init()
        if self._abstract or not self._auto:
            return
        rows = self.env.execute_query(
            SQL(
                "SELECT data_type FROM information_schema.columns "
                "WHERE table_schema = current_schema AND table_name = %s AND column_name = 'id'",
                self._table,
            )
        )
        if rows and rows[0][0] == "integer":
            # The ORM has just made the table with a four-byte serial; it is still empty, so this costs
            # nothing.
            table, sequence = SQL.identifier(self._table), SQL.identifier(f"{self._table}_id_seq")
            self.env.cr.execute(SQL("ALTER TABLE %s ALTER COLUMN id TYPE bigint", table))
            self.env.cr.execute(SQL("ALTER SEQUENCE %s AS bigint", sequence))
