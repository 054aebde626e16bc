"""Members: who they are, how they are found, that there is one of each."""

import re
from collections.abc import Mapping
from datetime import date, datetime

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain
from odoo.tools import SQL, email_normalize
from psycopg2.errors import SerializationFailure

from ..sql.ledger import ids
from .cards import CARD_FIELDS, IMPORTED
from .errors import LoyaltyError
from .posting import Balance
from .sections import UNITS_OF_PROGRAMME
from .transaction import lock_name

#: Keys of a registration or an update, and the field of the contact each is kept in.
VALUES = {
    "phone": "phone",
    "email": "email",
    "first_name": "loy_first_name",
    "last_name": "loy_last_name",
    "name": "name",
    "birth_date": "loy_birth_date",
    "sex": "loy_sex",
    "timezone": "tz",
    "store_id": "loy_store_id",
    "external_id": "loy_external_id",
    "registered_at": "loy_registered_at",
    "attributes": "loy_attributes",
    "brand_ids": "loy_brand_ids",
    "street": "street",
    "city": "city",
    "zip": "zip",
}
#: Names under which promotions know values that were asked of the person, and the field of each.
KNOWN_FIELDS = {"birth_date": "loy_birth_date", "sex": "loy_sex"}
#: Keys by which a member is found: the column that is unique.
KEYS = {"phone": "loy_phone", "email": "loy_email", "external_id": "loy_external_id"}
#: Of a column that can be confirmed, the one that says when it was.
CONFIRMED = {"loy_phone": "loy_phone_confirmed_at", "loy_email": "loy_email_confirmed_at"}
#: What is read of a member by the query that finds it.
MEMBER_FIELDS = ["name", "company_id", "is_loyalty_member", "lang", *KEYS.values()]


class LoyMembers(models.AbstractModel):
    """One person, one member: known by phone, e-mail, external id or card.

    The unique indexes of res_partner decide; the look-up before a write only gives the clearer answer. When
    two registrations meet, the second fails on the index, is run again by its transaction helper, and then
    sees the first.
    """

    _name = "loy.members"
    _description = "Member service"

    def _check_right(self, code: str) -> None:
        """``right_missing`` unless the user has the right ``code``."""
        self.env["loy.rights"]._check(code)

    # -- registering and changing (BaseModel has an attribute _register: hence the longer name)

    def _register_member(self, values: Mapping):
        """(member, card) of a new member.

        ``values``: phone, email, external_id or card (at least one), name or first_name and last_name,
        birth_date, sex, timezone, store_id, attributes, brand_ids, street, city, zip.
        Codes: member_exists (names the id), contact_required, bad_phone, bad_email, bad_birth_date, bad_sex,
        store_not_found, and those of issuing a card.
        """
        values = dict(values)
        number = values.pop("card", None)
        vals = {**self._to_fields(values), "is_loyalty_member": True, "loy_new_card_number": number}
        # Tills and sites register people without having a right on contacts.
        partner = self.env["res.partner"].sudo().create(vals)
        return partner, self._main_card(partner)

    def _claim(self, values: Mapping):
        """Until the transaction ends, nobody else who claims too registers this phone, e-mail or external id.

        The unique indexes decide in any case; but who has waited here sees the first and meets no error.
        """
        country = self._country({"loy_store_id": values.get("store_id")})
        plain = {"phone": lambda phone: self._phone(phone, country), "email": self._email, "external_id": str.strip}
        for key in KEYS:
            if values.get(key):
                lock_name(self.env, "member", key, plain[key](values[key]))

    def _update(self, partner, values: Mapping, at: datetime | None = None):
        """Change what ``values`` names (the keys of ``_register_member`` but card); an empty value clears."""
        self.env["loy.reach"]._check(partner)
        at = at or fields.Datetime.now()
        # See _register_member.
        partner = partner.sudo()
        partner.write(self._note_since(self._to_fields(values), partner, at.date()))
        self.env["loy.events"]._emit(
            "member.updated",
            at=at,
            member_id=partner.id,
            company_id=self.env.company.id,
            data={"fields": sorted(values)},
        )
        return partner

    def _note_since(self, vals: Mapping, partner=None, day: date | None = None) -> dict:
        """The values with the day from which on each of them is on file: the day of registration of a new member, else
        ``day``, else today. What was known stays known since then, whatever it is now; what is emptied is forgotten.
        """
        given = {name: vals[field] or None for name, field in KNOWN_FIELDS.items() if field in vals}
        if "loy_attributes" in vals:
            before = (partner.loy_attributes if partner else None) or {}
            attributes = self.env["loy.attributes"]._fit(vals["loy_attributes"] or {}, before)
            vals = {**vals, "loy_attributes": attributes or False}
            names = {*attributes, *before}
            given |= {name: attributes.get(name) for name in names}
        if not given or "loy_known_since" in vals:
            return dict(vals)
        registered_at = vals.get("loy_registered_at") if partner is None else None
        day = day or fields.Date.to_date(registered_at) or fields.Date.today()
        before = (partner.loy_known_since if partner else None) or {}
        known = {name: since for name, since in before.items() if name not in given}
        known |= {
            name: before.get(name, day.isoformat()) for name, value in given.items() if value not in (None, "")
        }
        return {**vals, "loy_known_since": known}

    def _lock(self, partner):
        """Nobody else changes the member until the transaction ends; what is read from now on is the latest."""
        partner.flush_recordset()
        self.env.cr.execute(SQL("SELECT FROM res_partner WHERE id = %s FOR NO KEY UPDATE", partner.id))
        partner.invalidate_recordset()

    def _keep(self, members) -> dict[int, int]:
        """Until the transaction ends none of these is merged or erased: they, by id, then accounts, then limits are
        locked by whoever books something on a member. {id of one that was merged already: whom into}.
        """
        rows = self.env.execute_query(
            SQL(
                "SELECT id, loy_merged_into_id FROM res_partner WHERE id = ANY(%s) ORDER BY id FOR KEY SHARE",
                ids(members.ids, "int4"),
            )
        )
        return {member_id: survivor_id for member_id, survivor_id in rows if survivor_id}

    def _keep_current(self, members) -> None:
        """The same for members who were found just now: one who has been merged since is a lost race, which
        `run_with_retry` runs again."""
        if members and self._keep(members):
            raise SerializationFailure("a member has become a part of another one")

    def _welcome(self, newcomers, kind: str = "member.registered"):
        """Each new member (member, card number or None) gets a card, and other addons hear of the member."""
        orders = [(member, None, number) for member, number in newcomers]
        self.env["loy.cards"]._issue_many(orders, told=None if kind == "member.registered" else IMPORTED)
        self.env["loy.events"]._emit_many(
            [
                {
                    "kind": kind,
                    "at": member.loy_registered_at,
                    "member_id": member.id,
                    "store_id": member.loy_store_id.id,
                    "company_id": member.company_id.id or member.loy_store_id.company_id.id,
                }
                for member, _number in newcomers
            ]
        )
        if kind == "member.registered":
            self.env["loy.tiers"]._work_out(self.env.company, [member.id for member, _number in newcomers])

    def _main_card(self, partner):
        partner.ensure_one()
        # Follows from the right to see the member.
        cards = self.env["loy.card"].sudo()
        return cards.search_fetch(
            [("member_id", "=", partner.id), ("is_main", "=", True)], CARD_FIELDS, limit=1
        )

    def _to_fields(self, values: Mapping) -> dict:
        unknown = sorted(set(values) - set(VALUES))
        if unknown:
            raise LoyaltyError("bad_request", self.env._("%s is not a value of a member", unknown[0]))
        vals = {VALUES[key]: value or False for key, value in values.items()}
        if "sex" in values and values["sex"] not in (None, "", False, "female", "male", "other"):
            raise LoyaltyError("bad_sex", self.env._("sex is female, male or other; not %s", values["sex"]))
        if vals.get("loy_attributes") and not isinstance(vals["loy_attributes"], Mapping):
            raise LoyaltyError("bad_attributes", self.env._("attributes are names with their values"))
        if "brand_ids" in values:
            vals["loy_brand_ids"] = [Command.set(values["brand_ids"])]
        return vals

    def _prepare_contact(self, vals: Mapping, partner=None) -> dict:
        """The values of a contact that is or becomes a member, made sound: names composed, phone and e-mail
        in plain form.
        """
        vals = dict(vals)

        def now(name):
            return vals[name] if name in vals else partner[name] if partner else False

        if "loy_first_name" in vals or "loy_last_name" in vals:
            full = " ".join(
                filter(None, ((now("loy_first_name") or "").strip(), (now("loy_last_name") or "").strip()))
            )
            if full:
                vals["name"] = full
        if "phone" in vals or not (partner and partner.is_loyalty_member):
            vals["loy_phone"] = self._phone(now("phone"), self._country(vals, partner))
        if "email" in vals or not (partner and partner.is_loyalty_member):
            vals["loy_email"] = self._email(now("email"))
        for column, confirmed in CONFIRMED.items():
            if partner and column in vals and vals[column] != partner[column]:
                vals[confirmed] = False
        if "loy_external_id" in vals:
            vals["loy_external_id"] = (vals["loy_external_id"] or "").strip() or False
        if vals.get("loy_birth_date"):
            vals["loy_birth_date"] = self._birth_date(vals["loy_birth_date"])
        if not (partner and partner.is_loyalty_member):
            vals.setdefault("loy_registered_at", fields.Datetime.now())
        if not now("name"):
            vals["name"] = next(
                filter(None, map(now, ("phone", "email", "loy_external_id", "loy_new_card_number"))), False
            )
            if not vals["name"]:
                raise LoyaltyError(
                    "contact_required",
                    self.env._("give a phone, an e-mail, an external id or a card to know the member by"),
                )
        return vals

    def _check_unique(self, rows: list[dict], partner=None):
        """``member_exists`` when a row has the phone, e-mail or external id of another member."""
        for key, column in KEYS.items():
            wanted = [row[column] for row in rows if row.get(column)]
            if not wanted:
                continue
            self.env["res.partner"].flush_model([column])
            found = self.env.execute_query(
                SQL(
                    "SELECT id, active, %(column)s FROM res_partner"
                    " WHERE %(column)s = ANY(%(wanted)s) AND id != %(own)s"
                    " UNION ALL "
                    "SELECT member_id, true, value FROM loy_member_alias"
                    " WHERE value = ANY(%(wanted)s) AND kind = %(kind)s AND member_id != %(own)s LIMIT 1",
                    column=SQL.identifier(column),
                    wanted=wanted,
                    kind=key,
                    own=partner.id if partner else 0,
                )
            )
            if found:
                member_id, active, value = found[0]
                raise self._exists(key, value, member_id, active)
            if len(set(wanted)) < len(wanted):
                raise LoyaltyError(
                    "member_exists", self.env._("two of the new members have the same contact")
                )

    def _exists(self, key, value, member_id, active) -> LoyaltyError:
        what = {
            "phone": self.env._("phone"),
            "email": self.env._("e-mail"),
            "external_id": self.env._("external id"),
        }[key]
        if active:
            text = self.env._(
                "a member with %(what)s %(value)s is there: id %(id)s", what=what, value=value, id=member_id
            )
        else:
            text = self.env._(
                "an archived member with %(what)s %(value)s is there: id %(id)s; unarchive it",
                what=what,
                value=value,
                id=member_id,
            )
        return LoyaltyError("member_exists", text)

    def _check_deletable(self, partners):
        """``member_has_cards``: a member with cards has a history."""
        # Whoever deletes a contact need not see its cards.
        cards = self.env["loy.card"].sudo()
        if card := cards.search([("member_id", "in", partners.ids)], limit=1):
            raise LoyaltyError(
                "member_has_cards",
                self.env._(
                    "%s has loyalty cards and stays; archive the contact instead", card.member_id.display_name
                ),
            )

    # -- plain forms

    def _country(self, vals: Mapping, partner=None):
        """The country whose phones are written without a prefix: the store's, else the contact's, else the
        company's.
        """
        store = (
            self.env["loy.store"]
            .sudo()
            .browse(vals.get("loy_store_id") or (partner and partner.loy_store_id.id) or ())
        )
        if store and not store.exists():
            raise LoyaltyError("store_not_found", self.env._("there is no store with id %s", store.id))
        return store.company_id.country_id or (partner and partner.country_id) or self.env.company.country_id

    def _phone(self, phone: str | None, country=None) -> str | bool:
        """``phone`` in the form +380671234567; ``bad_phone``."""
        if not phone:
            return False
        try:
            return self.env["res.partner"]._phone_format(
                number=str(phone), country=country or self.env.company.country_id, raise_exception=True
            )
        except UserError as error:
            raise LoyaltyError(
                "bad_phone", self.env._("%(phone)s is not a phone number: %(why)s", phone=phone, why=error)
            ) from error

    def _email(self, email: str | None) -> str | bool:
        """``email`` in the form name@example.com; ``bad_email``."""
        if not email:
            return False
        plain = email_normalize(str(email))
        if not plain or "." not in plain.rpartition("@")[2] or re.search(r"\s", plain):
            raise LoyaltyError("bad_email", self.env._("%s is not an e-mail address", email))
        return plain

    def _birth_date(self, value) -> date:
        """A day between 1900 and today; ``bad_birth_date``."""
        try:
            day = fields.Date.to_date(value)
        except (ValueError, TypeError):
            day = None
        if not day or not date(1900, 1, 1) <= day <= fields.Date.today():
            raise LoyaltyError(
                "bad_birth_date",
                self.env._("%s is not a birth date; write it as 1990-12-31, not in the future", value),
            )
        return day

    # -- finding

    def _find(self, key: Mapping):
        """The member with this one of member (its id), card, phone, email, external_id, or a code that is theirs.

        ``member_not_found``, those of ``loy.cards._resolve``, ``bad_request`` for no key or more than one.
        """
        given = {
            name: value
            for name, value in key.items()
            if value is not None and value is not False and value != ""
        }
        if len(given) != 1 or not set(given) <= {"member", "card", "code", *KEYS}:
            raise LoyaltyError(
                "bad_request", self.env._("name a member by one of member, card, phone, email, external_id")
            )
        [(name, value)] = given.items()
        # By one exact key, so no right to browse contacts is needed.
        partners = self.env["res.partner"].sudo()
        if name == "card":
            return self.env["loy.cards"]._resolve(value).member_id
        if name == "member":
            field, wanted = "id", int(value) if re.fullmatch(r"[0-9]{1,9}", str(value)) else 0
        elif name == "code":
            field, wanted = "id", self.env["loy.codes"]._holder(value, self.env.company)
        else:
            field, wanted = (
                KEYS[name],
                {"phone": self._phone, "email": self._email, "external_id": str}[name](value),
            )
        member = partners.search_fetch(
            [(field, "=", wanted), ("is_loyalty_member", "=", True)], MEMBER_FIELDS, order="id", limit=1
        )
        if not member:
            member = self._find_former("member" if name == "code" else name, wanted)
        if not member or (member.company_id and member.company_id not in self.env.companies):
            raise LoyaltyError(
                "member_not_found",
                self.env._("there is no member with %(key)s %(value)s", key=name, value=value),
            )
        return member

    def _find_former(self, name: str, wanted):
        """The survivor of a merge, by what one of the merged members was known by."""
        if name == "member":
            query = SQL("SELECT loy_merged_into_id FROM res_partner WHERE id = %s", wanted)
        else:
            query = SQL("SELECT member_id FROM loy_member_alias WHERE value = %s AND kind = %s", wanted, name)
        survivor_ids = [survivor_id for (survivor_id,) in self.env.execute_query(query) if survivor_id]
        # By one exact key, as in _find.
        partners = self.env["res.partner"].sudo()
        return partners.search_fetch(
            [("id", "in", survivor_ids), ("is_loyalty_member", "=", True)], MEMBER_FIELDS, limit=1
        )

    def _check_live(self, member_id: int) -> None:
        """``member_not_found`` for somebody who has left or was archived: their cards open nothing."""
        self.env["res.partner"].flush_model(["active", "is_loyalty_member"])
        live = SQL("SELECT 1 FROM res_partner WHERE id = %s AND active AND is_loyalty_member", member_id)
        if not self.env.execute_query(live):
            raise LoyaltyError("member_not_found", self.env._("The holder of this card is no member any more."))

    def _search_domain(self, text: str) -> Domain:
        """The members that a person looking for ``text`` may mean."""
        text = text.strip()
        domain = self._compose_search_domain(text)
        self.env["loy.guesses"]._watch_search(text, domain)
        return domain

    def _compose_search_domain(self, text: str) -> Domain:
        number = self.env["loy.cards"]._normalise(text)
        prefix = re.sub(r"([%_\\])", r"\\\1", text)
        if "@" in text:
            return Domain("loy_email", "=like", f"{prefix.lower()}%") | self._search_former([f"{prefix.lower()}%"])
        if not any(char.isdigit() for char in text):
            return Domain("name", "ilike", text)
        domain = Domain("loy_external_id", "=like", f"{prefix}%") | self._search_former([f"{prefix}%"])
        digits = re.sub(r"[^0-9]", "", text)
        if re.fullmatch(r"[0-9A-Za-z]{4,}", number):
            # Looked up first: a subquery inside an OR would read every contact.
            cards = self.env["loy.card"].search(
                [("number", "=like", f"{number}%"), ("member_id", "!=", False)], limit=200
            )
            domain |= Domain("id", "in", cards.member_id.ids)
        if len(digits) >= 4 and re.fullmatch(r"[0-9 ()+.-]+", text):
            code = str(self.env.company.country_id.phone_code or "")
            domain |= Domain("loy_phone", "=like", f"+{digits}%")
            # People write 067…, tills +38067…
            domain |= Domain("loy_phone", "=like", f"+{code}{digits.lstrip('0')}%")
            domain |= self._search_former([f"+{digits}%", f"+{code}{digits.lstrip('0')}%"])
        if re.search(r"[^\W\d]", text):
            domain |= Domain("name", "ilike", text)
        return domain

    def _search_former(self, prefixes: list[str]) -> Domain:
        """The survivors of members who had such a phone, e-mail or external id; looked up first, as cards are."""
        values = Domain.OR([Domain("value", "=like", prefix)] for prefix in prefixes)
        return Domain("id", "in", self.env["loy.member.alias"].search(values, limit=200).member_id.ids)

    # -- as plain values

    def _last_purchases(self, partners, limit: int = 10) -> dict[int, list[int]]:
        """{member id: ids of the last purchases}: as many rows are read as are shown, however many there
        are.
        """
        self.env["loy.purchase"].flush_model(["member_id", "purchased_at", "company_id"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT member.id, purchase.id
                  FROM unnest(%s::integer[]) AS member(id)
                  JOIN LATERAL (
                       SELECT id, purchased_at FROM loy_purchase
                        WHERE member_id = member.id AND company_id = ANY(%s)
                     ORDER BY purchased_at DESC, id DESC LIMIT %s
                  ) AS purchase ON TRUE
              ORDER BY member.id, purchase.purchased_at DESC, purchase.id DESC
                """,
                partners.ids,
                self.env.companies.ids,
                limit,
            )
        )
        result: dict[int, list[int]] = {}
        for member_id, purchase_id in rows:
            result.setdefault(member_id, []).append(purchase_id)
        return result

    def _balances(self, partners) -> dict[int, list[dict]]:
        """{member id: [unit (record), available, pending, held, debt, conditional, expiring: [(amount, day)]]}, in
        units, for all at once; ``conditional`` of what is available is good on some purchases only.
        """
        # Whoever sees a member sees the balances; accounts are written by the ledger alone.
        domain = [*UNITS_OF_PROGRAMME, ("company_id", "in", [False, *self.env.companies.ids])]
        units = self.env["loy.unit"].sudo().search(domain)
        ledger = self.env["loy.ledger"].sudo()
        accounts = ledger._accounts(partners.ids, units.ids)
        balances, expiring = ledger._balances(accounts.values()), ledger._expiring(accounts.values())
        result = {partner_id: [] for partner_id in partners.ids}
        for unit in units:
            scale = 10**unit.decimals
            for partner_id, found in result.items():
                account_id = accounts.get((partner_id, unit.id))
                balance = balances.get(account_id)
                # A unit that the member has never used, or has used up, is no news.
                if balance and balance != Balance():
                    found.append(
                        {
                            "unit": unit,
                            **{
                                name: getattr(balance, name) / scale
                                for name in ("available", "pending", "held", "debt")
                            },
                            "conditional": sum(one.amount for one in balance.conditional) / scale,
                            "expiring": [
                                (amount / scale, day) for amount, day in expiring.get(account_id, ())
                            ],
                        }
                    )
        return result

    def _profile(self, partner) -> dict:
        """The member as the API shows it, without balances; what is not known is absent."""
        # The right to see the member was settled when it was found.
        partner = partner.sudo()
        profile = {
            "member": partner.id,
            "name": partner.name,
            "first_name": partner.loy_first_name,
            "last_name": partner.loy_last_name,
            "phone": partner.loy_phone,
            "email": partner.loy_email,
            "phone_confirmed": partner.loy_phone_confirmed_at,
            "email_confirmed": partner.loy_email_confirmed_at,
            "birth_date": partner.loy_birth_date and partner.loy_birth_date.isoformat(),
            "sex": partner.loy_sex,
            "timezone": partner.tz,
            "store": partner.loy_store_id.code,
            "external_id": partner.loy_external_id,
            "registered": partner.loy_registered_at,
            "tier": self.env["loy.tiers"]._today(partner),
            "attributes": partner.loy_attributes,
            "brands": sorted(partner.loy_brand_ids.mapped("code")),
        }
        profile = {key: value for key, value in profile.items() if value}
        profile["cards"] = [
            {"number": card.number, "state": card.state, "type": card.type_id.code, "main": card.is_main}
            for card in partner.loy_card_ids.sorted(lambda card: (not card.is_main, card.id))
        ]
        return profile
