"""Headless Chromium over the DevTools protocol, with nothing but websocket-client.

A page counts as *settled* when no request is under way, no loading sign is shown and nothing in the
document changed for a moment: journeys and screenshots wait for that and never sleep for a fixed time.
"""

import base64
import contextlib
import json
import pathlib
import shutil
import subprocess
import tempfile
import time
import urllib.request

PROGRAMS = ("google-chrome", "chromium", "chromium-browser", "google-chrome-stable")

# Kinds of requests that a page waits for (not: websockets, pings).
AWAITED_TYPES = ("Document", "Stylesheet", "Script", "Image", "Font", "XHR", "Fetch")
# The script of a shared worker: its end is told to the worker, not to the page.
NEVER_ENDING = "/bus/websocket_worker_bundle"
# Runs before any script of the page: remembers the last change of the document.
WATCH = """
(() => {
    const state = (window.__loy = { changed: performance.now() });
    new MutationObserver(() => (state.changed = performance.now())).observe(document, {
        subtree: true, childList: true, attributes: true,
    });
})();
"""
# "" when settled, else what is still awaited.
AWAITED = """
(() => {
    const state = window.__loy;
    if (document.readyState !== "complete" || !state) { return "the page to load"; }
    if (document.querySelector(".o_web_client") && !document.querySelector(".o_action_manager > *, .modal")) {
        return "the view";
    }
    if (document.querySelector(".o_blockUI, .o_loading_indicator")) { return "the loading sign to go"; }
    if ([...document.images].some((image) => !image.complete && image.loading !== "lazy")) {
        return "pictures";
    }
    if (performance.now() - state.changed < 250) { return "the document to come to rest"; }
    return "";
})()
"""


class BrowserError(Exception):
    """The browser could not do what was asked; the text says what and where."""


def find_program():
    """The path of a Chromium or Chrome, or None."""
    return next((path for path in map(shutil.which, PROGRAMS) if path), None)


class Browser:
    """One headless browser with one page. Use it as a context manager: it leaves no process and no file.

    Messages of the page's console and its uncaught errors are collected in `console` as (level, text).
    """

    def __init__(self, width=1366, height=768, timeout=60, lang="en-US"):
        self.size, self.timeout, self.lang = (width, height), timeout, lang
        self.console, self._number, self._requests = [], 0, {}
        self._process = self._socket = self._profile = None

    def __enter__(self):
        program = find_program()
        if not program:
            raise BrowserError("no Chromium or Chrome in PATH: install the package `chromium`")
        self._profile = tempfile.mkdtemp(prefix="loy-chromium-")
        try:
            self._start(program)
        except BaseException:
            self.__exit__()
            raise
        return self

    def _start(self, program):
        import websocket

        self._process = subprocess.Popen(
            [
                program,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--disable-extensions",
                "--disable-background-networking",
                "--disable-component-update",
                "--no-first-run",
                "--no-default-browser-check",
                "--force-device-scale-factor=1",
                "--hide-scrollbars",
                "--mute-audio",
                f"--lang={self.lang}",
                "--remote-debugging-port=0",
                f"--user-data-dir={self._profile}",
                "about:blank",
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        port_file = pathlib.Path(self._profile, "DevToolsActivePort")
        port = self._until(
            lambda: port_file.exists() and port_file.read_text().partition("\n")[0], "Chromium to start"
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"http://127.0.0.1:{port}/json/list", timeout=self.timeout) as answer:
            page = next(target for target in json.load(answer) if target["type"] == "page")
        self._socket = websocket.create_connection(
            page["webSocketDebuggerUrl"],
            timeout=self.timeout,
            suppress_origin=True,
            http_no_proxy=["127.0.0.1"],
            enable_multithread=False,
        )
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")
        self.call("Page.addScriptToEvaluateOnNewDocument", source=WATCH)
        width, height = self.size
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def __exit__(self, *_error):
        if self._socket:
            with contextlib.suppress(Exception):  # the process is ended below in any case
                self.call("Browser.close")
            self._socket.close()
        if self._process:
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        shutil.rmtree(self._profile, ignore_errors=True)

    # ------------------------------------------------------------ protocol
    def call(self, method, **params):
        """Answer of one DevTools command."""
        self._number += 1
        number = self._number
        self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            message = json.loads(self._socket.recv())
            if message.get("id") == number:
                break
            self._note(message)
        if "error" in message:
            raise BrowserError(f"{method}: {message['error'].get('message')}")
        return message["result"]

    def _note(self, message):
        params = message.get("params", {})
        match message.get("method"):
            case "Runtime.consoleAPICalled":
                text = " ".join(str(a.get("value", a.get("description", ""))) for a in params["args"])
                self.console.append((params["type"], text))
            case "Runtime.exceptionThrown":
                details = params["exceptionDetails"]
                text = details.get("exception", {}).get("description") or details["text"]
                self.console.append(("error", text))
            case "Log.entryAdded":
                entry = params["entry"]
                self.console.append((entry["level"], f"{entry['text']} {entry.get('url', '')}".strip()))
            case "Network.requestWillBeSent" if params.get("type") in AWAITED_TYPES:
                if NEVER_ENDING not in params["request"]["url"]:
                    self._requests[params["requestId"]] = params["request"]["url"]
            case "Network.loadingFinished" | "Network.loadingFailed":
                self._requests.pop(params["requestId"], None)
            case "Page.javascriptDialogOpening":  # "leave without saving?" must not hang a journey
                self._number += 1
                self._socket.send(
                    json.dumps(
                        {
                            "id": self._number,
                            "method": "Page.handleJavaScriptDialog",
                            "params": {"accept": True},
                        }
                    )
                )

    def _until(self, condition, what, timeout=None):
        """The first true value of `condition()`, asked twenty times a second."""
        deadline = time.monotonic() + (timeout or self.timeout)
        while True:
            value = condition()
            if value:
                return value
            if self._process.poll() is not None:
                raise BrowserError(f"Chromium ended while waiting for {what}")
            if time.monotonic() > deadline:
                raise BrowserError(f"waited {timeout or self.timeout} s for {what} at {self._address()}")
            time.sleep(0.05)

    def _address(self):
        return self.evaluate("location.href") if self._socket else "start"

    # ------------------------------------------------------------ pages
    def evaluate(self, expression):
        """Value of a JavaScript expression in the page; a promise is awaited."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            details = result["exceptionDetails"]
            raise BrowserError(details.get("exception", {}).get("description") or details["text"])
        return result["result"].get("value")

    def goto(self, url):
        """Opens an address and waits until it has settled."""
        result = self.call("Page.navigate", url=url)
        if result.get("errorText"):
            raise BrowserError(f"{url}: {result['errorText']}")
        self.settle()

    def settle(self, timeout=None):
        """Returns when the page is at rest (see the module's docstring)."""
        awaited = "the page"

        def at_rest():
            nonlocal awaited
            try:
                awaited = self.evaluate(AWAITED) or ", ".join(list(self._requests.values())[:3])
            except BrowserError:  # the page is being replaced by another
                awaited = "the page"
            return not awaited

        try:
            self._until(at_rest, "the page to settle", timeout)
        except BrowserError as error:
            raise BrowserError(f"{error} (still awaiting {awaited})") from None

    def wait_for(self, selector, timeout=None):
        """Returns when an element matching the CSS selector is in the page."""
        found = f"!!document.querySelector({json.dumps(selector)})"
        self._until(lambda: self.evaluate(found), f"an element {selector}", timeout)

    def text(self, selector="body"):
        """Visible text of the first element matching the selector ('' when there is none)."""
        return self.evaluate(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''")

    def click(self, selector):
        """Clicks the first visible element matching the selector with a real mouse event, then settles."""
        self.wait_for(selector)
        place = self.evaluate(
            f"""(() => {{
                const all = [...document.querySelectorAll({json.dumps(selector)})];
                const element = all.find((e) => e.getClientRects().length) ?? all[0];
                element.scrollIntoView({{ block: "center", inline: "center" }});
                const box = element.getBoundingClientRect();
                return [box.x + box.width / 2, box.y + box.height / 2];
            }})()"""
        )
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            self.call(
                "Input.dispatchMouseEvent",
                type=kind,
                x=place[0],
                y=place[1],
                button="none" if kind == "mouseMoved" else "left",
                clickCount=0 if kind == "mouseMoved" else 1,
            )
        self.settle()

    def fill(self, selector, value):
        """Replaces the content of an input by typing."""
        self.wait_for(selector)
        element = f"document.querySelector({json.dumps(selector)})"

        def typed():  # again when the page has replaced the input meanwhile
            self.evaluate(f"{element}.focus(), {element}.select()")
            self.call("Input.insertText", text=value)
            return self.evaluate(f"{element}.value") == value

        self._until(typed, f"{selector} to take the text")

    def press(self, key):
        """Presses one key by its DOM name (Enter, Tab, Escape), then settles."""
        text = {"Enter": "\r", "Tab": "\t"}.get(key, "")
        code = {"Enter": 13, "Tab": 9, "Escape": 27}[key]
        for kind in ("keyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                code=key,
                text=text if kind == "keyDown" else "",
                windowsVirtualKeyCode=code,
            )
        self.settle()

    def login(self, url, login, password):
        """Logs in through the login page, as a person does."""
        self.goto(f"{url}/web/login")
        self.fill("input[name=login]", login)
        self.fill("input[name=password]", password)
        self.evaluate("document.querySelector('form.oe_login_form [type=submit]').click()")
        self._until(
            lambda: self.evaluate(
                "!location.pathname.startsWith('/web/login') || !!document.querySelector('.alert-danger')"
            ),
            "the login",
        )
        if self.evaluate("location.pathname.startsWith('/web/login')"):
            raise BrowserError(f"login refused for {login}: {self.text('.alert-danger')}")
        self.settle()

    def use_session(self, url, session_id):
        """Works as the owner of an existing session."""
        self.call("Network.setCookie", name="session_id", value=session_id, url=url)

    def screenshot(self, path, full_page=False):
        """Saves the page as PNG; with `full_page` all of its height."""
        data = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=full_page)["data"]
        path = pathlib.Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(data))
        return path

    def errors(self):
        """Errors that the page wrote to its console so far."""
        return [text for level, text in self.console if level in ("error", "assert")]
