{
    "name": "Loyalty Core",
    "summary": "Members, cards, points on a real ledger, promotion engine, purchases and an API for tills",
    "version": "19.0.1.0.0",
    "category": "Sales/Loyalty",
    "author": "Open Loyalty Suite contributors",
    "license": "LGPL-3",
    "depends": ["mail", "product", "phone_validation", "portal", "contacts"],
    "data": [
        "security/groups.xml",
        "security/ir.model.access.csv",
        "security/members_rules.xml",
        "data/loy_card_types.xml",
        "views/menus.xml",
    ],
    "demo": [],
    "application": True,
}
