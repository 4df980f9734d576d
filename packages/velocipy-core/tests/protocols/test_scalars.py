"""Every scalar type from every textual source: what is taken, and what a stranger's text is refused for."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from pathlib import Path
from typing import Annotated, Any, Literal, NewType
from uuid import UUID

import pytest
from httpx2 import Client

from velocipy import Cookie, Form, Header, VelociPy

app = VelociPy()

UserId = NewType("UserId", int)


class Color(Enum):
    RED = "red"
    BLUE = "blue"


class Level(IntEnum):
    LOW = 1
    HIGH = 2


TYPES: dict[str, Any] = {
    "str": str,
    "int": int,
    "float": float,
    "bool": bool,
    "bytes": bytes,
    "decimal": Decimal,
    "uuid": UUID,
    "date": date,
    "datetime": datetime,
    "time": time,
    "timedelta": timedelta,
    "path": Path,
    "enum": Color,
    "int_enum": Level,
    "literal": Literal["a", 1, True],
    "union": int | date | str,
    "optional": int | None,
    "newtype": UserId,
}


def declare(name: str, annotation: Any) -> None:
    """Routes that answer the repr of a value of *annotation* from each source."""

    async def scalar(value: Any) -> dict[str, str]:
        return {"value": repr(value)}

    for source, marked in {
        "path": annotation,
        "query": annotation,
        "header": Annotated[annotation, Header()],
        "cookie": Annotated[annotation, Cookie()],
        "form": Annotated[annotation, Form()],
    }.items():

        async def handler(value: Any) -> dict[str, str]:
            return await scalar(value)

        handler.__annotations__["value"] = marked
        path = f"/{source}/{name}" + "/{value}" * (source == "path")
        app.add_route(path, handler, methods=["POST" if source == "form" else "GET"])


for _name, _annotation in TYPES.items():
    declare(_name, _annotation)

TAKEN = [
    ("str", "a", "'a'"),
    ("int", "0", "0"),
    ("int", "-12", "-12"),
    ("int", "+7", "7"),
    ("int", "007", "7"),
    ("int", "123456789012345678901234567890", "123456789012345678901234567890"),
    ("float", "1.5", "1.5"),
    ("float", "-1e3", "-1000.0"),
    ("float", "2", "2.0"),
    ("bool", "true", "True"),
    ("bool", "1", "True"),
    ("bool", "Yes", "True"),
    ("bool", "on", "True"),
    ("bool", "FALSE", "False"),
    ("bool", "0", "False"),
    ("bool", "no", "False"),
    ("bool", "off", "False"),
    ("bytes", "abc", "b'abc'"),
    ("decimal", "1.10", "Decimal('1.10')"),
    ("uuid", "12345678-1234-5678-1234-567812345678", "UUID('12345678-1234-5678-1234-567812345678')"),
    ("uuid", "12345678123456781234567812345678", "UUID('12345678-1234-5678-1234-567812345678')"),
    ("date", "2024-02-29", "datetime.date(2024, 2, 29)"),
    ("datetime", "2024-02-29T12:30:00", "datetime.datetime(2024, 2, 29, 12, 30)"),
    ("datetime", "2024-02-29T12:30:00Z", "datetime.datetime(2024, 2, 29, 12, 30, tzinfo=datetime.timezone.utc)"),
    ("time", "12:30:15.5", "datetime.time(12, 30, 15, 500000)"),
    ("timedelta", "P1DT1H", "datetime.timedelta(days=1, seconds=3600)"),
    ("timedelta", "-PT1S", "datetime.timedelta(days=-1, seconds=86399)"),
    ("timedelta", "PT0.5S", "datetime.timedelta(microseconds=500000)"),
    ("timedelta", "P2W", "datetime.timedelta(days=14)"),
    ("path", "a b.txt", "PosixPath('a b.txt')"),
    ("enum", "red", "<Color.RED: 'red'>"),
    ("int_enum", "2", "<Level.HIGH: 2>"),
    ("literal", "a", "'a'"),
    ("literal", "1", "1"),
    ("literal", "true", "True"),
    ("union", "5", "5"),
    ("union", "2024-01-01", "datetime.date(2024, 1, 1)"),
    ("union", "x", "'x'"),
    ("optional", "3", "3"),
    ("newtype", "9", "9"),
]

REFUSED = [
    ("int", "x", "int_parsing"),
    ("int", "1.0", "int_parsing"),
    ("float", "x", "float_parsing"),
    ("bool", "2", "bool_parsing"),
    ("bool", "t", "bool_parsing"),
    ("decimal", "x", "decimal_parsing"),
    ("uuid", "1234", "uuid_parsing"),
    ("uuid", "{12345678-1234-5678-1234-567812345678}", "uuid_parsing"),
    ("date", "2024-02-30", "date_parsing"),
    ("date", "2024-2-3", "date_parsing"),
    ("date", "20240203", "date_parsing"),
    ("date", "0000-01-01", "date_parsing"),
    ("date", "1700000000", "date_parsing"),
    ("datetime", "2024-02-29", "datetime_parsing"),
    ("datetime", "1700000000", "datetime_parsing"),
    ("datetime", "2024-01-01T00:00:60", "datetime_parsing"),
    ("datetime", "2024-01-01T24:00:00", "datetime_parsing"),
    ("datetime", "2024-W01-1T00:00", "datetime_parsing"),
    ("datetime", "2024-01-01T00:00:00+05:99", "datetime_parsing"),
    ("time", "24:00", "time_parsing"),
    ("time", "12", "time_parsing"),
    ("timedelta", "P1Y", "time_delta_parsing"),
    ("timedelta", "P", "time_delta_parsing"),
    ("timedelta", "PT", "time_delta_parsing"),
    ("timedelta", "1:00", "time_delta_parsing"),
    ("enum", "RED", "enum"),
    ("enum", "Red", "enum"),
    ("int_enum", "3", "enum"),
    ("int_enum", "LOW", "enum"),
    ("literal", "b", "literal_error"),
    ("optional", "null", "int_parsing"),
    ("newtype", "x", "int_parsing"),
]


def send(client: Client, source: str, name: str, text: str) -> Any:
    """Return the answer to *text* as the value of the type *name* from *source*."""
    if source == "path":
        return client.get(f"/path/{name}/{text.replace('+', '%2B')}")
    if source == "form":
        return client.post(f"/form/{name}", data={"value": text})
    if source == "header":
        return client.get(f"/header/{name}", headers={"value": text})
    if source == "cookie":
        return client.get(f"/cookie/{name}", headers={"cookie": f"value={text}"})
    return client.get(f"/query/{name}", params={"value": text})


@pytest.mark.parametrize(("name", "text", "value"), TAKEN)
def test_text_becomes_a_value_from_every_source(client: Client, name: str, text: str, value: str) -> None:
    for source in ("path", "query", "header", "cookie", "form"):
        response = send(client, source, name, text)
        assert (source, response.status_code, response.json()) == (source, 200, {"value": value})


@pytest.mark.parametrize(("name", "text", "type"), REFUSED)
def test_text_is_refused_alike_from_every_source(client: Client, name: str, text: str, type: str) -> None:
    for source in ("path", "query", "header", "cookie", "form"):
        response = send(client, source, name, text)
        assert (source, response.status_code) == (source, 422)
        (fault,) = response.json()["detail"]
        assert (fault["loc"], fault["type"]) == ([source, "value"], type)
        assert fault["msg"]


def test_a_choice_names_what_could_be_chosen(client: Client) -> None:
    (fault,) = client.get("/query/enum?value=green").json()["detail"]
    assert fault["msg"] == "Input should be 'red' or 'blue'"
    (fault,) = client.get("/query/int_enum?value=3").json()["detail"]
    assert fault["msg"] == "Input should be 1 or 2"
