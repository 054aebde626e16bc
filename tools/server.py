"""A running Odoo server and its clients: one piece of code for bin/run, tests/e2e and tests/bench."""

import contextlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
import xmlrpc.client

from tools import database
from tools.environment import LOGS, PROJECT, VENV, SetupError, step

_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a proxy must not see local traffic


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_taken(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
        return False


class Server:
    """Odoo on 127.0.0.1; with `workers` in processes (as in production), without in threads."""

    def __init__(self, site, name, port=None, workers=0, log=None, arguments=(), outlives=True):
        self.outlives = outlives  # the process that starts it; tests' servers do not
        self.site, self.database, self.workers, self.arguments = site, name, workers, arguments
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = log or LOGS / f"server-{self.port}.log"
        self.process = None

    def start(self):
        """Returns when the server answers."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        command = [
            *([] if self.outlives else ["setpriv", "--pdeathsig", "TERM"]),
            VENV / "bin/odoo",
            *database.options(self.site, self.database),
            f"--http-port={self.port}",
            f"--gevent-port={free_port()}",
            f"--workers={self.workers}",
            *self.arguments,
        ]
        with self.log.open("a" if self.process else "w") as file:  # one that is started again goes on
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                cwd=PROJECT,
                start_new_session=True,
            )
        try:
            with step("Starting Odoo"):
                self._wait()
        except BaseException:
            self.stop()
            raise
        return self

    def _wait(self, timeout=120):
        deadline = time.monotonic() + timeout
        while True:
            with contextlib.suppress(OSError, urllib.error.URLError):
                with _direct.open(f"{self.url}/web/login", timeout=30) as answer:
                    if answer.status == 200:
                        return
            if self.process.poll() is not None or time.monotonic() > deadline:
                tail = "\n".join("    " + line for line in self.log.read_text().splitlines()[-12:])
                raise SetupError(f"Odoo did not start, see {self.log}:\n{tail}")
            time.sleep(0.1)

    def stop(self):
        if self.process:
            end(self.process.pid)
            self.process.wait()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_error):
        self.stop()

    # ------------------------------------------------------------ clients
    def xmlrpc(self, login="admin", password="admin"):
        return XmlRpc(self.url, self.database, login, password)

    def json2(self, key):
        return Json2(self.url, self.database, key)

    def session(self, login="admin", password="admin"):
        """The id of a session of somebody who has logged in."""
        import requests

        client, who = requests.Session(), {"db": self.database, "login": login, "password": password}
        client.trust_env = False
        answer = client.post(f"{self.url}/web/session/authenticate", json={"params": who}, timeout=60).json()
        if "result" not in answer:
            raise PermissionError(f"login refused for {login}")
        return client.cookies["session_id"]

    def integrator_key(self, login="integrator"):
        """A new bearer key of a user whose only right is to call the loyalty API."""
        return api_key(self.site, self.database, login, "loyalty_core.group_integrator")


def end(pid, patience=15):
    """Ends a server's whole process group: asked first, then killed."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(pid, number)
        except ProcessLookupError:
            return
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
            try:
                os.killpg(pid, 0)
            except ProcessLookupError:
                return
            time.sleep(0.05)


def api_keys(site, name, groups):
    """Bearer keys, valid for a day, by login; a user who is not there is made with the group alone."""
    return json.loads(
        database.shell(
            site,
            name,
            f"""
import json
from datetime import datetime, timedelta
keys = {{}}
for login, group in {groups!r}.items():
    user = env["res.users"].with_context(active_test=False).search([("login", "=", login)])
    if not user:
        user = env["res.users"].with_context(no_reset_password=True).create({{
            "name": login.capitalize(), "login": login, "password": login,
            "group_ids": [(6, 0, [env.ref(group).id])],
        }})
    until = datetime.now() + timedelta(days=1)
    keys[login] = env["res.users.apikeys"].with_user(user)._generate("rpc", "tests", until)
env.cr.commit()
print(json.dumps(keys))
""",
        )
    )


def api_key(site, name, login, group):
    """The key of one."""
    return api_keys(site, name, {login: group})[login]


class XmlRpc:
    """`client.call("res.partner", "search_read", [[("id", "=", 1)]], fields=["name"])`."""

    def __init__(self, url, name, login, password):
        self.database, self.password = name, password
        self.user_id = xmlrpc.client.ServerProxy(f"{url}/xmlrpc/2/common").authenticate(
            name, login, password, {}
        )
        if not self.user_id:
            raise PermissionError(f"login refused for {login}")
        self._object = xmlrpc.client.ServerProxy(f"{url}/xmlrpc/2/object", allow_none=True)

    def call(self, model, method, arguments=(), **named):
        return self._object.execute_kw(
            self.database, self.user_id, self.password, model, method, list(arguments), named
        )


class Json2Error(Exception):
    """An answer that is not 200: `status`, and the server's own `body`."""

    def __init__(self, status, body):
        super().__init__(f"{status}: {body.get('message', body) if isinstance(body, dict) else body}")
        self.status, self.body = status, body


class Json2:
    """`client.call("loy.api", "health")`; one connection is kept open."""

    def __init__(self, url, name, key):
        import requests

        self.url, self.session = f"{url}/json/2", requests.Session()
        self.session.trust_env = False
        self.session.headers.update({"Authorization": f"bearer {key}", "X-Odoo-Database": name})

    def call(self, model, method, **named):
        answer = self.session.post(f"{self.url}/{model}/{method}", json=named, timeout=60)
        try:
            body = answer.json()
        except ValueError:
            body = answer.text
        if answer.status_code != 200:
            raise Json2Error(answer.status_code, body)
        return body


@contextlib.contextmanager
def demo_server(workers=2, demo=True, addons=None, arguments=(), original=database.installed):
    """A server over a fresh database with the project's addons; everything is gone at the end.

    The cluster is started when it does not run. The server has `install_warnings`, and `log` to look into.
    """
    site = database.Site("test")
    with (
        site.cluster.started(),
        database.throwaway(site, addons or database.own_addons(), demo, original) as (name, warnings),
    ):
        with Server(site, name, workers=workers, arguments=arguments, outlives=False) as server:
            server.install_warnings = warnings
            yield server


def state_of(path):
    """Recorded server of bin/run, or None when it no longer runs."""
    try:
        state = json.loads(path.read_text())
        command = pathlib.Path(f"/proc/{state['pid']}/cmdline").read_bytes().decode(errors="replace")
    except (OSError, ValueError):
        return None
    return state if str(PROJECT / "odoo.conf") in command else None
