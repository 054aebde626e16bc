"""Which other promotions a promotion meets, and what comes of it."""

from odoo import fields, models
from odoo.exceptions import UserError

from ..engine.basket import Line
from ..engine.overlap import Shelf, meet, named_categories, named_products

SHOWN_MAX = 50


class LoyConflicts(models.AbstractModel):
    """``engine.overlap`` asked of the programme as it would be with a promotion in it."""

    _name = "loy.conflicts"
    _description = "Promotions that meet"

    def _of(self, promotion) -> list[dict]:
        """Those live or planned ones that can give something on the same goods: ``{"id", "name", "what", "how"}``."""
        company = promotion.company_id or self.env.company
        drafts = promotion if promotion.state != "active" or promotion.version_of_id else promotion.browse()
        try:
            compiled = self.env["loy.programme"]._with_drafts(company, fields.Datetime.now(), drafts)
        except UserError:
            return []  # it cannot be published as it is, and whoever tries is told why
        code = (promotion.version_of_id or promotion).code
        if code not in compiled.promotions:
            return []
        programme = compiled.programme
        mine = programme.promotion(code)
        others = [
            one
            for one in programme.promotions
            if one.code != code and one.code in compiled.promotions and not _is_over(one, self._now(company))
        ]
        shelf = self._shelf([mine, *others], company)
        met = [(one, lanes) for one in others if (lanes := meet(mine, one, shelf))]
        return [
            {
                "id": compiled.promotions[one.code],
                "name": one.name or one.code,
                "what": self._what(lanes),
                "how": self._how(programme, mine, one, lanes),
            }
            for one, lanes in met[:SHOWN_MAX]
        ]

    def _now(self, company):
        return fields.Datetime.context_timestamp(self.with_company(company), fields.Datetime.now()).replace(tzinfo=None)

    def _shelf(self, promotions, company) -> Shelf:
        decimals = company.currency_id.decimal_places
        facts = self.env["loy.catalogue"]._facts(sorted(set(named_products(promotions))), company.id)
        codes = set(named_categories(promotions))
        # sudo: the tree of categories is the same for everybody
        categories = self.env["product.category"].sudo()
        lineage = categories._loy_lineage()
        return Shelf(
            products={
                sku: Line(
                    id=sku, sku=sku, price_minor=round(fact.list_price * 10**decimals), **fact.traits()
                )
                for sku, fact in facts.items()
            },
            lineage={
                one.loy_code: lineage[one.id] for one in categories.search([("loy_code", "in", sorted(codes))])
            },
        )

    def _what(self, lanes) -> str:
        words = {
            frozenset({"discount"}): self.env._("discounts on the same goods"),
            frozenset({"points"}): self.env._("points for the same goods"),
        }
        return words.get(lanes) or self.env._("discounts and points on the same goods")

    def _how(self, programme, mine, other, lanes) -> str:
        """What becomes of goods that both touch."""
        if "discount" not in lanes:
            return self.env._("Both give points.")
        if mine.exclusive or other.exclusive:
            return self.env._("One of them is exclusive: only the one that comes first takes something off.")
        groups = {group.code: group for group in programme.groups}
        group = groups[mine.group]
        if mine.group == other.group and group.choose == "best":
            return self.env._("Of the two the one that is better for the customer works.")
        if mine.group == other.group and group.choose == "first":
            return self.env._("Of the two the one with the higher priority works.")
        order = [one.code for one in programme.groups]
        first = min((mine, other), key=lambda one: (order.index(one.group), -one.priority, -one.weight, one.position))
        if mine.group != other.group and groups[first.group].exclusive:
            return self.env._("“%s” closes the goods to the other one.", first.name or first.code)
        return self.env._(
            "Both take something off: first “%s”, then the other of what is left.", first.name or first.code
        )


def _is_over(promotion, now) -> bool:
    return promotion.to is not None and promotion.to <= now
