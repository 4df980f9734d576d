"""Whole visits: from the first page to the parcel, and what goes wrong on the way."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from shop.catalogue import page_size
from velocipy import VelociPy
from velocipy.testing import TestClient, WebSocketDenied

from .visits import PASSWORD, log_in, make_shop, number_of, register, somebody_else, stock_of, submit, token_of


@pytest.fixture
def app() -> VelociPy:
    return make_shop()


def test_from_the_first_page_to_the_parcel(client: TestClient) -> None:
    mug = number_of(client, "mug")
    before = stock_of(client, mug)
    assert "Field mug" in client.get("/?q=enamel").text

    cart = submit(client, f"/products/{mug}", f"/cart/{mug}", quantity=2)
    assert "Field mug is in your cart." in cart.text
    assert "Log in" in submit(client, "/cart", "/orders").text  # who orders has to be somebody
    register(client)
    assert "$29.00" in client.get("/cart").text  # the cart has come along
    order = submit(client, "/cart", "/orders")
    assert "Thank you for your order!" in order.text
    assert stock_of(client, mug) == before - 2
    assert "Your cart is empty" in client.get("/cart").text

    path = re.search(r"/orders/\d+/events", order.text)
    assert path
    with client.stream("GET", path[0]) as events:
        assert events.headers["content-type"] == "text/event-stream"
        told = (line.removeprefix("data: ") for line in events.iter_lines() if line.startswith("data"))
        assert next(told) == "placed"
        for status in ("packed", "sent"):
            with somebody_else(client):
                log_in(client)
                assert f"Mark as {status}" in client.get("/admin").text
                submit(client, "/admin", path[0].replace("/orders", "/admin/orders").replace("events", "advance"))
            assert next(told) == status
        assert list(told) == []  # it ends by itself


def test_all_who_look_see_the_stock_fall(client: TestClient) -> None:
    egg = number_of(client, "egg timer")
    before = stock_of(client, egg)
    register(client)
    with client.websocket_connect("/live/stock", headers={"Origin": str(client.base_url).rstrip("/")}) as live:
        submit(client, f"/products/{egg}", f"/cart/{egg}", quantity=3)
        submit(client, "/cart", "/orders")
        assert live.receive_json() == {"product": egg, "stock": before - 3}


def test_other_sites_may_not_listen(client: TestClient) -> None:
    with (
        pytest.raises(WebSocketDenied),
        client.websocket_connect("/live/stock", headers={"Origin": "https://evil.example"}),
    ):
        pass


def test_what_is_gone_cannot_be_ordered_and_nothing_is_taken(client: TestClient) -> None:
    torch, hat = number_of(client, "torch"), number_of(client, "hat")
    before = stock_of(client, torch), stock_of(client, hat)
    register(client)
    submit(client, f"/products/{hat}", f"/cart/{hat}", quantity=1)
    submit(client, f"/products/{torch}", f"/cart/{torch}", quantity=20)
    cart = submit(client, "/cart", "/orders")
    assert f"Torch: only {before[0]} left." in cart.text
    assert (stock_of(client, torch), stock_of(client, hat)) == before
    assert "There is none yet." in client.get("/orders").text

    submit(client, "/cart", f"/cart/{torch}/quantity", quantity=0)
    assert "Thank you" in submit(client, "/cart", "/orders").text


def test_of_many_at_once_no_more_than_there_is(client: TestClient) -> None:
    raptor = number_of(client, "plush")
    with somebody_else(client):
        log_in(client)
        submit(client, "/admin", f"/admin/products/{raptor}/stock", stock=3)
    register(client)
    key = re.search(r"shop_[\w-]+", submit(client, "/account", "/account/key").text)
    assert key

    def order(_: int) -> int:
        return client.post("/api/orders", json={str(raptor): 1}, headers={"X-API-Key": key[0]}).status_code

    with ThreadPoolExecutor(8) as threads:
        assert sorted(threads.map(order, range(8))) == [201] * 3 + [409] * 5
    assert stock_of(client, raptor) == 0


def test_orders_of_others_are_not_there(client: TestClient) -> None:
    register(client)
    amber = number_of(client, "amber")
    submit(client, f"/products/{amber}", f"/cart/{amber}", quantity=1)
    order = submit(client, "/cart", "/orders")
    number = re.search(r"Order (\d+)", order.text)
    assert number
    with somebody_else(client):
        login = client.get(f"/orders/{number[1]}")
        assert (login.status_code, login.headers["location"].partition("?")[0][-6:]) == (303, "/login")
        register(client)
        for path in (f"/orders/{number[1]}", f"/orders/{number[1]}/events"):
            missing = client.get(path)
            assert (missing.status_code, "There is nothing here" in missing.text) == (404, True)


def test_a_wrong_password_tells_nothing(client: TestClient) -> None:
    email = register(client)
    with somebody_else(client):
        answers = [log_in(client, email, "wrong"), log_in(client, "nobody@example.com", "wrong")]
        assert [answer.status_code for answer in answers] == [400, 400]
        assert all("No account has this e-mail address and this password." in answer.text for answer in answers)
        assert client.get("/account").status_code == 303


def test_a_login_leads_back_to_pages_of_ours_alone(client: TestClient) -> None:
    asked = client.get("/orders").headers["location"]
    assert asked.endswith("/login?next=%2Forders")
    email = register(client)
    for url, leads_to in (("/orders", "/orders"), ("//evil.example", f"{str(client.base_url).rstrip('/')}/")):
        with somebody_else(client):
            login = {"email": email, "password": PASSWORD, "next": url, "csrf_token": token_of(client.get("/login"))}
            assert client.post("/login", data=login).headers["location"] == leads_to


def test_an_address_has_one_account(client: TestClient) -> None:
    email = register(client)
    with somebody_else(client):
        again = submit(client, "/register", name="Mallory", email=email.upper(), password="clever girl 2")
        assert (again.status_code, "There is an account" in again.text) == (409, True)


def test_a_form_of_another_site_does_nothing(client: TestClient) -> None:
    register(client)
    token = token_of(client.get("/account"))
    headers = {"Origin": "https://evil.example", "X-CSRF-Token": token}
    for refused in (client.post("/logout"), client.post("/logout", headers=headers)):
        assert (refused.status_code, "This is not for you" in refused.text) == (403, True)
    assert client.get("/account").status_code == 200
    submit(client, "/account", "/logout")
    assert client.get("/account").status_code == 303


def test_what_is_entered_is_shown_as_text(client: TestClient) -> None:
    page = client.get("/", params={"q": '"><script>alert(1)</script>'})
    assert ("<script>alert" in page.text, "Nothing fits" in page.text) == (False, True)
    assert client.get("/?q=%25").text.count('class="card"') == 0  # no pattern of the database


def test_pages_and_filters(client: TestClient) -> None:
    first, second = client.get("/").text, client.get("/?page=2").text
    assert first.count('class="card"') == 6
    assert set(re.findall(r"/products/\d+", first)).isdisjoint(re.findall(r"/products/\d+", second))
    assert "Sold out" in client.get("/?q=spray").text
    assert "Nothing fits" in client.get("/?q=spray&in_stock=true").text
    assert client.get("/?category=Clothing").text.count('class="card"') == 1


@pytest.mark.parametrize("path", ["/products/4711", "/nowhere", "/static/nothing.css", "/api/products/4711"])
def test_what_is_not_there(client: TestClient, path: str) -> None:
    missing = client.get(path)
    assert missing.status_code == 404
    assert ("application/json" in missing.headers["content-type"]) == path.startswith("/api")


def test_a_number_that_no_database_takes_is_a_fault_of_the_client(client: TestClient) -> None:
    for path in ("/products/9223372036854775808", "/api/products/99999999999999999999"):
        assert client.get(path).status_code == 422


def test_what_is_entered_wrongly_is_told_by_field(client: TestClient) -> None:
    page = submit(client, "/register", name="", email="nobody", password="short")
    assert page.status_code == 422
    for field in ("name", "email", "password"):
        assert f"<strong>{field}</strong>" in page.text
    assert submit(client, "/register", name="E", email="e@example.com", password="clever\0girl 93").status_code == 422
    assert client.get("/api/products?page=0").json()["detail"][0]["loc"] == ["query", "page"]


@pytest.mark.in_process
def test_a_failure_tells_nothing_of_the_inside(app: VelociPy, client: TestClient) -> None:
    def fail() -> int:
        raise RuntimeError("hush")

    app.dependency_overrides[page_size] = fail
    failed = client.get("/")
    assert (failed.status_code, "That was our fault" in failed.text, "hush" in failed.text) == (500, True, False)
    assert client.get("/api/products").json() == {"detail": "Internal Server Error"}


def test_every_page_may_load_from_here_alone(client: TestClient) -> None:
    for path in ("/", "/nowhere"):
        policy = client.get(path).headers["content-security-policy"]
        assert ("default-src 'self'" in policy, "unsafe" in policy) == (True, False)
