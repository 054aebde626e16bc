#!/usr/bin/env python3
"""Saves pictures of back-office pages, each taken when the page has settled.

    python tools/screenshot.py --url http://127.0.0.1:8069 --db loyalty --out docs/img \\
        members=/odoo/action-loyalty_core.loy_member_action cards=/odoo/action-loyalty_core.loy_card_action

A page is NAME=PATH or PATH (then its name is made of the path). With `--click SELECTOR` the element is
clicked before the picture is taken (repeatable, in this order; for tabs and menus). Exit code 1: a page wrote
an error to its console, showed an error dialog or did not settle; all others are saved all the same.
"""

import argparse
import pathlib
import re
import sys
import urllib.parse

if __package__ in (None, ""):  # started as a script
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from tools.browser import Browser, BrowserError


def main(arguments=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--url", default="http://127.0.0.1:8069")
    parser.add_argument("--db", help="database (needed when the server shows more than one)")
    parser.add_argument("--login", default="admin")
    parser.add_argument("--password", default="admin")
    parser.add_argument("--out", default=".", type=pathlib.Path, help="folder of the pictures")
    parser.add_argument("--size", default="1366x768", help="WIDTHxHEIGHT, 1366x768 by default")
    parser.add_argument("--click", action="append", default=[], metavar="SELECTOR")
    parser.add_argument("--timeout", type=float, default=60)
    parser.add_argument("pages", nargs="+", metavar="[NAME=]PATH")
    options = parser.parse_args(arguments)
    url = options.url.rstrip("/")
    width, height = map(int, options.size.split("x"))
    failed = False
    with Browser(width, height, options.timeout) as browser:
        if options.db:  # picks the database for the session, whatever others the server has
            browser.goto(f"{url}/web/login?{urllib.parse.urlencode({'db': options.db})}")
        browser.login(url, options.login, options.password)
        for page in options.pages:
            name, separator, path = page.rpartition("=") if re.match(r"[\w.-]+=", page) else ("", "", page)
            if separator:
                name, path = page.split("=", 1)
            name = name or re.sub(r"\W+", "_", path).strip("_")
            browser.console.clear()
            problems = []
            try:
                browser.goto(url + path)
                for selector in options.click:
                    browser.click(selector)
            except BrowserError as error:
                problems.append(str(error))
            problems += [f"console: {text}" for text in browser.errors()]
            if dialog := browser.text(".o_error_dialog"):
                problems.append(f"error dialog: {dialog}")
            picture = browser.screenshot(options.out / f"{name}.png")
            print(f"{picture}  {browser.evaluate('document.title')}")
            for problem in problems:
                print(f"  ! {problem}", file=sys.stderr)
            failed |= bool(problems)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
