"""A real browser, driven through its DevTools protocol, that reaches nothing but loopback."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

from websockets.sync.client import ClientConnection, connect

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
PATIENCE = 20.0  # seconds for whatever a page does
TO_INSTALL = "apt-get install chromium"

_PREPARE = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => violations.push(
  [event.effectiveDirective, event.blockedURI, event.sourceFile, event.lineNumber, event.columnNumber].join(" ")));
// What stands in the page, in the trees of its components too.
window.texts = (root = document) => [...root.querySelectorAll("*")].map(
  (element) => element.shadowRoot ? texts(element.shadowRoot) : "").join("") + (root.body ?? root).innerText;

// The middle of an element, once it stands still with nothing over it.
window.whereToClick = async (element) => {
  if (!element || element.disabled) return null;
  element.scrollIntoView({block: "center", behavior: "instant"});
  const before = element.getBoundingClientRect();
  await new Promise((resolve) => setTimeout(resolve, 100));
  const box = element.getBoundingClientRect();
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  const isStill = box.width > 0 && box.x === before.x && box.y === before.y;
  return isStill && element.contains(element.getRootNode().elementFromPoint(x, y)) ? {x, y} : null;
};
"""


def find_program() -> str | None:
    """Return the browser that is installed."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


@contextmanager
def open_browser(folder: Path) -> Iterator[Browser]:
    """Start one, which works in *folder*, and end it afterwards."""
    program = find_program()
    assert program is not None
    options = [
        *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"),
        *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--mute-audio"),
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        *("--no-proxy-server", "--window-size=1400,1000", "--remote-debugging-port=0"),
        f"--user-data-dir={folder / 'profile'}",
        "about:blank",
    ]
    with (folder / "browser.log").open("wb") as log:
        process = subprocess.Popen([program, *options], stdout=log, stderr=log, cwd=folder)
    try:
        file = folder / "profile/DevToolsActivePort"
        wait_until(lambda: file.exists() and "\n" in file.read_text("utf-8"))
        port = file.read_text("utf-8").split()[0]
        with urlopen(f"http://127.0.0.1:{port}/json/list", timeout=PATIENCE) as answer:
            page = next(target for target in json.load(answer) if target["type"] == "page")
        with connect(page["webSocketDebuggerUrl"], max_size=None, proxy=None) as socket:
            yield Browser(socket)
    finally:
        process.terminate()
        process.wait(PATIENCE)


class NavigatedError(Exception):
    """The page that was asked is not there any more."""


class Browser:
    """A headless Chromium with one page, a profile of its own, and no host but loopback.

    Attributes:
        messages: What the console was told, but information.
        requests: The URLs of all requests that leave the page.
    """

    def __init__(self, socket: ClientConnection) -> None:
        self.messages: list[str] = []
        self.requests: list[str] = []
        self._socket = socket
        self._number = 0
        self._are_allowed = True
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.call("Page.addScriptToEvaluateOnNewDocument", source=_PREPARE)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Return what the browser answers to a command, and note what it tells meanwhile.

        Raises:
            NavigatedError: If the page has gone to another before there was an answer.
        """
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._socket.recv(PATIENCE))
            if message.get("id") == self._number:
                if "navigated" in message.get("error", {}).get("message", ""):
                    raise NavigatedError
                assert "error" not in message, message
                result: dict[str, Any] = message["result"]
                return result
            self._note(message.get("method"), message.get("params", {}))

    def _note(self, event: str | None, told: dict[str, Any]) -> None:
        if event == "Network.requestWillBeSent":
            self.requests.append(told["request"]["url"])
        elif event == "Log.entryAdded" and told["entry"]["level"] in ("warning", "error"):
            self.messages.append(f"{told['entry']['text']} {told['entry'].get('url', '')}")
        elif event == "Runtime.exceptionThrown":
            self.messages.append(json.dumps(told["exceptionDetails"])[:1000])
        elif event == "Runtime.consoleAPICalled" and told["type"] in ("error", "assert", "warning"):
            self.messages.append(" ".join(str(item.get("value", item.get("description"))) for item in told["args"]))

    def open(self, url: str, *, dark: bool = False) -> None:
        """Go to *url*; nothing is known of what was there before."""
        self.call("Page.navigate", url="about:blank")  # or another fragment would be no other page
        self.messages.clear()
        self.requests.clear()
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self.call("Page.navigate", url=url)

    def run(self, script: str) -> Any:
        """Return the value of *script*, awaited if it is a promise."""
        result = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    def wait_for(self, script: str) -> Any:
        """Wait until the value of *script* is true, and return it."""
        found: list[Any] = []

        def is_there() -> bool:
            try:
                found[:] = [
                    self.run(f"(async () => {{ const it = await ({script}); return it instanceof Node || it; }})()")
                ]
            except NavigatedError:  # the next page may have it
                return False
            return bool(found[0])

        try:
            wait_until(is_there)
        except TimeoutError:
            shown = self.run("texts()")
            raise AssertionError(f"never true: {script}\n{self.messages}\n{shown}") from None
        return found[0]

    def wait_for_text(self, text: str) -> None:
        """Wait until the page shows *text*."""
        self.wait_for(f"texts().includes({json.dumps(text)})")

    def allow_scripts(self, are_allowed: bool) -> None:
        """Have pages run their scripts, or not; what is run here runs all the same, without timers."""
        self._are_allowed = are_allowed
        self.call("Emulation.setScriptExecutionDisabled", value=not are_allowed)

    def click(self, element: str) -> None:
        """Wait for the *element*, a script that finds it, and click on it as a user does."""
        if not self._are_allowed:  # the waiting takes a timer; those of the page have been passed over
            self.call("Emulation.setScriptExecutionDisabled", value=False)
        place = self.wait_for(f"whereToClick({element})")
        self.allow_scripts(self._are_allowed)
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **place)

    def type(self, element: str, text: str) -> None:
        """Click on *element* and type *text* in place of what it has."""
        self.click(element)
        self.run(f"(() => {{ const e = {element}; if (e.select) e.select(); }})()")
        self.call("Input.insertText", text=text)

    def save_screenshot(self, path: Path) -> None:
        """Write what the window shows as PNG."""
        path.write_bytes(b64decode(self.call("Page.captureScreenshot", format="png")["data"]))

    def strangers(self) -> list[str]:
        """Return the requests to other hosts than loopback, those that were refused included."""
        return [url for url in self.requests if urlsplit(url).hostname not in (None, "127.0.0.1")]


def wait_until(is_there: Callable[[], bool]) -> None:
    """Ask until it is so.

    Raises:
        TimeoutError: If it never is.
    """
    deadline = time.monotonic() + PATIENCE
    while not is_there():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.05)
