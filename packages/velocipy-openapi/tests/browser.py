"""A real browser, driven through its DevTools protocol, that reaches nothing but loopback."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import time
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit
from urllib.request import urlopen

from websockets.sync.client import ClientConnection, connect

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
PATIENCE = 20.0  # seconds for whatever a page does
TO_INSTALL = "apt-get install chromium"

_PREPARE = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => violations.push(
  `${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}:${event.columnNumber} ${event.sample}`));
// What stands in the page, in the trees of its components too.
window.texts = (root = document) => [...root.querySelectorAll("*")].map(
  (element) => element.shadowRoot ? texts(element.shadowRoot) : "").join("") + (root.body ?? root).innerText;
"""


def find_program() -> str | None:
    """Return the browser that is installed."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


class Browser:
    """A headless Chromium with one page, a profile of its own, and no host but loopback.

    Attributes:
        messages: What the console was told, but information.
        requests: The URLs of all requests that leave the page.
    """

    def __init__(self, folder: Path) -> None:
        self.messages: list[str] = []
        self.requests: list[str] = []
        self._folder = folder
        self._number = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: ClientConnection | None = None

    def __enter__(self) -> Self:
        program = find_program()
        assert program is not None
        options = [
            *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"),
            *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--mute-audio"),
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            *("--no-proxy-server", "--window-size=1400,1000", "--remote-debugging-port=0"),
            f"--user-data-dir={self._folder / 'profile'}",
            "about:blank",
        ]
        log = (self._folder / "browser.log").open("wb")
        with log:
            self._process = subprocess.Popen(
                [program, *options], stdout=log, stderr=log, start_new_session=True, cwd=self._folder
            )
        file = self._folder / "profile/DevToolsActivePort"
        wait_until(lambda: file.exists() and "\n" in file.read_text("utf-8"))
        port = file.read_text("utf-8").split()[0]
        with urlopen(f"http://127.0.0.1:{port}/json/list", timeout=PATIENCE) as answer:
            page = next(target for target in json.load(answer) if target["type"] == "page")
        self._socket = connect(page["webSocketDebuggerUrl"], max_size=None, proxy=None)
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.call("Page.addScriptToEvaluateOnNewDocument", source=_PREPARE)
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._socket is not None:
            self._socket.close()
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(PATIENCE)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Return what the browser answers to a command, and note what it tells meanwhile."""
        assert self._socket is not None
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._socket.recv(PATIENCE))
            if message.get("id") == self._number:
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
            found[:] = [self.run(script)]
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

    def click(self, element: str) -> None:
        """Wait for the *element*, a script that finds it, and click on it as a user does."""
        box = self.wait_for(
            f"""(() => {{
              const element = {element};
              if (!element || element.disabled) return null;
              element.scrollIntoView({{block: "center", behavior: "instant"}});
              const box = element.getBoundingClientRect();
              return box.width ? {{x: box.x + box.width / 2, y: box.y + box.height / 2}} : null;
            }})()"""
        )
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **box)

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
