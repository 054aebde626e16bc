{
    "name": "Loyalty: kinds of another addon",
    "summary": "How an addon adds conditions, rewards, sections and what is known of members; installed by tests only",
    "version": "19.0.1.0.0",
    "author": "Open Loyalty Suite contributors",
    "license": "LGPL-3",
    "category": "Hidden",
    "depends": ["loyalty_core"],
    "data": ["security/ir.model.access.csv"],
}
