"""Visits in a real browser that reaches nothing but this machine: `nox -s browser`.

They run where VELOCIPY_SCREENSHOTS names a folder, and leave pictures of the pages there.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import TO_INSTALL, Browser, find_program, open_browser

from shop.seed import ADMIN
from velocipy import VelociPy
from velocipy.testing import TestClient
from velocipy.testing.servers import RunningServer

from .visits import PASSWORD, log_in, make_shop, number_of, somebody_else, stock_of, submit

SCREENSHOTS = os.environ.get("VELOCIPY_SCREENSHOTS", "")
pytestmark = [
    pytest.mark.skipif(not SCREENSHOTS, reason="takes a minute; run: nox -s browser"),
    pytest.mark.skipif(find_program() is None, reason=f"there is no Chromium; for one, run: {TO_INSTALL}"),
    pytest.mark.timeout(180),
]

SIZES = {"phone": (390, 844), "desktop": (1280, 900)}


@pytest.fixture
def app() -> VelociPy:
    return make_shop()


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with open_browser(tmp_path_factory.mktemp("browser")) as browser:
        yield browser


class Visit:
    """A visit by a window of one size: every page is looked at, and pictured in light and in dark."""

    def __init__(self, browser: Browser, root: str, size: str, *, scripts: bool) -> None:
        self.browser = browser
        self._root = root
        self._name = f"shop-{size}" if scripts else f"shop-{size}-no-script"
        self._width, height = SIZES[size]
        browser.call("Storage.clearDataForOrigin", origin="*", storageTypes="all")
        browser.call("Network.clearBrowserCookies")
        metrics = {"width": self._width, "height": height, "deviceScaleFactor": 1, "mobile": size == "phone"}
        browser.call("Emulation.setDeviceMetricsOverride", **metrics)
        browser.allow_scripts(scripts)

    def open(self, path: str, heading: str) -> None:
        self.browser.open(self._root + path)
        self.arrive(heading)

    def arrive(self, heading: str) -> None:
        """Wait for another page, with this heading; nothing on it may be blocked, be wider, or lack a label."""
        is_there = f"{find('h1')}?.innerText.includes({json.dumps(heading)})"
        self.browser.wait_for(f"!window.wasSeen && document.readyState === 'complete' && {is_there}")
        self.browser.run("window.wasSeen = true")
        assert self.browser.run("violations") == []
        assert self.browser.run("document.documentElement.scrollWidth") <= self._width
        assert self.browser.run("document.querySelectorAll('[style], style, script:not([src])').length") == 0
        without_label = "[...document.querySelectorAll('input:not([type=hidden]), select, textarea')]"
        assert self.browser.run(f"{without_label}.filter(e => !e.labels.length).map(e => e.name)") == []

    def picture(self, page: str) -> None:
        still = {"name": "prefers-reduced-motion", "value": "reduce"}  # no color is on its way to another
        for scheme in ("light", "dark"):
            features = [{"name": "prefers-color-scheme", "value": scheme}, still]
            self.browser.call("Emulation.setEmulatedMedia", features=features)
            assert self.browser.run(WEAK_TEXTS) == [], scheme
            self.browser.save_screenshot(Path(SCREENSHOTS, f"{self._name}-{page}-{scheme}.png"))

    def fill(self, **fields: str) -> None:
        for name, text in fields.items():
            self.browser.type(f"document.querySelector('main [name={name}]')", text)

    def press(self, button: str, heading: str) -> None:
        self.browser.click(find("main button", button))
        self.arrive(heading)


def find(selector: str, text: str = "") -> str:
    """Return the script that finds the element with *text* in it."""
    return f"[...document.querySelectorAll({json.dumps(selector)})].find(e => e.innerText.includes({json.dumps(text)}))"


# The texts whose contrast with what is behind them is less than WCAG 2.2 asks for (1.4.3, level AA).
WEAK_TEXTS = """(() => {
  const numbers = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = (color) => {
    const [r, g, b] = numbers(color).map((c) => (c /= 255) <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const ground = (element) => {
    for (; element; element = element.parentElement) {
      const color = getComputedStyle(element).backgroundColor;
      if (numbers(color)[3] !== 0) return color;
    }
    return "rgb(255, 255, 255)";
  };
  const own = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  return [...document.querySelectorAll("body *")].filter(own).filter((element) => {
    if (element.closest(":disabled, noscript, .hidden, .skip")) return false;
    const style = getComputedStyle(element);
    const [one, other] = [light(style.color), light(ground(element))].sort((a, b) => b - a);
    const isLarge = parseFloat(style.fontSize) >= 24;
    return (one + .05) / (other + .05) < (isLarge ? 3 : 4.5);
  }).map((element) => element.outerHTML.slice(0, 100));
})()"""


@pytest.mark.parametrize("scripts", [True, False], ids=["", "without scripts"])
@pytest.mark.parametrize("size", SIZES)
def test_a_visit(client: TestClient, live_server: RunningServer, opened: Browser, size: str, scripts: bool) -> None:
    visit = Visit(opened, live_server.base_url, size, scripts=scripts)
    visit.open("/", "Bring something home")
    visit.picture("home")
    visit.fill(q="mug")
    visit.press("Search", "Bring something home")
    opened.click(find(".card a", "Field mug"))
    visit.arrive("Field mug")
    visit.picture("product")
    visit.fill(quantity="2")
    visit.press("Add to cart", "Cart")
    visit.picture("cart")

    visit.press("Log in and order", "Log in")
    opened.click(find("main a", "Make one"))
    visit.arrive("Make an account")
    visit.fill(name="Ellie", email=f"ellie-{size}-{scripts}@example.com", password=PASSWORD)
    visit.picture("register")
    opened.click(find("main button", "Make an account"))
    opened.wait_for_text("Welcome, Ellie!")
    visit.open("/cart", "Cart")
    visit.press("Order now", "Order ")
    visit.picture("order")
    order = opened.run("location.pathname")

    with somebody_else(client):  # behind the counter
        log_in(client)
        submit(client, "/admin", f"/admin{order}/advance")
    if not scripts:
        opened.wait_for_text("Reload this page to see how far it has come.")
        visit.open(order, "Order ")
    opened.wait_for(f"{find('[aria-current=step]', 'Packed')}")
    visit.open("/account", "Ellie")
    visit.picture("account")
    assert opened.messages == []
    assert opened.strangers() == []


@pytest.mark.parametrize("size", SIZES)
def test_the_counter(live_server: RunningServer, opened: Browser, size: str) -> None:
    visit = Visit(opened, live_server.base_url, size, scripts=True)
    visit.open("/login", "Log in")
    visit.fill(email=ADMIN, password=PASSWORD)
    visit.press("Log in", "Bring something home")
    visit.open("/admin", "Behind the counter")
    visit.picture("admin")
    assert opened.messages == []


def test_the_stock_falls_while_one_looks(client: TestClient, live_server: RunningServer, opened: Browser) -> None:
    visit = Visit(opened, live_server.base_url, "phone", scripts=True)
    map_ = number_of(client, "map")
    left = stock_of(client, map_)
    visit.open(f"/products/{map_}", "Map of the island")
    opened.wait_for_text(f"{left} in stock")
    with somebody_else(client):
        log_in(client)
        submit(client, f"/products/{map_}", f"/cart/{map_}", quantity=1)
        submit(client, "/cart", "/orders")
    opened.wait_for_text(f"{left - 1} in stock")
    assert opened.messages == []


def test_errors_have_pages(live_server: RunningServer, opened: Browser) -> None:
    visit = Visit(opened, live_server.base_url, "phone", scripts=True)
    visit.open("/nowhere", "There is nothing here")
    visit.picture("404")
    visit.open("/products/first", "Please check what you entered")
    visit.picture("422")


def test_the_api_is_shown(live_server: RunningServer, opened: Browser) -> None:
    Visit(opened, live_server.base_url, "desktop", scripts=True)
    opened.open(f"{live_server.base_url}/docs")
    opened.wait_for_text("/api/products/{number}")
    assert opened.run("violations") == []
    assert (opened.messages, opened.strangers()) == ([], [])
