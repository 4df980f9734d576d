"""Credentials that are verified, scopes, and several ways of which one is enough."""

import base64
from typing import Annotated, Any

import pytest

from velocipy import Depends, VelociPy
from velocipy.errors import DependencyError
from velocipy.security import (
    APIKeyHeader,
    APIKeys,
    HTTPBearer,
    InsufficientScope,
    MutualTLS,
    Verified,
    all_of,
    any_of,
    hash_api_key,
    make_api_key,
    same_secret,
)
from velocipy.testing import TestClient, WebSocketDenied

from . import verified_app

app = verified_app.app
INVALID = "Invalid authentication credentials"
BASIC = 'Basic realm="park", charset="UTF-8"'
KEY = 'APIKey in="header", name="X-Key"'


def bearing(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def password(word: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"tim:{word}".encode()).decode()}


def refusal(answer: Any) -> tuple[int, str, str]:
    return answer.status_code, answer.json()["detail"], answer.headers["www-authenticate"]


def test_who_is_nobody_is_refused(client: TestClient) -> None:
    assert refusal(client.get("/bearer")) == (401, "Not authenticated", "Bearer")
    told = f'Bearer error="invalid_token", error_description="{INVALID}"'
    assert refusal(client.get("/bearer", headers=bearing("hacker"))) == (401, INVALID, told)
    told = 'Bearer error="invalid_token", error_description="The token has expired"'
    assert refusal(client.get("/bearer", headers=bearing("expired"))) == (401, "The token has expired", told)
    assert refusal(client.get("/basic", headers=password("wrong"))) == (401, INVALID, BASIC)
    assert refusal(client.get("/key", headers={"x-key": "claws"})) == (401, INVALID, KEY)


def test_a_detail_that_no_header_carries_is_in_the_body_alone(client: TestClient) -> None:
    told = 'Bearer error="invalid_token"'
    assert refusal(client.get("/bearer", headers=bearing("abgelaufen"))) == (401, "Ungültig", told)


def test_a_function_that_says_no_refuses(client: TestClient) -> None:
    assert client.get("/yes-or-no", headers=bearing("claw")).text == "True"
    assert client.get("/yes-or-no", headers=bearing("tooth")).status_code == 401


def test_who_is_known_is_the_value(client: TestClient) -> None:
    assert client.get("/bearer", headers=bearing("ellie")).text == "Ellie"
    assert client.get("/basic", headers=password("lex")).text == "Tim"
    assert client.get("/key", headers={"x-key": "claw"}).text == "Muldoon"


def test_optional_is_who_sends_nothing_and_not_who_sends_what_is_wrong(client: TestClient) -> None:
    assert client.get("/optional").text == "None"
    assert client.get("/optional", headers=bearing("tim")).text == "Tim"
    assert client.get("/optional", headers=bearing("expired")).status_code == 401
    assert client.get("/optional", headers={"authorization": "Basic abc"}).status_code == 401


@pytest.mark.parametrize(
    ("path", "headers", "missing"),
    [
        ("/bearer/plants", bearing("tim"), "plants:write"),
        ("/any/plants", bearing("tim"), "plants:write"),
        ("/any/plants", {"x-key": "claw"}, "plants:write"),
        ("/key/plants", {"x-key": "tooth"}, "plants:read plants:write"),
    ],
)
def test_what_is_missing_is_told_with_403(client: TestClient, path: str, headers: dict[str, str], missing: str) -> None:
    told = 'Bearer error="insufficient_scope", scope="plants:read plants:write"'
    assert refusal(client.post(path, content=b"{", headers=headers)) == (403, f"Missing scope: {missing}", told)


def test_who_has_the_scopes_passes(client: TestClient) -> None:
    assert client.post("/bearer/plants", json=[1], headers=bearing("ellie")).text == "Ellie"


def test_optional_with_scopes_is_none_or_has_them(client: TestClient) -> None:
    assert client.post("/optional/plants", json=[1]).text == "None"
    assert client.post("/optional/plants", json=[1], headers=bearing("tim")).status_code == 403


@pytest.mark.parametrize(
    ("headers", "name"),
    [
        (bearing("ellie"), "Ellie"),
        (password("lex"), "Tim"),
        ({"x-key": "claw"}, "Muldoon"),
        ({**bearing("expired"), "x-key": "claw"}, "Muldoon"),
        ({**bearing("ellie"), "x-key": "wrong"}, "Ellie"),
    ],
)
def test_one_way_is_enough(client: TestClient, headers: dict[str, str], name: str) -> None:
    assert client.get("/any", headers=headers).text == name


def test_who_satisfies_none_is_told_every_challenge(client: TestClient) -> None:
    challenges = f"Bearer, {KEY}, {BASIC}"
    assert refusal(client.get("/any")) == (401, "Not authenticated", challenges)
    assert refusal(client.get("/any", headers={"x-key": "wrong"})) == (401, INVALID, challenges)


def test_a_way_of_two_needs_both(client: TestClient) -> None:
    assert client.get("/pair", headers={"x-key": "claw", "x-client": "jeep"}).text == "Muldoon+jeep"
    assert client.get("/pair", headers={"x-key": "claw"}).status_code == 401
    assert client.get("/pair", headers={"x-client": "jeep"}).status_code == 401
    assert client.get("/pair", headers=bearing("tim")).text == "Tim"


def test_several_ways_may_be_optional(client: TestClient) -> None:
    assert client.get("/plain").text == "None"
    assert client.get("/plain", headers={"x-key": "claw"}).text == "claw"


def test_scopes_of_a_dependency_of_ones_own(client: TestClient) -> None:
    assert client.get("/own", headers=bearing("ellie")).text == "Ellie"
    assert client.get("/own", headers=bearing("tim")).json() == {"detail": "Missing scope: plants:write"}


def test_on_websockets(client: TestClient, velocipy_target: Any) -> None:
    for headers in (bearing("tim"), {"x-key": "claw"}):
        with client.websocket_connect("/ws", headers=headers) as websocket:
            assert websocket.receive_text() in ("Tim", "Muldoon")
    for headers, status in ((bearing("expired"), 401), ({"x-key": "tooth"}, 403)):
        with pytest.raises(WebSocketDenied) as denied, client.websocket_connect("/ws", headers=headers):
            pass
        assert denied.value.response.status_code == (403 if velocipy_target.name == "gunicorn" else status)


# -- keys --------------------------------------------------------------------------------------------------------------


def test_keys_are_random_and_kept_as_hashes() -> None:
    one, other = make_api_key("park_"), make_api_key("park_")
    assert one != other
    assert one.startswith("park_")
    assert len(one) == 48
    assert hash_api_key(one) == hash_api_key(one) != hash_api_key(other)
    assert "park" not in repr(APIKeys({hash_api_key(one): "Ray"}))


def test_a_key_itself_is_not_to_be_kept() -> None:
    with pytest.raises(ValueError, match="keep hash_api_key") as raised:
        APIKeys({"claw-of-a-raptor": "Muldoon"})
    assert "claw" not in str(raised.value)


def test_keys_have_owners() -> None:
    with pytest.raises(TypeError, match=r"hash_api_key\(key\): owner.*not a list"):
        APIKeys([hash_api_key("claw")])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "expected", "is_same"),
    [
        *[("a", "a", True), ("a", b"a", True), ("é", "é", True), ("é", "é".encode(), True), ("", "", True)],
        *[("a", "b", False), ("a", "aa", False), ("\udc80", "é", False), ("", "a", False)],
    ],
)
def test_secrets_are_compared_as_bytes(given: str, expected: str | bytes, is_same: bool) -> None:
    """`hmac.compare_digest` raises for text beyond ASCII, which a stranger may send."""
    assert same_secret(given, expected) is is_same


# -- what is wrong with the program -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Verified(len, len), TypeError, "such as HTTPBearer"),  # type: ignore[call-overload]
        (lambda: Verified(HTTPBearer(), "verify"), TypeError, "no function"),  # type: ignore[call-overload]
        (lambda: Verified(HTTPBearer(), str), TypeError, "no function"),
        (lambda: Verified(MutualTLS(), lambda _: 1), TypeError, "has no credentials"),
        (lambda: any_of(HTTPBearer()), ValueError, "two schemes"),
        (lambda: any_of(HTTPBearer(), len), TypeError, "takes schemes"),  # type: ignore[arg-type]
        (lambda: any_of(HTTPBearer(), MutualTLS()), ValueError, "everybody would pass"),
        (lambda: any_of(HTTPBearer(), verified_app.key), ValueError, "put each in Verified"),
        (lambda: any_of(HTTPBearer(), APIKeyHeader("X", auto_error=False)), ValueError, "say it of any_of"),
        (lambda: all_of(HTTPBearer(), APIKeyHeader("X", auto_error=False)), ValueError, "say it of all_of"),
    ],
)
def test_mistakes_are_told_where_they_are_made(make: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()


def test_insufficient_scope_may_be_raised_by_hand() -> None:
    error = InsufficientScope(["a", "b"])
    assert (error.status_code, error.missing) == (403, ["a", "b"])
    assert error.headers == {"WWW-Authenticate": 'Bearer error="insufficient_scope", scope="a b"'}
    assert InsufficientScope(["a"], ["a", "b"], "Basic").headers == {
        "WWW-Authenticate": 'Basic error="insufficient_scope", scope="a b"'
    }


@pytest.mark.in_process
def test_a_verifier_without_a_scheme_ends_the_start() -> None:
    """It would take the key from the query."""
    keys = APIKeys({hash_api_key("claw"): "ellie"})
    app = VelociPy()

    async def handler(owner: Annotated[str, Depends(keys)]) -> str:
        return owner

    app.add_route("/", handler)
    with pytest.raises(DependencyError, match=r"on APIKeys.*Verified\(scheme, APIKeys\(...\)\)"):
        app.freeze()
