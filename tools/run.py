"""bin/run: gets what is missing, makes the database, starts Odoo and says where it is."""

import argparse
import json
import signal
import sys

from tools import environment
from tools.database import Site, drop, ensure_database
from tools.environment import PROJECT, SetupError, ensure, say, told
from tools.server import Server, end, is_taken, state_of

STATE = PROJECT / ".run"

LOOK_AT = """\
  look first at   Loyalty > Members       a member's balances, cards, purchases and statement in one window
                  Loyalty > Promotions    what is given to whom, when
                  Loyalty > Purchases     receipts with their discounts and points, and why
                  Loyalty > Accounts      the ledger behind every balance
"""


def _servers():
    """Recorded servers of this folder that run, as {path of the record: state}."""
    states = {path: state_of(path) for path in STATE.glob("server-*.json")}
    for path in [path for path, state in states.items() if state is None]:
        path.unlink()
    return {path: state for path, state in states.items() if state}


def _stop(servers):
    for path, state in servers.items():
        say(f"== stopping Odoo on port {state['port']}")
        path.unlink(missing_ok=True)  # first: so its foreground process knows that this is wanted
        end(state["pid"])


def _stop_all(site):
    _stop(_servers())
    if not environment.EXTERNAL_PG and site.cluster.running():
        say("== stopping PostgreSQL")
        site.cluster.stop()


def _announce(server, demo, detached):
    say(
        f"\nThe loyalty suite runs.\n\n"
        f"  address         {server.url}/odoo\n"
        f"  log in as       admin   password: admin\n"
        f"{LOOK_AT if demo else '  look first at   Loyalty > Configuration: units, card types and stores'}\n"
        f"  database        {server.database}    log: {server.log.relative_to(PROJECT)}\n"
        f"  stop with       {'bin/run --stop' if detached else 'Ctrl-C'}\n"
    )
    if server.workers:
        say(
            "With --workers live notifications need a reverse proxy that sends /websocket "
            "to Odoo's gevent port.\n"
        )


def _arguments(arguments):
    parser = argparse.ArgumentParser(
        prog="bin/run",
        description="Sets up what is missing, makes a database with demo data, starts Odoo.",
        epilog="ODOO_HOME names an Odoo 19 that you have, PGHOST (PGPORT, PGUSER, PGPASSWORD) a PostgreSQL, "
        "ODOO_DEB_MIRROR a Debian mirror, ODOO_PYTHON a Python 3.11-3.13. Without them everything "
        "comes into .odoo/ below this folder.",
    )
    parser.add_argument("--db", default="loyalty", metavar="NAME", help="database (loyalty)")
    parser.add_argument("--port", type=int, default=8069, metavar="N", help="port on 127.0.0.1 (8069)")
    parser.add_argument("--no-demo", action="store_true", help="make the database without demo data")
    parser.add_argument(
        "--reset", action="store_true", help="drop the database and make it anew; its data are lost"
    )
    parser.add_argument("--detach", action="store_true", help="return when the server answers")
    parser.add_argument(
        "--stop", action="store_true", help="stop the servers and the PostgreSQL of this folder"
    )
    parser.add_argument("--workers", type=int, default=0, metavar="N", help="worker processes (0: threads)")
    return parser.parse_args(arguments)


def main(arguments=None):
    options = _arguments(arguments)
    if options.stop:
        _stop_all(Site("run"))
        return
    say(
        "loyalty suite: the first start downloads some 200 MB and takes a few minutes"
        if not environment.VENV.exists()
        else "loyalty suite: starting"
    )
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    ensure()
    site = Site("run")
    try:
        with site.cluster.used():
            _serve(site, options)
    finally:
        if not _servers():
            site.cluster.stop_unless_used()


def _serve(site, options):
    """Makes what is missing and starts Odoo; without --detach it stays until Odoo ends."""
    # A second start takes the place of the first, so that it always shows the present code.
    _stop({p: s for p, s in _servers().items() if s["port"] == options.port or s["db"] == options.db})
    if is_taken(options.port):
        raise SetupError(f"Port {options.port} is taken by another program: choose one with --port.")
    if options.reset:
        drop(site, options.db)
    ensure_database(site, options.db, demo=not options.no_demo)
    record = STATE / f"server-{options.port}.json"
    server = Server(site, options.db, options.port, options.workers, STATE / f"odoo-{options.port}.log")
    try:
        server.start()
        record.write_text(json.dumps({"pid": server.process.pid, "port": options.port, "db": options.db}))
        _announce(server, not options.no_demo, options.detach)
        if options.detach:
            return
        code = server.process.wait()
        if code and record.exists():
            raise SetupError(f"Odoo ended with code {code}, see {server.log}")
    except BaseException:
        server.stop()
        raise
    finally:
        if not options.detach:
            record.unlink(missing_ok=True)


if __name__ == "__main__":
    with told():
        main()
