"""Cookies that nobody else can have made: tens of thousands of changes, none of which passes."""

import base64
import hashlib
import hmac
import json
import logging
import sys
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from velocipy import Secret
from velocipy.sessions import SessionMiddleware
from velocipy.sessions.sealing import EncryptedSeal, Seal, SignedSeal, read_keys
from velocipy.testing import TestClient

from . import shelf

KEYS = [b"an old key that was long enough as well, 98765", shelf.KEY.encode()]
NEW = b"a new key, which is long enough too: 135790"
PAYLOAD = b'{"d":{"user":"blue","admin":false},"t":1700000000}'
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

signed = shelf.make(secret_key=shelf.KEY)
stored = shelf.in_memory()


def encrypted() -> Any:
    pytest.importorskip("cryptography", reason="the extra encrypted is not installed")
    return shelf.make(secret_key=shelf.KEY, encrypt=True)


def sign(*keys: bytes, name: str = "session") -> Seal:
    return SignedSeal(keys, name)


def encrypt(*keys: bytes, name: str = "session") -> Seal:
    pytest.importorskip("cryptography", reason="the extra encrypted is not installed")
    return EncryptedSeal(keys, name)


both = pytest.mark.parametrize("make", [sign, encrypt])


def changed(cookie: str) -> Iterator[str]:
    """Yield tens of thousands of texts that are nearly *cookie*."""
    others = ALPHABET + '.=+/ ~\x00é\n"'
    for place in range(len(cookie)):
        yield cookie[:place]
        yield cookie[place + 1 :]
        yield cookie[:place] + cookie[place + 1 :]
        for character in others:
            yield cookie[:place] + character + cookie[place + 1 :]
            yield cookie[:place] + character + cookie[place:]
        for other in range(place + 1, len(cookie)):
            swapped = [*cookie]
            swapped[place], swapped[other] = swapped[other], swapped[place]
            yield "".join(swapped)
    for character in others:
        yield cookie + character
    yield from (cookie + "=", cookie + "==", cookie + cookie, cookie.swapcase(), cookie[::-1], cookie + "." + cookie)


@both
def test_of_tens_of_thousands_of_changes_none_passes(make: Callable[..., Seal]) -> None:
    seal = make(*KEYS)
    cookie = seal.close(PAYLOAD)
    tried = set(changed(cookie)) - {cookie}
    assert len(tried) > 20_000
    assert [text for text in tried if seal.open(text) is not None] == []
    assert seal.open(cookie) == PAYLOAD


def test_what_hypothesis_makes_of_a_cookie_does_not_pass(request: pytest.FixtureRequest) -> None:
    edit = st.tuples(st.sampled_from(["cut", "put", "set", "copy"]), st.integers(0, 200), st.text(max_size=5))
    seals = [(sign(*KEYS), sign(*KEYS).close(PAYLOAD))]
    try:
        seals.append((encrypt(*KEYS), encrypt(*KEYS).close(PAYLOAD)))
    except pytest.skip.Exception:
        logging.getLogger(__name__).info("signed cookies alone: the extra encrypted is not installed")

    examples: Any = request.config.getoption("--tampered-cookies")

    @settings(max_examples=examples, deadline=None)
    @given(edits=st.lists(edit, min_size=1, max_size=6), whole=st.none() | st.text())
    def test(edits: list[tuple[str, int, str]], whole: str | None) -> None:
        for seal, cookie in seals:
            text = cookie if whole is None else whole
            for kind, place, put in edits:
                place %= len(text) + 1
                if kind == "cut":
                    text = text[:place] + text[place + len(put) :]
                elif kind == "put":
                    text = text[:place] + put + text[place:]
                elif kind == "set":
                    text = text[:place] + put + text[place + len(put) :]
                else:
                    text = text[:place] + text
            assert (seal.open(text) is None) == (text != cookie)

    test()


@both
def test_another_payload_needs_the_key(make: Callable[..., Seal]) -> None:
    seal, other = make(KEYS[1]), make(NEW)
    forged = PAYLOAD.replace(b"false", b"true")
    assert seal.open(other.close(forged)) is None
    if make is sign:
        text = base64.urlsafe_b64encode(forged).decode().rstrip("=")
        for key in (b"", KEYS[1], b"session"):
            signature = base64.urlsafe_b64encode(hmac.digest(key, text.encode(), "sha256")).decode().rstrip("=")
            assert seal.open(f"{text}.{signature}") is None  # the key itself signs nothing
        assert seal.open(f"{text}.{seal.close(PAYLOAD).rpartition('.')[2]}") is None


@both
def test_cve_2025_47278_the_newest_key_closes_and_all_open(make: Callable[..., Seal]) -> None:
    """Flask signed with the oldest key of the ring."""
    old, ring, new = make(KEYS[1]), make(NEW, *KEYS), make(NEW)
    assert ring.open(old.close(PAYLOAD)) == PAYLOAD
    assert new.open(ring.close(PAYLOAD)) == PAYLOAD
    assert old.open(ring.close(PAYLOAD)) is None


@both
def test_cve_2026_6873_what_is_made_for_one_use_passes_for_no_other(make: Callable[..., Seal]) -> None:
    """Django: the name of a cookie and its salt ran into each other, so that one cookie passed for another."""
    names = ["session", "__Host-session", "sessio", "session|n", "", "n|session"]
    for name in names:
        cookie = make(KEYS[1], name=name).close(PAYLOAD)
        opened = [other for other in names if make(KEYS[1], name=other).open(cookie) is not None]
        assert opened == [name]


def test_what_was_signed_is_not_taken_as_encrypted() -> None:
    assert encrypt(*KEYS).open(sign(*KEYS).close(PAYLOAD)) is None
    assert sign(*KEYS).open(encrypt(*KEYS).close(PAYLOAD)) is None


def test_an_encrypted_cookie_tells_nothing_and_is_another_each_time() -> None:
    seal = encrypt(*KEYS)
    cookies = {seal.close(PAYLOAD) for _ in range(100)}
    assert len(cookies) == 100
    for cookie in cookies:
        assert b"blue" not in base64.urlsafe_b64decode(cookie + "==")


def test_a_cookie_of_today_is_read_tomorrow() -> None:
    """The format, computed apart: whoever changes it logs everybody out."""
    derived = hmac.new(KEYS[1], b"velocipy.sessions|1|signed|session", hashlib.sha256).digest()
    text = base64.urlsafe_b64encode(PAYLOAD).rstrip(b"=")
    signature = base64.urlsafe_b64encode(hmac.new(derived, text, hashlib.sha256).digest()).rstrip(b"=")
    assert sign(KEYS[1]).close(PAYLOAD) == f"{text.decode()}.{signature.decode()}"
    assert sign(KEYS[1]).open(f"{text.decode()}.{signature.decode()}") == PAYLOAD


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("hush-hush-hush", "has 14 bytes, and needs 32"),
        ("hush" * 20, "is hardly random"),
        (Secret("hush-hush-hush"), "has 14 bytes, and needs 32"),
        ([shelf.KEY, "hush-hush-hush"], "secret_key 2 of SessionMiddleware has 14 bytes"),
    ],
)
def test_a_weak_key_is_warned_of_with_the_command_that_makes_a_good_one(
    key: Any, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    SessionMiddleware(secret_key=key)
    [record] = caplog.records
    assert (record.levelname, told in record.getMessage()) == ("WARNING", True)
    assert "python -c 'import secrets; print(secrets.token_urlsafe(48))'" in record.getMessage()
    assert "hush" not in record.getMessage()


@pytest.mark.parametrize("key", ["", b"", " ", Secret(""), [], [shelf.KEY, ""]])
def test_an_empty_key_is_refused_with_the_command_that_makes_a_good_one(key: Any) -> None:
    with pytest.raises(ValueError, match=r"secret_key.* is empty; make one with python -c") as raised:
        SessionMiddleware(secret_key=key)
    assert shelf.KEY not in str(raised.value)


def test_a_good_key_is_not_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    SessionMiddleware(secret_key=shelf.KEY)
    assert not caplog.records


@pytest.mark.parametrize("key", [7, [7], [None], {"a": 1}, Secret(7), bytearray(40)])
def test_what_is_no_key_is_refused(key: Any) -> None:
    with pytest.raises(TypeError, match="secret_key"):
        SessionMiddleware(secret_key=key)


def test_without_cryptography_the_command_that_installs_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.exceptions", None)
    with pytest.raises(ImportError, match=r'pip install "velocipy-sessions\[encrypted\]"'):
        SessionMiddleware(secret_key=shelf.KEY, encrypt=True)


def test_keys_are_text_bytes_and_secrets() -> None:
    assert read_keys([shelf.KEY, shelf.KEY.encode(), Secret(shelf.KEY)]) == [shelf.KEY.encode()] * 3
    assert read_keys("é" * 8 + shelf.KEY)[0] == ("é" * 8 + shelf.KEY).encode()


@pytest.mark.parametrize("kind", ["signed", "encrypted", "stored"])
def test_no_cookie_that_was_tampered_with_opens_a_session(client_factory: Any, kind: str) -> None:
    """A few hundred of the changes above, by request; the answer is that of a fresh session, and no error."""
    if kind == "encrypted":
        pytest.importorskip("cryptography", reason="the extra encrypted is not installed")
    client = client_factory(kind)
    cookie = shelf.cookie_of(client.post("/set", json={"name": "Blue"}))
    client.cookies.clear()
    assert shelf.all_of(client, cookie) == {"name": "Blue"}
    texts = sorted({text for text in changed(cookie) if _is_the_same_cookie(text, cookie)} - {cookie})
    for text in Random(9).sample(texts, 200):
        answer = client.get("/all", headers={"cookie": f"session={text}"})
        assert (text, answer.status_code, answer.json()) == (text, 200, {})
        assert "set-cookie" not in answer.headers


def _is_the_same_cookie(text: str, cookie: str) -> bool:
    """Tell whether *text* can be sent as one cookie that is not read as *cookie*, as with white space around."""
    return text.isascii() and text.isprintable() and text.strip(' "') == text != cookie


def test_what_another_program_has_signed_with_the_key_is_an_empty_session() -> None:
    seal = sign(shelf.KEY.encode())
    payloads: list[Any] = [1, [], {}, {"d": 1, "t": 1}, {"d": {}}, {"d": [], "t": 1}, {"d": {}, "t": "x"}, None]
    payloads += [{"d": {"a": 1}, "t": 4e9, "u": 7}, {"d": {"a": 1}, "t": 4e9, "f": [1]}]
    payloads += [{"d": {"a": 1}, "t": 4e9, "f": {"a": 1}}, {"d": {"a": 1}, "t": float("inf")}]
    cookies = [seal.close(json.dumps(payload).encode()) for payload in payloads]
    cookies += [seal.close(b""), seal.close(b"{"), seal.close(b"\xff"), seal.close(b"[" * 100_000)]
    with TestClient(signed) as client:
        for cookie in cookies:
            assert shelf.all_of(client, cookie) == {}
