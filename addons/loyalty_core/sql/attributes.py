"""Statements about the own attributes of members: ``{name: value}`` in ``res_partner.loy_attributes``."""

import json

from odoo.tools import SQL

COLUMN = SQL("loy_attributes")
COMPARISONS = {operator: SQL(operator) for operator in ("<", "<=", ">", ">=")}


def known(column: SQL, name: str) -> SQL:
    return SQL("COALESCE(jsonb_exists(%s, %s), FALSE)", column, name)


def equal(column: SQL, name: str, kind: str | None, value) -> SQL:
    """By the index. Of a name that nobody has defined, also one of several values."""
    alone = SQL("%s @> %s::jsonb", column, json.dumps({name: value}))
    among = SQL("%s @> %s::jsonb", column, json.dumps({name: [value]}))
    return {"several": among, None: SQL("(%s OR %s)", alone, among)}.get(kind, alone)


def compared(column: SQL, name: str, operator: str, value) -> SQL:
    """Numbers with numbers, texts (so dates too) with texts."""
    of_type, cast = ("number", SQL("numeric")) if isinstance(value, int | float) else ("string", SQL("text"))
    return SQL(
        "CASE WHEN jsonb_typeof(%(column)s -> %(name)s) = %(of_type)s"
        " THEN (%(column)s ->> %(name)s)::%(cast)s %(operator)s %(value)s::%(cast)s ELSE FALSE END",
        column=column,
        name=name,
        of_type=of_type,
        cast=cast,
        operator=COMPARISONS[operator],
        value=str(value),
    )


def count_held(name: str, company_id: int | bool) -> SQL:
    return SQL("SELECT count(*) FROM res_partner WHERE %s AND %s", known(COLUMN, name), _company(company_id))


def count_equal(name: str, kind: str, value: str) -> SQL:
    return SQL("SELECT count(*) FROM res_partner WHERE %s", equal(COLUMN, name, kind, value))


def count_unfit(definition, company_id: int | bool) -> SQL:
    """Members whose value is none of the definition; empty ones are none at all."""
    return SQL(
        """
        SELECT count(*)
          FROM (SELECT loy_attributes -> %(name)s AS value FROM res_partner
                 WHERE jsonb_exists(loy_attributes, %(name)s) AND %(company)s) AS held
         WHERE value NOT IN ('null', '""', '[]') AND NOT COALESCE(%(fits)s, FALSE)
        """,
        name=definition.code,
        company=_company(company_id),
        fits=_fits(definition),
    )


def _company(company_id: int | bool) -> SQL:
    """Those of whom a definition of the company speaks; a shared one speaks of all."""
    return SQL("(company_id IS NULL OR company_id = %s)", company_id) if company_id else SQL("TRUE")


def _fits(definition) -> SQL:
    match definition.kind:
        case "text":
            return SQL("jsonb_typeof(value) = 'string'")
        case "integer":
            return _number(SQL("value::numeric %% 1 = 0 AND %s", _within(definition)))
        case "number":
            return _number(_within(definition))
        case "boolean":
            return SQL("jsonb_typeof(value) = 'boolean'")
        case "date":
            return SQL(
                "jsonb_typeof(value) = 'string' AND value #>> '{}' ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$'"
                """ AND value @? '$.datetime("YYYY-MM-DD")'"""
            )
        case "one":
            return SQL("jsonb_typeof(value) = 'string' AND value #>> '{}' = ANY(%s)", sorted(definition.former))
        case "several":
            codes = json.dumps(sorted(definition.former))
            return SQL("jsonb_typeof(value) = 'array' AND value <@ %s::jsonb", codes)


def _number(holds: SQL) -> SQL:
    return SQL("CASE jsonb_typeof(value) WHEN 'number' THEN %s END", holds)


def _within(definition) -> SQL:
    if definition.bounds is None:
        return SQL("TRUE")
    return SQL("value::numeric BETWEEN %s AND %s", *definition.bounds)
