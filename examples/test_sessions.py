"""What the example promises, on every server."""

from collections.abc import Callable

import pytest
from sessions import app as sessions_app

from velocipy import VelociPy
from velocipy.testing import TestClient, WebSocketClient


@pytest.fixture
def app() -> VelociPy:
    return sessions_app


def test_a_cart_is_of_one_client_and_survives_a_login(client_factory: Callable[[], WebSocketClient]) -> None:
    alan, tim = client_factory(), client_factory()
    alan.put("/cart/egg")
    assert alan.put("/cart/egg?number=2").json() == {"egg": 3}
    assert alan.get("/me").status_code == 403
    alan.post("/login/alan")
    assert alan.get("/me").json() == {"user": "alan", "cart": {"egg": 3}, "messages": ["Hello, alan"]}
    assert alan.get("/me").json()["messages"] == []  # each is told once
    assert tim.put("/cart/map").json() == {"map": 1}


def test_a_login_leaves_the_old_cookie_behind(client: TestClient) -> None:
    client.put("/cart/egg")
    planted = client.cookies["session"]
    client.post("/login/ellie")
    assert client.cookies["session"] != planted
    client.cookies.clear()
    assert client.get("/me", headers={"Cookie": f"session={planted}"}).status_code == 403


def test_a_login_can_be_ended_from_here_and_from_elsewhere(client_factory: Callable[[], WebSocketClient]) -> None:
    here, there = client_factory(), client_factory()
    for device in (here, there):
        device.post("/login/ian")
    copied = here.cookies["session"]
    assert here.post("/logout/elsewhere").json() == {"ended": 1}
    assert [device.get("/me").status_code for device in (here, there)] == [200, 403]
    here.post("/logout")
    assert here.get("/me", headers={"Cookie": f"session={copied}"}).status_code == 403
