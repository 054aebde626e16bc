"""Two members who are one person become one; nothing that either of them had is lost."""

from collections.abc import Mapping
from datetime import datetime

from odoo import fields, models
from odoo.tools import SQL
from psycopg2 import Error as DatabaseError

from ..sql import pooling
from ..sql.insert import insert_rows
from ..sql.ledger import ids
from .errors import LoyaltyError
from .members import CONFIRMED, KEYS, VALUES
from .posting import Source

#: What a person chooses from when members are merged: keys of a registration, and fields of the contact.
CHOSEN = {
    **{key: name for key, name in VALUES.items() if key not in ("name", "registered_at", "attributes", "brand_ids")},
    "street2": "street2",
    "country_id": "country_id",
    "lang": "lang",
}
OTHERS_MAX = 10
#: References to a contact that this service or the ledger moves itself, or that say who somebody was.
OWN_REFERENCES = {
    ("loy_account", "member_id"),
    ("loy_card", "member_id"),
    ("loy_duplicate", "member_id"),
    ("loy_duplicate", "other_id"),
    ("loy_member_day", "member_id"),
    ("loy_member_favourite", "member_id"),
    ("loy_favourite_mark", "member_id"),
    ("loy_member_tier", "member_id"),
    ("loy_member_tier_grant", "member_id"),
    ("loy_member_alias", "member_id"),
    ("res_partner", "parent_id"),
    ("res_partner", "commercial_partner_id"),
}


class LoyMerges(models.AbstractModel):
    """The survivor gets accounts, cards, purchases, documents and messages of the others. They are archived and
    point to the survivor, who is found by their ids, cards, phones, e-mails and external ids from now on. Facts
    (events, movements) keep the id that they were written with.
    """

    _name = "loy.merges"
    _description = "Merge of members"

    def _merge(self, survivor, others, values: Mapping | None = None, at: datetime | None = None, reason: str = ""):
        """Make ``others`` a part of ``survivor``. ``values``: what the survivor is to have (keys of ``CHOSEN``);
        of the rest the survivor's own, or where that is empty the first of the others'.

        Codes: merge_itself, member_not_found, member_merged, member_archived, merge_companies, merge_logins,
        merge_family, merge_many, pool_taken, account_held, and those of changing a member.
        """
        # The caller has checked the right to merge; what is touched is not for people to write.
        survivor, others = survivor.sudo(), others.sudo().sorted("id")
        members = survivor | others
        self._check(survivor, others)
        self.env["loy.reach"]._check(members)
        self._lock(members)
        self._check(survivor, others)
        at = at or fields.Datetime.now()
        before = {member.id: self._snapshot(member) for member in members}
        moved = self._count(others)
        kept = self._kept(survivor, others, values or {})
        extra = self._joined(survivor, others)

        source = Source(kind="merge", document=str(survivor.id), note=reason, company_id=survivor.company_id.id or None)
        self.env["loy.pools"]._merge(survivor, others, at)
        for other in others:
            self.env["loy.ledger"]._absorb(other.id, survivor.id, at=at, source=source)
            self.env["loy.counters"]._absorb(other.id, survivor.id)
            self.env["loy.member.facts"]._absorb(other.id, survivor.id)
            self.env["loy.offers"]._absorb(other.id, survivor.id)
            self.env["loy.favourites"]._leave(other.id)
        self._move_cards(survivor, others, at)
        self._move_references(survivor, others)
        self.env.invalidate_all()
        self.env["loy.tiers"]._absorb(survivor, others)
        others.with_context(tracking_disable=True).write(
            {
                "is_loyalty_member": False,
                "active": False,
                "loy_external_id": False,
                "loy_merged_into_id": survivor.id,
            }
        )
        others.flush_recordset()
        changes = {CHOSEN[key]: value for key, value in kept.items() if value != before[survivor.id]["values"][key]}
        survivor.write({**changes, **extra})
        self._keep_confirmations(survivor, before)
        self._keep_aliases(survivor, before)
        self._log(survivor, others, before, moved, at, reason)
        self.env["loy.duplicates"]._settle(members.ids, survivor.id)
        self.env.invalidate_all()
        return survivor

    # ------------------------------------------------------------------ what is refused

    def _check_right(self) -> None:
        self.env["loy.members"]._check_right("member.merge")

    def _with_history(self, partners):
        """Those who are members, or were and have left a history."""
        # Whether somebody has a history is no secret; nothing of it is shown.
        cards = self.env["loy.card"].sudo().search([("member_id", "in", partners.ids)])
        accounts = self.env["loy.account"].sudo().search([("member_id", "in", partners.ids)])
        purchases = self.env["loy.members"].sudo()._last_purchases(partners, limit=1)
        known = {*cards.member_id.ids, *accounts.member_id.ids, *purchases, *partners.loy_merged_into_id.ids}
        return partners.filtered(
            lambda one: one.is_loyalty_member or one.loy_merged_into_id or one.id in known
        )

    def _check(self, survivor, others) -> None:
        if survivor in others:
            raise LoyaltyError("merge_itself", self.env._("A member cannot be merged with itself; name two members"))
        if not others or len(others) > OTHERS_MAX:
            raise LoyaltyError(
                "merge_many", self.env._("Name from 1 to %s members to be merged into another", OTHERS_MAX)
            )
        members = survivor | others
        for member in members:
            self._check_live(member)
        if len(members.company_id) > 1:
            raise LoyaltyError(
                "merge_companies", self.env._("Members of different companies are different members and stay so")
            )
        if len(members.with_context(active_test=False).user_ids) > 1:
            raise LoyaltyError(
                "merge_logins",
                self.env._("Both contacts have a login; archive and unlink one of the users first"),
            )
        if members.parent_id & members:
            raise LoyaltyError(
                "merge_family", self.env._("One contact is the company or the parent of the other; separate them first")
            )

    def _check_live(self, member) -> None:
        if not member.exists():
            raise LoyaltyError("member_not_found", self.env._("there is no member with id %s", member.id))
        member._check_not_merged()
        if member.company_id and member.company_id not in self.env.companies:
            raise LoyaltyError("member_not_found", self.env._("there is no member with id %s", member.id))
        if not member.active:
            raise LoyaltyError(
                "member_archived", self.env._("Member %s is archived; unarchive the contact first", member.display_name)
            )
        if not member.is_loyalty_member:
            raise LoyaltyError(
                "member_not_found",
                self.env._("%s is no member now; register the contact as a member first", member.display_name),
            )

    def _lock(self, members) -> None:
        """Pools before contacts before accounts before limits, as purchases do; then nobody can refer to these members
        until we are done, and what was under way is there to be moved."""
        self.env.flush_all()
        self.env.cr.execute(pooling.lock_pools_of(members.ids))
        self.env.cr.execute(pooling.lock_members(members.ids))
        self.env["loy.ledger"]._lock_members(members.ids)
        self.env["loy.counters"]._lock_members(members.ids)
        self.env.invalidate_all()

    # ------------------------------------------------------------------ values

    def _snapshot(self, member) -> dict:
        """The member's values by key: as columns hold them, as people read them, and those it is known by."""
        return {
            "values": {key: _plain(member[name]) for key, name in CHOSEN.items()},
            "shown": {key: _shown(member[name]) for key, name in CHOSEN.items()},
            "plain": {key: member[column] for key, column in KEYS.items()},
            "confirmed": {column: (member[column], member[confirmed]) for column, confirmed in CONFIRMED.items()},
        }

    def _kept(self, survivor, others, values: Mapping) -> dict:
        """key → value that the survivor has in the end; addons add theirs to CHOSEN."""
        unknown = sorted(set(values) - set(CHOSEN))
        if unknown:
            raise LoyaltyError("bad_request", self.env._("%s is not a value of a member", unknown[0]))
        own = {
            key: next((_plain(member[name]) for member in survivor | others if member[name]), False)
            for key, name in CHOSEN.items()
        }
        return own | {key: _plain(value) for key, value in values.items()}

    def _joined(self, survivor, others) -> dict:
        """Values that are not chosen but brought together."""
        members = survivor | others
        joined = {"category_id": [(4, tag.id) for tag in others.category_id - survivor.category_id]}
        attributes: dict = {}
        for member in others.sorted("id", reverse=True) + survivor:
            attributes |= member.loy_attributes or {}
        if attributes != (survivor.loy_attributes or {}):
            joined["loy_attributes"] = attributes
        joined["loy_brand_ids"] = [(4, brand.id) for brand in others.loy_brand_ids - survivor.loy_brand_ids]
        since: dict = {}
        for member in members:
            for name, day in (member.loy_known_since or {}).items():
                since[name] = min(since.get(name, day), day)
        joined["loy_known_since"] = since
        registered = [member.loy_registered_at for member in members if member.loy_registered_at]
        if registered:
            joined["loy_registered_at"] = min(registered)
        if notes := [other.comment for other in others if other.comment]:
            joined["comment"] = "<br/>".join(filter(None, [survivor.comment, *notes]))
        if not survivor.image_1920 and (image := next((one.image_1920 for one in others if one.image_1920), False)):
            joined["image_1920"] = image
        return {name: value for name, value in joined.items() if value}

    def _keep_confirmations(self, survivor, before: Mapping) -> None:
        """A phone or e-mail that one of them had confirmed and the survivor has now, stays confirmed."""
        survivor._loy_confirm(
            {
                confirmed: moment
                for column, confirmed in CONFIRMED.items()
                for value, moment in (known["confirmed"][column] for known in before.values())
                if moment and value == survivor[column]
            }
        )

    def _keep_aliases(self, survivor, before: Mapping) -> None:
        """What any of them was known by and the survivor has not now: tills and sites may still send it."""
        survivor.flush_recordset()
        rows = [
            {"member_id": survivor.id, "kind": key, "value": known["plain"][key], "source_id": member_id}
            for member_id, known in before.items()
            for key, column in KEYS.items()
            if known["plain"][key] and known["plain"][key] != survivor[column]
        ]
        # Written by merges only.
        self.env["loy.member.alias"].sudo().create(rows)

    # ------------------------------------------------------------------ what moves

    def _count(self, others) -> dict[int, dict]:
        """Of each member what moves: numbers of cards and purchases, balances by unit."""
        counts: dict[int, dict] = {other.id: {} for other in others}
        for name, model in (("cards", "loy.card"), ("purchases", "loy.purchase")):
            found = self.env[model].sudo()._read_group(  # of the members that are merged, for the log
                [("member_id", "in", others.ids)], ["member_id"], ["__count"]
            )
            for member, count in found:
                counts[member.id][name] = count
        for member_id, balances in self.env["loy.members"]._balances(others).items():
            for one in balances:
                counts[member_id][one["unit"].code] = one["available"] + one["pending"] + one["held"]
        return counts

    def _move_cards(self, survivor, others, at: datetime) -> None:
        """All cards work on, one of them is the main one: the survivor's, if it is in use."""
        self.env["loy.card"].flush_model()
        everybody = ids((survivor | others).ids, "int4")
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO loy_card_log (card_id, from_state, to_state, note, user_id, at)
                SELECT id, state, state, %s || member_id, %s, %s FROM loy_card WHERE member_id = ANY(%s) ORDER BY id
                """,
                self.env._("Merged from member %s", ""),
                self.env.uid,
                at,
                ids(others.ids, "int4"),
            )
        )
        [(main,)] = self.env.execute_query(
            SQL(
                """
                SELECT (array_agg(id ORDER BY state = 'active' DESC, (is_main AND member_id = %s) DESC,
                                              is_main DESC, id))[1]
                  FROM loy_card WHERE member_id = ANY(%s)
                """,
                survivor.id,
                everybody,
            )
        )
        self.env.cr.execute(SQL("UPDATE loy_card SET is_main = false WHERE member_id = ANY(%s) AND is_main", everybody))
        self.env.cr.execute(SQL("UPDATE loy_card SET member_id = %s WHERE member_id = ANY(%s)", survivor.id, everybody))
        if main:
            self.env.cr.execute(SQL("UPDATE loy_card SET is_main = true WHERE id = %s", main))

    def _move_references(self, survivor, others) -> None:
        """Every row that refers to one of the others, whatever addon keeps it: purchases, orders, messages, logins.

        A row that cannot move, since the survivor has one like it or it is an immutable fact, stays where it is.
        """
        wizard = self.env["base.partner.merge.automatic.wizard"]
        wizard._merge_bank_accounts(others, survivor)
        others.with_context(active_test=False).child_ids.write({"parent_id": survivor.id})
        self.env.flush_all()
        merged = ids(others.ids, "int4")
        self.env.cr.execute(
            SQL(
                """
                UPDATE loy_member_alias SET member_id = %(survivor)s WHERE member_id = ANY(%(merged)s);
                UPDATE res_partner SET loy_merged_into_id = %(survivor)s WHERE loy_merged_into_id = ANY(%(merged)s);
                UPDATE mail_message SET res_id = %(survivor)s WHERE model = 'res.partner' AND res_id = ANY(%(merged)s);
                UPDATE mail_activity SET res_id = %(survivor)s
                 WHERE res_model = 'res.partner' AND res_id = ANY(%(merged)s);
                UPDATE ir_attachment SET res_id = %(survivor)s
                 WHERE res_model = 'res.partner' AND res_field IS NULL AND res_id = ANY(%(merged)s);
                """,
                survivor=survivor.id,
                merged=merged,
            )
        )
        for table, column in wizard._get_fk_on("res_partner"):
            if (table, column) in OWN_REFERENCES or table.startswith("base_partner_merge_"):
                continue
            move = SQL(
                "UPDATE %(table)s SET %(column)s = %(survivor)s WHERE %(column)s = ANY(%(merged)s)",
                table=SQL.identifier(table),
                column=SQL.identifier(column),
                survivor=survivor.id,
                merged=merged,
            )
            self._try(move)
        wizard._update_reference_fields(others, survivor)

    def _try(self, statement: SQL) -> None:
        try:
            with self.env.cr.savepoint(flush=False):
                self.env.cr.execute(statement, log_exceptions=False)
        except DatabaseError:
            # A unique value or a guard is in the way: the row stays with the contact that had it.
            return

    def _move_stragglers(self) -> int:
        """A purchase that knew its member before the merge and was written after it follows the member. How many
        rows."""
        moved = 0
        for table in ("loy_purchase", "loy_purchase_line"):
            self.env.cr.execute(
                SQL(
                    """
                    UPDATE %(table)s AS late SET member_id = merged.loy_merged_into_id
                      FROM res_partner AS merged
                     WHERE merged.loy_merged_into_id IS NOT NULL AND late.member_id = merged.id
                    """,
                    table=SQL.identifier(table),
                )
            )
            moved += self.env.cr.rowcount
        self.env["loy.purchase"].invalidate_model(["member_id"])
        self.env["loy.purchase.line"].invalidate_model(["member_id"])
        return moved

    # ------------------------------------------------------------------ the log

    def _log(self, survivor, others, before: Mapping, moved: Mapping, at: datetime, reason: str) -> None:
        now = {key: _shown(survivor[name]) for key, name in CHOSEN.items()}
        insert_rows(
            self.env["loy.member.merge"],
            [
                {
                    "survivor_id": survivor.id,
                    "merged_id": other.id,
                    "at": at,
                    "booked_at": fields.Datetime.now(),
                    "user_id": self.env.uid,
                    "reason": reason or None,
                    "kept": {key: value for key, value in now.items() if value},
                    "dropped": {
                        key: value
                        for key, value in before[other.id]["shown"].items()
                        if value and value != now[key]
                    },
                    "moved": moved[other.id],
                    "company_id": survivor.company_id.id or self.env.company.id,
                }
                for other in others
            ],
        )
        self.env["loy.events"]._emit(
            "member.merged",
            at=at,
            member_id=survivor.id,
            company_id=survivor.company_id.id or self.env.company.id,
            data={"merged": others.ids},
        )
        for other in others:
            other.message_post(body=self.env._("Merged into member %s", survivor._get_html_link()))
        survivor.message_post(
            body=self.env._("Merged with: %s", ", ".join(f"{other.name} (id {other.id})" for other in others))
        )


def _plain(value):
    """A value of a field as it is written and compared: records by id."""
    return value.id if isinstance(value, models.BaseModel) else value


def _shown(value):
    return value.display_name if isinstance(value, models.BaseModel) else value


__all__ = ["CHOSEN"]
