"""Everything that tells who a person is goes; what was bought, given and spent stays, and the books stay balanced."""

from datetime import datetime

from odoo import fields, models
from odoo.tools import SQL

from ..sql.insert import insert_rows
from ..sql.ledger import ids
from .errors import LoyaltyError

#: Values of the contact that stay: they tell nothing of the person, or an archive needs them.
KEPT_FIELDS = {
    "id", "active", "company_id", "create_uid", "create_date", "write_uid", "write_date", "lang", "tz", "type",
    "is_company", "commercial_partner_id", "partner_share", "loy_merged_into_id", "loy_registered_at", "loy_store_id",
    "is_loyalty_member", "name", "complete_name", "country_id", "color", "user_id", "property_product_pricelist",
}  # fmt: skip


class LoyPrivacy(models.AbstractModel):
    """Erasure. Addons that keep personal data elsewhere extend ``_erase_elsewhere``."""

    _inherit = "loy.privacy"

    def _erase(self, partner, *, is_written_off: bool = False, at: datetime | None = None, reason: str = "") -> dict:
        """Erase the person and the contacts that were merged into it; {unit code: what was written off}.

        Codes: member_not_found, member_has_login, account_held, balance_remains (points or money that nobody said to
        write off, or that are not usable yet, or are owed), pool_owner.
        """
        self.env["loy.reach"]._check(partner)
        # The caller has checked the right to erase.
        partner = partner.sudo()
        at = at or fields.Datetime.now()
        persons = partner | partner.with_context(active_test=False).loy_merged_from_ids
        self.env["loy.pools"]._erase(partner, at)
        self._lock_persons(persons)
        if not partner.is_loyalty_member:
            raise LoyaltyError("member_not_found", self.env._("there is no member with id %s", partner.id))
        if persons.with_context(active_test=False).user_ids:
            raise LoyaltyError("member_has_login", self.env._("The person has a login; delete the user first"))
        written_off = self._close_accounts(partner, is_written_off, at, reason)
        # Cards are closed for good by the system, whoever asked for the erasure.
        cards = self.env["loy.card"].sudo().search([("member_id", "=", partner.id)])
        self.env["loy.cards"]._transition(
            cards.filtered(lambda card: card.state in ("active", "blocked")), "closed", at=at
        )
        self.env.flush_all()
        self._erase_elsewhere(persons)
        self.env.invalidate_all()
        self._erase_contacts(persons)
        self.env["loy.events"]._emit("member.erased", at=at, member_id=partner.id, company_id=self.env.company.id)
        company_id = self.env.company.id
        insert_rows(
            self.env["loy.access.log"],
            [{"at": fields.Datetime.now(), "user_id": self.env.uid, "member_id": partner.id, "kind": "erase",
              "company_id": company_id}],
        )  # fmt: skip
        return written_off

    def _lock_persons(self, persons) -> None:
        self.env.flush_all()
        who = ids(persons.ids, "int4")
        self.env.cr.execute(SQL("SELECT FROM res_partner WHERE id = ANY(%s) ORDER BY id FOR UPDATE", who))
        self.env.cr.execute(SQL("SELECT FROM loy_account WHERE member_id = ANY(%s) ORDER BY id FOR NO KEY UPDATE", who))
        self.env.invalidate_all()

    def _close_accounts(self, partner, is_written_off: bool, at: datetime, reason: str) -> dict[str, float]:
        ledger = self.env["loy.ledger"]
        # Accounts are the ledger's; all of the member count, of whatever partner of a coalition.
        accounts = self.env["loy.account"].sudo().search([("member_id", "=", partner.id), ("successor_id", "=", False)])
        balances = ledger._balances(accounts.ids)
        written_off: dict[str, float] = {}
        for account in accounts:
            balance = balances[account.id]
            if balance.held:
                raise LoyaltyError(
                    "account_held", self.env._("Points are reserved for a purchase: confirm or cancel it first.")
                )
            if balance.pending or balance.debt or (balance.available and not is_written_off):
                raise LoyaltyError(
                    "balance_remains",
                    self.env._(
                        "The account of %s is not empty. Say that what is there is to be written off; what is not"
                        " active yet or is owed is settled first.",
                        account.unit_id.name,
                    ),
                )
        for account in accounts.filtered(lambda one: balances[one.id].available):
            amount = balances[account.id].available
            ledger._write_off(account.id, amount, at=at, reason_id=None, note=reason or "erasure")
            code, scale = account.unit_id.code, 10**account.unit_id.decimals
            written_off[code] = written_off.get(code, 0) + amount / scale
        return written_off

    def _erase_elsewhere(self, persons) -> None:
        """What other tables tell of these persons. The guard of facts lets exactly the columns through that each
        table has declared as personal, and only while the transaction says that it erases.
        """
        self.env.cr.execute(
            SQL(
                """
                SELECT set_config('loy.erasure', 'on', true);
                UPDATE loy_event SET data = NULL WHERE member_id = ANY(%(who)s) AND data IS NOT NULL;
                UPDATE loy_member_merge SET kept = NULL, dropped = NULL, reason = NULL
                 WHERE survivor_id = ANY(%(who)s) OR merged_id = ANY(%(who)s);
                UPDATE loy_transaction SET note = NULL
                 WHERE note IS NOT NULL AND source <> 'top_up' AND id IN (
                       SELECT entry.transaction_id FROM loy_account AS account
                         JOIN loy_entry AS entry ON entry.account_id IN (account.id, account.successor_id)
                        WHERE account.member_id = ANY(%(who)s) AND account.kind = 'member')
                   AND (member_id IS NULL OR member_id = ANY(%(who)s));
                UPDATE loy_audit SET changes = '{}', name = NULL
                 WHERE (model = 'res.partner' AND res_id = ANY(%(who)s))
                    OR (model = 'loy.adjustment'
                        AND res_id IN (SELECT id FROM loy_adjustment WHERE member_id = ANY(%(who)s)));
                UPDATE loy_audit SET changes = changes - '{name,owner_id}'::text[], name = NULL
                 WHERE model = 'loy.pool'
                   AND res_id IN (SELECT pool_id FROM loy_pool_member WHERE member_id = ANY(%(who)s));
                UPDATE loy_member_tier_grant SET note = NULL WHERE member_id = ANY(%(who)s) AND note IS NOT NULL;
                UPDATE loy_card_log SET note = NULL
                 WHERE note IS NOT NULL AND card_id IN (SELECT id FROM loy_card WHERE member_id = ANY(%(who)s));
                SELECT set_config('loy.erasure', '', true);
                UPDATE loy_purchase
                   SET basket = jsonb_set(basket, '{member}', (basket -> 'member')
                                          - ARRAY['birth_date', 'registered_on', 'attributes', 'tags', 'segments'])
                 WHERE member_id = ANY(%(who)s)
                   AND jsonb_exists_any(basket -> 'member',
                                        ARRAY['birth_date', 'registered_on', 'attributes', 'tags', 'segments']);
                UPDATE loy_adjustment_list_line SET key = NULL, note = NULL WHERE member_id = ANY(%(who)s);
                UPDATE loy_adjustment SET note = NULL WHERE member_id = ANY(%(who)s);
                DELETE FROM loy_member_alias WHERE member_id = ANY(%(who)s);
                DELETE FROM sms_sms WHERE partner_id = ANY(%(who)s);
                DELETE FROM loy_bench_case
                 WHERE member_id = ANY(%(who)s)
                    OR return_of_id IN (SELECT id FROM loy_purchase WHERE member_id = ANY(%(who)s));
                DELETE FROM loy_replay_member WHERE member_id = ANY(%(who)s);
                DELETE FROM loy_replay_use WHERE member_id = ANY(%(who)s);
                DELETE FROM loy_offer WHERE member_id = ANY(%(who)s);
                DELETE FROM loy_referral_code WHERE member_id = ANY(%(who)s);
                DELETE FROM loy_member_choice WHERE member_id = ANY(%(who)s);
                DELETE FROM loy_member_favourite WHERE member_id = ANY(%(who)s);
                DELETE FROM loy_favourite_mark WHERE member_id = ANY(%(who)s);
                DELETE FROM loy_duplicate WHERE member_id = ANY(%(who)s) OR other_id = ANY(%(who)s);
                DELETE FROM loy_duplicate_key WHERE member_id = ANY(%(who)s);
                UPDATE loy_request SET answer = '{"erased": true}'
                 WHERE (method LIKE 'member\\_%%' OR method LIKE 'contact\\_%%')
                   AND (answer::jsonb ->> 'member') = ANY(%(texts)s);
                UPDATE loy_pool SET name = NULL WHERE owner_id = ANY(%(who)s);
                UPDATE loy_request SET answer = answer::jsonb - 'name'
                 WHERE method LIKE 'pool\\_%%' AND (answer::jsonb ->> 'pool')::integer IN (
                       SELECT pool_id FROM loy_pool_member WHERE member_id = ANY(%(who)s));
                DELETE FROM mail_tracking_value WHERE mail_message_id IN (
                    SELECT id FROM mail_message WHERE model = 'res.partner' AND res_id = ANY(%(who)s));
                UPDATE mail_message SET body = '', subject = NULL
                 WHERE model = 'res.partner' AND res_id = ANY(%(who)s);
                UPDATE mail_message SET email_from = NULL WHERE author_id = ANY(%(who)s);
                """,
                who=ids(persons.ids, "int4"),
                texts=[str(person_id) for person_id in persons.ids],
            )
        )
        self.env["loy.contact.codes"]._forget_persons(persons)
        # Files are deleted with their content, whoever put them there.
        messages = (
            self.env["mail.message"].sudo().search([("model", "=", "res.partner"), ("res_id", "in", persons.ids)])
        )
        messages.attachment_ids.unlink()
        files = (
            self.env["ir.attachment"]
            .sudo()
            .search([("res_model", "=", "res.partner"), ("res_id", "in", persons.ids), ("res_field", "=", False)])
        )
        files.unlink()
        self.env["mail.activity"].sudo().search(
            [("res_model", "=", "res.partner"), ("res_id", "in", persons.ids)]
        ).unlink()

    def _erase_contacts(self, persons) -> None:
        silent = persons.with_context(tracking_disable=True, mail_notrack=True)
        erased = {
            name: False
            for name, field in persons._fields.items()
            if field.store and not field.compute and not field.related and not field.inherited
            and name not in KEPT_FIELDS and field.type not in ("one2many", "many2many", "boolean")
        }  # fmt: skip
        silent.bank_ids.unlink()
        silent.write({"is_loyalty_member": False, "active": False})
        for person in silent:
            person.write({**erased, "category_id": [(5, 0, 0)], "name": self.env._("Erased member %s", person.id)})
        persons.flush_recordset()


__all__ = ["KEPT_FIELDS"]
