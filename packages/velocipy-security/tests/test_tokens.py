"""JSON Web Tokens: which are believed, and which keys and algorithms are taken at all."""

import asyncio
import base64
import json
import time
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

jwt = pytest.importorskip("jwt", reason="the extra jwt")
pytest.importorskip("cryptography", reason="the extra jwt")

from velocipy.security import InvalidCredentials, JWTIssuer, JWTVerifier  # noqa: E402

from .providers import SigningKey  # noqa: E402

SECRET = "s" * 64
KEY = SigningKey(None)
RSA = SigningKey(None, "RS256")
EC = SigningKey(None, "ES256")


def verify(verifier: JWTVerifier[Any], token: str) -> Any:
    return asyncio.run(verifier.verify(token))


def refused(verifier: JWTVerifier[Any], token: str) -> str:
    with pytest.raises(InvalidCredentials) as raised:
        verify(verifier, token)
    return raised.value.detail


def signed(**claims: Any) -> str:
    return KEY.sign(**claims)


def by_hand(header: dict[str, Any], payload: Any, signature: bytes = b"") -> str:
    parts = [json.dumps(header).encode(), json.dumps(payload).encode(), signature]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


VERIFIER = JWTVerifier(KEY.pem, algorithms=["EdDSA"], issuer="https://id.example", audience="park", leeway=5)
GOOD = {"iss": "https://id.example", "aud": "park"}


def test_a_good_token_gives_its_claims() -> None:
    claims = verify(VERIFIER, signed(**GOOD, scope="a b"))
    assert (claims["sub"], claims["scope"]) == ("ellie", "a b")


@pytest.mark.parametrize(
    ("changed", "detail"),
    [
        ({"exp": int(time.time()) - 6}, "The token has expired"),
        ({"exp": None}, "The token lacks a claim"),
        ({"exp": "never"}, "The token is malformed"),
        ({"exp": 1e400}, None),
        ({"nbf": int(time.time()) + 60}, "The token is not valid yet"),
        ({"iat": int(time.time()) + 60}, "The token is not valid yet"),
        ({"iat": "now"}, None),
        ({"iss": "https://evil.example"}, "The token is for somebody else"),
        ({"iss": "https://id.example/"}, "The token is for somebody else"),
        ({"iss": None}, "The token lacks a claim"),
        ({"aud": "zoo"}, "The token is for somebody else"),
        ({"aud": ["zoo", "farm"]}, "The token is for somebody else"),
        ({"aud": None}, "The token lacks a claim"),
        ({"aud": {"park": 1}}, "The token is for somebody else"),
        ({"sub": 5}, "The token is malformed"),
    ],
)
def test_a_claim_that_is_wrong_or_missing(changed: dict[str, Any], detail: str | None) -> None:
    told = refused(VERIFIER, signed(**{**GOOD, **changed}))
    assert detail in (None, told)
    assert "evil" not in told


def test_clocks_may_differ_within_the_leeway() -> None:
    now = int(time.time())
    assert verify(VERIFIER, signed(**{**GOOD, "exp": now - 2, "nbf": now + 2, "iat": now + 2}))


def test_several_issuers_and_audiences() -> None:
    verifier = JWTVerifier(KEY.pem, algorithms=["EdDSA"], issuer=["a", "b"], audience=["x", "y"])
    assert verify(verifier, signed(iss="b", aud=["z", "y"]))
    assert refused(verifier, signed(iss="c", aud="x"))


def test_a_token_for_somebody_is_not_for_who_expects_none() -> None:
    verifier = JWTVerifier(KEY.pem, algorithms=["EdDSA"])
    assert verify(verifier, signed())
    assert refused(verifier, signed(aud="other")) == "The token is for somebody else"


def test_required_claims_types_and_age() -> None:
    verifier = JWTVerifier(KEY.pem, algorithms=["EdDSA"], required=["jti"], token_type="at+jwt", max_age=60, leeway=0)
    typed = {"typ": "application/AT+JWT"}
    assert verify(verifier, KEY.sign(typed, jti="1"))
    assert refused(verifier, KEY.sign(jti="1")) == "The token is of another type"
    assert refused(verifier, KEY.sign(typed)) == "The token lacks a claim"
    assert refused(verifier, KEY.sign(typed, jti="1", iat=int(time.time()) - 70)) == "The token is too old"
    assert refused(verifier, KEY.sign(typed, jti="1", iat=None)) == "The token lacks a claim"


TOLD = ("The token is malformed", "The token has expired", "The token is not valid yet")


@pytest.mark.parametrize("name", ["exp", "nbf", "iat"])
@pytest.mark.parametrize("value", ["1000000000", "4102444800", True, 1e400, float("nan"), [1], {}, "1e9"])
def test_a_time_is_a_number(name: str, value: Any) -> None:
    verifier = JWTVerifier(KEY.pem, algorithms=["EdDSA"], max_age=60, leeway=300)
    assert refused(verifier, signed(**{name: value})) in TOLD


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE", "", None, "HS256", "RS256", "ES256", 5, ["EdDSA"]])
def test_no_other_algorithm_is_taken(alg: Any) -> None:
    payload = {"sub": "ellie", "exp": int(time.time()) + 60, **GOOD}
    assert refused(VERIFIER, by_hand({"alg": alg, "typ": "JWT"}, payload)) in (
        "The token is signed in another way",
        "The token is malformed",
    )
    assert refused(VERIFIER, by_hand({"alg": alg, "typ": "JWT"}, payload, b"x" * 64))


def test_the_public_key_is_no_secret() -> None:
    """Who knows the public key signs with it as a secret, and says HS256."""
    import hashlib
    import hmac

    payload = {"sub": "ellie", "exp": int(time.time()) + 60, **GOOD}
    for key in (KEY, RSA):
        verifier = JWTVerifier(key.pem, algorithms=[key.algorithm])
        unsigned = by_hand({"alg": "HS256", "typ": "JWT"}, payload).rpartition(".")[0]
        for secret in (key.pem, key.pem.strip()):
            signature = hmac.digest(secret, unsigned.encode(), hashlib.sha256)
            forged = f"{unsigned}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"
            assert refused(verifier, forged) == "The token is signed in another way"


@pytest.mark.parametrize("header", [{"crit": ["exp"]}, {"crit": []}, {"jwk": KEY.jwk}, {"jku": "https://evil.example"}])
def test_a_header_decides_nothing(header: dict[str, Any]) -> None:
    """Not what is critical, nor with which key one verifies (RFC 8725 section 3.10)."""
    other = SigningKey(None)
    assert refused(VERIFIER, other.sign(header, **GOOD))
    if "crit" in header:
        assert refused(VERIFIER, KEY.sign(header, **GOOD))


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "a.b",
        "a.b.c",
        "a.b.c.d.e",
        "é.é.é",
        "a b.c.d",
        by_hand({"alg": "EdDSA"}, [1], b"x"),
        by_hand({"alg": "EdDSA", "b64": False}, {}, b"x"),
        by_hand({"alg": "EdDSA", "kid": 5}, {}, b"x"),
        "bnVsbA.bnVsbA.bnVsbA",
        base64.urlsafe_b64encode(b"[" * 9000).decode().rstrip("=") + ".e30.e30",
        "e30." + "A" * 17_000 + ".e30",
    ],
)
def test_what_is_no_token(token: str) -> None:
    assert refused(VERIFIER, token).startswith(("The token is malformed", "The token is signed"))


@pytest.mark.parametrize("key", [KEY, RSA, EC])
def test_each_kind_of_key(key: SigningKey) -> None:
    verifier = JWTVerifier(key.pem, algorithms=[key.algorithm])
    assert verify(verifier, key.sign())["sub"] == "ellie"
    assert refused(verifier, SigningKey(None, key.algorithm).sign()) == "The token is signed by nobody who is known"


def test_what_was_issued_is_verified() -> None:
    issuer = JWTIssuer(SECRET, issuer="me", audience="park", lifetime=60, key_id="a", token_type="at+jwt")
    verifier = JWTVerifier(SECRET, algorithms=["HS256"], issuer="me", audience="park", token_type="at+jwt")
    claims = verify(verifier, issuer.issue("ellie", scope="a"))
    assert (claims["sub"], claims["scope"], claims["exp"] - claims["iat"]) == ("ellie", "a", issuer.lifetime)
    signing = JWTIssuer(RSA.private_pem, algorithm="RS256")
    assert verify(JWTVerifier(RSA.pem, algorithms=["RS256", "PS256"]), signing.issue("ellie"))["sub"] == "ellie"


@dataclass
class User:
    sub: str
    email: str
    exp: int


def test_claims_are_a_model() -> None:
    verifier = JWTVerifier(KEY.pem, algorithms=["EdDSA"], claims=User)
    assert verify(verifier, signed(email="e@park.example")).email == "e@park.example"
    assert refused(verifier, signed(email=["secret"])) == "The token has other claims"


def test_claims_are_a_model_of_a_library() -> None:
    pydantic = pytest.importorskip("pydantic", reason="models of a library")
    model = pydantic.create_model("Claims", sub=(str, ...), level=(int, ...))
    verifier: JWTVerifier[Any] = JWTVerifier(KEY.pem, algorithms=["EdDSA"], claims=model)
    assert verify(verifier, signed(level=3)).level == 3
    assert refused(verifier, signed(level="high"))


@pytest.mark.parametrize(
    ("key", "options", "error", "message"),
    [
        (SECRET, {"algorithms": ["none"]}, ValueError, "no signature"),
        (SECRET, {"algorithms": ["HS256", "none"]}, ValueError, "no signature"),
        (SECRET, {"algorithms": []}, TypeError, "lists which are taken"),
        (SECRET, {"algorithms": "HS256"}, TypeError, "lists which are taken"),
        (SECRET, {"algorithms": ["HS1"]}, ValueError, "no algorithm"),
        (KEY.pem, {"algorithms": ["HS256"]}, ValueError, "key in PEM"),
        (KEY.pem, {"algorithms": ["HS256", "RS256"]}, ValueError, "mixes"),
        (RSA.pem, {"algorithms": ["RS256", "HS256"]}, ValueError, "mixes"),
        (RSA.pem, {"algorithms": ["ES256"]}, ValueError, "not of the kind"),
        (EC.pem, {"algorithms": ["RS256"]}, ValueError, "not of the kind"),
        (EC.pem, {"algorithms": ["ES384"]}, ValueError, "not of the kind"),
        (SECRET, {"algorithms": ["RS256"]}, ValueError, "no public key"),
        (RSA.private_pem, {"algorithms": ["RS256"]}, ValueError, "no public key"),
        ("short", {"algorithms": ["HS256"]}, ValueError, "5 bytes"),
        ("s" * 32, {"algorithms": ["HS256", "HS512"]}, ValueError, "HS512 needs 64"),
        (5, {"algorithms": ["HS256"]}, TypeError, "not int"),
        (SECRET, {"algorithms": ["HS256"], "leeway": -1}, ValueError, "0 to 300"),
        (SECRET, {"algorithms": ["HS256"], "leeway": 86400}, ValueError, "0 to 300"),
        (SECRET, {"algorithms": ["HS256"], "max_age": 0}, ValueError, "max_age"),
        (SECRET, {"algorithms": ["HS256"], "issuer": ""}, TypeError, "issuer"),
        (SECRET, {"algorithms": ["HS256"], "audience": [5]}, TypeError, "audience"),
    ],
    ids=lambda value: "key" if value == SECRET or isinstance(value, bytes) else None,  # another in each process
)
def test_mistakes_are_told_when_it_is_made(
    key: Any, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message) as raised:
        JWTVerifier(key, **options)
    assert SECRET not in str(raised.value)


def test_a_key_with_too_few_bits_is_refused() -> None:
    from cryptography.hazmat.primitives import serialization as io
    from cryptography.hazmat.primitives.asymmetric import rsa

    small = rsa.generate_private_key(65537, 1024).public_key()
    pem = small.public_bytes(io.Encoding.PEM, io.PublicFormat.SubjectPublicKeyInfo)
    with pytest.raises(ValueError, match="2048 bits"):
        JWTVerifier(pem, algorithms=["RS256"])


@pytest.mark.parametrize(
    ("key", "options", "message"),
    [
        (SECRET, {"algorithm": "none"}, "no signature"),
        ("short", {}, "5 bytes"),
        (RSA.pem, {"algorithm": "RS256"}, "private key"),
        (RSA.private_pem, {"algorithm": "HS256"}, "key in PEM"),
        (SECRET, {"algorithm": "ES256"}, "private key"),
        (SECRET, {"lifetime": 0}, "lifetime"),
    ],
)
def test_mistakes_of_issuers_are_told(key: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        JWTIssuer(key, **options)


# -- tampering ---------------------------------------------------------------------------------------------------------

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ é"
TOKENS = {
    "HS256": (JWTVerifier(SECRET, algorithms=["HS256"]), JWTIssuer(SECRET).issue("ellie", level=1)),
    "EdDSA": (JWTVerifier(KEY.pem, algorithms=["EdDSA"]), KEY.sign(level=1)),
    "ES256": (JWTVerifier(EC.pem, algorithms=["ES256"]), EC.sign(level=1)),
}


def changes(token: str) -> st.SearchStrategy[str]:
    """Tokens that are nearly *token*."""
    at = st.integers(0, len(token) - 1)
    replaced = st.builds(lambda i, new: token[:i] + new + token[i + 1 :], at, st.sampled_from(ALPHABET))
    inserted = st.builds(lambda i, new: token[:i] + new + token[i:], at, st.text(ALPHABET, min_size=1, max_size=4))
    deleted = st.builds(lambda i, n: token[:i] + token[i + n :], at, st.integers(1, 9))
    swapped = st.permutations(token.split(".")).map(".".join)
    header, payload, signature = token.split(".")
    values = st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=2)
    )
    objects = st.dictionaries(st.sampled_from(["alg", "typ", "kid", "crit", "sub", "exp", "level"]), values)
    encoded = objects.map(lambda value: base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode())
    other_header = encoded.map(lambda part: f"{part}.{payload}.{signature}")
    other_payload = encoded.map(lambda part: f"{header}.{part}.{signature}")
    return replaced | inserted | deleted | swapped | other_header | other_payload


def content(token: str) -> tuple[str, str, bytes]:
    header, payload, signature = token.split(".")
    return header, payload, base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))


@pytest.mark.timeout(900)
@pytest.mark.parametrize("algorithm", TOKENS)
def test_what_was_tampered_with_is_never_accepted(algorithm: str, tampering: settings) -> None:
    verifier, token = TOKENS[algorithm]
    accepted: list[str] = []
    with asyncio.Runner() as runner:

        @settings(tampering)
        @given(changes(token))
        def forge(forged: str) -> None:
            try:
                runner.run(verifier.verify(forged))
            except InvalidCredentials:
                return
            accepted.append(forged)

        forge()
    # The last character of a part has bits that mean nothing: another text, of the same bytes.
    assert [forged for forged in accepted if content(forged) != content(token)] == []
