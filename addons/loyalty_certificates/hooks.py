from odoo.tools import SQL


def uninstall_hook(env):
    """Leave nothing behind: what the ORM does not know of goes here."""
    rights = ["|", ("code", "=like", "certificate.%"), ("code", "=like", "loy.certificate.%")]
    env["loy.right"].search(rights).unlink()
    env["ir.config_parameter"].search([("key", "=like", "loyalty_certificates.%")]).unlink()
    # Else the products of the demo chain would stay for types that are gone.
    env.cr.execute(SQL("UPDATE loy_certificate_type SET product_id = NULL"))
    env.cr.execute(
        SQL("SELECT relname FROM pg_class WHERE relkind = 'S' AND starts_with(relname, 'loy_certificate_type_serial_')")
    )
    for (sequence,) in env.cr.fetchall():
        env.cr.execute(SQL("DROP SEQUENCE %s", SQL.identifier(sequence)))
