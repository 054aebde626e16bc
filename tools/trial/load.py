"""The receipts go through the API here, in a process with Odoo; started by ``bin/trial``."""

import argparse
import os
import pathlib
import signal
import sys
import time
from datetime import datetime

from tools.environment import PROJECT

from . import data

QUIET_SECONDS = 5


class Progress:
    """One line, renewed on a terminal, else every so often; and the figures of the run."""

    def __init__(self):
        self.start, self.shown = time.monotonic(), 0.0
        self.is_live = sys.stderr.isatty()

    def show(self, text: str, is_last: bool = False) -> None:
        now = time.monotonic()
        if not is_last and now - self.shown < (0.5 if self.is_live else QUIET_SECONDS):
            return
        self.shown = now
        end = "\n" if is_last or not self.is_live else ""
        print(f"\r\033[K{text}" if self.is_live else text, end=end, file=sys.stderr, flush=True)


def memory_mb() -> float:
    """Resident memory of this process."""
    pages = int(pathlib.Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def odoo_registry(database: str, site_data: str):
    from odoo.modules.registry import Registry
    from odoo.tools import config

    config.parse_config(
        [
            "-c",
            str(PROJECT / "odoo.conf"),
            f"--addons-path={PROJECT / 'addons'}",
            f"--data-dir={site_data}",
            "-d",
            database,
            "--no-http",
            "--max-cron-threads=0",
            "--log-level=warn",
        ],
        setup_logging=True,
    )
    return Registry(database)


def integrator(registry) -> int:
    """A user who may call the API and nothing else."""
    from odoo.api import SUPERUSER_ID, Environment

    with registry.cursor() as cr:
        env = Environment(cr, SUPERUSER_ID, {"no_reset_password": True})
        users = env["res.users"]
        user = users.search([("login", "=", "trial")]) or users.create(
            {
                "name": "Trial",
                "login": "trial",
                "group_ids": [(6, 0, [env.ref("loyalty_core.group_integrator").id])],
            }
        )
        return user.id


class Stop:
    """Asked to stop, the run ends after the receipt in hand."""

    def __init__(self):
        self.asked = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._ask)

    def _ask(self, *_args):
        self.asked = True


def sell(registry, till, journey, progress) -> dict:
    """All receipts that are not posted yet, with the nightly job in between; the figures of this run."""
    from .till import expire, night_after

    stop, numbers = Stop(), journey.numbers()
    before = position = till.confirmed(numbers)
    if before:
        print(f"going on after {before:,} receipts", file=sys.stderr, flush=True)
    start, early_mb, night = time.monotonic(), None, None
    for basket in journey.baskets(skip=before):
        if stop.asked:
            break
        if night and basket.at >= night:
            expire(registry, night)
            night = None
        night = night or night_after(basket.at)
        till.sell(basket)
        last_at, position = basket.at, position + 1
        done, seconds = position - before, time.monotonic() - start
        if early_mb is None and done * 10 >= len(numbers) - before:
            early_mb = memory_mb()
        left = (len(numbers) - position) * seconds / done
        progress.show(
            f"{basket.at:%Y-%m-%d}  {position:,} of {len(numbers):,} receipts, {done / seconds:.0f}/s, "
            f"{left / 60:.0f} min left, {memory_mb():.0f} MB",
            is_last=position == len(numbers),
        )
    seconds, done = time.monotonic() - start, position - before
    if done:
        expire(registry, last_at)
    peak = memory_mb()
    return {
        "receipts": done,
        "posted": position,
        "of": len(numbers),
        "seconds": round(seconds, 1),
        "receipts_per_second": done / seconds if done else 0.0,
        "calculate_ms": till.median("purchase_calculate"),
        "confirm_ms": till.median("purchase_confirm"),
        "peak_mb": peak,
        "growth_mb": peak - (early_mb or peak),
        "finished": position == len(numbers),
    }


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--db", required=True)
    parser.add_argument("--data-dir", required=True)
    parser.add_argument("--sample", type=int)
    parser.add_argument("--until", type=datetime.fromisoformat)
    parser.add_argument("--report", type=pathlib.Path)
    options = parser.parse_args()

    registry = odoo_registry(options.db, options.data_dir)
    from odoo.api import SUPERUSER_ID, Environment

    from .report import as_json, as_text, collect
    from .reports import Reports
    from .till import Api, Till

    journey = data.Journey(options.sample, options.until)
    progress = Progress()
    till = Till(Api(registry, integrator(registry)))
    only_sold = bool(options.sample or options.until)
    till.set_up(journey, only_sold, lambda count: progress.show(f"products: {count:,}"))
    run = sell(registry, till, journey, progress)
    with registry.cursor() as cr:
        env = Environment(cr, SUPERUSER_ID, {})
        told = Reports(env, journey, run["posted"]).differences() if run["posted"] else []
        report = collect(env, journey.sums(run["posted"]), run, told)
    if options.report:
        options.report.write_text(as_json(report) + "\n")
    print(as_text(report))
    if not run["finished"]:
        print(f"stopped after {run['posted']:,} of {run['of']:,}; the same command goes on", file=sys.stderr)
    return int(not report["ok"])


if __name__ == "__main__":
    sys.exit(main())
