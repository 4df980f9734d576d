"""Addresses, URLs, secrets and patterns in answers: the same text whichever codec writes them, and no secret."""

import re
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
    ip_address,
)
from typing import Annotated, Any

import pytest
from httpx2 import Client

from velocipy import HTTPException, Query, VelociPy
from velocipy.serialization import JSONCodec, MsgspecCodec, OrjsonCodec, StdlibCodec

pydantic = pytest.importorskip("pydantic", reason="its types are tested here")
from pydantic import (  # noqa: E402
    AnyUrl,
    BaseModel,
    ByteSize,
    HttpUrl,
    IPvAnyAddress,
    PostgresDsn,
    Secret,
    SecretStr,
    TypeAdapter,
)
from pydantic_core import core_schema  # noqa: E402

PASSWORD = "hunter2"


class OwnSecret(SecretStr):
    """A class of a program, not of the library."""


@dataclass
class Photo:
    url: HttpUrl
    key: SecretStr
    address: IPv4Address


class PhotoModel(BaseModel):
    url: HttpUrl
    key: SecretStr
    address: IPvAnyAddress
    network: IPv4Network | None = None


class Seat:
    """A class of a program, which tells pydantic how it is read and written."""

    def __init__(self, row: int, letter: str) -> None:
        self.row, self.letter = row, letter

    @classmethod
    def read(cls, text: str) -> "Seat":
        return cls(int(text[:-1]), text[-1])

    def __str__(self) -> str:
        return f"{self.row}{self.letter}"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        text = core_schema.str_schema(pattern="^[0-9]+[A-F]$")
        return core_schema.json_or_python_schema(
            core_schema.no_info_after_validator_function(cls.read, text),
            core_schema.is_instance_schema(cls),
            serialization=core_schema.plain_serializer_function_ser_schema(str),
        )


@dataclass
class Ticket:
    seat: Seat
    others: list[Seat]


VALUES: dict[str, tuple[Any, Any]] = {
    "url": (HttpUrl("http://EXAMPLE.com"), "http://example.com/"),
    "any-url": (AnyUrl("ftp://h/a b"), "ftp://h/a%20b"),
    "dsn": (PostgresDsn("postgres://a,b/db"), "postgres://a,b/db"),
    "secret": (SecretStr(PASSWORD), "**********"),
    "empty-secret": (SecretStr(""), ""),
    "own-secret": (OwnSecret(PASSWORD), "**********"),
    "secret-of": (Secret[str](PASSWORD), "**********"),
    "byte-size": (TypeAdapter(ByteSize).validate_python("1KiB"), 1024),
    "ip4": (IPv4Address("1.2.3.4"), "1.2.3.4"),
    "ip6": (IPv6Address("::FFFF"), "::ffff"),
    "network4": (IPv4Network("10.0.0.0/8"), "10.0.0.0/8"),
    "network6": (IPv6Network("fe80::/10"), "fe80::/10"),
    "interface4": (IPv4Interface("10.0.0.1/8"), "10.0.0.1/8"),
    "interface6": (IPv6Interface("fe80::1/10"), "fe80::1/10"),
    "pattern": (re.compile("^a+$", re.IGNORECASE), "^a+$"),
}
PHOTO = Photo(HttpUrl("http://h/a"), SecretStr(PASSWORD), IPv4Address("1.2.3.4"))
PHOTO_JSON = {"url": "http://h/a", "key": "**********", "address": "1.2.3.4"}


def with_codec(codec: JSONCodec) -> VelociPy:
    app = VelociPy(json_encoder=codec)

    @app.get("/values")
    async def values() -> Any:
        return {name: value for name, (value, _) in VALUES.items()}

    @app.get("/values/{name}")
    async def value(name: str) -> Any:
        return [VALUES[name][0]]

    @app.get("/photo")
    async def photo() -> Photo:
        return PHOTO

    @app.get("/photos")
    async def photos() -> list[PhotoModel]:
        return [PhotoModel.model_validate(PHOTO, from_attributes=True)]

    @app.post("/ticket")
    async def ticket(ticket: Ticket) -> list[Ticket | None]:
        return [ticket, None]

    @app.get("/undeclared")
    async def undeclared() -> Any:
        return {"photo": PHOTO}

    @app.get("/detail")
    async def detail() -> None:
        raise HTTPException(409, {"photo": PHOTO})

    @app.get("/error")
    async def error() -> Any:
        try:
            PhotoModel.model_validate({"url": PASSWORD})
        except pydantic.ValidationError as error:
            return {"error": error}

    @app.get("/class")
    async def a_class() -> Any:
        return {"class": HttpUrl}

    @app.get("/model-class")
    async def a_model_class() -> Any:
        return {"class": PhotoModel}

    @app.get("/query")
    async def query(
        address: IPvAnyAddress, url: Annotated[HttpUrl | None, Query()] = None, key: SecretStr | None = None
    ) -> Any:
        return [address, url, key, address == ip_address("1.2.3.4")]

    return app


def stdlib() -> VelociPy:
    return with_codec(StdlibCodec())


def msgspec() -> VelociPy:
    return with_codec(MsgspecCodec())


def orjson() -> VelociPy:
    return with_codec(OrjsonCodec())


@pytest.fixture(params=["stdlib", "msgspec", "orjson"])
def each(request: pytest.FixtureRequest, client_factory: Any) -> Client:
    """A client of an application with each of our codecs."""
    if request.param != "stdlib":
        pytest.importorskip(request.param, reason="its codec is tested here")
    client: Client = client_factory(request.param)
    return client


def test_each_has_its_text(each: Client) -> None:
    answer = each.get("/values")
    assert answer.json() == {name: text for name, (_, text) in VALUES.items()}
    assert PASSWORD not in answer.text
    for name, (_, text) in VALUES.items():
        assert each.get(f"/values/{name}").json() == [text]


def test_they_stand_in_models(each: Client) -> None:
    assert each.get("/photo").json() == PHOTO_JSON
    assert each.get("/photos").json() == [{**PHOTO_JSON, "network": None}]
    assert each.get("/undeclared").json() == {"photo": PHOTO_JSON}


def test_a_class_that_pydantic_knows_stands_in_a_model_of_another_kind(each: Client) -> None:
    ticket = {"seat": "12A", "others": ["1B"]}
    assert each.post("/ticket", json=ticket).json() == [ticket, None]
    answer = each.post("/ticket", json={"seat": "12", "others": ["1B", "A"]})
    assert [fault["loc"] for fault in answer.json()["detail"]] == [["body", "seat"], ["body", "others", 1]]


def test_they_stand_in_errors(each: Client) -> None:
    answer = each.get("/detail")
    assert (answer.status_code, answer.json()) == (409, {"detail": {"photo": PHOTO_JSON}})


@pytest.mark.parametrize("path", ["/error", "/class", "/model-class"])
def test_what_is_no_value_of_the_library_does_not_leave(each: Client, path: str) -> None:
    answer = each.get(path)
    assert (answer.status_code, answer.json()) == (500, {"detail": "Internal Server Error"})


def test_they_are_values_of_requests_as_well(each: Client) -> None:
    answer = each.get(f"/query?address=1.2.3.4&url=http://h&key={PASSWORD}")
    assert answer.json() == ["1.2.3.4", "http://h/", "**********", True]
    answer = each.get("/query?address=1.2.3&url=h")
    assert [(fault["loc"], fault["type"]) for fault in answer.json()["detail"]] == [
        (["query", "address"], "ip_any_address"),
        (["query", "url"], "url_parsing"),
    ]
