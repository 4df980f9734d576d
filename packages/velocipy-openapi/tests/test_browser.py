"""The pages in a real browser that reaches nothing but this machine: `nox -s browser`.

They run where VELOCIPY_SCREENSHOTS names a folder, and leave a picture of each page there.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import TO_INSTALL, Browser, find_program, open_browser, wait_until

from velocipy.testing.servers import RunningServer

from . import beach

app = beach.app

SCREENSHOTS = os.environ.get("VELOCIPY_SCREENSHOTS", "")
pytestmark = [
    pytest.mark.skipif(not SCREENSHOTS, reason="takes minutes; run: nox -s browser"),
    pytest.mark.skipif(find_program() is None, reason=f"there is no Chromium; for one, run: {TO_INSTALL}"),
    pytest.mark.timeout(180),
]

PAGES = ["docs", "redoc", "scalar"]
PATHS = [*beach.DOCUMENT["paths"]]
SUMMARIES = [operation["summary"] for item in beach.DOCUMENT["paths"].values() for operation in item.values()]
NGINX = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
    location /shop/ {{
      proxy_pass {target}/;
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-Prefix /shop;
    }}
  }}
}}
"""


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with open_browser(tmp_path_factory.mktemp("browser")) as browser:
        yield browser


@pytest.fixture
def browser(opened: Browser, request: pytest.FixtureRequest) -> Iterator[Browser]:
    """The browser, in which nothing may go wrong until the test is over."""
    yield opened
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name).strip("-")
    opened.save_screenshot(Path(SCREENSHOTS, f"{name}.png"))
    assert opened.run("violations") == []
    assert opened.messages == []
    assert opened.strangers() == []
    opened.call("Storage.clearDataForOrigin", origin="*", storageTypes="all")


@pytest.fixture(params=["alone", "mounted", "behind nginx"])
def root(request: pytest.FixtureRequest, live_server: RunningServer, tmp_path: Path) -> Iterator[str]:
    """Where the application is: on its own, below another, or below a prefix that a proxy takes away."""
    if request.param == "alone":
        yield live_server.base_url
    elif request.param == "mounted":
        yield f"{live_server.base_url}/below"
    else:
        program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
        if program is None:
            pytest.skip("there is no nginx; for one, run: apt-get install nginx")
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        file = tmp_path / "nginx.conf"
        file.write_text(NGINX.format(folder=tmp_path, port=port, target=live_server.base_url), "utf-8")
        process = subprocess.Popen([program, "-p", str(tmp_path), "-c", str(file), "-e", str(tmp_path / "error.log")])
        try:
            wait_until(lambda: answers(port))
            yield f"http://127.0.0.1:{port}/shop"
        finally:
            process.terminate()
            process.wait(10)


def answers(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def find(selector: str, text: str = "") -> str:
    """Return the script that finds the element with *text* in it."""
    return f"[...document.querySelectorAll({json.dumps(selector)})].find(e => e.innerText.includes({json.dumps(text)}))"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("page", PAGES)
def test_page_shows_all_operations(root: str, browser: Browser, page: str, dark: bool) -> None:
    browser.open(f"{root}/{page}", dark=dark)
    for operation in SUMMARIES if page == "scalar" else PATHS:  # which has paths where it is scrolled to
        browser.wait_for_text(operation)
    open_all(browser)
    shown = browser.run("texts()")
    assert beach.TITLE in shown
    assert "pearls" in shown
    assert browser.run("document.title").startswith(beach.TITLE)
    background = browser.run(
        """(() => {
          let element = document.elementFromPoint(innerWidth / 2, innerHeight - 5);
          for (; element; element = element.parentElement) {
            const color = getComputedStyle(element).backgroundColor;
            if (color !== "rgba(0, 0, 0, 0)") return color;
          }
          return getComputedStyle(document.documentElement).backgroundColor;
        })()"""
    )
    if background == "rgba(0, 0, 0, 0)":  # the browser's own
        background = "rgb(255, 255, 255)"
    lightness = sum(map(float, background.strip("rgba()").split(",")[:3])) / 3
    assert (lightness < 80) if dark else (lightness > 200), background


def open_all(browser: Browser) -> None:
    """Have the page show what it shows on demand, wherever that is."""
    browser.run(
        """(async () => {
          const pause = () => new Promise((resolve) => setTimeout(resolve, 50));
          for (const element of document.querySelectorAll(
            ".opblock-summary-control[aria-expanded=false], .model-box-control, .json-schema-2020-12-accordion")) {
            element.click();
            await pause();
          }
          for (const element of document.querySelectorAll("button, span, div")) {
            if (/^(\\+ )?Show( More)?$/.test(element.innerText?.trim()) && !element.children.length) element.click();
          }
          await pause();
          for (let step = 0; step < 10; step++) {
            for (const element of document.querySelectorAll("html, body *")) {
              if (element.scrollHeight > element.clientHeight + 200) element.scrollTop += 700;
            }
            await pause();
          }
        })()"""
    )


def test_swagger_ui_tries_operations_out(root: str, browser: Browser) -> None:
    browser.open(f"{root}/docs")
    for operation, answer in [("read_a_shell", '"found in": "sand"'), ("add_a_shell", '"added"')]:
        block = f"#operations-shells-{operation}"
        browser.click(find(f"{block} .opblock-summary-control"))
        browser.click(find(f"{block} .try-out__btn"))
        browser.click(find(f"{block} .execute"))
        browser.wait_for(f"({find(f'{block} .live-responses-table')})?.innerText.includes({json.dumps(answer)})")


def test_swagger_ui_authorizes(root: str, browser: Browser) -> None:
    browser.open(f"{root}/docs")
    browser.click(find(".auth-wrapper .authorize"))
    browser.type(find(".auth-container #api_key_value"), beach.KEY)
    browser.click(find(".auth-container:has(#api_key_value) button", "Authorize"))
    browser.type(find(".auth-container #auth-bearer-value"), beach.TOKEN)
    browser.click(find(".auth-container:has(#auth-bearer-value) button", "Authorize"))
    browser.click(find(".modal-ux .close-modal"))
    for operation, answer in [("open_by_key", '"by key"'), ("open_by_token", '"by token"')]:
        block = f"#operations-secrets-{operation}"
        browser.click(find(f"{block} .opblock-summary-control"))
        browser.click(find(f"{block} .try-out__btn"))
        browser.click(find(f"{block} .execute"))
        browser.wait_for(f"({find(f'{block} .live-responses-table')})?.innerText.includes({json.dumps(answer)})")


def test_swagger_ui_signs_in(root: str, browser: Browser) -> None:
    browser.open(f"{root}/docs")
    browser.click(find(".auth-wrapper .authorize"))
    browser.type(find("#client_id_authorizationCode"), "docs")
    browser.click(find(".auth-container:has(#client_id_authorizationCode) button", "Authorize"))
    browser.wait_for(find(".auth-container button", "Logout"))
    browser.click(find(".modal-ux .close-modal"))
    block = "#operations-secrets-open_by_sign_in"
    browser.click(find(f"{block} .opblock-summary-control"))
    browser.click(find(f"{block} .try-out__btn"))
    browser.click(find(f"{block} .execute"))
    browser.wait_for(f"({find(f'{block} .live-responses-table')})?.innerText.includes('\"by sign in\"')")


@pytest.mark.parametrize(
    ("tag", "operation", "secret", "answer"),
    [
        ("shells", "GET/shells/{number}", None, '"found in"'),
        ("secrets", "GET/keyed", beach.KEY, '"by key"'),
        ("secrets", "GET/borne", beach.TOKEN, '"by token"'),
    ],
    ids=["free", "keyed", "borne"],
)
def test_scalar_sends_requests(
    root: str, browser: Browser, tag: str, operation: str, secret: str | None, answer: str
) -> None:
    browser.open(f"{root}/scalar#tag/{tag}/{operation}")
    browser.click(find(".show-api-client-button", operation.partition("/")[2]))
    if secret is not None:
        browser.click(find("[role=dialog] button", "(Collapsed)"))  # that of the authentication, the first
        browser.type(find(".scalar-client .scalar-password-input"), secret)
    browser.click(find(".scalar-client button", "Send"))
    browser.wait_for_text(answer)


def test_redoc_finds_operations(root: str, browser: Browser) -> None:
    browser.open(f"{root}/redoc")
    browser.click("document.querySelector('[role=search] *, [data-component-name*=earch]')")
    browser.call("Input.insertText", text="token")
    browser.wait_for_text("Open by token")
