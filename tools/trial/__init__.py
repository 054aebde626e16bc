"""bin/trial: The Complete Journey, a year of a grocery chain's receipts, through the loyalty API.

data.py     the data set: fetched, read as a stream
till.py     what a till and an integrator do: the programme, members and receipts over `loy.api`
report.py   what came of it, against the data set's own sums
load.py     the three together, in a process with Odoo
"""
