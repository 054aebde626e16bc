from odoo import models
from odoo.tools import SQL

from ..services.errors import LoyaltyError
from ..sql import retention as sql


class LoyFactMixin(models.AbstractModel):
    """A fact is written once: nobody changes or deletes it, neither an administrator nor a contact merge.

    The database itself refuses (a trigger), so that raw SQL of other addons is refused too; the methods below
    say the same in words that a person understands. Dropping the table, when the module is removed, stays
    possible.
    """

    _name = "loy.fact.mixin"
    _inherit = ["loy.bigint.mixin"]
    _description = "Immutable fact"
    _log_access = False
    #: Whether rows may go by their age (loy.retentions). The books may not.
    _is_retained_for_a_time = False
    #: What may tell of a person and is blanked when the person is erased (loy.privacy).
    _personal_columns: tuple[str, ...] = ()

    def init(self):
        super().init()
        if self._abstract:
            return
        self.env.cr.execute(sql.define())
        self.env.cr.execute(
            SQL(
                """
                CREATE OR REPLACE FUNCTION loy_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
                DECLARE kept integer; moment timestamp;
                BEGIN
                    -- What is kept for a time only goes when the job says so, table by table. Whoever else
                    -- says so gets no further than the job: what is younger than the setting stays (a day is
                    -- for clocks that differ).
                    IF TG_OP = 'DELETE' AND 'for a time' = ANY(TG_ARGV::text[])
                       AND current_setting('loy.retention', true) = TG_ARGV[0] THEN
                        SELECT months INTO kept FROM loy_retention
                         WHERE kind = substr(TG_ARGV[0], length('loy_') + 1) AND months > 0;
                        moment := clock_timestamp() AT TIME ZONE 'UTC';
                        -- A test database is wound forward (loy.jobs).
                        IF loy_is_test_database() THEN
                            moment := GREATEST(
                                moment, NULLIF(current_setting('loy.retention_at', true), '')::timestamp
                            );
                        END IF;
                        IF OLD.at < moment - make_interval(months => kept, days => -1) THEN
                            RETURN OLD;
                        END IF;
                    END IF;
                    -- A person's erasure may blank what the table has declared as personal, and nothing else.
                    IF TG_OP = 'UPDATE' AND TG_NARGS > 2 THEN
                        IF current_setting('loy.erasure', true) = 'on'
                           AND to_jsonb(NEW) - TG_ARGV::text[] = to_jsonb(OLD) - TG_ARGV::text[] THEN
                            RETURN NEW;
                        END IF;
                    END IF;
                    RAISE EXCEPTION USING
                        MESSAGE = 'immutable_fact: rows of ' || TG_TABLE_NAME
                                  || ' are never changed or deleted',
                        HINT = 'Book a correcting transaction instead.';
                END $$
                """
            )
        )
        table = SQL.identifier(self._table)
        self.env.cr.execute(
            SQL(
                "CREATE OR REPLACE TRIGGER loy_refuse_change BEFORE UPDATE OR DELETE ON %s "
                "FOR EACH ROW EXECUTE FUNCTION loy_refuse_change(%s)",
                table,
                SQL(", ").join(SQL("%s", argument) for argument in self._guard_arguments()),
            )
        )
        self.env.cr.execute(
            SQL(
                "CREATE OR REPLACE TRIGGER loy_refuse_truncate BEFORE TRUNCATE ON %s "
                "FOR EACH STATEMENT EXECUTE FUNCTION loy_refuse_change()",
                table,
            )
        )

    def _guard_arguments(self) -> list[str]:
        """The table, for partitions have names of their own; how long it is kept; and what an erasure may blank."""
        kept = "for a time" if self._is_retained_for_a_time else "for ever"
        return [self._table, kept, *self._personal_columns]

    def write(self, vals):
        if self and vals:
            raise LoyaltyError(
                "immutable_fact",
                self.env._("%(model)s is never changed; book a correction instead", model=self._description),
            )
        return True

    def unlink(self):
        if self:
            raise LoyaltyError(
                "immutable_fact",
                self.env._("%(model)s is never deleted; book a correction instead", model=self._description),
            )
        return True
