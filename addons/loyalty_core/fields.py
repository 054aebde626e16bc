"""Fields for tables that outgrow four bytes, and references that take no lock."""

from odoo import fields


class BigInteger(fields.Integer):
    """An integer of eight bytes: sums of minor units pass 2^31 in any larger chain."""

    _column_type = ("int8", "int8")


class BigMany2one(fields.Many2one):
    """A reference to a table whose ids are bigint."""

    _column_type = ("int8", "int8")


class FactMany2one(fields.Many2one):
    """A reference of an immutable fact to a row that every purchase names, without a foreign key.

    A foreign key locks the row that it points to (FOR KEY SHARE). Each purchase would write such a lock into
    the one tuple of the unit, the company or a system account, and all tills would queue for that page. The
    ledger fills these columns itself from rows it has just read, and `books_check` proves them.
    """

    def update_db_foreign_key(self, model, column):
        return


class BigFactMany2one(FactMany2one):
    """The same to a table whose ids are bigint."""

    _column_type = ("int8", "int8")
