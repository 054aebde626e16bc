"""Random programmes and baskets for the properties."""

from datetime import datetime
from typing import Any

from engine import Basket, Certificate, Conditional, Line, Member, Payment, Place, PromoCode, SpendRequest, Used
from hypothesis import strategies as st

CATEGORIES = ["COFFEE", "TEA", "FOOD"]
BRANDS = ["X", "Y"]
GROUPS = ["one", "two", "three", "default"]
CERTIFICATES = (
    Certificate(id="C1", amount_minor=1500),
    Certificate(id="C2", amount_minor=900, when={"kind": "basket_amount", "min": 20}),
    Certificate(id="C3", amount_minor=400),
)

targets = st.one_of(
    st.just({}),
    st.fixed_dictionaries({"category": st.lists(st.sampled_from(CATEGORIES), min_size=1, max_size=2)}),
    st.fixed_dictionaries({"sku": st.lists(st.sampled_from(["s0", "s1", "s9"]), min_size=1)}),
    st.fixed_dictionaries(
        {"brand": st.lists(st.sampled_from(BRANDS), min_size=1), "price": st.just({"min": 1, "max": 50})}
    ),
    st.fixed_dictionaries({"discounted": st.booleans(), "tag": st.just(["new"])}),
    st.fixed_dictionaries({"not": st.fixed_dictionaries({"category": st.just(["TEA"])})}),
    st.fixed_dictionaries({"attribute": st.just({"colour": ["red"]})}),
)
amounts = st.integers(1, 5000).map(lambda minor: minor / 100)


def _leaf(kind: str, **parameters: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"kind": st.just(kind), **parameters})


receipt_leaves = st.one_of(
    _leaf("basket_amount", target=targets, min=amounts, basis=st.sampled_from(["base", "current"])),
    _leaf("basket_amount", target=targets, max=amounts),
    _leaf("basket_quantity", target=targets, min=st.integers(0, 5)),
    _leaf("basket_distinct", target=targets, min=st.integers(0, 3)),
    _leaf("line_quantity", target=targets, min=st.integers(0, 4), max=st.integers(4, 6)),
    _leaf("basket_share", target=targets, of=targets, min_percent=st.integers(1, 100)),
    _leaf("place", store=st.sampled_from(["S1", "S2"])),
    _leaf("place", store_attribute=st.just({"format": ["express"]}), channel=st.sampled_from(["pos", "web"])),
    _leaf("time", weekdays=st.lists(st.integers(1, 7), min_size=1, max_size=3)),
    st.just({"kind": "time", "weekdays": [1, 5], "from": "20:00", "to": "06:00"}),
    st.just({"kind": "time", "dates": ["2026-11-23", "2026-11-30"], "from": "22:00", "to": "09:00"}),
    _leaf("identified", value=st.booleans()),
    st.just({"kind": "card_type", "in": ["GOLD"]}),
    st.just({"kind": "card_type", "not_in": ["GOLD"]}),
    st.just({"kind": "payment_method", "in": ["card"]}),
)
leaves = st.one_of(
    receipt_leaves,
    _leaf("promo_code", pool=st.sampled_from(["FLYER", "COUPON"])),
    st.just({"kind": "promo_code", "code": "spring-26"}),
)


def _trees(of: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.recursive(
        of,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3).map(lambda children: {"all": children}),
            st.lists(inner, max_size=3).map(lambda children: {"any": children}),
            inner.map(lambda child: {"not": child}),
        ),
        max_leaves=4,
    )


trees = _trees(leaves)
#: What points may be bound to.
terms = _trees(receipt_leaves)
rewards = st.one_of(
    _leaf("percent", value=st.integers(1, 100), target=targets, scope=st.sampled_from(["line", "order"])),
    _leaf("percent", value=st.integers(1, 100), target=targets, max=amounts),
    _leaf(
        "amount", value=amounts, target=targets, per=st.sampled_from(["order", "line", "unit", "quantity"])
    ),
    _leaf("price", value=amounts, target=targets, per=st.sampled_from(["unit", "quantity"])),
    _leaf(
        "points",
        unit=st.sampled_from(["BONUS", "STAR"]),
        percent=st.integers(1, 30),
        target=targets,
        per=st.sampled_from(["order", "line", "unit"]),
        on=st.sampled_from(["paid", "current", "base"]),
        rounding=st.sampled_from(["down", "up", "half_up"]),
    ),
    _leaf(
        "points",
        unit=st.just("STAR"),
        amount=st.integers(1, 50),
        per=st.sampled_from(["order", "line", "unit"]),
        usable_when=st.one_of(st.just({"all": []}), terms),
    ),
    _leaf("points", unit=st.just("BONUS"), step=st.just({"every": 5, "points": 2}), cap=st.integers(1, 20)),
    _leaf("points", unit=st.just("BONUS"), by_product=st.just(True), target=targets),
    _leaf("multiply", what=st.just("points"), of=st.just(["P0", "two"]), factor=amounts, target=targets),
    _leaf("multiply", what=st.just("discount"), of=st.just(["P0", "one"]), factor=st.integers(1, 3)),
    _leaf(
        "spend",
        unit=st.sampled_from(["BONUS", "STAR"]),
        max_percent=st.integers(0, 100),
        target=targets,
        **{"as": st.sampled_from(["discount", "payment"])},
    ),
    _leaf(
        "nth",
        every=st.integers(2, 4),
        free=st.integers(1, 2),
        percent=st.sampled_from([50, 100]),
        target=targets,
        choose=st.sampled_from(["cheapest", "dearest"]),
        grouping=st.sampled_from(["overall", "descending"]),
    ),
    _leaf("gift", target=targets, quantity=st.integers(1, 3)),
    _leaf("round_total", to=st.sampled_from([0.1, 1, 5]), target=targets),
    _leaf("issue_code", pool=st.just("COUPON"), bind=st.sampled_from(["bearer", "member"])),
    _leaf("issue_code", pool=st.just("FLYER"), value=st.just({"amount": 1, "every": 20}), target=targets),
    _leaf("message", text=st.just("{discount} {earned} {to_pay}")),
)


bundles = _leaf(
    "bundle",
    sets=st.lists(
        st.fixed_dictionaries({"target": targets, "quantity": st.integers(1, 2)}), min_size=1, max_size=3
    ),
)
set_rewards = st.one_of(
    _leaf("amount", value=amounts, target=targets, per=st.just("set")),
    _leaf("price", value=amounts, target=targets, per=st.just("set")),
)


limits = st.fixed_dictionaries(
    {},
    optional={
        "per_member": st.integers(1, 3),
        "per_day": st.integers(1, 3),
        "total": st.integers(1, 3),
        "budget": amounts,
        "budget_points": st.integers(1, 60),
    },
)
bases = st.dictionaries(
    st.sampled_from(["amount", "quantity"]),
    st.dictionaries(st.sampled_from(["day", "week", "month"]), st.integers(1, 60), min_size=1),
    min_size=1,
    max_size=1,
)
limits_of_base = st.one_of(st.just({}), st.builds(dict, base_per_member=bases))
uses = st.builds(
    Used,
    base_day=st.sampled_from([0, 0, 2_000, 3_000_000]),
    base_week=st.sampled_from([0, 4_000, 4_000_000]),
    base_month=st.sampled_from([0, 6_000, 6_000_000]),
    per_member=st.integers(0, 3),
    per_day=st.integers(0, 3),
    total=st.integers(0, 3),
    budget_minor=st.integers(0, 2000),
    budget_points_micro=st.integers(0, 20_000_000),
)


#: What pays out codes, and asks for them.
coupons = st.fixed_dictionaries(
    {
        "when": st.fixed_dictionaries(
            {"all": st.tuples(_leaf("promo_code", pool=st.sampled_from(["FLYER", "COUPON"])), trees).map(list)}
        ),
        "rewards": st.lists(_leaf("amount", value=st.just("code"), target=targets), min_size=1, max_size=2),
    }
)


@st.composite
def promotions(draw: st.DrawFn, number: int) -> dict[str, Any]:
    when = draw(st.one_of(st.just({"all": []}), trees))
    given = draw(st.lists(rewards, min_size=1, max_size=2))
    if draw(st.integers(0, 3)) == 0:
        when = {"all": [when, draw(bundles)]}
        given = draw(st.permutations([draw(set_rewards), *given]))
    if draw(st.integers(0, 3)) == 0:
        coupon = draw(coupons)
        when, given = coupon["when"], coupon["rewards"]
    bounds = draw(st.one_of(st.just({}), st.just({}), limits))
    if any(reward["kind"] == "points" and "amount" not in reward for reward in given):
        bounds |= draw(limits_of_base)
    if draw(st.integers(0, 3)) == 0:
        bounds |= {"share": "S"}
    if any(_is_repeated(reward) for reward in given):
        bounds |= draw(st.one_of(st.just({}), st.just({"per_receipt": draw(st.integers(1, 3))})))
    return {
        "code": f"P{number}",
        "state": draw(st.sampled_from(["active", "active", "active", "paused"])),
        "group": draw(st.sampled_from(GROUPS)),
        "priority": draw(st.integers(0, 2)),
        "weight": draw(st.integers(0, 1)),
        "exclusive": draw(st.integers(0, 5)) == 0,
        "basis": draw(st.sampled_from(["current", "base"])),
        "when": when,
        "rewards": given,
        "limits": bounds,
    }


def _is_repeated(reward: dict[str, Any]) -> bool:
    by_units = reward["kind"] in ("amount", "price") and reward.get("per") in ("set", "unit")
    return by_units or reward["kind"] == "nth" or "step" in reward


@st.composite
def programmes(draw: st.DrawFn) -> dict[str, Any]:
    count = draw(st.integers(1, 6))
    caps = st.one_of(st.none(), st.integers(0, 100))
    return {
        "units": [
            {
                "code": "BONUS",
                "rate": draw(st.sampled_from([1, 0.1, 2.5])),
                "decimals": draw(st.integers(0, 2)),
            },
            {"code": "STAR"},
        ],
        "code_pools": [{"code": "FLYER"}, {"code": "COUPON", "valid": {"after_days": 30}}],
        "groups": [
            {"code": "one", "sequence": 1, "exclusive": draw(st.booleans())},
            {
                "code": "two",
                "sequence": 2,
                "choose": "best",
                "per": draw(st.sampled_from(["receipt", "line"])),
            },
            {"code": "three", "sequence": 2, "choose": "first"},
        ],
        "settings": {
            "line_cap_percent": draw(caps),
            "receipt_cap_percent": draw(caps),
            "caps_include_points": draw(st.booleans()),
        },
        "limits": [{"code": "S", **draw(limits), **draw(limits_of_base)}],
        "promotions": [draw(promotions(number)) for number in range(count)],
    }


units = st.sampled_from(["BONUS", "STAR"])


@st.composite
def lines(draw: st.DrawFn, number: int) -> Line:
    return Line(
        id=f"L{number}",
        sku=f"s{draw(st.integers(0, 3))}",
        price_minor=draw(st.integers(0, 10_000)),
        quantity_micro=draw(st.sampled_from([1, 2, 3, 7])) * 1_000_000
        + draw(st.sampled_from([0, 0, 350_000])),
        categories=draw(st.frozensets(st.sampled_from(CATEGORIES))),
        brand=draw(st.sampled_from(["", *BRANDS])),
        tags=draw(st.sampled_from([frozenset[str](), frozenset({"new"})])),
        attributes=draw(st.sampled_from([{}, {"colour": frozenset({"red"})}])),
        min_price_minor=draw(st.sampled_from([0, 0, 500])),
        points={"BONUS": draw(st.integers(0, 9))},
        no_discount=draw(st.integers(0, 5)) == 0,
    )


@st.composite
def baskets(draw: st.DrawFn) -> Basket:
    member = Member(
        id="7",
        card_type=draw(st.sampled_from(["GOLD", ""])),
        balances={"BONUS": draw(st.integers(0, 5000)), "STAR": 30},
        conditional=tuple(
            Conditional(terms=str(number), unit=draw(units), amount_minor=draw(st.integers(0, 3000)), when=draw(terms))
            for number in range(draw(st.integers(0, 3)))
        ),
    )
    values = st.one_of(st.none(), st.integers(0, 5000))
    usable = tuple(
        PromoCode(code=code, pool=pool, value_minor=draw(values))
        for code, pool in (("SPRING26", "FLYER"), ("A2", "FLYER"), ("B3", "COUPON"))
        if draw(st.booleans())
    )
    return Basket(
        codes=("SPRING26", "A2", "B3"),
        promo_codes=usable,
        refused_codes={} if usable else {"B3": "used"},
        at=datetime(2026, 11, draw(st.integers(21, 30)), draw(st.integers(0, 23)), 30),
        lines=tuple(draw(lines(number)) for number in range(draw(st.integers(0, 5)))),
        place=draw(
            st.sampled_from(
                [Place(), Place(store="S1", channel="pos", store_attributes={"format": "express"})]
            )
        ),
        member=draw(st.sampled_from([member, member, None])),
        payments=draw(st.sampled_from([(), (Payment(method="card"),)])),
        spend=draw(
            st.sampled_from(
                [(), (SpendRequest(unit="BONUS"),), (SpendRequest(unit="STAR", amount_minor=12),)]
            )
        ),
        certificates=draw(st.sampled_from([(), (), CERTIFICATES[:1], CERTIFICATES])),
        used_shared=draw(st.one_of(st.just({}), st.builds(dict, S=uses))),
        used=draw(st.dictionaries(st.sampled_from([f"P{number}" for number in range(6)]), uses)),
    )
