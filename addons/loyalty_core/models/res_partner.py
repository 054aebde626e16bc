import re
from functools import partial

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools.misc import formatLang

from ..services.errors import LoyaltyError
from ..services.members import KNOWN_FIELDS

#: What a change of which must pass the rules of the member base.
CONTACT_FIELDS = {
    "is_loyalty_member",
    "name",
    "phone",
    "email",
    "loy_external_id",
    "loy_first_name",
    "loy_last_name",
    "loy_birth_date",
}

#: What is noted to be known since a day.
KNOWN_SINCE = {"loy_attributes", *KNOWN_FIELDS.values()}

#: What forms of contacts ask for and lists do not.
FORM_FIELDS = {"loy_balance_html", "child_ids"}

#: Who may see what the shop knows of a person; everybody else reads the contact without it.
STAFF = "loyalty_core.group_staff"
#: The plain forms by which members are told apart, and when they were confirmed: never taken from a client.
DERIVED_FIELDS = {"loy_phone", "loy_email", "loy_phone_confirmed_at", "loy_email_confirmed_at"}
#: What somebody who is no member any more has not.
LEFT = dict.fromkeys(DERIVED_FIELDS, False)


def _amount(env, unit, amount):
    """An amount as people of this language write it."""
    return formatLang(env, amount, digits=unit.decimals)


def _is_form(specification):
    """Whether a form asks, and one that shows what the loyalty programme knows: lists have neither."""
    return bool(FORM_FIELDS & specification.keys()) and any(name.startswith("loy_") for name in specification)


def _without_derived(vals):
    return {name: value for name, value in vals.items() if name not in DERIVED_FIELDS}


def _name_index(registry):
    """The list of members is searched by a part of the name, in the very expression that ilike uses."""
    if not registry.has_trigram:
        return ""
    return f"USING gin (({registry.unaccent('name')}) gin_trgm_ops) WHERE is_loyalty_member"


def _duplicate_message(env, diagnostics):
    """What people read when two registrations met and theirs came second."""
    detail = diagnostics.message_detail if diagnostics else ""
    return env._(
        "member_exists: somebody has just registered with the same contact (%s); find the member",
        detail or "",
    )


class ResPartner(models.Model):
    """A member is a contact; a phone or an e-mail belongs to one member only."""

    _inherit = "res.partner"

    is_loyalty_member = fields.Boolean(string="Loyalty member", copy=False)
    loy_registered_at = fields.Datetime(string="Member since", copy=False, readonly=True)
    loy_phone = fields.Char(
        string="Member phone",
        copy=False,
        readonly=True,
        help="The phone in international form: one member has it.",
    )
    loy_email = fields.Char(
        string="Member e-mail", copy=False, readonly=True, help="The e-mail in plain form: one member has it."
    )
    loy_phone_confirmed_at = fields.Datetime(
        string="Phone confirmed",
        copy=False,
        readonly=True,
        help="When the member sent back the code that came to this phone.",
    )
    loy_email_confirmed_at = fields.Datetime(
        string="E-mail confirmed",
        copy=False,
        readonly=True,
        help="When the member sent back the code that came to this e-mail.",
    )
    loy_first_name = fields.Char(string="First name", copy=False)
    loy_last_name = fields.Char(string="Last name", copy=False)
    loy_birth_date = fields.Date(string="Birth date", copy=False, groups=STAFF)
    loy_sex = fields.Selection(
        [("female", "Female"), ("male", "Male"), ("other", "Other")], string="Sex", copy=False, groups=STAFF
    )
    loy_store_id = fields.Many2one(
        "loy.store", string="Preferred store", copy=False, index="btree_not_null", ondelete="set null"
    )
    loy_external_id = fields.Char(
        string="External id", copy=False, help="The member's key in another system."
    )
    loy_attributes = fields.Json(string="Own attributes", copy=False, groups=STAFF)
    loy_attribute_changes = fields.Json(
        string="Attributes", store=False, copy=False, groups=STAFF, help="Names and new values; the others stay."
    )
    loy_attribute_value_ids = fields.Many2many(
        "loy.directory.value", string="Attribute values", compute="_compute_loy_attribute_value_ids",
        search="_search_loy_attribute_value_ids", groups=STAFF,
    )  # fmt: skip
    loy_attribute_search = fields.Char(
        string="Attribute", store=False, search="_search_loy_attribute_search", groups=STAFF
    )
    loy_known_since = fields.Json(
        string="Known since", copy=False, groups=STAFF, help="Since which day each thing is on file, by its name."
    )
    loy_brand_ids = fields.Many2many(
        "loy.brand", "loy_brand_member_rel", "member_id", "brand_id", string="Clubs of brands", copy=False,
        groups=STAFF, help="Brands whose clubs the member has joined: promotions may be for them only.",
    )  # fmt: skip
    loy_card_ids = fields.One2many("loy.card", "member_id", string="Cards", groups=STAFF)
    loy_card_count = fields.Integer(string="Number of cards", compute="_compute_loy_cards", groups=STAFF)
    loy_main_card_id = fields.Many2one(
        "loy.card", string="Main card", compute="_compute_loy_cards", groups=STAFF
    )
    loy_balance_text = fields.Char(
        string="Balance", compute="_compute_loy_balances", groups=STAFF, help="What can be spent now."
    )
    loy_balance_html = fields.Html(
        string="Balances", compute="_compute_loy_balances", sanitize=False, groups=STAFF
    )
    loy_last_purchase_ids = fields.Many2many(
        "loy.purchase", string="Last purchases", compute="_compute_loy_last_purchases", groups=STAFF
    )
    loy_purchase_count = fields.Integer(
        string="Number of purchases", compute="_compute_loy_purchases", groups=STAFF
    )
    loy_purchase_amount = fields.Float(string="Spent in all", compute="_compute_loy_purchases", groups=STAFF)
    loy_new_card_number = fields.Char(
        string="Number of the card handed out",
        store=False,
        copy=False,
        help="From the form or the envelope. Empty: a card of the default type is made.",
    )
    loy_is_imported = fields.Boolean(
        string="Came from another system", store=False, copy=False, help="Not a newcomer: nobody is welcomed."
    )
    loy_merged_into_id = fields.Many2one(
        "res.partner", string="Merged into", copy=False, readonly=True, index="btree_not_null", ondelete="restrict"
    )
    loy_merged_from_ids = fields.One2many(
        "res.partner", "loy_merged_into_id", string="Merged members", context={"active_test": False}, groups=STAFF
    )
    loy_alias_ids = fields.One2many("loy.member.alias", "member_id", string="Also known by", groups=STAFF)
    loy_tier_id = fields.Many2one(
        "loy.tier", string="Tier", company_dependent=True, copy=False, readonly=True, groups=STAFF
    )
    loy_tier_html = fields.Html(
        string="Tier and progress", compute="_compute_loy_tier_html", sanitize=False, groups=STAFF
    )
    loy_search = fields.Char(string="Member", store=False, search="_search_loy_search")

    _loy_phone_unique = models.UniqueIndex(
        "(loy_phone text_pattern_ops) WHERE loy_phone IS NOT NULL", _duplicate_message
    )
    _loy_email_unique = models.UniqueIndex(
        "(loy_email text_pattern_ops) WHERE loy_email IS NOT NULL", _duplicate_message
    )
    _loy_external_id_unique = models.UniqueIndex(
        "(loy_external_id text_pattern_ops) WHERE loy_external_id IS NOT NULL", _duplicate_message
    )
    _loy_name_index = models.Index(_name_index)
    _loy_birthday_index = models.Index(
        "((EXTRACT(MONTH FROM loy_birth_date) * 100 + EXTRACT(DAY FROM loy_birth_date)))"
        " WHERE loy_birth_date IS NOT NULL"
    )
    _loy_attributes_index = models.Index(
        "USING gin (loy_attributes jsonb_path_ops) WHERE loy_attributes IS NOT NULL"
    )
    _loy_member_index = models.Index("(loy_registered_at DESC, id) WHERE is_loyalty_member")

    @api.depends("loy_card_ids.is_main", "loy_card_ids.member_id")
    def _compute_loy_cards(self):
        counts = dict.fromkeys(self.ids, 0)
        main = {}
        for member, is_main, count, card_ids in self.env["loy.card"]._read_group(
            [("member_id", "in", self.ids)], ["member_id", "is_main"], ["__count", "id:min"]
        ):
            counts[member.id] += count
            if is_main:
                main[member.id] = card_ids
        for partner in self:
            partner.loy_card_count = counts.get(partner.id, 0)
            partner.loy_main_card_id = main.get(partner.id, False)

    def _compute_loy_balances(self):
        balances = self.env["loy.members"]._balances(self)
        for partner in self:
            found = balances.get(partner.id, [])
            partner.loy_balance_text = ", ".join(
                f"{_amount(self.env, one['unit'], one['available'])} {one['unit'].name}" for one in found
            )
            partner.loy_balance_html = self.env["ir.qweb"]._render(
                "loyalty_core.loy_member_balances", {"balances": found, "amount": partial(_amount, self.env)}
            )

    @api.depends_context("company")
    def _compute_loy_tier_html(self):
        """The tier as a badge, until when, and a bar to the next."""
        for partner in self:
            partner.loy_tier_html = self.env["ir.qweb"]._render(
                "loyalty_core.loy_member_tier_badge", self.env["loy.tiers"]._shown(partner) if partner.id else {}
            )

    def _compute_loy_last_purchases(self):
        purchases = self.env["loy.members"]._last_purchases(self)
        for partner in self:
            partner.loy_last_purchase_ids = purchases.get(partner.id, [])

    def _compute_loy_purchases(self):
        sums = {
            member.id: (count, amount)
            for member, count, amount in self.env["loy.purchase"]._read_group(
                [("member_id", "in", self.ids), ("state", "in", ("confirmed", "returned"))],
                ["member_id"],
                ["__count", "to_pay:sum"],
            )
        }
        for partner in self:
            partner.loy_purchase_count, partner.loy_purchase_amount = sums.get(partner.id, (0, 0.0))

    @api.depends("loy_attributes")
    def _compute_loy_attribute_value_ids(self):
        """What was chosen from directories."""
        values = self.env["loy.attributes"]._values_held(self)
        for partner in self:
            partner.loy_attribute_value_ids = values[partner]

    def _search_loy_attribute_value_ids(self, operator, value):
        values = self.env["loy.directory.value"].with_context(active_test=False)
        if operator == "in":
            found = values.browse(one for one in value if isinstance(one, int)).exists()
        elif operator == "any":
            found = values.search(value)
        else:
            return NotImplemented
        return self.env["loy.attributes"]._with_values(found)

    def _search_loy_attribute_search(self, operator, value):
        """As people write it: ``children >= 2``; a name alone is of whoever has a value."""
        if operator not in ("ilike", "=", "like") or not value:
            return NotImplemented
        return self.env["loy.attributes"]._search_domain(value)

    @api.model
    def _search_display_name(self, operator, value):
        """Where a form asks for a member, what a cashier would type finds it too: phone, card, e-mail, id."""
        if not self.env.context.get("loy_find_members") or operator != "ilike" or not isinstance(value, str):
            return super()._search_display_name(operator, value)
        domain = self.env["loy.members"]._search_domain(value)
        number = value.strip()
        return domain | Domain("id", "=", int(number)) if re.fullmatch(r"[0-9]{1,9}", number) else domain

    def _search_loy_search(self, operator, value):
        """One box for the whole base: a card's number, a phone as people write it, an e-mail, an external id,
        a name.

        Each path but the name is an index prefix, so the answer does not wait for 30 million contacts.
        """
        if operator not in ("ilike", "=", "like") or not value:
            return NotImplemented
        return self.env["loy.members"]._search_domain(value)

    @api.model_create_multi
    def create(self, vals_list):
        members = self.env["loy.members"]
        vals_list = [self._loy_with_changes(_without_derived(vals)) for vals in vals_list]
        joining = [bool(vals.get("is_loyalty_member")) for vals in vals_list]
        vals_list = [
            members._prepare_contact(vals) if joins else vals
            for vals, joins in zip(vals_list, joining, strict=True)
        ]
        vals_list = [members._note_since(vals) for vals in vals_list]
        numbers = [vals.pop("loy_new_card_number", None) for vals in vals_list]
        imported = [vals.pop("loy_is_imported", False) for vals in vals_list]
        members._check_unique([vals for vals, joins in zip(vals_list, joining, strict=True) if joins])
        partners = super().create(vals_list)
        everybody = list(zip(partners, numbers, joining, imported, strict=True))
        if newcomers := [(partner, number) for partner, number, joins, known in everybody if joins and not known]:
            members._welcome(newcomers)
        if known := [(partner, number) for partner, number, joins, known in everybody if joins and known]:
            members._welcome(known, kind="member.imported")
        return partners

    def write(self, vals):
        if "loy_attribute_changes" in vals:
            for partner in self:
                partner.write(partner._loy_with_changes(vals))
            return True
        vals = _without_derived(vals)
        if vals.get("active") or vals.get("is_loyalty_member"):
            self._check_not_merged()
        if not self.env.su:
            self.env["loy.reach"]._check(self)
        members = self.env["loy.members"]
        if KNOWN_SINCE & vals.keys() and "loy_known_since" not in vals:
            for partner in self:
                partner.write(members._note_since(vals, partner))
            return True
        if not CONTACT_FIELDS & vals.keys():
            return super().write(vals)
        number = vals.pop("loy_new_card_number", None)
        stays = self.filtered(lambda partner: vals.get("is_loyalty_member", partner.is_loyalty_member))
        leaves = (self - stays).filtered("is_loyalty_member")
        if not stays and not leaves:
            return super().write(vals)
        newcomers = [(partner, number) for partner in stays if not partner.is_loyalty_member]
        for partner in stays:
            prepared = members._prepare_contact({**vals, "loy_new_card_number": number}, partner)
            prepared.pop("loy_new_card_number")
            members._check_unique([prepared], partner)
            super(ResPartner, partner).write(prepared)
        if leaves:
            super(ResPartner, leaves).write({**vals, **LEFT})
        if others := self - stays - leaves:
            super(ResPartner, others).write(vals)
        if newcomers:
            members._welcome(newcomers)
        return True

    def _loy_with_changes(self, vals):
        """Changes of single attributes become all attributes, as they are to be."""
        if "loy_attribute_changes" not in vals:
            return vals
        vals = dict(vals)
        changes = vals.pop("loy_attribute_changes") or {}
        return {**vals, "loy_attributes": {**(self.loy_attributes or {}), **changes}} if changes else vals

    def _loy_confirm(self, confirmed):
        """``confirmed``: field → moment. Only services that know say so; a write leaves these fields out."""
        return super().write(confirmed)  # pylint: disable=super-method-mismatch

    def _check_not_merged(self):
        """A merged member stays as an archived contact that points to the one who goes on."""
        if merged := self.filtered("loy_merged_into_id")[:1]:
            raise LoyaltyError(
                "member_merged",
                self.env._(
                    "%(member)s was merged into %(survivor)s (id %(id)s) and stays archived; use that member",
                    member=merged.display_name,
                    survivor=merged.loy_merged_into_id.display_name,
                    id=merged.loy_merged_into_id.id,
                ),
            )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_member_with_cards(self):
        self.env["loy.members"]._check_deletable(self)

    def action_loy_member(self):
        """The same contact in the one-window form of the Loyalty app."""
        self.ensure_one()
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("loyalty_core.loy_member_action"),
            "res_id": self.id,
            "views": [(self.env.ref("loyalty_core.loy_member_view_form").id, "form")],
        }

    def action_loy_register(self):
        """Make members of these contacts."""
        self.check_access("write")
        self.write({"is_loyalty_member": True})

    def action_loy_cards(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Cards of %s", self.display_name),
            "res_model": "loy.card",
            "view_mode": "list,form",
            "domain": [("member_id", "=", self.id)],
            "context": {"default_member_id": self.id},
        }

    def _loy_action(self, xml_id, title, domain):
        self.ensure_one()
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(f"loyalty_core.{xml_id}"),
            "name": title,
            "domain": domain,
            "context": {},
        }

    def action_loy_purchases(self):
        title = self.env._("Purchases of %s", self.display_name)
        return self._loy_action("loy_purchase_action", title, [("member_id", "=", self.id)])

    def action_loy_favourites(self):
        title = self.env._("What %s buys most", self.display_name)
        return self._loy_action("loy_member_favourite_action", title, [("member_id", "=", self.id)])

    def action_loy_accounts(self):
        title = self.env._("Accounts of %s", self.display_name)
        return self._loy_action("loy_account_action", title, [("member_id", "=", self.id)])

    def action_loy_statement(self):
        """What was the member's, and what is since it shares accounts."""
        title = self.env._("Statement of %s", self.display_name)
        shared = self.env["loy.pools"]._of(self).account_ids
        domain = ["|", ("account_id.member_id", "=", self.id), ("account_id", "in", shared.ids)]
        return self._loy_action("loy_entry_action", title, domain)

    def action_loy_pool(self):
        """The pool that the member is in, or the way to open one."""
        self.ensure_one()
        pool = self.env["loy.pools"]._of(self)
        if not pool:
            title = self.env._("Share accounts with others")
            return self.env["loy.pool.wizard"]._open(title, default_kind="open", default_member_id=self.id)
        return {
            "type": "ir.actions.act_window",
            "res_model": "loy.pool",
            "res_id": pool.id,
            "view_mode": "form",
        }

    def action_loy_tiers(self):
        title = self.env._("Tiers of %s", self.display_name)
        return self._loy_action("loy_member_tier_action", title, [("member_id", "=", self.id)])

    def action_loy_set_tier(self):
        self.ensure_one()
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("loyalty_core.loy_member_tier_set_action"),
            "context": {"default_member_ids": self.ids},
        }

    def action_loy_events(self):
        title = self.env._("What happened to %s", self.display_name)
        return self._loy_action("loy_event_action", title, [("member_id", "=", self.id)])

    def action_loy_replace_card(self):
        """One click from a member who says: I have lost my card."""
        self.ensure_one()
        return self.loy_main_card_id.action_loy_replace()

    def action_loy_merge(self):
        """Members chosen in a list, or this one and another to be chosen."""
        return self.env["loy.member.merge.wizard"]._open(self)

    def web_read(self, specification):
        """Whoever opens the form of a member, ours or that of contacts, is written down; a list is no look at each."""
        if len(self) == 1 and self == self._origin and _is_form(specification):
            self.check_access("read")
            if self.is_loyalty_member:
                self.env["loy.privacy"]._note_access(self, "view")
        return super().web_read(specification)

    def export_data(self, fields_to_export):
        """Members who leave in a file are written down, each of them."""
        exported = super().export_data(fields_to_export)
        if members := self.filtered("is_loyalty_member"):
            self.env["loy.privacy"]._note_access(members, "export")
        return exported

    def action_loy_erase(self):
        """The person is forgotten; refused while anything is on the accounts."""
        self.ensure_one()
        self.env["loy.members"]._check_right("member.erase")
        self.check_access("write")
        self.env["loy.privacy"]._erase(self)
        return self.env["ir.actions.act_window"]._for_xml_id("loyalty_core.loy_member_action")

    def action_loy_export(self):
        """All that is held on the person, as a file."""
        self.ensure_one()
        self.env["loy.members"]._check_right("member.export")
        self.check_access("read")
        return {"type": "ir.actions.act_url", "url": f"/loyalty_core/member/{self.id}/export", "target": "self"}

    def action_loy_issue_card(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Issue a card"),
            "res_model": "loy.card.issue.wizard",
            "view_mode": "form",
            "target": "new",
            "context": {"default_member_id": self.id},
        }
