"""What is asked of every contender, and the one right answer: requests, answers, and what must be refused.

Everything a contender needs to know stands here once. Answers are compared as status and decoded JSON, so a contender
chooses its own encoder, but not its own content. `refused` are requests that must be answered with a 4xx: they prove
that a contender which is timed on good input does check its input.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from urllib.parse import urlencode

LARGE = 500  # routes of the application that serves the scenario `routes500`

# A client's usual headers, so that finding one header costs what it costs in life.
USUAL_HEADERS = (
    ("host", "127.0.0.1:8000"),
    ("user-agent", "velocipy-benchmarks/1"),
    ("accept", "*/*"),
    ("accept-encoding", "gzip, deflate, br"),
    ("connection", "keep-alive"),
)


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request. `headers` come after `USUAL_HEADERS`; a body brings its own length and `body_type`."""

    method: str
    path: str
    query: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    body_type: str = "application/json"

    @property
    def target(self) -> str:
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def entity_headers(self) -> tuple[tuple[str, str], ...]:
        """Everything but the usual headers: what a load generator has to be told."""
        if not self.body:
            return self.headers
        return (*self.headers, ("content-type", self.body_type), ("content-length", str(len(self.body))))

    @property
    def all_headers(self) -> tuple[tuple[str, str], ...]:
        return (*USUAL_HEADERS, *self.entity_headers)


@dataclass(frozen=True, slots=True)
class Scenario:
    """A request, its exact answer, and relatives of the request that have to be refused with a 4xx."""

    name: str
    says: str
    request: Request
    status: int
    answer: object
    refused: tuple[Request, ...] = ()
    large: bool = False


def product(number: int) -> dict[str, object]:
    """Product `number` of the list of 100, as JSON; contenders make their models from these."""
    return {
        "id": number,
        "name": f"Product {number}",
        "price": number + 0.25,
        "in_stock": number % 3 != 0,
        "tags": ["new", f"group-{number % 7}"],
    }


def region(number: int) -> str:
    """The literal path segment that tells route `number` of the 500 from the others."""
    return f"region-{number:03}"


PRODUCTS = [product(number) for number in range(100)]
REGIONS = [region(number) for number in range(LARGE)]

ORDER: dict[str, object] = {
    "customer": "Ada Lovelace",
    "email": "ada@example.org",
    "express": True,
    "total": 59.7,
    "lines": [
        {"sku": "A-100", "quantity": 2, "price": 9.95},
        {"sku": "B-200", "quantity": 1, "price": 19.9},
        {"sku": "C-300", "quantity": 2, "price": 9.95},
    ],
}

SIGNUP: dict[str, object] = {"name": "Ada Lovelace", "email": "ada@example.org", "age": 36, "newsletter": True}

USERS = {"token-ada": "ada", "token-bob": "bob"}
ADMINS = frozenset({"ada"})


def _order(path: str, **changes: object) -> Request:
    return Request("POST", path, body=json.dumps(ORDER | changes).encode())


def _wrong_orders(path: str) -> tuple[Request, ...]:
    return (
        _order(path, total="a lot"),
        _order(path, lines=[{"sku": "A-100", "quantity": "two", "price": 9.95}]),
        _order(path, customer=None),
        Request("POST", path, body=b'{"customer": "Ada"}'),
        Request("POST", path, body=b'{"customer": '),
    )


def _signup(**changes: str | None) -> Request:
    """A form. None leaves a field out; a space is sent as "+", other characters that are not safe are escaped."""
    fields = {**SIGNUP, "newsletter": "true", **changes}
    body = urlencode({name: value for name, value in fields.items() if value is not None}).encode()
    return Request("POST", "/signups", body=body, body_type="application/x-www-form-urlencoded")


def _admin(*headers: tuple[str, str]) -> Request:
    return Request("GET", "/admin", headers=headers)


def _search(query: str) -> Request:
    return Request("GET", "/search", query)


def _whoami(*headers: tuple[str, str]) -> Request:
    return Request("GET", "/whoami", headers=headers)


_REQUEST_ID = ("x-request-id", "req-7f3a")
_COOKIES = ("cookie", "theme=dark; session=abc123; lang=en")

SCENARIOS = (
    Scenario(
        "static",
        "a fixed path, a small JSON answer",
        Request("GET", "/"),
        200,
        {"hello": "world"},
    ),
    Scenario(
        "path",
        "one path parameter, an int",
        Request("GET", "/items/42"),
        200,
        {"item_id": 42},
        refused=(Request("GET", "/items/forty"),),
    ),
    Scenario(
        "query",
        "page (int, at least 1) and size (int, at most 100) from the query; one async dependency with a parameter q",
        _search("q=Shoes&page=3&size=50"),
        200,
        {"term": "shoes", "page": 3, "size": 50},
        refused=(
            _search("q=Shoes&page=0&size=50"),
            _search("q=Shoes&page=3&size=101"),
            _search("q=Shoes&page=three&size=50"),
            _search("page=3&size=50"),
        ),
    ),
    Scenario(
        "header_cookie",
        "one required header and one required cookie of three",
        _whoami(_REQUEST_ID, _COOKIES),
        200,
        {"request_id": "req-7f3a", "session": "abc123"},
        refused=(_whoami(_COOKIES), _whoami(_REQUEST_ID, ("cookie", "theme=dark")), _whoami(_REQUEST_ID)),
    ),
    Scenario(
        "dependencies",
        "three nested async dependencies: a token from a header, the user of the token, whether the user is an admin",
        _admin(("x-token", "token-ada")),
        200,
        {"admin": "ada"},
        refused=(_admin(), _admin(("x-token", "token-eve")), _admin(("x-token", "token-bob"))),
    ),
    Scenario(
        "body",
        "a JSON body of five fields, one a list of objects, validated",
        _order("/orders"),
        200,
        {"customer": "Ada Lovelace", "total": 59.7, "lines": 3},
        refused=_wrong_orders("/orders"),
    ),
    Scenario(
        "body_pydantic",
        "the same body, validated by models of pydantic",
        _order("/pydantic/orders"),
        200,
        {"customer": "Ada Lovelace", "total": 59.7, "lines": 3},
        refused=_wrong_orders("/pydantic/orders"),
    ),
    Scenario(
        "form",
        "an urlencoded form: name (at most 50 characters), email, age (int, at least 18) and newsletter (bool)",
        _signup(),
        200,
        SIGNUP,
        refused=(
            _signup(age="17"),
            _signup(age="many"),
            _signup(newsletter="perhaps"),
            _signup(name="A" * 51),
            _signup(email=None),
        ),
    ),
    Scenario(
        "list",
        "100 models encoded as JSON",
        Request("GET", "/products"),
        200,
        PRODUCTS,
    ),
    Scenario(
        "routes500",
        "500 routes; a deep one with two int parameters, far down the list",
        Request("GET", f"/regions/{region(487)}/shops/12/orders/345"),
        200,
        {"region": region(487), "shop_id": 12, "order_id": 345},
        refused=(
            Request("GET", f"/regions/{region(487)}/shops/twelve/orders/345"),
            Request("GET", "/regions/region-999/shops/12/orders/345"),
        ),
        large=True,
    ),
    Scenario(
        "not_found",
        "no such route",
        Request("GET", "/nowhere/at/all"),
        404,
        {"detail": "Not Found"},
    ),
)

BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
