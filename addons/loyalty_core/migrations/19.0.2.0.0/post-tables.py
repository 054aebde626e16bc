def migrate(cr, version):
    """Odoo keeps the tables of models that are no more."""
    cr.execute("DROP TABLE IF EXISTS loy_card_series_wizard")
