"""What the example promises, on every server."""

from collections.abc import Callable

import pytest
import sessions

from velocipy import VelociPy
from velocipy.testing import TestClient, WebSocketClient

stored = sessions.stored
Clients = Callable[..., WebSocketClient]


@pytest.fixture
def app() -> VelociPy:
    return sessions.app


def test_a_cart_is_of_one_client(client_factory: Clients) -> None:
    alan, tim = client_factory(), client_factory()
    alan.put("/cart/egg")
    assert alan.put("/cart/egg?number=2").json() == {"egg": 3}
    assert alan.get("/cart").json() == {"cart": {"egg": 3}, "messages": ["1 more of egg", "2 more of egg"]}
    assert alan.get("/cart").json()["messages"] == []  # each is told once
    assert tim.put("/cart/map").json() == {"map": 1}
    alan.delete("/cart")
    assert "session" not in alan.cookies
    assert alan.get("/cart").json() == {"cart": {}, "messages": []}


def test_a_cookie_that_was_changed_is_no_session(client: TestClient) -> None:
    client.put("/cart/egg")
    payload, signature = client.cookies["session"].split(".")
    client.cookies.clear()
    assert client.get("/cart", headers={"Cookie": f"session={payload}A.{signature}"}).json()["cart"] == {}
    assert client.get("/cart", headers={"Cookie": f"session={payload}.{signature}"}).json()["cart"] == {"egg": 1}


def test_a_login_leaves_the_old_cookie_behind(client_factory: Clients) -> None:
    client = client_factory("stored")
    client.post("/login/ellie")
    planted = client.cookies["session"]
    client.post("/login/ellie")
    assert client.cookies["session"] != planted
    client.cookies.clear()
    assert client.get("/me", headers={"Cookie": f"session={planted}"}).status_code == 403


def test_a_login_can_be_ended_from_here_and_from_elsewhere(client_factory: Clients) -> None:
    here, there = client_factory("stored"), client_factory("stored")
    for device in (here, there):
        device.post("/login/ian")
    copied = here.cookies["session"]
    assert here.post("/logout/elsewhere").json() == {"ended": 1}
    assert [device.get("/me").status_code for device in (here, there)] == [200, 403]
    here.post("/logout")
    assert here.get("/me", headers={"Cookie": f"session={copied}"}).status_code == 403
