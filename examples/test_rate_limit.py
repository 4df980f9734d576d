"""What the example promises, on every server."""

from importlib import reload

import pytest
import rate_limit

from velocipy import VelociPy
from velocipy.testing import TestClient


@pytest.fixture
def app() -> VelociPy:
    fresh: VelociPy = reload(rate_limit).app  # in process nothing is counted from the test before
    return fresh


def test_a_login_is_tried_five_times_in_a_minute(client: TestClient) -> None:
    answers = [client.post("/login") for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60


def test_a_plan_decides_and_one_customer_takes_nothing_from_another(client: TestClient) -> None:
    def ask(key: str) -> int:
        return client.get("/calls/blue", headers={"X-API-Key": key}).status_code

    assert [ask("grant") for _ in range(4)] == [200, 200, 200, 429]
    assert [ask("hammond") for _ in range(4)] == [200] * 4
    assert [ask("nedry") for _ in range(4)] == [401] * 4


def test_what_costs_more_than_is_left_takes_nothing(client: TestClient) -> None:
    assert client.post("/prints?pages=7").json() == {"printed": 7, "left": 3}
    assert client.post("/prints?pages=4").status_code == 429
    assert client.post("/prints?pages=3").json() == {"printed": 3, "left": 0}


def test_everything_counts_also_what_is_not_there(client: TestClient) -> None:
    missed = client.get("/nowhere")
    assert missed.status_code == 404
    assert missed.headers["ratelimit-policy"] == '"everything";q=5000;w=60'
