"""Logins by a provider: a real one from a package, and one that says what it is told to."""

import asyncio
import base64
import importlib
import json
import os
import time
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("jwt", reason="the extra oidc")
httpx2 = pytest.importorskip("httpx2", reason="the extra oidc")

from velocipy import RedirectResponse, Request, VelociPy  # noqa: E402
from velocipy.security import OpenIDLogin  # noqa: E402
from velocipy.testing import TestClient  # noqa: E402

from . import oidc_app  # noqa: E402
from .providers import Provider, SigningKey, as_json, query_of  # noqa: E402

ACCESS = "access-token"
create_app = oidc_app.create_app


@pytest.fixture(scope="module", autouse=True)
def real() -> Iterator[str]:
    """A provider from a package; its URL, "" if it is not installed."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what it is made of
            mock = importlib.import_module("oidc_provider_mock")
    except ModuleNotFoundError:
        os.environ[oidc_app.REAL] = "http://127.0.0.1:1"
        yield ""
        return
    ellie = mock.User(sub="ellie", claims={"email": "ellie@park.example", "name": "Ellie"})
    with mock.run_server_in_thread(user_claims=[ellie], require_nonce=True) as server:
        os.environ[oidc_app.REAL] = url = f"http://localhost:{server.server_port}"
        yield url


@pytest.fixture(scope="module", autouse=True)
def running() -> Iterator[Provider]:
    provider = Provider(oidc_app.CLIENT_ID, oidc_app.CLIENT_SECRET)
    os.environ[oidc_app.HOSTILE] = provider.issuer
    yield provider
    provider.server.close()


@pytest.fixture
def provider(running: Provider) -> Provider:
    """The one that lies, and tells the truth to begin with."""
    running.reset()
    return running


def at_the_provider(url: str) -> dict[str, str]:
    """Go where the browser is sent, and return what it comes back with."""
    with httpx2.Client(trust_env=False) as browser:
        answer = browser.get(url)
        assert answer.status_code == 303, answer.text
        return query_of(answer.headers["location"])


def begin(client: TestClient, **params: str) -> dict[str, str]:
    answer = client.get("/login/hostile", params=params, follow_redirects=False)
    assert answer.status_code == 303
    return at_the_provider(answer.headers["location"])


def finish(client: TestClient, back: dict[str, str]) -> Any:
    return client.get("/callback/hostile", params=back)


# -- a real provider --------------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore")  # of what the provider is made of
def test_a_login_by_a_real_provider(client: TestClient, real: str) -> None:
    if not real:
        pytest.skip("oidc-provider-mock is not installed")
    sent = client.get("/login/real?next=/fences", follow_redirects=False).headers["location"]
    assert sent.startswith(f"{real}/oauth2/authorize?")
    with httpx2.Client(trust_env=False) as browser:
        answer = browser.post(sent, data={"sub": "ellie"})
    back = query_of(answer.headers["location"])
    before = client.cookies["tiny"]
    answer = client.get("/callback/real", params=back)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found.pop("repr").startswith("OpenIDUser(subject='ellie'")
    assert found == {
        "subject": "ellie",
        "email": "ellie@park.example",
        "next": "/fences",
        "name": "Ellie",
        "expires_in": 3600.0,
    }
    assert client.cookies["tiny"] != before
    assert client.get("/session").json() == {"user": "ellie"}
    assert client.get("/callback/real", params=back).status_code == 400


# -- what is asked ----------------------------------------------------------------------------------------------------


def test_a_login_asks_with_state_nonce_and_pkce(client: TestClient, provider: Provider) -> None:
    query = query_of(client.get("/login/hostile", follow_redirects=False).headers["location"])
    assert query["code_challenge_method"] == "S256"
    assert (query["scope"], query["prompt"]) == ("openid email profile", "login")
    assert len({query["state"], query["nonce"], query["code_challenge"]}) == 3
    assert min(len(query[name]) for name in ("state", "nonce", "code_challenge")) == 43
    again = query_of(client.get("/login/hostile", follow_redirects=False).headers["location"])
    assert not {query[name] for name in ("state", "nonce", "code_challenge")} & set(again.values())


def test_a_login(client: TestClient, provider: Provider) -> None:
    answer = finish(client, begin(client, next="/fences?a=b"))
    found = answer.json()
    assert (found["subject"], found["email"], found["next"]) == ("ellie", "ellie@park.example", "/fences?a=b")
    assert ACCESS not in found["repr"]
    assert client.get("/session").json() == {"user": "ellie"}


@pytest.mark.in_process
def test_a_session_that_is_fetched_when_it_is_asked_for_is_fetched(provider: Provider) -> None:
    """As those of SessionMiddleware(store=..., lazy=True)."""
    stored: dict[str, Any] = {}

    class Lazy(dict[str, Any]):
        async def load(self) -> None:
            self.update(stored)

    app = VelociPy()
    logins = oidc_app.login_at(provider.issuer)

    @app.get("/login")
    async def login(request: Request) -> RedirectResponse:
        session = Lazy()
        answer = await logins.start(request, session=session)
        stored.update(session)
        return answer

    @app.get("/callback")
    async def callback(request: Request) -> str:
        return (await logins.finish(request, session=Lazy())).subject

    with TestClient(app) as client:
        back = at_the_provider(client.get("/login").headers["location"])
        assert client.get("/callback", params=back).text == "ellie"


@pytest.mark.parametrize(
    ("next_url", "target"),
    [
        ("//evil.example", "/"),
        ("https://evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("/\\evil.example", "/"),
        ("https://shop.example/cart", "https://shop.example/cart"),
    ],
)
def test_it_leads_to_no_other_site(client: TestClient, provider: Provider, next_url: str, target: str) -> None:
    assert finish(client, begin(client, next=next_url)).json()["next"] == target


def test_several_logins_at_once_in_one_browser(client: TestClient, provider: Provider) -> None:
    begun = [begin(client, next=f"/{number}") for number in range(6)]
    assert finish(client, begun[0]).status_code == 400  # the oldest of six is forgotten
    for number in (3, 1, 5):
        assert finish(client, begun[number]).json()["next"] == f"/{number}"


def test_the_id_of_the_session_is_another_after_the_login(client: TestClient, provider: Provider) -> None:
    back = begin(client)
    before = client.cookies["tiny"]
    assert finish(client, back).status_code == 200
    assert client.cookies["tiny"] != before


# -- what does not fit ------------------------------------------------------------------------------------------------


def refused(client: TestClient, back: dict[str, str]) -> str:
    answer = finish(client, back)
    assert answer.status_code == 400, answer.text
    assert "user" not in client.get("/session").json()
    detail: str = answer.json()["detail"]
    return detail


def test_a_login_that_was_not_begun_here(client: TestClient, provider: Provider) -> None:
    """Login CSRF: the attacker's code in the browser of another."""
    back = begin(client)
    client.cookies.clear()
    assert refused(client, back).startswith("The login was not begun here")


@pytest.mark.parametrize("change", [{"state": "made-up"}, {"state": ""}, {"state": "\u00e9"}])
def test_a_state_that_is_another(client: TestClient, provider: Provider, change: dict[str, str]) -> None:
    back = begin(client)
    assert refused(client, {**back, **change}).startswith("The login was not begun here")
    assert refused(client, {name: value for name, value in back.items() if name != "state"})


def test_it_is_good_once(client: TestClient, provider: Provider) -> None:
    back = begin(client)
    assert finish(client, back).status_code == 200
    assert finish(client, back).status_code == 400


def test_a_code_of_another_login_is_no_good_here(client: TestClient, provider: Provider) -> None:
    """PKCE: the verifier is that of this login."""
    one, other = begin(client), begin(client)
    assert refused(client, {**one, "code": other["code"]}) == "The provider does not take the login"


def test_an_answer_that_says_something_twice(client: TestClient, provider: Provider) -> None:
    back = begin(client)
    answer = client.get("/callback/hostile", params=[*back.items(), ("code", "other")])
    assert answer.json() == {"detail": "The answer of the provider is ambiguous"}


@pytest.mark.parametrize("iss", [None, "https://evil.example", ""])
def test_rfc_9207_an_answer_of_another_provider(client: TestClient, provider: Provider, iss: str | None) -> None:
    """Mix-up: one provider's answer is taken for another's."""
    provider.answer["iss"] = iss
    assert "provider" in refused(client, begin(client)).lower()


@pytest.mark.parametrize("error", ["access_denied", "server_error", "<script>"])
def test_what_the_provider_refuses(client: TestClient, provider: Provider, error: str) -> None:
    provider.answer |= {"code": None, "error": error, "error_description": "<b>secret</b>"}
    detail = refused(client, begin(client))
    assert detail == ("The login was refused" if error == "access_denied" else "The provider could not log in")


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"nonce": 5},
        {"iss": "https://evil.example"},
        {"iss": None},
        {"aud": "another app"},
        {"aud": ["another app"]},
        {"aud": ["park app", "another app"]},
        {"aud": ["park app", "another app"], "azp": "another app"},
        {"azp": "another app"},
        {"aud": None},
        {"exp": int(time.time()) - 60},
        {"exp": None},
        {"iat": None},
        {"iat": int(time.time()) + 3600},
        {"sub": None},
        {"at_hash": "another"},
        {"at_hash": 5},
    ],
)
def test_an_id_token_that_does_not_fit(client: TestClient, provider: Provider, claims: dict[str, Any]) -> None:
    provider.claims |= claims
    assert refused(client, begin(client)) == "The provider's word cannot be trusted"


def test_an_id_token_for_several_that_says_it_is_ours(client: TestClient, provider: Provider) -> None:
    provider.claims |= {"aud": ["another app", "park app"], "azp": "park app", "at_hash": None}
    assert finish(client, begin(client)).status_code == 200


def test_an_id_token_that_is_signed_by_others(client: TestClient, provider: Provider) -> None:
    own, provider.key = provider.key, SigningKey("one")
    try:
        assert refused(client, begin(client)) == "The provider's word cannot be trusted"
    finally:
        provider.key = own


@pytest.mark.parametrize("alg", ["none", "HS256"])
def test_an_id_token_that_is_not_signed(client: TestClient, provider: Provider, alg: str) -> None:
    back = begin(client)
    begun = provider.codes[back["code"]]
    claims: dict[str, Any] = {"iss": provider.issuer, "aud": "park app", "sub": "ellie", "nonce": begun["nonce"]}
    claims |= {"iat": int(time.time()), "exp": int(time.time()) + 60}
    jwt = importlib.import_module("jwt")
    key = None if alg == "none" else "gate:s%c".ljust(32, "!")
    provider.tokens["id_token"] = jwt.encode(claims, key, algorithm=alg)
    assert refused(client, back) == "The provider's word cannot be trusted"


@pytest.mark.parametrize("tokens", [{"id_token": None}, {"id_token": 5}, {"access_token": None}])
def test_an_answer_without_tokens(client: TestClient, provider: Provider, tokens: dict[str, Any]) -> None:
    provider.tokens |= tokens
    assert refused(client, begin(client)) == "The provider has not said who logged in"


def test_userinfo_of_somebody_else(client: TestClient, provider: Provider) -> None:
    provider.instead["/userinfo"] = as_json({"sub": "muldoon"})
    answer = finish(client, begin(client))
    assert (answer.status_code, answer.json()) == (400, {"detail": "The provider tells of somebody else"})


@pytest.mark.parametrize("path", ["/token", "/userinfo"])
@pytest.mark.parametrize("answer", [as_json({}, 500), (200, {}, b"x"), (302, {"location": "/"}, b"")])
def test_a_provider_that_fails_is_503(client: TestClient, provider: Provider, path: str, answer: Any) -> None:
    provider.instead[path] = answer
    response = finish(client, begin(client))
    assert (response.status_code, response.json()) == (503, {"detail": "The identity provider cannot be reached"})


def test_to_log_out(client: TestClient, provider: Provider) -> None:
    query = query_of(client.get("/logout/hostile").text)
    assert query == {
        "a": "b",
        "client_id": "park app",
        "id_token_hint": "token",
        "post_logout_redirect_uri": "https://app.example/",
    }


# -- the provider itself, and the session -----------------------------------------------------------------------------


class Asked:
    """What a login looks at of a request."""

    has_session = False

    def __init__(self, **query: str) -> None:
        from velocipy.http.multidict import MultiValueDict

        self.query_params = MultiValueDict({name: [value] for name, value in query.items()})


async def log_in(login: OpenIDLogin, session: dict[str, Any]) -> Any:
    request: Any = Asked()
    sent = (await login.start(request, session=session)).headers["location"]
    back: Any = Asked(**await asyncio.to_thread(at_the_provider, sent))
    return await login.finish(back, session=session)


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://evil.example"},
        {"issuer": None},
        {"token_endpoint": None},
        {"jwks_uri": "file:///etc/passwd"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"userinfo_endpoint": 5},
    ],
)
def test_a_discovery_document_that_is_wrong(provider: Provider, metadata: dict[str, Any]) -> None:
    provider.metadata |= metadata
    with pytest.raises(Exception, match="503"):
        asyncio.run(log_in(oidc_app.login_at(provider.issuer), {}))


def test_the_document_is_asked_for_once(provider: Provider) -> None:
    login = oidc_app.login_at(provider.issuer)

    async def twice() -> None:
        await log_in(login, {})
        await log_in(login, {})

    before = len(provider.server.calls)
    asyncio.run(twice())
    paths = [call.path for call in provider.server.calls[before:]]
    assert paths.count("/.well-known/openid-configuration") == paths.count("/jwks") == 1


def test_who_begins_many_logins_at_once_has_the_document_asked_for_once(provider: Provider) -> None:
    """Also while the provider fails, when it would have to answer for each stranger else."""
    login = oidc_app.login_at(provider.issuer)
    request: Any = Asked()

    async def begin_many() -> list[Any]:
        return await asyncio.gather(*(login.start(request, session={}) for _ in range(50)), return_exceptions=True)

    async def both() -> None:
        provider.instead["/.well-known/openid-configuration"] = as_json({}, 500)
        assert {str(found)[:3] for found in [*await begin_many(), *await begin_many()]} == {"503"}
        del provider.instead["/.well-known/openid-configuration"]
        await asyncio.sleep(1.1)  # that is what is tested: the pause is over
        assert not any(isinstance(found, Exception) for found in await begin_many())

    before = len(provider.server.calls)
    asyncio.run(both())
    assert len(provider.server.calls) == before + 2


def test_logins_that_were_begun_fit_into_a_cookie(provider: Provider) -> None:
    """Else who is sent to some with long targets could not log in any more."""
    login = oidc_app.login_at(provider.issuer)
    session: dict[str, Any] = {}
    request: Any = Asked()

    async def begin_some() -> None:
        for target in ("/" + "a" * 2000, "/short", *("/" + "b" * 500,) * 5, "/last"):
            await login.start(request, target, session=session)
            assert len(json.dumps(session)) < 2600

    asyncio.run(begin_some())
    assert [item[3] for item in session["velocipy.oidc"]][-1] == "/last"
    assert len(session["velocipy.oidc"]) == 3


def test_a_client_says_who_it_is_as_the_provider_wants_it(provider: Provider) -> None:
    asyncio.run(log_in(oidc_app.login_at(provider.issuer), {}))
    basic = [call for call in provider.server.calls if call.path == "/token"][-1].headers["authorization"]
    assert base64.b64decode(basic.removeprefix("Basic ")) == b"park+app:gate%3As%25c"
    provider.metadata["token_endpoint_auth_methods_supported"] = ["client_secret_post"]
    asyncio.run(log_in(oidc_app.login_at(provider.issuer), {}))
    call = [call for call in provider.server.calls if call.path == "/token"][-1]
    assert (call.form["client_id"], call.form["client_secret"]) == ("park app", "gate:s%c")
    assert "authorization" not in call.headers


def test_a_login_that_takes_too_long(provider: Provider) -> None:
    with pytest.raises(Exception, match="took too long"):
        asyncio.run(log_in(oidc_app.login_at(provider.issuer, timeout=1e-9), {}))


@pytest.mark.parametrize("kept", ["text", 5, [], ["text"], [["a"]], [[1, 2, 3, 4, 5, 6]]])
def test_a_session_that_has_something_else_under_the_key(provider: Provider, kept: Any) -> None:
    session = {"velocipy.oidc": kept}
    assert asyncio.run(log_in(oidc_app.login_at(provider.issuer), session)).subject == "ellie"
    assert session == {}


def test_without_a_session_the_error_tells_how_to_have_one(provider: Provider) -> None:
    request: Any = Asked()
    with pytest.raises(RuntimeError, match="SessionMiddleware"):
        asyncio.run(oidc_app.login_at(provider.issuer).start(request))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"issuer": "http://id.example"}, ValueError, "by http everybody"),
        ({"issuer": ""}, ValueError, "no URL"),
        ({"issuer": "https://id.example/.well-known/openid-configuration"}, ValueError, "leave .* out"),
        ({"client": object()}, TypeError, "give a BoundClient"),
        ({"redirect_uri": "/callback"}, ValueError, "redirect_uri"),
        ({"client_id": ""}, ValueError, "client_id is empty"),
        ({"scopes": "email"}, TypeError, "take several"),
        ({"scopes": ["a b"]}, ValueError, "names no scope"),
        ({"algorithms": ["HS256"]}, ValueError, "not for public keys"),
        ({"algorithms": ["none"]}, ValueError, "not for public keys"),
        ({"timeout": 0}, ValueError, "timeout"),
    ],
)
def test_mistakes_are_told_when_it_is_made(options: dict[str, Any], error: type[Exception], message: str) -> None:
    said: dict[str, Any] = {"issuer": "https://id.example", "client_id": "a", "redirect_uri": "https://a.example/back"}
    with pytest.raises(error, match=message):
        OpenIDLogin(**{**said, **options})
