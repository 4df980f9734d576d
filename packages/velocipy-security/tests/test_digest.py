"""Digest authentication, as a client of httpx2 does it, and as an attacker would."""

import re
import time
from hashlib import sha256
from typing import Annotated, Any

import pytest
from httpx2 import DigestAuth

from velocipy import Depends, VelociPy
from velocipy.security import HTTPDigest, HTTPDigestCredentials, InvalidCredentials, Verified, digest_hash
from velocipy.security.signing import Signer
from velocipy.testing import TestClient

KEY = b"d" * 32
scheme = HTTPDigest(secret_key=[b"new" * 12, KEY], realm="park")
app = VelociPy()


async def verify(credentials: HTTPDigestCredentials) -> str | None:
    if credentials.username == "ray":
        return "Ray" if credentials.matches_hash(digest_hash("ray", "park", "hold on")) else None
    if not credentials.matches("clever girl"):
        raise InvalidCredentials
    return credentials.username


@app.get("/fence")
@app.post("/fence")
async def fence(name: Annotated[str, Depends(Verified(scheme, verify))]) -> str:
    return name


@app.get("/other")
async def other(name: Annotated[str, Depends(Verified(scheme, verify))]) -> str:
    return name


def answer_to(made: str, *, password: str = "clever girl", method: str = "GET", **changed: str) -> str:
    """What a client sends."""
    sent = {"username": "muldoon", "realm": "park", "nonce": made, "uri": "/fence", "qop": "auth", "nc": "00000001"}
    sent |= {"cnonce": "c", "algorithm": "SHA-256"}
    secret = sha256(f"{sent['username']}:park:{password}".encode()).hexdigest()
    request = sha256(f"{method}:{changed.get('uri', '/fence')}".encode()).hexdigest()
    proof = f"{secret}:{made}:{sent['nc']}:{sent['cnonce']}:{sent['qop']}:{request}"
    sent |= {"response": sha256(proof.encode()).hexdigest(), **changed}
    return "Digest " + ", ".join(f'{name}="{value}"' for name, value in sent.items() if value)


def nonce_of(answer: Any) -> str:
    match = re.search(r'nonce="([^"]*)"', answer.headers["www-authenticate"])
    assert match is not None
    return match[1]


def test_a_client_finds_its_way(client: TestClient) -> None:
    for name, password in (("muldoon", "clever girl"), ("ray", "hold on")):
        assert client.get("/fence", auth=DigestAuth(name, password)).status_code == 200
    assert client.get("/fence?a=%20b&c=%C3%A9", auth=DigestAuth("muldoon", "clever girl")).text == "muldoon"


def test_a_wrong_password_is_refused(client: TestClient) -> None:
    assert client.get("/fence", auth=DigestAuth("muldoon", "stupid girl")).status_code == 401
    assert client.get("/fence", auth=DigestAuth("ray", "clever girl")).status_code == 401


def test_the_challenge_has_what_rfc_7616_demands(client: TestClient) -> None:
    told = client.get("/fence").headers["www-authenticate"]
    assert re.fullmatch(r'Digest realm="park", nonce="[\w.-]+", qop="auth", algorithm=SHA-256, charset=UTF-8', told)


def test_the_proof_is_good(client: TestClient) -> None:
    nonce = nonce_of(client.get("/fence"))
    assert client.get("/fence", headers={"authorization": answer_to(nonce)}).text == "muldoon"


@pytest.mark.parametrize(
    "changed",
    [
        {"uri": "/other"},
        {"uri": "/fence?open=yes"},
        {"realm": "zoo"},
        {"username": ""},
        {"username": "ray"},
        {"algorithm": "MD5"},
        {"algorithm": ""},
        {"qop": ""},
        {"qop": "auth-int"},
        {"nc": "1"},
        {"nc": "00000002"},
        {"cnonce": "d"},
        {"nonce": "made.up"},
        {"response": "0" * 64},
        {"response": ""},
        {"extra": '", username="'},
    ],
)
def test_a_proof_that_was_changed_is_none(client: TestClient, changed: dict[str, str]) -> None:
    nonce = nonce_of(client.get("/fence"))
    answer = client.get("/fence", headers={"authorization": answer_to(nonce, **changed)})
    assert (answer.status_code, answer.json()) == (401, {"detail": "Invalid authentication credentials"})


def test_the_proof_of_one_request_is_none_of_another(client: TestClient) -> None:
    proof = {"authorization": answer_to(nonce_of(client.get("/fence")))}
    assert client.post("/fence", headers=proof).status_code == 401
    assert client.get("/other", headers=proof).status_code == 401
    assert client.get("/fence?open=yes", headers=proof).status_code == 401


def test_an_old_nonce_is_stale_and_one_of_another_purpose_is_none(client: TestClient) -> None:
    old = Signer(KEY, "digest-nonce-1").sign(f"{int(time.time()) - 301}.x")
    told = client.get("/fence", headers={"authorization": answer_to(old)}).headers["www-authenticate"]
    assert told.endswith(", stale=true")
    elsewhere = Signer(KEY, "csrf-token-1").sign(f"{int(time.time())}.x")
    told = client.get("/fence", headers={"authorization": answer_to(elsewhere)}).headers["www-authenticate"]
    assert "stale" not in told


def test_a_nonce_of_the_key_before_is_good(client: TestClient) -> None:
    nonce = Signer(KEY, "digest-nonce-1").sign(f"{int(time.time())}.x")
    assert client.get("/fence", headers={"authorization": answer_to(nonce)}).status_code == 200


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"secret_key": "short"}, "5 bytes"),
        ({"secret_key": []}, "no key"),
        ({"secret_key": KEY, "nonce_lifetime": 0}, "seconds over 0"),
    ],
)
def test_mistakes_are_told(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        HTTPDigest(**options)
