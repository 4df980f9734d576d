"""Models of a place: the names that their fields may have, what else stands there, and what stands for none of it."""

from dataclasses import dataclass, field
from typing import Annotated, Any

import pytest
from httpx2 import Client

from velocipy import Cookie, Depends, Form, Header, Query, VelociPy
from velocipy.errors import ParameterError

pydantic = pytest.importorskip("pydantic", reason="its aliases are tested here")
from pydantic import AliasChoices, AliasPath, BaseModel, ConfigDict, Field  # noqa: E402

app = VelociPy()


class Named(BaseModel):
    model_config = ConfigDict(populate_by_name=True)
    user_name: str = Field(alias="userName", min_length=2)


class ByName(BaseModel):
    """Newer words for the same, and the alias is no name any more."""

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=False)
    page_size: int = Field(default=10, alias="pageSize")


class Choices(BaseModel):
    model_config = ConfigDict(validate_by_name=True)
    who: str = Field(validation_alias=AliasChoices("name", "title", "x_name"), min_length=2)
    ids: list[int] = Field(default=[], validation_alias=AliasChoices("id", "ids"))


class Generated(BaseModel):
    model_config = ConfigDict(alias_generator=lambda name: name.title().replace("_", ""))
    sort_by: str = "name"


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")
    n: int = 0
    user_name: str = Field(default="", alias="userName")


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")
    limit: int = Field(default=10, ge=1)
    tags: list[str] = []


@dataclass
class Page:
    limit: int
    tags: list[str] = field(default_factory=list)


async def language(lang: str = "en") -> str:
    return lang


class Filter(Closed):
    """A second model of the same place."""

    by: str = ""


made: list[int] = []


def make_page() -> Page:
    made.append(1)
    return Page(99)


@app.get("/named")
async def named(it: Annotated[Named, Query()]) -> str:
    return it.user_name


@app.get("/named-headers")
async def named_headers(it: Annotated[Named, Header()]) -> str:
    return it.user_name


@app.get("/named-cookies")
async def named_cookies(it: Annotated[Named, Cookie()]) -> str:
    return it.user_name


@app.get("/by-name")
async def by_name(it: Annotated[ByName, Query()]) -> int:
    return it.page_size


@app.get("/choices")
async def choices(it: Annotated[Choices, Query()]) -> Any:
    return [it.who, it.ids]


@app.get("/choices-headers")
async def choices_headers(it: Annotated[Choices, Header()]) -> Any:
    return [it.who, it.ids]


@app.get("/generated")
async def generated(it: Annotated[Generated, Query()]) -> str:
    return it.sort_by


@app.get("/open")
async def open_(it: Annotated[Open, Query()], mine: str = "") -> Any:
    return [it.n, it.user_name, it.model_extra]


@app.post("/open")
async def open_form(it: Annotated[Open, Form()] = Open(n=7)) -> Any:  # noqa: B008
    return [it.n, it.user_name, it.model_extra]


@app.get("/closed")
async def closed(
    it: Annotated[Closed, Query()],
    filter: Annotated[Filter, Query()],
    x: Annotated[str, Query(alias="the x")] = "",
    lang: str = Depends(language),
) -> Any:
    return [it.limit, it.tags, filter.by, x, lang]


@app.get("/default")
async def default(page: Annotated[Page, Query()] = Page(5)) -> Any:  # noqa: B008
    page.tags.append("changed")
    return page


@app.get("/default-closed")
async def default_closed(it: Annotated[Closed, Query()] = Closed(limit=5)) -> Any:  # noqa: B008
    it.tags.append("changed")
    return it


@app.get("/none")
async def none(page: Annotated[Page | None, Query()] = None) -> Any:
    return [page]


@app.get("/none-headers")
async def none_headers(page: Annotated[Page | None, Header()] = None) -> Any:
    return [page]


@app.get("/none-cookies")
async def none_cookies(it: Annotated[Named | None, Cookie()] = None) -> Any:
    return [it]


@app.post("/none")
async def none_form(page: Annotated[Page | None, Form()] = None) -> Any:
    return [page]


@app.get("/made")
async def made_page(page: Annotated[Page, Query(default_factory=make_page)]) -> Any:
    return [page.limit, len(made)]


@app.get("/made-or-none")
async def made_or_none(page: Annotated[Page | None, Query(default_factory=lambda: None)]) -> Any:
    return [page]


@app.get("/underscores")
async def underscores(page: Annotated[Generated, Header(convert_underscores=False)]) -> str:
    return page.sort_by


class Underscored(BaseModel):
    x_token: str = "none"


@app.get("/kept-underscores")
async def kept(it: Annotated[Underscored, Header(convert_underscores=False)]) -> str:
    return it.x_token


def faults_of(answer: Any) -> list[list[Any]]:
    assert answer.status_code == 422, answer.text
    return [[*fault["loc"], fault["type"]] for fault in answer.json()["detail"]]


# -- names -----------------------------------------------------------------------------------------------------------


def test_a_name_counts_where_the_model_says_so(client: Client) -> None:
    assert client.get("/named?userName=ab").text == "ab"
    assert client.get("/named?user_name=ab").text == "ab"
    assert client.get("/named?user_name=ab&userName=cd").text == "cd"  # as pydantic has it: the alias first
    assert client.get("/named-headers", headers={"user-name": "ab"}).text == "ab"
    assert client.get("/named-headers", headers={"USERNAME": "ab"}).text == "ab"
    assert client.get("/named-cookies", headers={"cookie": "user_name=ab"}).text == "ab"


def test_a_fault_is_told_under_the_name_that_was_used(client: Client) -> None:
    assert faults_of(client.get("/named")) == [["query", "userName", "missing"]]
    assert faults_of(client.get("/named?user_name=a")) == [["query", "user_name", "string_too_short"]]
    assert faults_of(client.get("/named?userName=a")) == [["query", "userName", "string_too_short"]]
    assert faults_of(client.get("/named?user_name=a&user_name=b")) == [["query", "user_name", "multiple_values"]]
    assert faults_of(client.get("/named-headers", headers={"user-name": "a"})) == [
        ["header", "user-name", "string_too_short"]
    ]


def test_an_alias_that_is_not_to_be_read_is_no_name(client: Client) -> None:
    assert client.get("/by-name?page_size=5").text == "5"
    assert client.get("/by-name?pageSize=5").text == "10"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("name=ab", ["ab", []]),
        ("title=ab&id=1", ["ab", [1]]),
        ("who=ab&ids=1&ids=2", ["ab", [1, 2]]),
        ("who=ab&title=cd&name=ef", ["ef", []]),
        ("title=cd&name=", ["", []]),  # what is empty is there
    ],
)
def test_the_first_of_the_choices_that_is_there_counts(client: Client, query: str, found: list[Any]) -> None:
    answer = client.get(f"/choices?{query}")
    if found[0]:
        assert answer.json() == found
    else:
        assert faults_of(answer) == [["query", "name", "string_too_short"]]


def test_faults_of_choices(client: Client) -> None:
    assert faults_of(client.get("/choices?ids=x")) == [["query", "name", "missing"], ["query", "ids", 0, "int_parsing"]]
    assert faults_of(client.get("/choices?title=a")) == [["query", "title", "string_too_short"]]


def test_choices_are_names_of_headers_as_they_are_written(client: Client) -> None:
    assert client.get("/choices-headers", headers={"title": "ab", "id": "3"}).json() == ["ab", [3]]
    assert client.get("/choices-headers", headers={"who": "ab"}).json() == ["ab", []]


def test_aliases_may_be_generated(client: Client) -> None:
    assert client.get("/generated?SortBy=age&sort_by=x").text == "age"
    assert client.get("/underscores", headers={"sortby": "age"}).text == "age"


def test_a_path_inside_a_value_is_a_fault_of_the_program() -> None:
    class Deep(BaseModel):
        first: str = Field(validation_alias=AliasPath("names", 0))

    class AsAChoice(BaseModel):
        first: str = Field(validation_alias=AliasChoices("first", AliasPath("names", 0)))

    for model in (Deep, AsAChoice):
        wrong = VelociPy()

        async def handler(it: Any) -> None: ...

        handler.__annotations__["it"] = Annotated[model, Query()]
        wrong.add_route("/", handler)
        with pytest.raises(ParameterError, match="'first' has an AliasPath"):
            wrong.freeze()


# -- what else is there ----------------------------------------------------------------------------------------------


def test_a_model_that_allows_extras_gets_them(client: Client) -> None:
    assert client.get("/open?n=1&a=1&b=2&b=3&c=&mine=4").json() == [1, "", {"a": "1", "b": ["2", "3"], "c": ""}]
    assert client.get("/open").json() == [0, "", {}]


def test_an_extra_is_never_taken_for_a_field(client: Client) -> None:
    """Without populate_by_name the field is not to be had by its name."""
    assert client.get("/open?user_name=eve").json() == [0, "", {}]
    assert client.get("/open?__class__=x&model_extra=y").json() == [0, "", {"__class__": "x", "model_extra": "y"}]


def test_a_form_of_extras_alone_is_no_empty_one(client: Client) -> None:
    head = {"content-type": "application/x-www-form-urlencoded"}
    assert client.post("/open", content="a=1", headers=head).json() == [0, "", {"a": "1"}]
    assert client.post("/open").json() == [7, "", {}]


def test_a_file_is_no_extra_of_a_form(client: Client) -> None:
    pytest.importorskip("python_multipart", reason="it reads the form")
    answer = client.post("/open", data={"n": "1", "a": "2"}, files={"b": ("b.txt", b"secret")})
    assert answer.json() == [1, "", {"a": "2"}]


def test_what_other_parameters_take_is_no_extra(client: Client) -> None:
    answer = client.get("/closed?limit=3&tags=a&by=age&the%20x=1&lang=de")
    assert answer.json() == [3, ["a"], "age", "1", "de"]


def test_what_nobody_takes_is_one(client: Client) -> None:
    assert faults_of(client.get("/closed?limit=3&x=1&limit%20=2")) == [
        ["query", "x", "extra_forbidden"],
        ["query", "limit ", "extra_forbidden"],
    ]
    assert faults_of(client.get("/closed?limit=0&evil=1")) == [
        ["query", "limit", "greater_than_equal"],
        ["query", "evil", "extra_forbidden"],
    ]


# -- what stands for none of it --------------------------------------------------------------------------------------


def test_the_default_counts_where_no_field_is_there(client: Client) -> None:
    assert client.get("/default?other=1").json() == {"limit": 5, "tags": ["changed"]}
    assert client.get("/default?limit=1").json() == {"limit": 1, "tags": ["changed"]}
    assert client.get("/none").json() == [None]
    assert client.get("/none-headers").json() == [None]
    assert client.get("/none-cookies").json() == [None]
    assert client.post("/none").json() == [None]


def test_what_a_handler_does_to_a_default_is_forgotten(client: Client) -> None:
    for _ in range(2):
        assert client.get("/default").json() == {"limit": 5, "tags": ["changed"]}
        assert client.get("/default-closed").json() == {"limit": 5, "tags": ["changed"]}


def test_a_part_of_the_model_is_a_fault_default_or_not(client: Client) -> None:
    for path in ("/default", "/none", "/made", "/made-or-none"):
        assert faults_of(client.get(f"{path}?tags=a")) == [["query", "limit", "missing"]]
        assert faults_of(client.get(f"{path}?limit=x")) == [["query", "limit", "int_parsing"]]
        assert faults_of(client.get(f"{path}?limit=")) == [["query", "limit", "int_parsing"]]


def test_a_default_allows_no_extras(client: Client) -> None:
    assert faults_of(client.get("/default-closed?evil=1")) == [["query", "evil", "extra_forbidden"]]


def test_a_default_may_be_made_for_each_request(client: Client) -> None:
    before = client.get("/made").json()[1]
    assert client.get("/made").json() == [99, before + 1]
    assert client.get("/made?limit=3").json() == [3, before + 1]
    assert client.get("/made-or-none").json() == [None]


# -- underscores -----------------------------------------------------------------------------------------------------


def test_the_fields_of_headers_may_keep_their_underscores(client: Client, velocipy_target: Any) -> None:
    if velocipy_target.name == "gunicorn":
        pytest.skip("Gunicorn drops headers whose names have underscores")
    assert client.get("/kept-underscores", headers={"x_token": "a"}).text == "a"
    assert client.get("/kept-underscores", headers={"x-token": "a"}).text == "none"
