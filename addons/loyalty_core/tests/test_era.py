from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools import SQL

from ..services import era
from ..services.endpoint import ApiAccessError


@tagged("post_install", "-at_install")
class TestEra(TransactionCase):
    """What a process keeps belongs to one database since its start."""

    def setUp(self):
        super().setUp()
        self.env["loy.era"]._meet()
        self.env["loy.rights"]._codes()
        self.registry.cache_invalidated.clear()

    def meet_anew(self):
        """Over a connection that this process has not met: it is new after a restore."""
        era._met.discard(self.env.cr.connection)
        self.env["loy.era"]._meet()

    def restore(self):
        """Another table of that name, as any restore leaves it; gone with the test, and so is what is known of it."""
        self.addCleanup(era._met.discard, self.env.cr.connection)
        self.env.cr.execute(SQL("ALTER TABLE loy_revision RENAME TO loy_revision_before"))
        self.env.cr.execute(SQL("CREATE TABLE loy_revision ()"))

    def test_a_connection_is_asked_once(self):
        with self.assertQueryCount(0):
            self.env["loy.era"]._meet()
        with self.assertQueryCount(1):
            self.meet_anew()

    def test_the_same_era_drops_nothing(self):
        self.meet_anew()
        with self.assertQueryCount(0):
            self.env["loy.rights"]._codes()

    def test_another_era_drops_what_is_kept_and_tells_nobody(self):
        self.restore()
        self.registry.cache_invalidated.add("templates")
        self.addCleanup(self.registry.cache_invalidated.clear)
        self.meet_anew()
        self.assertEqual(self.registry.cache_invalidated, {"templates"})
        before = self.cr.sql_log_count
        self.env["loy.rights"]._codes()
        self.assertGreater(self.cr.sql_log_count, before)

    def test_a_call_of_the_api_has_the_rights_of_the_database_that_it_runs_in(self):
        user = new_test_user(self.env, "t_era", groups="loyalty_core.group_integrator")
        api = self.env["loy.api"].with_user(user)
        api.health()
        self.restore()
        self.env.cr.execute(SQL("DELETE FROM res_groups_users_rel WHERE uid = %s", user.id))
        self.env.invalidate_all()
        api.health()
        era._met.discard(self.env.cr.connection)
        with self.assertRaises(ApiAccessError):
            api.health()
