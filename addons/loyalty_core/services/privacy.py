"""What the law gives to a person: all that is held on them, as a file; and who has looked at it."""

import csv
import html
import io
import json
import zipfile

from odoo import SUPERUSER_ID, fields, models
from odoo.tools import SQL, json_default

from ..sql.ledger import ids

#: Opening the same member again within so many minutes is the same look; a file in two parts is one file.
SAME_LOOK_MINUTES = {"view": 60, "export": 1}
#: Fields of the contact that tell nothing of the person, or are told by sections of their own.
TECHNICAL = ("create_uid", "write_uid", "write_date", "self", "commercial_partner_id", "contact_address")


class LoyPrivacy(models.AbstractModel):
    """Addons add what they hold on a person by extending ``_sections``."""

    _name = "loy.privacy"
    _description = "Personal data service"

    # ------------------------------------------------------------------ the access log

    def _note_access(self, partners, kind: str) -> None:
        """A line of the access log for each of these; written over a connection of its own where the request may only
        read. What the system does by itself is nobody's look.
        """
        if self.env.uid == SUPERUSER_ID and kind == "view":
            return
        if self.env.cr.readonly:
            with self.env.registry.cursor() as cr:
                cr.execute(self._access_lines(partners, kind))
        else:
            self.env.cr.execute(self._access_lines(partners, kind))

    def _access_lines(self, partners, kind: str) -> SQL:
        return SQL(
            """
            INSERT INTO loy_access_log (at, user_id, member_id, kind, company_id)
            SELECT %(now)s, %(uid)s, member.id, %(kind)s, %(company)s
              FROM unnest(%(members)s) AS member (id)
             WHERE NOT EXISTS (
                   SELECT FROM loy_access_log
                    WHERE member_id = member.id AND user_id = %(uid)s AND kind = %(kind)s
                      AND at > %(now)s::timestamp - make_interval(mins => %(minutes)s)
             )
            """,
            now=fields.Datetime.now(),
            uid=self.env.uid,
            members=ids(partners.ids, "int4"),
            kind=kind,
            company=self.env.company.id,
            minutes=SAME_LOOK_MINUTES[kind],
        )

    # ------------------------------------------------------------------ the file

    def _export(self, partner) -> tuple[str, bytes]:
        """(name, content) of a zip with all that is held on the person: ``data.json`` for programs, ``index.html`` for
        people, and each list as CSV. Contacts that were merged into the member belong to it.
        """
        self.env["loy.reach"]._check(partner)
        # The caller has checked the right to hand the data out.
        partner = partner.sudo()
        partner.ensure_one()
        self._note_access(partner, "export")
        sections = {name: rows for name, rows in self.sudo()._sections(partner).items() if rows}  # see above
        text = json.dumps(sections, default=json_default, ensure_ascii=False, indent=2)
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("data.json", text)
            archive.writestr("index.html", _page(partner.display_name, sections))
            for name, rows in sections.items():
                archive.writestr(f"{name}.csv", _csv(rows))
        return f"member-{partner.id}.zip", content.getvalue()

    def _sections(self, partner) -> dict[str, list[dict]]:
        """Name of a section → its rows; the order is that of the file."""
        persons = partner | partner.with_context(active_test=False).loy_merged_from_ids
        ids = persons.ids
        own = [("member_id", "in", ids)]
        accounts = self.env["loy.account"].search(own)
        return {
            "member": [self._contact(person) for person in persons],
            "former_contacts": self._rows("loy.member.alias", own, "kind value"),
            "contact_codes": self._rows("loy.contact.code", own, "contact started_at expires_at"),
            "cards": self._rows("loy.card", own, "number type_id state is_main issued_at"),
            "card_history": self._rows("loy.card.log", [("card_id.member_id", "in", ids)], "at card_id to_state note"),
            "promo_codes": self._rows("loy.code", own, "shown pool_id state value left issued_at valid_until_at"),
            "accounts": self._rows("loy.account", own, "unit_id total held debt"),
            "statement": self._rows(
                "loy.entry", [("account_id", "in", accounts.ids)], "occurred_at kind unit_id amount transaction_id"
            ),
            "purchases": self._rows(
                "loy.purchase", own, "number kind state store_id channel purchased_at base discount spent to_pay"
            ),
            "purchase_lines": self._rows(
                "loy.purchase.line", own, "purchase_id line_ref sku product_id quantity price discount amount"
            ),
            "tiers": self._rows("loy.member.tier", own, "tier_id since until kind"),
            "tiers_set": self._rows("loy.member.tier.grant", own, "at tier_id since until kind note"),
            "offers": self._rows("loy.offer", own, "promotion_id sku value starts_on ends_on"),
            "choices": self._rows("loy.member.choice", own, "choice_id options chosen_at starts_on ends_on"),
            "favourites": self._rows("loy.member.favourite", own, "favourite_id rank key value worked_out_on"),
            "conversions": self._rows("loy.conversion.gift", own, "conversion_id due_on taken given"),
            "redemptions": self._rows("loy.redemption", own, "reward_id purchase points given redeemed_at"),
            "referral_code": self._rows("loy.referral.code", own, "code"),
            "referrals": self._rows("loy.referral", [("friend_id", "in", ids)], "joined_at purchased_at"),
            "events": self._rows("loy.event", own, "at kind store_id purchase_id data"),
            "merges": self._rows("loy.member.merge", [("survivor_id", "in", ids)], "at merged_id reason kept dropped"),
            "messages": self._rows(
                "mail.message", [("model", "=", "res.partner"), ("res_id", "in", ids)], "date subject body email_from"
            ),
            "access_log": self._rows("loy.access.log", own, "at kind user_id"),
        }

    def _contact(self, person) -> dict:
        """Every stored value of the contact that says something."""
        names = [
            name
            for name, field in person._fields.items()
            if field.store and field.type not in ("binary", "one2many", "image") and name not in TECHNICAL
        ]
        return {name: value for name in names if (value := _plain(person[name]))}

    def _rows(self, model: str, domain: list, names: str) -> list[dict]:
        records = self.env[model].with_context(active_test=False).search(domain, order="id")
        return [{name: _plain(record[name]) for name in names.split()} for record in records]


def _plain(value):
    if isinstance(value, models.BaseModel):
        return ", ".join(record.display_name or "" for record in value)
    return value


def _text(value) -> str:
    if isinstance(value, dict | list):
        return json.dumps(value, default=json_default, ensure_ascii=False)
    return "" if value is False or value is None else str(value)


def _columns(rows: list[dict]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


def _csv(rows: list[dict]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    columns = _columns(rows)
    writer.writerow(columns)
    # A text that begins like a formula would be run by a spreadsheet.
    writer.writerows([_harmless(_text(row.get(name))) for name in columns] for row in rows)
    return "\ufeff" + text.getvalue()


def _harmless(text: str) -> str:
    return f"'{text}" if text[:1] in ("=", "@", "\t", "\r") else text


def _page(title: str, sections: dict[str, list[dict]]) -> str:
    parts = [f"<!DOCTYPE html><meta charset='utf-8'><title>{html.escape(title)}</title><h1>{html.escape(title)}</h1>"]
    for name, rows in sections.items():
        columns = _columns(rows)
        head = "".join(f"<th>{html.escape(column)}</th>" for column in columns)
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(_text(row.get(column)))}</td>" for column in columns) + "</tr>"
            for row in rows
        )
        parts.append(f"<h2>{html.escape(name)}</h2><table border='1'><tr>{head}</tr>{body}</table>")
    return "".join(parts)
