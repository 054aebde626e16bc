{
    "name": "Loyalty Certificates",
    "summary": "Gift certificates, printed and virtual, whose value lies in the ledger of the loyalty suite",
    "version": "19.0.1.0.0",
    "category": "Sales/Loyalty",
    "author": "Open Loyalty Suite contributors",
    "license": "LGPL-3",
    "depends": ["loyalty_core"],
    "data": [
        "security/groups.xml",
        "security/ir.model.access.csv",
        "security/certificates_rules.xml",
        "data/loy_rights.xml",
    ],
}
