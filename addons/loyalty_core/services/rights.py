"""The catalogue of single rights, and who has which.

A right is one thing that a person may do. There are three kinds:

- of a model, ``loy.card.write``: one for each operation that any role may do with the records of a model. They are
  derived from the access rows of the groups, and are held by whoever Odoo lets do it.
- of a method of the API, ``api.purchase_confirm``: derived from the methods.
- functions, ``member.merge``: declared here and, for other addons, by ``declare``.

Standard roles get the functions that are declared for them; own roles are composed of any.
"""

import inspect
import re
from collections.abc import Iterable
from dataclasses import dataclass

from odoo import SUPERUSER_ID, api, models, tools
from odoo.tools import SQL, LazyTranslate

from .errors import LoyaltyError

_lt = LazyTranslate(__name__)

OPERATIONS = {"read": "read", "write": "write", "create": "create", "unlink": "unlink"}
MODEL_RIGHT = re.compile(r"(loy\.[\w.]+)\.(read|write|create|unlink)")
API = "api."

#: The sections in which people look for a right, in the order of the screen.
SECTIONS = [
    ("members", "Members"),
    ("cards", "Cards"),
    ("accounts", "Points and money"),
    ("purchases", "Purchases"),
    ("programme", "Programme"),
    ("catalogue", "Stores and products"),
    ("reports", "Reports and books"),
    ("roles", "Rights and audit"),
    ("other", "Other"),
    ("api", "API methods"),
]

#: A model stands in the section of the longest name here that begins its own.
MODEL_SECTIONS = {
    "loy.member": "members",
    "loy.attribute": "members",
    "loy.directory": "members",
    "loy.duplicate": "members",
    "loy.event": "members",
    "loy.access": "members",
    "loy.referral": "members",
    "loy.retention": "members",
    "loy.card": "cards",
    "loy.lockout": "cards",
    "loy.account": "accounts",
    "loy.adjustment": "accounts",
    "loy.entry": "accounts",
    "loy.hold": "accounts",
    "loy.lot": "accounts",
    "loy.pool": "accounts",
    "loy.transaction": "accounts",
    "loy.conversion": "accounts",
    "loy.expiry": "accounts",
    "loy.unit": "accounts",
    "loy.reason": "accounts",
    "loy.purchase": "purchases",
    "loy.request": "purchases",
    "loy.calendar": "programme",
    "loy.code": "programme",
    "loy.choice": "programme",
    "loy.counter": "programme",
    "loy.favourite": "programme",
    "loy.group": "programme",
    "loy.offer": "programme",
    "loy.promotion": "programme",
    "loy.product.segment": "programme",
    "loy.publication": "programme",
    "loy.revision": "programme",
    "loy.reward": "programme",
    "loy.redemption": "accounts",
    "loy.settings": "programme",
    "loy.shared": "programme",
    "loy.tier": "programme",
    "loy.breakage": "reports",
    "loy.ledger": "reports",
    "loy.report": "reports",
    "loy.liability": "reports",
    "loy.journal": "reports",
    "loy.sales": "reports",
    "loy.category": "reports",
    "loy.promotion.day": "reports",
    "loy.promotion.effect": "reports",
    "loy.bench": "programme",
    "loy.replay": "programme",
    "loy.brand": "catalogue",
    "loy.network": "catalogue",
    "loy.partner": "catalogue",
    "loy.product": "catalogue",
    "loy.register": "catalogue",
    "loy.store": "catalogue",
    "loy.audit": "roles",
    "loy.right": "roles",
    "loy.role": "roles",
}

CASHIER = "loyalty_core.group_cashier"
STORE_MANAGER = "loyalty_core.group_store_manager"
PARTNER = "loyalty_core.group_partner"
BRAND_MANAGER = "loyalty_core.group_brand_manager"
PROMOTER = "loyalty_core.group_promoter"
CONTACT_CENTRE = "loyalty_core.group_contact_centre"
OPERATOR = "loyalty_core.group_operator"
ANALYST = "loyalty_core.group_analyst"
MARKETER = "loyalty_core.group_marketer"
ADMIN = "loyalty_core.group_admin"
INTEGRATOR = "loyalty_core.group_integrator"
OWN_MEMBERS = "loyalty_core.group_own_role_members"

#: The groups that are roles out of the box.
STANDARD_ROLES = [
    CASHIER,
    STORE_MANAGER,
    PARTNER,
    BRAND_MANAGER,
    PROMOTER,
    CONTACT_CENTRE,
    OPERATOR,
    ANALYST,
    MARKETER,
    ADMIN,
    INTEGRATOR,
]


@dataclass(frozen=True, slots=True)
class Right:
    """One function: its ``code`` is what services check, its ``name`` what a manager reads.

    ``roles`` are the standard roles that have it (who implies them has it too; the administrator has all). ``opens``
    are the forms (transient models) by which it is done, or ``model rwc`` for other records. ``group`` is a group that
    comes with the right in an own role, for the fields and views that it opens.
    """

    code: str
    name: object
    section: str
    roles: tuple[str, ...] = ()
    opens: tuple[str, ...] = ()
    group: str | None = None


RIGHTS: dict[str, Right] = {}


def declare(*rights: Right) -> None:
    """Other addons add their functions at import, and call ``loy.rights._synchronise`` in their data."""
    for right in rights:
        if right.section not in dict(SECTIONS) or MODEL_RIGHT.fullmatch(right.code) or right.code.startswith(API):
            raise ValueError(f"{right.code} cannot be declared in section {right.section}")
        RIGHTS[right.code] = right


def place(model: str, section: str) -> None:
    """The rights on a model of another addon, and on those whose names begin with its own, stand in ``section``."""
    MODEL_SECTIONS[model] = section


declare(
    Right("member.read", _lt("See what the shop knows of a member"), "members", (CASHIER,), group=OWN_MEMBERS),
    Right(
        "member.register",
        _lt("Register members and change their data"),
        "members",
        (PROMOTER,),
        opens=("res.partner rwc",),
    ),
    Right(
        "member.merge",
        _lt("Merge two members into one"),
        "members",
        (OPERATOR,),
        opens=("loy.member.merge.wizard", "loy.member.merge.wizard.line"),
    ),
    Right(
        "tier.set",
        _lt("Set the tier of a member by hand"),
        "members",
        (OPERATOR,),
        opens=("loy.member.tier.wizard",),
    ),
    Right("member.duplicates", _lt("Look for members that are there twice"), "members", (OPERATOR,)),
    Right("member.export", _lt("Hand out all that is held on a person"), "members", (OPERATOR,)),
    Right("member.erase", _lt("Erase a person's data"), "members"),
    Right(
        "member.retention",
        _lt("Say how long data are kept"),
        "members",
        opens=("loy.retention rw",),
    ),
    Right("member.access_log", _lt("See who looked at a member's data"), "members"),
    Right("member.list_export", _lt("Export lists of members to a file"), "members", (OPERATOR, MARKETER)),
    Right(
        "card.issue",
        _lt("Issue a card to a member"),
        "cards",
        (CONTACT_CENTRE,),
        opens=("loy.card.issue.wizard",),
    ),
    Right("card.block", _lt("Block and unblock a card"), "cards", (CONTACT_CENTRE,)),
    Right(
        "card.replace",
        _lt("Replace a card by a new one"),
        "cards",
        (CONTACT_CENTRE,),
        opens=("loy.card.replace.wizard",),
    ),
    Right(
        "card.close",
        _lt("Close a card for good"),
        "cards",
        (CONTACT_CENTRE,),
        opens=("loy.card.transition.wizard",),
    ),
    Right("card.series", _lt("Make a series of new cards"), "cards", (OPERATOR,)),
    Right(
        "card.export",
        _lt("Export card numbers for the printer"),
        "cards",
        (OPERATOR,),
        opens=("loy.card.export.wizard",),
    ),
    Right(
        "account.accrue",
        _lt("Give points or money by hand"),
        "accounts",
        (CONTACT_CENTRE,),
        opens=("loy.adjustment.wizard",),
    ),
    Right(
        "account.write_off",
        _lt("Take points or money by hand"),
        "accounts",
        (CONTACT_CENTRE,),
        opens=("loy.adjustment.wizard",),
    ),
    Right(
        "account.approve",
        _lt("Approve what others gave or took by hand"),
        "accounts",
        opens=("loy.refusal.wizard",),
    ),
    Right(
        "account.accrue_list",
        _lt("Give points to a list of members"),
        "accounts",
        (OPERATOR, MARKETER),
        opens=("loy.adjustment.list rwcd", "loy.adjustment.list.line r"),
    ),
    Right(
        "account.transfer",
        _lt("Move points from one member to another"),
        "accounts",
        (CONTACT_CENTRE,),
        opens=("loy.account.move.wizard",),
    ),
    Right(
        "account.convert",
        _lt("Change one unit into another"),
        "accounts",
        (CONTACT_CENTRE,),
        opens=("loy.account.move.wizard",),
    ),
    Right(
        "account.top_up",
        _lt("Top up a money account"),
        "accounts",
        (OPERATOR,),
        opens=("loy.account.move.wizard",),
    ),
    Right(
        "account.pool",
        _lt("Make pools of accounts and change who is in one"),
        "accounts",
        (CONTACT_CENTRE,),
        opens=("loy.pool.wizard", "loy.pool.wizard.line"),
    ),
    Right(
        "purchase.return",
        _lt("Take back a purchase"),
        "purchases",
        (OPERATOR, STORE_MANAGER),
        opens=("loy.return.wizard", "loy.return.wizard.line"),
    ),
    Right("purchase.cancel", _lt("Cancel a purchase that is held"), "purchases", (OPERATOR, STORE_MANAGER)),
    Right(
        "programme.apply",
        _lt("Bring in a programme as a document"),
        "programme",
        opens=("loy.programme.wizard",),
    ),
    Right(
        "programme.export",
        _lt("Take the programme out as a document"),
        "programme",
        (MARKETER,),
        opens=("loy.programme.wizard",),
    ),
    Right(
        "code.generate",
        _lt("Make promo codes, and make them void"),
        "programme",
        (MARKETER,),
        opens=("loy.code.more.wizard",),
    ),
    Right("code.export", _lt("Take promo codes out: files and printed sheets"), "programme", (MARKETER,)),
    Right(
        "promotion.offers",
        _lt("Load personal offers"),
        "programme",
        (MARKETER,),
        opens=("loy.offer.wizard", "loy.offer rwcd"),
    ),
    Right(
        "bench.use",
        _lt("Try promotions on the test bench"),
        "programme",
        (ANALYST,),
        opens=(
            "loy.bench.case rwcd",
            "loy.bench.line rwcd",
            "loy.bench.payment rwcd",
            "loy.bench.return rwcd",
            "loy.bench.reward rwcd",
            "loy.promotion r",
            "loy.reward r",
            "loy.store r",
            "loy.register r",
            "loy.unit r",
        ),
    ),
    Right(
        "replay.run",
        _lt("Replay receipts of the past with promotions that are tried"),
        "programme",
        (ANALYST,),
        opens=(
            "loy.replay rwcd",
            "loy.replay.day r",
            "loy.replay.category r",
            "loy.replay.promotion r",
            "loy.replay.receipt r",
            "loy.promotion r",
            "loy.store r",
        ),
    ),
    Right(
        "report.schedule",
        _lt("Have reports sent by e-mail"),
        "reports",
        (ANALYST,),
        opens=("loy.report.schedule rwcd",),
    ),
    Right(
        "report.run",
        _lt("See ready reports"),
        "reports",
        (STORE_MANAGER, BRAND_MANAGER, ANALYST),
        opens=("loy.report rwcd",),
    ),
    Right(
        "promotion.approve",
        _lt("Agree to what others want to publish"),
        "programme",
        (MARKETER,),
        opens=("loy.publication r", "loy.promotion r", "loy.refusal.wizard"),
    ),
    Right("books.check", _lt("Check the books"), "reports", (ANALYST,), opens=("loy.books.check.wizard",)),
    Right(
        "report.liability",
        _lt("See what the points are worth"),
        "reports",
        (ANALYST,),
        opens=(
            "loy.liability.wizard",
            "loy.liability.wizard.line",
            "loy.liability.report r",
            "loy.breakage.report r",
        ),
    ),
    Right(
        "report.sales",
        _lt("See sales by hours, goods by categories and promotions by days"),
        "reports",
        (ANALYST, STORE_MANAGER),
        opens=(
            "loy.sales.hour r",
            "loy.category.day r",
            "loy.promotion.day r",
            "loy.promotion r",
            "loy.store r",
            "loy.register r",
            "loy.unit r",
        ),
    ),
    Right(
        "report.effect",
        _lt("See what promotions did by their control groups"),
        "reports",
        (ANALYST,),
        opens=("loy.promotion.effect r", "loy.promotion.day r", "loy.sales.hour r", "loy.promotion r", "loy.store r"),
    ),
    Right(
        "books.journal",
        _lt("Write the journal of points, and choose its accounts"),
        "reports",
        opens=("loy.journal.account rwc", "loy.journal.entry r", "loy.journal.line r"),
    ),
    Right("audit.read", _lt("See who changed what"), "roles", opens=("loy.audit r",)),
    Right("roles.manage", _lt("Make roles and give them to people"), "roles"),
)


class LoyRights(models.AbstractModel):
    """Answers whether the user has a right. It is the person that counts: a service that acts as superuser has the
    rights of whoever asked for it, and only the system itself (the jobs, an installation) has all."""

    _name = "loy.rights"
    _description = "Rights service"

    @api.model
    def _has(self, code: str) -> bool:
        """Whether the user has the right ``code``."""
        if self.env.uid == SUPERUSER_ID:
            return True
        if of_model := MODEL_RIGHT.fullmatch(code):
            model, operation = of_model.groups()
            return model in self.env and self.env[model].with_user(self.env.uid).has_access(operation)
        return code in self._codes()

    @api.model
    def _check(self, code: str) -> None:
        """Refuses with ``right_missing`` unless the user has the right ``code``."""
        if not self._has(code):
            raise LoyaltyError(
                "right_missing",
                self.env._(
                    "You may not do this: it takes the right “%(right)s” (%(code)s). Whoever has the role "
                    "Loyalty / Administrator can give it to you under Loyalty > Configuration > Roles.",
                    right=self._name_of(code),
                    code=code,
                ),
            )

    @api.model
    @tools.ormcache("self.env.uid")
    def _codes(self) -> frozenset[str]:
        """The functions and API methods that the user may use, by all groups of the user."""
        # The own rights of a user, who need not be able to read roles.
        groups = self.env.user.sudo()._get_group_ids()
        self.env["loy.role"].flush_model()
        self.env["loy.right"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT loy_right.code
                  FROM loy_role
                  JOIN loy_role_right_rel ON role_id = loy_role.id
                  JOIN loy_right ON loy_right.id = right_id AND loy_right.kind <> 'model'
                 WHERE group_id = ANY(%s) AND loy_role.active
                """,
                list(groups),
            )
        )
        return frozenset(code for (code,) in rows)

    @api.model
    def _holders(self, code: str):
        """The people who have the function or API method ``code`` by any of their groups."""
        # sudo: who asks for a decision need not see the other users and their roles
        roles = self.env["loy.role"].sudo().search([("right_ids.code", "=", code)])
        users = roles.group_id.all_user_ids - self.env.ref("base.user_root")
        return users.filtered(lambda user: user.active and not user.share)

    @api.model
    def _name_of(self, code: str) -> str:
        """The right as people call it, in the language of the user."""
        if of_model := MODEL_RIGHT.fullmatch(code):
            model, operation = of_model.groups()
            if model not in self.env:
                return code
            names = {
                "read": self.env._("see"),
                "write": self.env._("change"),
                "create": self.env._("add"),
                "unlink": self.env._("delete"),
            }
            return self.env._(
                "%(model)s: %(operation)s", model=self._name_of_model(model), operation=names[operation]
            )
        if code.startswith(API):
            return self.env._("Call %s", code.removeprefix(API))
        return self.env._(RIGHTS[code].name) if code in RIGHTS else code

    def _name_of_model(self, model: str) -> str:
        # What a kind of record is called is no secret.
        return self.env["ir.model"].sudo()._get(model).name

    # ------------------------------------------------------------------ the catalogue in the database

    @api.model
    def _synchronise(self) -> None:
        """The rights and standard roles of the database become those that are declared."""
        # Run by the installation and by upgrades, whoever starts them.
        rights = self.env["loy.right"].sudo()
        known = {right.code: right for right in rights.search([("code", "!=", False)])}
        declared = self._declared()
        for code, values in declared.items():
            if code not in known:
                known[code] = rights.create(values)
            elif changed := {name: value for name, value in values.items() if known[code][name] != value}:
                known[code].write(changed)
        rights.concat(*(right for code, right in known.items() if code not in declared)).unlink()
        self.env["loy.roles"]._synchronise({code: known[code] for code in declared})

    def _declared(self) -> dict[str, dict]:
        """Code → values of every right that the installed addons know."""
        sections = [name for name, _label in SECTIONS]
        counts = dict.fromkeys(sections, 0)
        found = [
            *(("function", right.code, right.section, False, False) for right in RIGHTS.values()),
            *(("model", code, _section(code), *MODEL_RIGHT.fullmatch(code).groups()) for code in self._of_models()),
            *(("api", f"{API}{name}", "api", False, False) for name in self._api_methods()),
        ]
        declared = {}
        for kind, code, section, model, operation in found:
            counts[section] += 1
            declared[code] = {
                "code": code,
                "kind": kind,
                "section": section,
                "model": model,
                "operation": operation,
                "sequence": (sections.index(section) + 1) * 1000 + counts[section],
            }
        return declared

    def _of_models(self, group_ids: Iterable[int] | None = None) -> list[str]:
        """The rights on models that any standard role has, or the given groups have, by the access rows."""
        groups = [self.env.ref(xmlid).id for xmlid in STANDARD_ROLES] if group_ids is None else list(group_ids)
        self.env["ir.model.access"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT ir_model.model, bool_or(perm_read), bool_or(perm_write), bool_or(perm_create),
                       bool_or(perm_unlink)
                  FROM ir_model_access
                  JOIN ir_model ON ir_model.id = model_id
                 WHERE group_id = ANY(%s) AND ir_model_access.active AND starts_with(ir_model.model, 'loy.')
                       AND NOT ir_model.transient
              GROUP BY ir_model.model
              ORDER BY ir_model.model
                """,
                groups,
            )
        )
        return [
            f"{model}.{operation}"
            for model, *may in rows
            for operation, is_allowed in zip(OPERATIONS, may, strict=True)
            if is_allowed
        ]

    def _api_methods(self) -> list[str]:
        """The methods of the API, by name."""
        methods = inspect.getmembers(type(self.env["loy.api"]), inspect.isfunction)
        return [name for name, method in methods if hasattr(method, "loy_request") and not name.startswith("_")]


def _section(code: str) -> str:
    """
    >>> _section("loy.card.type.write")
    'cards'
    """
    begins = [name for name in MODEL_SECTIONS if code == name or code.startswith(f"{name}.")]
    return MODEL_SECTIONS[max(begins, key=len)] if begins else "other"
