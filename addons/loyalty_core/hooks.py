from odoo.tools import SQL

from .tools import log_masking


def post_load():
    """For the process, whatever databases it serves."""
    log_masking.install()


def uninstall_hook(env):
    """Leave nothing behind: what the ORM does not know of goes here, and with the guards goes their
    refusal. Contacts stay: they are people whom the shop knows.
    """
    env["ir.config_parameter"].search([("key", "=like", "loyalty_core.%")]).unlink()
    env.cr.execute(SQL("DROP FUNCTION IF EXISTS loy_refuse_change() CASCADE"))
    env.cr.execute(SQL("DROP FUNCTION IF EXISTS loy_is_test_database()"))
    env.cr.execute(SQL("DROP FUNCTION IF EXISTS loy_lot_guard() CASCADE"))
    env.cr.execute(SQL("DROP FUNCTION IF EXISTS loy_products(text[], integer), loy_product_traits(integer[], integer)"))
    env.cr.execute(SQL("DROP TABLE IF EXISTS loy_event, loy_revision_head, loy_meter, loy_rate CASCADE"))
    env.cr.execute(SQL("DROP SEQUENCE IF EXISTS loy_revision_number_seq CASCADE"))
    env.cr.execute(
        SQL("SELECT relname FROM pg_class WHERE relkind = 'S' AND starts_with(relname, 'loy_card_type_serial_')")
    )
    for (sequence,) in env.cr.fetchall():
        env.cr.execute(SQL("DROP SEQUENCE %s", SQL.identifier(sequence)))
