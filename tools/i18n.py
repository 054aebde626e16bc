#!/usr/bin/env python3
"""Keeps the translations of our addons complete.

    python tools/i18n.py --db NAME            writes i18n/ADDON.pot and merges new terms into uk.po and ru.po
    python tools/i18n.py --db NAME --check    says what is out of date or untranslated; exit code 1

The database has the addons installed. Terms that are no longer used are dropped; nothing is translated by itself.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile

import polib

ROOT = pathlib.Path(__file__).resolve().parent.parent
LANGUAGES = ("uk", "ru")


def main(arguments=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--db", required=True)
    parser.add_argument("--config", help="Odoo's configuration file; else the usual one")
    parser.add_argument("--check", action="store_true", help="change nothing")
    options = parser.parse_args(arguments)
    problems = []
    for manifest in sorted(ROOT.glob("addons/*/__manifest__.py")):
        problems += refresh(manifest.parent, options)
    print("\n".join(problems) or "translations are complete")
    return 1 if problems else 0


def refresh(addon, options):
    """Brings one addon up to date, or with --check tells what is wrong."""
    folder = addon / "i18n"
    template = export(addon.name, options)
    problems = []
    pot = folder / f"{addon.name}.pot"
    if not options.check:
        folder.mkdir(exist_ok=True)
        template.save(str(pot))
    elif not pot.exists() or terms(polib.pofile(str(pot))) != terms(template):
        problems.append(f"{addon.name}: i18n/{pot.name} is out of date; run tools/i18n.py")
    for language in LANGUAGES:
        path = folder / f"{language}.po"
        catalogue = polib.pofile(str(path)) if path.exists() else empty(template, language)
        if not options.check:
            catalogue.merge(template)
            for entry in catalogue.obsolete_entries():
                catalogue.remove(entry)
            catalogue.save(str(path))
        missing = terms(template) - {(one.msgctxt, one.msgid) for one in catalogue.translated_entries()}
        problems += [
            f"{addon.name}: {language} lacks {msgid!r}" for _context, msgid in sorted(missing, key=str)
        ]
    return problems


def export(name, options):
    """The terms of an addon as Odoo finds them."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / f"{name}.pot"
        config = ["-c", options.config] if options.config else []
        command = ["odoo", "i18n", "export", *config, "-d", options.db, "-l", "pot", "-o", str(path), name]
        subprocess.run(command, check=True, capture_output=True)
        return polib.pofile(str(path))


def empty(template, language):
    catalogue = polib.POFile()
    catalogue.metadata = {**template.metadata, "Language": language}
    return catalogue


def terms(catalogue):
    return {(entry.msgctxt, entry.msgid) for entry in catalogue}


if __name__ == "__main__":
    sys.exit(main())
