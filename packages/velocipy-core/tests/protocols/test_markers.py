"""What markers can say besides bounds: defaults that are made, digits, infinities, underscores; words for documents."""

from decimal import Decimal
from itertools import count
from typing import Annotated, Any

import pytest
from httpx2 import Client

from velocipy import Body, Cookie, Depends, Form, Header, Path, Query, VelociPy
from velocipy.errors import ParameterError

app = VelociPy()
numbers = count()


async def page_of(size: Annotated[int, Query(default_factory=lambda: 20)]) -> int:
    return size


def fail() -> int:
    raise RuntimeError("no default today")


@app.get("/made")
async def made(
    number: Annotated[int, Query(default_factory=numbers.__next__)],
    items: Annotated[list[int], Query(default_factory=lambda: [1])],
    word: str = Header(default_factory=lambda: "word"),
    crumb: str = Cookie(default_factory=str),
    size: int = Depends(page_of),
) -> Any:
    items.append(0)
    return [number, items, word, crumb, size]


@app.post("/made-body")
async def made_body(item: Annotated[dict[str, int], Body(default_factory=dict)]) -> Any:
    item["seen"] = 1
    return item


@app.post("/made-key")
async def made_key(
    item: Annotated[dict[str, int], Body(default_factory=dict)], n: Annotated[int, Body(default_factory=lambda: 3)]
) -> Any:
    item["seen"] = n
    return item


@app.post("/made-form")
async def made_form(n: Annotated[int, Form(default_factory=lambda: 3)]) -> int:
    return n


@app.get("/unmade")
async def unmade(n: Annotated[int, Query(default_factory=fail)]) -> int:
    return n


@app.get("/money")
async def money(d: Annotated[Decimal, Query(max_digits=5, decimal_places=2)]) -> str:
    return str(d)


@app.get("/digits")
async def digits(d: Annotated[Decimal | None, Query(max_digits=1)] = None) -> str:
    return str(d)


@app.get("/places/{d}")
async def places(d: Annotated[Decimal, Path(decimal_places=1)]) -> str:
    return str(d)


@app.post("/body")
async def body(d: Annotated[Decimal, Body(max_digits=3, decimal_places=1)]) -> str:
    return str(d)


@app.get("/any-float")
async def any_float(x: Annotated[float, Query(allow_inf_nan=True)] = 0) -> str:
    return repr(x)


@app.get("/float")
async def a_float(x: Annotated[float, Query(allow_inf_nan=False)] = 0) -> str:
    return repr(x)


@app.get("/bounded-float")
async def bounded_float(x: Annotated[float | None, Query(allow_inf_nan=True, ge=0, le=10)] = None) -> str:
    return repr(x)


@app.get("/stepped-float")
async def stepped_float(x: Annotated[float, Query(allow_inf_nan=True, multiple_of=0.5)] = 0) -> str:
    return repr(x)


@app.get("/any-floats")
async def any_floats(x: Annotated[list[float | None] | None, Query(allow_inf_nan=True)] = None, y: float = 0) -> Any:
    return [repr(x), y]


@app.get("/answered-float")
async def answered_float(x: Annotated[float, Query(allow_inf_nan=True)]) -> list[float]:
    return [x]


@app.post("/body-float")
async def body_float(x: Annotated[float, Body(allow_inf_nan=True)]) -> float:
    return x


@app.get("/underscores")
async def underscores(
    x_token: Annotated[str, Header(convert_underscores=False)] = "-",
    y_token: Annotated[str, Header(convert_underscores=True)] = "-",
    z_token: Annotated[str, Header(alias="Z_Token")] = "-",
    many_tokens: Annotated[list[str], Header(convert_underscores=False)] = [],  # noqa: B006
) -> Any:
    return [x_token, y_token, z_token, many_tokens]


@app.get("/needed-underscore")
async def needed_underscore(x_token: Annotated[int, Header(convert_underscores=False)]) -> int:
    return x_token


@app.get("/for-documents/{p}")
async def for_documents(
    p: Annotated[str, Path(openapi_examples={"a": {"value": "b"}}, json_schema_extra={"x-a": 1})],
    q: Annotated[str, Query(include_in_schema=False, examples=["a"], title="Q", deprecated=True)] = "-",
    h: str = Header("-", include_in_schema=False, description="hidden"),
    c: str = Cookie("-", openapi_examples={}, json_schema_extra={}),
) -> Any:
    return [p, q, h, c]


def faults_of(answer: Any) -> list[tuple[list[Any], str, str]]:
    assert answer.status_code == 422, answer.text
    return [(fault["loc"], fault["type"], fault["msg"]) for fault in answer.json()["detail"]]


# -- defaults that are made ------------------------------------------------------------------------------------------


def test_a_default_is_made_for_each_request(client: Client) -> None:
    first, second = client.get("/made").json(), client.get("/made").json()
    assert second[0] == first[0] + 1
    assert first[1:] == second[1:] == [[1, 0], "word", "", 20]


def test_it_is_not_made_where_there_is_a_value(client: Client) -> None:
    before = client.get("/made").json()[0]
    answer = client.get("/made?number=-1&items=5&size=1", headers={"word": "a", "cookie": "crumb=b"})
    assert answer.json() == [-1, [5, 0], "a", "b", 1]
    assert client.get("/made").json()[0] == before + 1


def test_defaults_of_bodies_are_made(client: Client) -> None:
    for _ in range(2):
        assert client.post("/made-body").json() == {"seen": 1}
        assert client.post("/made-key").json() == {"seen": 3}
        assert client.post("/made-form").json() == 3
    assert client.post("/made-key", json={"item": {"a": 1}}).json() == {"a": 1, "seen": 3}


def test_a_factory_that_fails_is_a_logged_500(client: Client) -> None:
    assert client.get("/unmade").status_code == 500
    assert client.get("/unmade?n=1").json() == 1


def test_a_fault_is_no_reason_for_a_default(client: Client) -> None:
    assert faults_of(client.get("/unmade?n="))[0][:2] == (["query", "n"], "int_parsing")


@pytest.mark.parametrize(
    "arguments",
    [
        {"default": 1, "default_factory": int},
        {"default": None, "default_factory": int},
        {"default_factory": 5},
        {"default_factory": []},
    ],
)
def test_a_marker_that_contradicts_itself_is_refused_where_it_is_made(arguments: Any) -> None:
    with pytest.raises(TypeError, match="default"):
        Query(**arguments)
    assert Query(..., default_factory=int).default_factory is int


def test_a_default_beside_a_factory_is_a_fault_of_the_program() -> None:
    wrong = VelociPy()

    @wrong.get("/")
    async def handler(n: Annotated[int, Query(default_factory=int)] = 5) -> None: ...

    with pytest.raises(ParameterError, match="a default and a default_factory"):
        wrong.freeze()


# -- digits ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["0", "0.00", "999.99", "-999.99", "+1.5", "1.500", "000123.45", "1e2", "1E-2", "0e400"]
)
def test_decimals_that_fit(client: Client, text: str) -> None:
    answer = client.get("/money", params={"d": text})
    assert (answer.status_code, Decimal(answer.text)) == (200, Decimal(text))


@pytest.mark.parametrize(
    ("text", "type", "msg"),
    [
        ("100000", "decimal_max_digits", "Decimal input should have no more than 5 digits in total"),
        ("1e400", "decimal_max_digits", "Decimal input should have no more than 5 digits in total"),
        ("0.001", "decimal_max_places", "Decimal input should have no more than 2 decimal places"),
        ("1e-400", "decimal_max_digits", "Decimal input should have no more than 5 digits in total"),
        ("1000", "decimal_whole_digits", "Decimal input should have no more than 3 digits before the decimal point"),
        ("1234.5", "decimal_whole_digits", "Decimal input should have no more than 3 digits before the decimal point"),
        ("1e401", "decimal_parsing", "Input should be a valid decimal"),
        ("nan", "decimal_parsing", "Input should be a valid decimal"),
        ("inf", "decimal_parsing", "Input should be a valid decimal"),
        ("1_0", "decimal_parsing", "Input should be a valid decimal"),
    ],
)
def test_decimals_that_do_not_fit(client: Client, text: str, type: str, msg: str) -> None:
    assert faults_of(client.get("/money", params={"d": text})) == [(["query", "d"], type, msg)]


def test_each_alone(client: Client) -> None:
    assert client.get("/digits").text == "None"
    assert client.get("/digits?d=0.1").text == "0.1"
    assert faults_of(client.get("/digits?d=10"))[0][2] == "Decimal input should have no more than 1 digit in total"
    assert client.get("/places/123456789.1").text == "123456789.1"
    assert faults_of(client.get("/places/1.11"))[0][2] == "Decimal input should have no more than 1 decimal place"


@pytest.mark.parametrize("content", ["12.3", '"12.3"', "12", "12.30"])
def test_digits_of_a_body(client: Client, content: str) -> None:
    head = {"content-type": "application/json"}
    assert Decimal(client.post("/body", content=content, headers=head).text) == Decimal(content.strip('"'))


@pytest.mark.parametrize(("content", "type"), [("123", "decimal_whole_digits"), ('"1.23"', "decimal_max_places")])
def test_digits_of_a_body_that_do_not_fit(client: Client, content: str, type: str) -> None:
    answer = client.post("/body", content=content, headers={"content-type": "application/json"})
    assert [fault[1] for fault in faults_of(answer)] == [type]


@pytest.mark.parametrize(
    ("annotation", "marker"),
    [
        (int, Query(max_digits=3)),
        (float, Query(decimal_places=3)),
        (str, Query(max_digits=3)),
        (Decimal, Query(max_digits=-1)),
        (Decimal, Query(max_digits=True)),
        (Decimal, Query(decimal_places=1.5)),  # type: ignore[arg-type]
        (Decimal, Query(decimal_places="2")),  # type: ignore[arg-type]
        (list[Decimal], Query(max_digits=2)),
    ],
)
def test_digits_that_suit_no_value_are_faults_of_the_program(annotation: Any, marker: Any) -> None:
    wrong = VelociPy()

    async def handler(n: Any) -> None: ...

    handler.__annotations__["n"] = Annotated[annotation, marker]
    wrong.add_route("/", handler)
    with pytest.raises(ParameterError, match="cannot be asked of"):
        wrong.freeze()


# -- what is no finite number ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("nan", "nan"),
        ("NaN", "nan"),
        ("-nan", "nan"),
        ("inf", "inf"),
        ("+Infinity", "inf"),
        ("-INF", "-inf"),
        ("1.5", "1.5"),
    ],
)
def test_infinities_where_they_are_allowed(client: Client, text: str, value: str) -> None:
    assert client.get("/any-float", params={"x": text}).text == value


@pytest.mark.parametrize("text", ["--inf", "+-inf", "in", "nan(1)", " nan", "1e999", "-1e999", "snan", "\u0661"])
def test_what_is_no_number_all_the_same(client: Client, text: str) -> None:
    (fault,) = faults_of(client.get("/any-float", params={"x": text}))
    assert fault[1] in ("float_parsing", "finite_number")


@pytest.mark.parametrize("text", ["nan", "inf", "-inf"])
def test_they_are_not_allowed_otherwise(client: Client, text: str) -> None:
    assert faults_of(client.get("/float", params={"x": text}))[0][1] == "finite_number"
    assert faults_of(client.get("/any-floats", params={"y": text}))[0][:2] == (["query", "y"], "finite_number")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("bounded-float", "nan"),
        ("bounded-float", "inf"),
        ("bounded-float", "-inf"),
        ("stepped-float", "nan"),
        ("stepped-float", "inf"),
    ],
)
def test_bounds_hold_for_them(client: Client, path: str, text: str) -> None:
    (fault,) = faults_of(client.get(f"/{path}", params={"x": text}))
    assert fault[1] in ("greater_than_equal", "less_than_equal", "multiple_of")


def test_they_stand_in_lists(client: Client) -> None:
    assert client.get("/any-floats?x=nan&x=-inf&x=1").json() == ["[nan, -inf, 1.0]", 0]


def test_json_has_none(client: Client) -> None:
    assert client.get("/answered-float?x=nan").json() == [None]
    answer = client.post("/body-float", content="NaN", headers={"content-type": "application/json"})
    assert faults_of(answer)[0][1] == "json_invalid"


# -- underscores -----------------------------------------------------------------------------------------------------


def test_underscores_of_a_header_may_stay(client: Client, velocipy_target: Any) -> None:
    if velocipy_target.name == "gunicorn":
        pytest.skip("Gunicorn drops headers whose names have underscores")
    head = [("X_Token", "a"), ("y-token", "b"), ("Z_TOKEN", "c"), ("many_tokens", "1"), ("many_tokens", "2")]
    assert client.get("/underscores", headers=head).json() == ["a", "b", "c", ["1", "2"]]
    head = [("X-Token", "a"), ("y_token", "b"), ("z-token", "c"), ("many-tokens", "1")]
    assert client.get("/underscores", headers=head).json() == ["-", "-", "-", []]


def test_its_faults_have_its_name(client: Client, velocipy_target: Any) -> None:
    if velocipy_target.name == "gunicorn":
        pytest.skip("Gunicorn drops headers whose names have underscores")
    assert faults_of(client.get("/needed-underscore"))[0][:2] == (["header", "x_token"], "missing")
    answer = client.get("/needed-underscore", headers={"x_token": "a"})
    assert faults_of(answer)[0][:2] == (["header", "x_token"], "int_parsing")


# -- for documents ---------------------------------------------------------------------------------------------------


def test_words_for_documents_change_nothing(client: Client) -> None:
    answer = client.get("/for-documents/p?q=1", headers={"h": "2", "cookie": "c=3"})
    assert answer.json() == ["p", "1", "2", "3"]
    assert client.get("/for-documents/p").json() == ["p", "-", "-", "-"]


def test_words_for_documents_are_kept() -> None:
    plan = next(plan for plan in app.freeze() if plan.route and plan.route.path == "/for-documents/{p}")
    said = {item.name: item.source for item in plan.call.inputs()} if plan.call else {}
    assert said["p"].openapi_examples == {"a": {"value": "b"}}
    assert said["p"].json_schema_extra == {"x-a": 1}
    assert [said[name].include_in_schema for name in "pqhc"] == [True, False, False, True]
    assert (said["q"].examples, said["q"].title, said["q"].deprecated) == (["a"], "Q", True)
    assert said["h"].description == "hidden"
