"""The tests that a model adapter must pass, for pytest; they need hypothesis.

    class TestMyAdapter(ModelAdapterConformance):
        def make_adapter(self) -> ModelAdapter:
            return MyAdapter()

        def make_model(self, name: str, fields: Mapping[str, Field]) -> Any:
            return mylib.create(name, {field: (item.annotation, item.default) for field, item in fields.items()})

The same model is declared as a dataclass, and both are asked the same by requests: what fits has to give the same
values, what does not fit faults at the same places, and what leaves the same JSON.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import field, make_dataclass
from types import GenericAlias
from typing import Annotated, Any, Literal, NamedTuple

import httpx2

from velocipy import Query, VelociPy
from velocipy.model_adapters import ModelAdapter
from velocipy.testing.clients import TestClient
from velocipy.testing.properties import given, st, tried

__all__ = ["REQUIRED", "Field", "ModelAdapterConformance"]


class _Required:
    def __repr__(self) -> str:
        return "REQUIRED"


REQUIRED = _Required()
"""The default of a field that has none."""


class Field(NamedTuple):
    """A field of a model as a test wants it: its type, and its default or REQUIRED."""

    annotation: Any
    default: Any = REQUIRED


class _Kind(NamedTuple):
    """A type, JSON data that fit, and some that fit no lax reading of it either."""

    annotation: Any
    fits: st.SearchStrategy[Any]
    faulty: tuple[Any, ...]


def _listed(annotation: Any) -> Any:
    return GenericAlias(list, (annotation,))


def _keyed(annotation: Any) -> Any:
    return GenericAlias(dict, (str, annotation))


def _posting(path: str, body: str | bytes) -> Callable[[TestClient], httpx2.Response]:
    return lambda client: client.post(path, content=body)


_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)
_WHOLE = st.integers(-(2**53), 2**53)
_KINDS = {
    "number": _Kind(int, _WHOLE, ("x", 1.5, [], {}, None)),
    "ratio": _Kind(float, st.floats(-1e6, 1e6, allow_nan=False), ("x", [], {}, None)),
    "word": _Kind(str, _TEXT, ([], {}, None)),
    "flag": _Kind(bool, st.booleans(), ("x", [], {}, None)),
    "maybe": _Kind(int | None, _WHOLE | st.none(), ("x", [], {})),
    "numbers": _Kind(list[int], st.lists(_WHOLE, max_size=4), (1, {}, None, ["x"], [1, None, []])),
    "table": _Kind(dict[str, int], st.dictionaries(_TEXT, _WHOLE, max_size=3), (1, [], None, {"a": "x"})),
}
TEXTS: dict[str, tuple[str, ...]] = {
    "number": ("1", "-7"),
    "ratio": ("1.5", "2"),
    "word": ("", "a b", "ü"),
    "flag": ("true", "false"),
}
FAULTY_TEXTS: dict[str, tuple[str, ...]] = {"number": ("", "x", "1.5"), "ratio": ("", "x"), "flag": ("", "x")}
NOT_JSON = (b"", b"{", b"nul", b'{"number": NaN}', b"\xff")
NO_OBJECT = (b"1", b"[]", b'"x"', b"null")


class ModelAdapterConformance:
    """What `velocipy.model_adapters.ModelAdapter` promises, test by test.

    A subclass, whose name begins with "Test" so that pytest finds it, defines `make_adapter` and `make_model`.

    Attributes:
        examples: How many requests each of the property tests sends.
    """

    examples: int = 100

    def make_adapter(self) -> ModelAdapter:
        """Return a new adapter."""
        raise NotImplementedError("define make_adapter(self), which returns a model adapter")

    def make_model(self, name: str, fields: Mapping[str, Field]) -> Any:
        """Return a model of the adapter's library, those without a default first."""
        raise NotImplementedError("define make_model(self, name, fields), which returns a model")

    def test_it_claims_its_models_and_nothing_else(self) -> None:
        adapter = self.make_adapter()
        model = self.make_model("Model", {"number": Field(int)})
        other = _make_dataclass("Other", {"number": Field(int)})
        assert isinstance(adapter.name, str), f"its name is {adapter.name!r}: let it be a text, such as 'pydantic'"
        for annotation in (model, _listed(model), model | None, _keyed(model), Annotated[model, "note"]):
            assert adapter.supports(annotation), f"{annotation} has a model of its library, and is not supported"
        for annotation in (other, _listed(other), int, str, dict[str, int], None, Any):
            assert not adapter.supports(annotation), f"{annotation} is not of its library, and is claimed"
        assert adapter.is_model(model), "a class with named fields is a model, so that a parameter of it is a body"
        for annotation in (other, int, str):
            assert not adapter.is_model(annotation), f"{annotation} is no model of its library"

    def test_it_tells_the_fields(self) -> None:
        fields = {"number": Field(int), "word": Field(str, "x")}
        told = self.make_adapter().fields(self.make_model("Model", fields)).fields
        assert [(item.name, item.required) for item in told] == [("number", True), ("word", False)], (
            f"of number: int and word: str = 'x' it told {told}"
        )

    def test_it_tells_the_json_schema(self) -> None:
        model = self.make_model("Model", {"number": Field(int), "word": Field(str, "x")})
        wanted: list[tuple[Any, Literal["input"]]] = [(model, "input"), (_listed(model), "input")]
        (one, many), definitions = self.make_adapter().json_schemas(wanted, "#/parts/{name}")
        for schema, what in ((one, "the model"), (many.get("items", {}), "an item of a list of it")):
            found = definitions.get(schema["$ref"].removeprefix("#/parts/"), {}) if "$ref" in schema else schema
            told = (found.get("type"), sorted(found.get("properties", ())), found.get("required"))
            assert told == ("object", ["number", "word"], ["number"]), (
                f"{what} with number: int and word: str = 'x' has the schema {schema}, defined as {found}"
            )

    def test_what_fits_gives_the_same_values(self) -> None:
        self._check_bodies(st.fixed_dictionaries({name: kind.fits for name, kind in _KINDS.items()}), status=200)

    def test_what_does_not_fit_gives_faults_at_the_same_places(self) -> None:
        data = {name: kind.fits | st.sampled_from(kind.faulty) for name, kind in _KINDS.items()}
        self._check_bodies(st.fixed_dictionaries({}, optional=data))

    def test_defaults_stand_for_what_is_not_sent(self) -> None:
        defaults = {"number": 1, "word": "x", "maybe": None}
        fields = {name: Field(_KINDS[name].annotation, default) for name, default in defaults.items()}
        with self._clients(fields) as clients:
            for body in (b"{}", b'{"word": "y"}'):
                self._compare(clients, _posting("/body", body), repr(body), 200)

    def test_models_within_models(self) -> None:
        inner = {"number": Field(int)}
        ours, theirs = _make_dataclass("Inner", inner), self.make_model("Inner", inner)
        with _Clients(
            _application(_make_dataclass("Outer", {"one": Field(ours), "many": Field(_listed(ours))}), []),
            _application(
                self.make_model("Outer", {"one": Field(theirs), "many": Field(_listed(theirs))}), [self.make_adapter()]
            ),
        ) as clients:
            for one in ({"number": 1}, {"number": "x"}, {}, 1):
                for many in ([], [{"number": 1}], [{"number": 1}, {"number": []}, {}], [1]):
                    body = json.dumps({"one": one, "many": many})
                    self._compare(clients, _posting("/body", body), body)

    def test_lists_of_models(self) -> None:
        with self._clients({"number": Field(int)}) as clients:
            for body in (b"[]", b'[{"number": 1}, {"number": 2}]', b'[{"number": 1}, {}, {"number": []}]', b"{}"):
                self._compare(clients, _posting("/bodies", body), repr(body))

    def test_what_is_no_json_or_no_object_is_told_alike(self) -> None:
        with self._clients({"number": Field(int)}) as clients:
            for body in (*NOT_JSON, *NO_OBJECT):
                self._compare(clients, _posting("/body", body), repr(body), 422)

    def test_values_one_by_one(self) -> None:
        """As a query: text for each field."""
        fields = {name: Field(_KINDS[name].annotation) for name in TEXTS}
        texts = {name: st.sampled_from((*TEXTS[name], *FAULTY_TEXTS.get(name, ()))) for name in TEXTS}
        with self._clients(fields, "query") as clients:

            @tried(self.examples)
            @given(st.fixed_dictionaries({}, optional=texts))
            def check(query: dict[str, str]) -> None:
                self._compare(clients, lambda client: client.get("/query", params=query), repr(query))

            check()

    def test_only_chosen_fields_leave(self) -> None:
        fields = {"number": Field(int), "word": Field(str), "maybe": Field(int | None, None)}
        body = b'{"number": 1, "word": "secret"}'
        with self._clients(fields, "selection") as clients:
            for path in ("/included", "/excluded", "/without-none"):
                self._compare(clients, _posting(path, body), path, 200)

    # ------------------------------------------------------------------------------------------------------------------

    def _check_bodies(self, bodies: st.SearchStrategy[dict[str, Any]], status: int | None = None) -> None:
        with self._clients({name: Field(kind.annotation) for name, kind in _KINDS.items()}) as clients:

            @tried(self.examples)
            @given(bodies)
            def check(body: dict[str, Any]) -> None:
                content = json.dumps(body)
                self._compare(clients, lambda client: client.post("/body", content=content), content, status)

            check()

    def _clients(self, fields: Mapping[str, Field], use: str = "") -> "_Clients":
        ours = _application(_make_dataclass("Model", fields), [], use)
        return _Clients(ours, _application(self.make_model("Model", fields), [self.make_adapter()], use))

    def _compare(
        self,
        clients: tuple[TestClient, TestClient],
        send: Callable[[TestClient], httpx2.Response],
        what: str,
        status: int | None = None,
    ) -> None:
        expected, found = (_summary(send(client)) for client in clients)
        assert found == expected, f"for {what} a dataclass gives {expected}, and this model gives {found}"
        assert status in (None, found[0]), f"for {what} both give {found}; {status} is due"


class _Clients:
    """The clients of the application with the dataclass, and of that with the model."""

    def __init__(self, ours: VelociPy, theirs: VelociPy) -> None:
        self._clients = (TestClient(ours), TestClient(theirs))

    def __enter__(self) -> tuple[TestClient, TestClient]:
        return self._clients

    def __exit__(self, *error: object) -> None:
        for client in self._clients:
            client.close()


def _summary(response: httpx2.Response) -> tuple[int, str]:
    """Return the status, and the JSON of what was sent; of faults their places, for the words may differ."""
    data = response.json()
    if response.status_code == 422:
        data = sorted(json.dumps(fault["loc"]) for fault in data["detail"])
    return response.status_code, json.dumps(data, sort_keys=True)


def _make_dataclass(name: str, fields: Mapping[str, Field]) -> Any:
    made: list[Any] = [
        (key, item.annotation) if item.default is REQUIRED else (key, item.annotation, field(default=item.default))
        for key, item in fields.items()
    ]
    return make_dataclass(name, made)


def _application(model: Any, adapters: list[ModelAdapter], use: str = "") -> VelociPy:
    """Return an application that sends back the models that it is sent; its fields are such as fit the *use*."""
    app = VelociPy(model_adapters=adapters)

    def declared(annotation: Any, returned: Any) -> Any:
        async def handler(value: Any) -> Any:
            return value

        handler.__annotations__ = {"value": annotation, "return": returned}
        return handler

    app.add_route("/body", declared(model, model), "POST")
    app.add_route("/bodies", declared(list[model], list[model]), "POST")
    if use == "query":
        app.add_route("/query", declared(Annotated[model, Query()], model))
    if use == "selection":
        app.add_route("/included", declared(model, model), "POST", response_model_include={"number"})
        app.add_route("/excluded", declared(model, model), "POST", response_model_exclude={"word"})
        app.add_route("/without-none", declared(model, model), "POST", response_model_exclude_none=True)
    return app
