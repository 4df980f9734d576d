"""CORSMiddleware: who may read answers from another origin. The hostile ones first."""

import re
from typing import Any

import pytest
from httpx2 import Client

from velocipy import HTTPException, PlainTextResponse, Response, VelociPy
from velocipy.middleware import CORSMiddleware

GOOD, EVIL = "https://good.example", "https://evil.example"
METHODS = "GET, POST, PUT, DELETE, PATCH, OPTIONS, QUERY, HEAD"

shared = PlainTextResponse("the same for everybody")


def create(**options: Any) -> VelociPy:
    application = VelociPy()
    application.add_middleware(CORSMiddleware, **options)

    @application.get("/")
    async def index() -> dict[str, str]:
        return {"who": "anybody"}

    @application.get("/shared")
    async def the_same() -> Response:
        return shared

    @application.get("/own")
    async def own() -> Response:
        own = {"vary": "Accept-Encoding", "access-control-allow-origin": "https://other.example"}
        return PlainTextResponse("own", headers=own)

    @application.get("/varies")
    async def varies() -> Response:
        return PlainTextResponse("", headers={"vary": "*"})

    @application.get("/fails/{kind}")
    async def fails(kind: str) -> None:
        raise {"http": HTTPException(403), "other": RuntimeError()}[kind]

    return application


app = create(
    allow_origins=[GOOD, "http://localhost:3000", "HTTPS://Mixed.Example"],
    allow_credentials=True,
    expose_headers=["X-Total", "X-Page"],
)
everybody = create()
expressed = create(allow_origin_regex=r"https://[a-z]+\.good\.example", allow_credentials=True)
careless = create(allow_origin_regex=r".*")
null = create(allow_origins=["null"])
narrow = create(allow_origins=[GOOD], allow_methods=["get", "PUT"], allow_headers=["X-Token"], max_age=0)
wide = create(allow_methods=["*"], allow_private_network=True)


def ask(client: Client, origin: str | None, path: str = "/") -> Any:
    return client.get(path, headers={} if origin is None else {"origin": origin})


def preflight(client: Client, origin: str, method: str = "PUT", path: str = "/", **headers: str) -> Any:
    asked = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.options(path, headers={"origin": origin, "access-control-request-method": method, **asked})


def granted(answer: Any) -> dict[str, str]:
    """What the answer says of sharing."""
    return {name: value for name, value in answer.headers.items() if name.startswith("access-control-")}


FOREIGN = [
    EVIL,
    "http://good.example",
    "https://good.example:8443",
    "https://good.example.evil.example",
    "https://evilgood.example",
    "https://GOOD.example",
    "https://good.example/",
    f"{GOOD} {EVIL}",
    f"{GOOD}, {EVIL}",
    "null",
    "*",
    "",
    "https://a.evil.example?.good.example",
]


@pytest.mark.parametrize("origin", FOREIGN)
def test_foreign_origins_are_told_nothing_and_served(client: Client, origin: str) -> None:
    answer = ask(client, origin)
    assert (answer.status_code, granted(answer)) == (200, {})
    assert answer.headers["vary"] == "Origin"


@pytest.mark.parametrize("origin", FOREIGN)
def test_preflights_of_foreign_origins_are_told_nothing(client: Client, origin: str) -> None:
    answer = preflight(client, origin)
    assert (answer.status_code, granted(answer), answer.content) == (204, {}, b"")
    assert answer.headers["vary"] == "Origin"


@pytest.mark.velocipy_app("expressed")
@pytest.mark.parametrize(
    "origin",
    [
        "https://a.good.example.evil.example",  # CVE-2024-6839, CVE-2026-25478: from the first to the last character
        "https://evil.example/https://a.good.example",
        "https://axgood.example",
        "https://a.good.example/",
        "https://good.example",
        "null",
    ],
)
def test_a_regex_matches_whole_origins_alone(client: Client, origin: str) -> None:
    assert granted(ask(client, origin)) == {}
    assert granted(preflight(client, origin)) == {}


@pytest.mark.velocipy_app("expressed")
def test_what_a_regex_matches_is_allowed(client: Client) -> None:
    answer = ask(client, "https://a.good.example")
    assert granted(answer)["access-control-allow-origin"] == "https://a.good.example"
    assert granted(answer)["access-control-allow-credentials"] == "true"
    assert answer.headers["vary"] == "Origin"


@pytest.mark.velocipy_app("careless")
@pytest.mark.parametrize("origin", ["null", "https://\u00fc.example", "https://a\tb", "*", "a, b"])
def test_a_careless_regex_neither_fails_nor_allows_what_is_no_origin(client: Client, origin: str) -> None:
    answer = client.get("/", headers=[(b"origin", origin.encode("utf-8"))])
    assert (answer.status_code, granted(answer)) == (200, {})


@pytest.mark.velocipy_app("null")
def test_null_is_allowed_when_it_is_listed(client: Client) -> None:
    assert granted(ask(client, "null")) == {"access-control-allow-origin": "null"}
    assert granted(ask(client, GOOD)) == {}


def test_a_response_that_is_returned_to_everybody_carries_no_grant_to_others(client: Client) -> None:
    assert granted(ask(client, GOOD, "/shared"))["access-control-allow-origin"] == GOOD
    for origin in (EVIL, None):
        answer = ask(client, origin, "/shared")
        assert (granted(answer), answer.headers.get_list("vary")) == ({}, ["Origin"])


def test_answers_depend_on_the_origin_and_say_so(client: Client) -> None:
    """Else a cache gives what one origin got to another, or to one that is allowed what nobody may read."""
    for origin in (GOOD, EVIL, None):
        assert ask(client, origin).headers["vary"] == "Origin"
        assert ask(client, origin, "/own").headers["vary"] == "Accept-Encoding, Origin"
        assert ask(client, origin, "/varies").headers["vary"] == "*"


def test_what_the_handler_allowed_is_replaced_not_doubled(client: Client) -> None:
    answer = ask(client, GOOD, "/own")
    assert answer.headers.get_list("access-control-allow-origin") == [GOOD]


@pytest.mark.velocipy_app("everybody")
def test_everybody_is_told_the_same_and_no_origin_is_repeated(client: Client) -> None:
    for origin in (GOOD, EVIL, "null", None):
        answer = ask(client, origin)
        assert granted(answer) == {"access-control-allow-origin": "*"}
        assert "vary" not in answer.headers
    assert preflight(client, EVIL).headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(
    ("path", "status"), [("/nowhere", 404), ("/fails/http", 403), ("/fails/other", 500), ("/shared/", 200)]
)
def test_errors_can_be_read_as_well(client: Client, path: str, status: int) -> None:
    answer = ask(client, GOOD, path)
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (status, GOOD)


@pytest.mark.parametrize("origin", [GOOD, "http://localhost:3000", "https://mixed.example"])
def test_who_is_allowed_is_told_so(client: Client, origin: str) -> None:
    answer = ask(client, origin)
    assert answer.json() == {"who": "anybody"}
    assert granted(answer) == {
        "access-control-allow-origin": origin,
        "access-control-allow-credentials": "true",
        "access-control-expose-headers": "X-Total, X-Page",
    }


# -- preflights --------------------------------------------------------------------------------------------------------


def test_a_preflight_is_told_what_is_allowed(client: Client) -> None:
    answer = preflight(client, GOOD, access_control_request_headers="x-token,Content-Type")
    assert (answer.status_code, answer.content) == (204, b"")
    assert granted(answer) == {
        "access-control-allow-origin": GOOD,
        "access-control-allow-credentials": "true",
        "access-control-allow-methods": METHODS,
        "access-control-allow-headers": "x-token, Content-Type",
        "access-control-max-age": "600",
    }
    assert answer.headers["vary"] == "Origin"


@pytest.mark.velocipy_app("narrow")
def test_a_preflight_for_what_is_not_allowed_is_told_what_is(client: Client) -> None:
    answer = preflight(client, GOOD, "DELETE", access_control_request_headers="x-other")
    assert granted(answer) == {
        "access-control-allow-origin": GOOD,
        "access-control-allow-methods": "GET, PUT",
        "access-control-allow-headers": "X-Token",
        "access-control-max-age": "0",
    }


@pytest.mark.velocipy_app("wide")
def test_any_method_and_private_networks(client: Client) -> None:
    answer = preflight(client, GOOD, "PURGE", access_control_request_private_network="true")
    assert answer.headers["access-control-allow-methods"] == "PURGE"
    assert answer.headers["access-control-allow-private-network"] == "true"
    assert "access-control-allow-private-network" not in preflight(client, GOOD).headers


def test_private_networks_are_not_allowed_by_default(client: Client) -> None:
    answer = preflight(client, GOOD, access_control_request_private_network="true")
    assert "access-control-allow-private-network" not in answer.headers


@pytest.mark.velocipy_app("wide")
@pytest.mark.parametrize("method", ["G T", "GET, PUT", "", "(", "P\u00dcT"])
@pytest.mark.parametrize("names", ["x y", "a:b, ok", ",,ok,", "\u00fc, ok", '"ok"', ""])
def test_what_is_no_name_is_not_repeated(client: Client, method: str, names: str) -> None:
    """CVE-2024-1681 and others: what a client sent goes nowhere unless it is what it should be."""
    headers = {"origin": GOOD, "access-control-request-method": method, "access-control-request-headers": names}
    encoded = [(name.encode(), value.encode("utf-8")) for name, value in headers.items()]
    answer = client.options("/", headers=encoded)
    if answer.status_code == 204:  # a server may refuse it, or leave it out
        assert "access-control-allow-methods" not in answer.headers
        assert answer.headers.get("access-control-allow-headers", "ok") == "ok"
    else:
        assert answer.status_code < 500


def test_thousands_of_names_are_no_trouble(client: Client) -> None:
    answer = preflight(client, GOOD, access_control_request_headers="," * 5000 + "x" * 1000)
    assert answer.headers["access-control-allow-headers"] == "x" * 1000


def test_a_preflight_for_what_is_not_there_is_answered(client: Client) -> None:
    assert preflight(client, GOOD, path="/nowhere").status_code == 204


@pytest.mark.parametrize(
    "headers",
    [{}, {"origin": GOOD}, {"access-control-request-method": "PUT"}, {"access-control-request-headers": "x"}],
)
def test_every_other_options_goes_to_the_application(client: Client, headers: dict[str, str]) -> None:
    answer = client.options("/", headers=headers)
    assert (answer.status_code, answer.headers["allow"]) == (200, "GET, HEAD, OPTIONS")
    assert ("access-control-allow-origin" in answer.headers) == ("origin" in headers)
    assert client.options("/nowhere", headers=headers).status_code == 404


def test_other_methods_are_no_preflight(client: Client) -> None:
    answer = client.get("/", headers={"origin": GOOD, "access-control-request-method": "PUT"})
    assert answer.json() == {"who": "anybody"}


# -- mistakes ----------------------------------------------------------------------------------------------------------


@pytest.mark.in_process
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"allow_credentials": True}, "name the origins"),
        ({"allow_origins": ["*"], "allow_credentials": True}, "name the origins"),
        ({"allow_origins": [GOOD, "*"], "allow_credentials": True}, "name the origins"),
        ({"allow_origins": ["null"], "allow_credentials": True}, "name the origins"),
        ({"allow_origins": [GOOD], "allow_credentials": True, "expose_headers": ["*"]}, "name them"),
        ({"allow_origins": GOOD}, r"list of str"),
        ({"allow_origins": [None]}, "no str"),
        ({"allow_origins": ["good.example"]}, "scheme://host"),
        ({"allow_origins": ["https://good.example/"]}, "no path"),
        ({"allow_origins": ["https://good.example/a"]}, "no path"),
        ({"allow_origins": [f"{GOOD},{EVIL}"]}, "scheme://host"),
        ({"allow_origins": [f"{GOOD} {EVIL}"]}, "scheme://host"),
        ({"allow_origins": ["https://user@good.example"]}, "scheme://host"),
        ({"allow_origins": ["https://*.good.example"]}, "allow_origin_regex"),
        ({"allow_origins": ["https://good.example:443"]}, "port of its scheme"),
        ({"allow_origins": ["http://good.example:80"]}, "port of its scheme"),
        ({"allow_origins": ["https://\u00fc.example"]}, "scheme://host"),
        ({"allow_origins": [""]}, "scheme://host"),
        ({"allow_origin_regex": "("}, "no regular expression"),
        ({"allow_origin_regex": 5}, "compiled pattern"),
        ({"allow_methods": "GET"}, "list of str"),
        ({"allow_methods": ["GET, PUT"]}, "no name"),
        ({"allow_headers": ["X Y"]}, "no name"),
        ({"allow_headers": ["X\r\nSet-Cookie: a=b"]}, "no name"),
        ({"expose_headers": "X-Total"}, "list of str"),
        ({"max_age": -1}, "seconds"),
        ({"max_age": "600"}, "seconds"),
        ({"max_age": True}, "seconds"),
        ({"allowed_origins": [GOOD]}, "allowed_origins"),
    ],
)
def test_options_that_mean_nothing_are_told_at_start(options: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        create(**options).freeze()


@pytest.mark.in_process
@pytest.mark.parametrize(
    "origin",
    ["http://[::1]:3000", "chrome-extension://abc", "capacitor://localhost", "https://xn--bcher-kva.example:8443"],
)
def test_origins_of_all_kinds_can_be_listed(origin: str) -> None:
    create(allow_origins=[origin], allow_origin_regex=re.compile("https://x")).freeze()
