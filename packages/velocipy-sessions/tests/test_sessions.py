"""What every session does, wherever it is kept."""

import logging
from contextlib import suppress
from typing import Any

import pytest

from velocipy.testing import TestClient

from . import shelf

signed = shelf.make(secret_key=shelf.KEY)
stored = shelf.in_memory()


def encrypted() -> Any:
    pytest.importorskip("cryptography", reason="the extra encrypted is not installed")
    return shelf.make(secret_key=shelf.KEY, encrypt=True)


@pytest.fixture(params=["signed", "encrypted", "stored"])
def client(client_factory: Any, request: pytest.FixtureRequest) -> Any:
    if request.param == "encrypted":
        pytest.importorskip("cryptography", reason="the extra encrypted is not installed")
    return client_factory(request.param)


def test_what_is_kept_is_there_in_the_next_request(client: Any) -> None:
    assert client.get("/all").json() == {}
    kept = {"name": "Blue", "n": 1, "é\x00;,": [None, True, 1.5, {"a": "\U0001f996"}]}
    client.post("/set", json=kept)
    assert client.get("/all").json() == client.get("/as-request").json() == kept


def test_a_session_that_nobody_asks_for_changes_nothing(client: Any) -> None:
    client.post("/set", json={"name": "Blue"})
    answer = client.get("/untouched")
    assert {"vary", "cache-control", "set-cookie"}.isdisjoint(answer.headers)


def test_reading_sets_no_cookie(client: Any) -> None:
    assert "set-cookie" not in client.get("/all").headers
    client.post("/set", json={"name": "Blue", "cart": {"eggs": []}})
    assert "set-cookie" not in client.get("/all").headers  # values that could change from within did not


def test_nested_changes_are_seen(client: Any) -> None:
    client.post("/set", json={"cart": {"eggs": []}})
    client.post("/within/one")
    assert client.post("/within/two").json() == ["one", "two"]
    assert client.get("/all").json() == {"cart": {"eggs": ["one", "two"]}}


def test_an_application_that_is_mounted_has_it_too(client: Any) -> None:
    client.post("/set", json={"name": "Blue"})
    assert client.post("/shop/cart/one").headers["cache-control"] == "no-store"
    assert client.post("/shop/cart/two").json() == ["one", "two"]
    assert client.get("/all").json() == {"name": "Blue", "cart": ["one", "two"]}


def test_what_is_removed_stays_so(client: Any) -> None:
    client.post("/set", json={"a": 1, "b": 2})
    assert client.post("/pop/a").json() == 1
    assert client.get("/all").json() == {"b": 2}


def test_clear_deletes_the_cookie(client: Any) -> None:
    client.post("/set", json={"name": "Blue"})
    answer = client.post("/clear")
    assert shelf.set_cookies(answer)["session"] == "; Max-Age=0; Path=/; HttpOnly; SameSite=Lax"
    assert dict(client.cookies) == {}
    assert client.get("/all").json() == {}


def test_removing_the_last_key_deletes_the_cookie(client: Any) -> None:
    client.post("/set", json={"name": "Blue"})
    client.post("/pop/name")
    assert dict(client.cookies) == {}


def test_what_comes_after_clear_is_another_session(client: Any) -> None:
    client.post("/set", json={"name": "Blue"})
    before = client.cookies["session"]
    client.post("/begin-anew")
    assert client.get("/all").json() == {"fresh": True}
    assert client.cookies["session"] != before


def test_a_session_that_is_empty_gets_no_cookie(client: Any) -> None:
    assert "set-cookie" not in client.post("/clear").headers
    assert "set-cookie" not in client.post("/pop/nothing").headers
    assert "set-cookie" not in client.post("/rotate").headers


def test_flash_messages_are_there_once(client: Any) -> None:
    client.post("/flash", params={"message": "saved"})
    client.post("/flash", params={"message": "but", "category": "warning"})
    assert client.get("/all").json() == {}  # which has the data alone
    assert client.get("/flashes").json() == [["info", "saved"], ["warning", "but"]]
    assert client.get("/flashes").json() == []
    assert dict(client.cookies) == {}


@pytest.mark.parametrize("status", [400, 409, 500])
def test_changes_before_a_failure_are_kept(client: Any, status: int) -> None:
    assert client.post(f"/fail/{status}").status_code == status
    assert client.get("/all").json() == {"failed": status}


def test_the_cookie_of_the_session_stands_beside_those_of_the_handler(client: Any) -> None:
    answer = client.post("/own-cookies")
    assert set(shelf.set_cookies(answer)) == {"own", "session"}
    assert client.get("/all").json() == {"own": True}


def test_facts(client: Any) -> None:
    assert client.get("/facts").json() == [None, True, None, False]
    client.post("/set", json={"name": "Blue"})
    assert client.get("/facts").json()[:2] == [None, False]


def test_what_has_no_json_is_an_error_that_the_client_does_not_see(client: Any) -> None:
    answer = client.post("/nonsense")
    assert (answer.status_code, answer.json()) == (500, {"detail": "Internal Server Error"})
    assert "set-cookie" not in answer.headers
    assert client.get("/all").json() == {}


@pytest.mark.parametrize("cookie", ["", '""', "nonsense", "é", "a.b", ".", "=", "a" * 43, "a" * 5000, "\u3042"])
def test_any_cookie_is_taken_as_none(client: Any, cookie: str) -> None:
    header = f"session={cookie}".encode()
    answer = client.get("/all", headers=[(b"cookie", header)])
    assert (answer.status_code, answer.json()) == (200, {})


def test_of_two_cookies_of_the_name_the_first_counts_and_one_without_a_name_none(client: Any) -> None:
    """CVE-2023-23934: browsers send the most specific first, and `=session=...` is another cookie."""
    cookie = shelf.cookie_of(client.post("/set", json={"name": "Blue"}))
    client.cookies.clear()
    for header, kept in [
        (f"session={cookie}; session=planted", {"name": "Blue"}),
        (f"=session=planted; session={cookie}", {"name": "Blue"}),
        (f"session=planted; session={cookie}", {}),
    ]:
        assert client.get("/all", headers={"cookie": header}).json() == kept


# -- cookies and schemes ---------------------------------------------------------------------------------------------


def test_over_https_the_cookie_is_secure_and_of_this_host_alone(client: Any) -> None:
    answer = client.post("/set", json={"name": "Blue"}, headers=shelf.HTTPS)
    ((name, rest),) = shelf.set_cookies(answer).items()
    assert name == "__Host-session"
    assert rest.partition("; ")[2] == "Max-Age=3600; Path=/; Secure; HttpOnly; SameSite=Lax"
    headers = {"cookie": f"{name}={rest.partition(';')[0]}"}
    assert client.get("/all", headers={**headers, **shelf.HTTPS}).json() == {"name": "Blue"}
    assert client.get("/all", headers=headers).json() == {}  # over http it is not believed


def test_a_cookie_without_the_prefix_is_not_believed_over_https(client: Any) -> None:
    cookie = shelf.cookie_of(client.post("/set", json={"name": "Blue"}))
    assert shelf.all_of(client, cookie) == {"name": "Blue"}
    assert shelf.all_of(client, cookie, **shelf.HTTPS) == {}


# -- caches ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/all", "/as-request", "/facts", "/flashes"])
def test_cve_2023_30861_and_2026_27205_what_has_asked_for_the_session_varies(client: Any, path: str) -> None:
    """Flask: a cache gave the page of one visitor to others, for it did not know that it depends on the cookie."""
    answer = client.get(path)
    assert (answer.headers["vary"], answer.headers["cache-control"]) == ("Cookie", "no-store")


def test_cve_2026_35192_a_cookie_is_never_cached(client: Any) -> None:
    """Django: a page that sets the cookie of one visitor was kept for all."""
    answer = client.post("/public")
    assert "session" in shelf.set_cookies(answer)
    assert (answer.headers["vary"], answer.headers["cache-control"]) == ("Accept, Cookie", "no-store")


def test_a_handler_may_say_what_caches_do_with_a_page_that_sets_no_cookie(client: Any) -> None:
    answer = client.get("/public")
    assert (answer.headers["vary"], answer.headers["cache-control"]) == ("Cookie", "public, max-age=60")


# -- streams ---------------------------------------------------------------------------------------------------------


def test_a_stream_reads_the_session(client: Any) -> None:
    client.post("/set", json={"name": "Blue"})
    answer = client.get("/stream")
    assert (answer.text, answer.headers["vary"]) == ("Blue,end", "Cookie")


@pytest.mark.in_process
@pytest.mark.parametrize("late", ["set", "flash"])
def test_a_change_after_the_first_byte_breaks_off_and_is_logged(
    client: Any, late: str, caplog: pytest.LogCaptureFixture
) -> None:
    client.post("/set", json={"name": "Blue"})
    with suppress(Exception):  # ASGI tells the client that the stream broke off, RSGI does not
        assert client.get("/stream", params={"late": late}).text == "Blue,"
    assert "change it ahead of the first byte" in caplog.text
    assert client.get("/all").json() == {"name": "Blue"}


@pytest.mark.in_process
def test_a_change_within_a_value_after_the_first_byte_is_logged(client: Any, caplog: pytest.LogCaptureFixture) -> None:
    client.post("/set", json={"name": "Blue", "cart": {"eggs": []}})
    assert client.get("/stream", params={"late": "within"}).text == "Blue,end"
    (record,) = [record for record in caplog.records if record.name == "velocipy.sessions"]
    assert record.levelno == logging.ERROR
    assert "was changed, and is lost: the answer has begun to be sent" in record.getMessage()
    assert client.get("/all").json()["cart"] == {"eggs": []}


@pytest.mark.in_process
def test_what_is_first_read_after_the_first_byte_is_an_error(client: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Caches could not be told any more that the page depends on it."""
    client.post("/set", json={"name": "Blue"})
    with suppress(Exception):
        assert client.get("/stream-of-request").text == ""
    assert "take it as a parameter session: Session" in caplog.text


# -- applications ----------------------------------------------------------------------------------------------------


@pytest.mark.in_process
def test_applications_of_one_key_have_one_session_and_those_of_others_none(client: Any) -> None:
    cookie = shelf.cookie_of(TestClient(signed).post("/set", json={"name": "Blue"}))
    assert shelf.all_of(TestClient(shelf.make(secret_key=shelf.KEY)), cookie) == {"name": "Blue"}
    assert shelf.all_of(TestClient(shelf.make(secret_key=shelf.KEY[::-1])), cookie) == {}
