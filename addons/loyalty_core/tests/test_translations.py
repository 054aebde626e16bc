import io

import polib
from odoo.tests import TransactionCase, tagged
from odoo.tools import file_path
from odoo.tools.translate import trans_export

LANGUAGES = ("uk", "ru")


@tagged("post_install", "-at_install")
class TestTranslations(TransactionCase):
    """Whoever works in Ukrainian or Russian meets no English word of ours."""

    addon = "loyalty_core"
    least_terms = 500

    def test_every_term_is_translated(self):
        with io.BytesIO() as buffer:
            trans_export(None, [self.addon], buffer, "po", self.env)
            terms = {entry.msgid for entry in polib.pofile(buffer.getvalue().decode())}
        self.assertGreater(len(terms), self.least_terms)
        for language in LANGUAGES:
            catalogue = polib.pofile(file_path(f"{self.addon}/i18n/{language}.po"))
            translated = {entry.msgid for entry in catalogue.translated_entries()}
            self.assertFalse(terms - translated, f"run tools/i18n.py and translate to {language}")

    def test_placeholders_are_kept(self):
        for language in LANGUAGES:
            for entry in polib.pofile(file_path(f"{self.addon}/i18n/{language}.po")):
                for mark in ("%s", "%(", "\n"):
                    self.assertEqual(
                        entry.msgid.count(mark), entry.msgstr.count(mark), f"{language}: {entry.msgid}"
                    )
