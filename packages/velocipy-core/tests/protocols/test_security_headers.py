"""`SecurityHeadersMiddleware`: what browsers are told, and the policies that it refuses to tell them."""

from typing import Any

import pytest
from httpx2 import Client

from velocipy import HTTPException, PlainTextResponse, Request, Response, VelociPy
from velocipy.http.middleware import HTTPApp
from velocipy.middleware import NONCE, ContentSecurityPolicy, SecurityHeadersMiddleware, StrictTransportSecurity
from velocipy.testing import TestClient

DEFAULTS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "strict-origin-when-cross-origin",
    "content-security-policy": "default-src 'self'",
}
YEAR = 31_536_000

app = VelociPy()
app.add_middleware(SecurityHeadersMiddleware, hsts=True)
SHARED = PlainTextResponse("the same for everybody")


@app.get("/")
async def data() -> dict[str, str]:
    return {"hello": "world"}


@app.get("/shared")
async def shared() -> Response:
    return SHARED


@app.get("/own")
async def own() -> Response:
    return Response("a", headers=[("X-Frame-Options", "SAMEORIGIN"), ("Content-Security-Policy", "img-src *")])


@app.get("/replaced")
async def replaced() -> Response:
    response = Response("a")
    response.headers = {"X-Frame-Options": "SAMEORIGIN"}  # type: ignore[assignment]
    return response


@app.get("/fails/{kind}")
async def fails(kind: str) -> None:
    raise HTTPException(403) if kind == "http" else RuntimeError("hunter2")


@pytest.mark.parametrize(
    ("path", "status"),
    [("/", 200), ("/shared", 200), ("/fails/http", 403), ("/fails/other", 500), ("/nowhere", 404)],
)
def test_every_answer_has_the_defaults_once(client: Client, path: str, status: int) -> None:
    for _ in range(2):
        answer = client.get(path)
        assert answer.status_code == status
        for name, value in DEFAULTS.items():
            assert answer.headers.get_list(name) == [value]


def test_over_http_browsers_are_not_told_to_use_https(client: Client) -> None:
    assert "strict-transport-security" not in client.get("/").headers


@pytest.mark.parametrize("path", ["/own", "/replaced"])
def test_what_the_handler_set_is_not_replaced(client: Client, path: str) -> None:
    answer = client.get(path)
    assert answer.headers.get_list("x-frame-options") == ["SAMEORIGIN"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    csp = answer.headers.get_list("content-security-policy")
    assert csp == ["img-src *" if path == "/own" else "default-src 'self'"]


def test_a_response_that_everybody_gets_stays_as_it_is(client: Client) -> None:
    client.get("/shared")
    assert SHARED.headers.items() == [("content-type", "text/plain; charset=utf-8")]


def headers_of(scheme: str = "http", **options: Any) -> Any:
    made = VelociPy()
    made.add_middleware(SecurityHeadersMiddleware, **options)
    made.add_route("/", data)
    with TestClient(made, base_url=f"{scheme}://testserver") as client:
        return client.get("/").headers


@pytest.mark.in_process
@pytest.mark.parametrize(
    ("hsts", "value"),
    [
        (True, f"max-age={YEAR}; includeSubDomains"),
        (600, "max-age=600; includeSubDomains"),
        (0, "max-age=0; includeSubDomains"),
        (1, "max-age=1; includeSubDomains"),
        (False, None),
        (StrictTransportSecurity(60, include_subdomains=False), "max-age=60"),
        (StrictTransportSecurity(preload=True), f"max-age={YEAR}; includeSubDomains; preload"),
    ],
)
def test_over_https_browsers_are_told_to_stay(hsts: Any, value: str | None) -> None:
    assert headers_of("https", hsts=hsts).get("strict-transport-security") == value
    assert "strict-transport-security" not in headers_of("http", hsts=hsts)


@pytest.mark.in_process
def test_headers_are_added_replaced_and_left_out() -> None:
    more = {"X-Frame-Options": "SAMEORIGIN", "Permissions-Policy": "camera=()", "REFERRER-POLICY": None}
    found = headers_of(headers=more)
    assert (found["x-frame-options"], found["permissions-policy"]) == ("SAMEORIGIN", "camera=()")
    assert "referrer-policy" not in found
    assert found["x-content-type-options"] == "nosniff"
    assert "content-security-policy" not in headers_of(content_security_policy=None)
    assert "content-security-policy" not in headers_of(headers={"content-security-policy": None})
    over = headers_of(content_security_policy="img-src *", headers={"content-security-policy": "img-src 'self'"})
    assert over["content-security-policy"] == "img-src 'self'"


@pytest.mark.in_process
def test_even_as_a_header_of_ones_own_hsts_is_never_sent_over_http() -> None:
    more = {"Strict-Transport-Security": "max-age=5"}
    assert "strict-transport-security" not in headers_of("http", headers=more)
    assert headers_of("https", headers=more)["strict-transport-security"] == "max-age=5"
    assert "strict-transport-security" not in headers_of("https", hsts=True, headers=dict.fromkeys(more))


# -- content security policies -----------------------------------------------------------------------------------------


@pytest.mark.in_process
@pytest.mark.parametrize(
    ("directives", "text"),
    [
        ({"default_src": "'self'"}, "default-src 'self'"),
        ({"img_src": ["'self'", "data:", "https://*.example.com:443/a"]}, None),
        ({"img_src": "'self'   data:"}, "img-src 'self' data:"),
        ({"default_src": "'none'", "script_src": ("'nonce-abc='", "'strict-dynamic'")}, None),
        ({"script_src": "'sha256-B2yPHKaXnvFWtRChIbabYmUBFZdVfKKXHbWtWidDVF8='"}, None),
        ({"upgrade_insecure_requests": True, "sandbox": []}, "upgrade-insecure-requests; sandbox"),
        ({"sandbox": "allow-scripts"}, "sandbox allow-scripts"),
        ({"trusted_types": "a b 'none'", "require_trusted_types_for": "'script'"}, None),
        ({"report_uri": "/reports", "report_to": "self"}, None),
    ],
)
def test_directives_become_text(directives: dict[str, Any], text: str | None) -> None:
    policy = ContentSecurityPolicy(**directives)
    if text is None:
        values = [value if isinstance(value, str) else " ".join(value) for value in directives.values()]
        text = "; ".join(" ".join(pair) for pair in zip((n.replace("_", "-") for n in directives), values, strict=True))
    assert headers_of(content_security_policy=policy)["content-security-policy"] == text


@pytest.mark.in_process
@pytest.mark.parametrize(
    ("directives", "message"),
    [
        ({}, "at least one directive"),
        ({"scirpt_src": "'self'"}, "no directive 'scirpt-src'"),
        ({"default_src": "self"}, "quotes within"),
        ({"default_src": "none"}, "quotes within"),
        ({"default_src": "Unsafe-Inline"}, "quotes within"),
        ({"default_src": "'slef'"}, "no keyword"),
        ({"default_src": "'nonce-'"}, "no keyword"),
        ({"default_src": "'nonce-a b'"}, "no keyword"),
        ({"default_src": ["a b"]}, "no space"),
        ({"default_src": "'self'; script-src *"}, "semicolon"),
        ({"default_src": ["'self'", "a,b"]}, "comma"),
        ({"default_src": ["a\r\nset-cookie: b=1"]}, "control"),
        ({"default_src": ["b\u00fccher.example"]}, "cannot have"),
        ({"default_src": ["'none'", "'self'"]}, "'none' beside"),
        ({"default_src": [""]}, "cannot have"),
        ({"default_src": ""}, "no source"),
        ({"default_src": True}, "text or a list"),
        ({"default_src": 5}, "text or a list"),
        ({"default_src": [5]}, "takes texts"),
        ({"upgrade_insecure_requests": "1"}, "takes no value"),
    ],
)
def test_a_policy_that_browsers_would_misread_is_refused(directives: dict[str, Any], message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        ContentSecurityPolicy(**directives)


with_nonce = VelociPy()
with_nonce.add_middleware(
    SecurityHeadersMiddleware,
    content_security_policy=ContentSecurityPolicy(default_src="'self'", script_src=["'self'", NONCE], style_src=NONCE),
)


@with_nonce.get("/")
async def page(request: Request) -> str:
    return request.state.csp_nonce  # type: ignore[no-any-return]


@with_nonce.get("/own")
async def page_with_a_policy() -> Response:
    return Response("a", headers={"content-security-policy": "img-src *"})


@pytest.mark.velocipy_app("with_nonce")
def test_a_nonce_is_another_for_each_request(client: Client) -> None:
    answers = [client.get("/") for _ in range(5)]
    for answer in answers:
        nonce = f"'nonce-{answer.text}'"
        expected = f"default-src 'self'; script-src 'self' {nonce}; style-src {nonce}"
        assert answer.headers.get_list("content-security-policy") == [expected]
        assert len(answer.text) == 24  # 128 bits in base64
    assert len({answer.text for answer in answers}) == 5
    assert client.get("/own").headers.get_list("content-security-policy") == ["img-src *"]


@pytest.mark.in_process
def test_a_policy_may_only_report() -> None:
    policy = ContentSecurityPolicy(report_only=True, default_src="'self'", report_to="default")
    found = headers_of(content_security_policy=policy)
    assert found["content-security-policy-report-only"] == "default-src 'self'; report-to default"
    assert "content-security-policy" not in found


# -- mistakes ----------------------------------------------------------------------------------------------------------


@pytest.mark.in_process
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"headers": {"x y": "a"}}, "not a token"),
        ({"headers": {"x-a": "a\r\nx-b: c"}}, "control"),
        ({"headers": {"x-a": 5}}, "must be a str"),
        ({"headers": ["x-a"]}, "no mapping"),
        ({"content_security_policy": ""}, "is empty"),
        ({"content_security_policy": " ; "}, "is empty"),
        ({"content_security_policy": "default-src \r\n'self'"}, "control"),
        ({"content_security_policy": {"default-src": "'self'"}}, "no ContentSecurityPolicy"),
        ({"content_security_policy": False}, "no ContentSecurityPolicy"),
        ({"hsts": -1}, "negative"),
        ({"hsts": "max-age=5"}, "no seconds"),
        ({"hsts": 1.5}, "no seconds"),
        ({"hsts": None}, "no seconds"),
        ({"csp": "default-src *"}, "csp"),
    ],
)
def test_an_option_that_means_nothing_is_told_at_start(options: dict[str, Any], message: str) -> None:
    broken = VelociPy()
    broken.add_middleware(SecurityHeadersMiddleware, **options)
    with pytest.raises(ValueError, match=message):
        broken.freeze()


@pytest.mark.in_process
@pytest.mark.parametrize(
    "options", [{"max_age": -1}, {"max_age": 60, "preload": True}, {"include_subdomains": False, "preload": True}]
)
def test_transport_security_that_no_list_would_take_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="max_age"):
        StrictTransportSecurity(**options)
    with pytest.raises(TypeError, match="no int"):
        StrictTransportSecurity(True)


@pytest.mark.in_process
def test_an_answer_of_middleware_within_has_them_too() -> None:
    async def closed(request: Request, call_next: HTTPApp) -> Response:
        return SHARED

    made = VelociPy()
    made.add_middleware(SecurityHeadersMiddleware)
    made.add_middleware(closed)
    with TestClient(made) as client:
        for _ in range(2):
            assert client.get("/").headers.get_list("x-frame-options") == ["DENY"]
    assert "x-frame-options" not in SHARED.headers
