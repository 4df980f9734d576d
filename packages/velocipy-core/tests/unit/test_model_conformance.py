"""Our own adapter passes the kit's tests, and one that is broken on purpose does not."""

from collections.abc import Callable, Mapping
from typing import Any, cast

import pytest

from velocipy.errors import Fault
from velocipy.model_adapters import Decoder, Fields, ModelAdapter
from velocipy.serialization import JSONCodec, default_codec
from velocipy.testing.models import REQUIRED, Field, ModelAdapterConformance
from velocipy.types import Selection

pydantic = pytest.importorskip("pydantic", reason="its models are converted here")


class TestPydanticAdapter(ModelAdapterConformance):
    def make_adapter(self) -> ModelAdapter:
        from velocipy.pydantic_models import PydanticAdapter

        return PydanticAdapter(default_codec())

    def make_model(self, name: str, fields: Mapping[str, Field]) -> Any:
        made: dict[str, Any] = {
            key: (item.annotation, ... if item.default is REQUIRED else item.default) for key, item in fields.items()
        }
        return pydantic.create_model(name, **made)


# The kit finds what is wrong with another


def suite(**methods: Any) -> TestPydanticAdapter:
    """Return the tests of our adapter with *methods* in the place of its own."""
    from velocipy.pydantic_models import PydanticAdapter

    changed: Any = type("Changed", (PydanticAdapter,), methods)
    made: Any = TestPydanticAdapter()
    made.make_adapter = lambda: changed(default_codec())
    return cast(TestPydanticAdapter, made)


def finds(test: Callable[[], None], message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        test()


def test_an_adapter_that_claims_too_much_or_too_little() -> None:
    finds(suite(supports=lambda self, annotation: True).test_it_claims_its_models_and_nothing_else, "and is claimed")
    made = suite(supports=lambda self, annotation: hasattr(annotation, "model_fields"))
    finds(made.test_it_claims_its_models_and_nothing_else, "and is not supported")
    made = suite(is_model=lambda self, annotation: False)
    finds(made.test_it_claims_its_models_and_nothing_else, "a class with named fields is a model")


def test_an_adapter_that_forgets_what_is_required() -> None:
    from velocipy.pydantic_models import PydanticAdapter

    def fields(self: Any, annotation: Any) -> Fields:
        told = PydanticAdapter.fields(self, annotation)
        return told._replace(fields=[field._replace(required=False) for field in told.fields])

    finds(suite(fields=fields).test_it_tells_the_fields, "of number: int and word: str = 'x' it told")


def test_an_adapter_whose_schema_leads_nowhere() -> None:
    from velocipy.pydantic_models import PydanticAdapter

    def json_schemas(self: Any, wanted: Any, reference: str) -> Any:
        schemas, _ = PydanticAdapter.json_schemas(self, wanted, reference)
        return schemas, {}

    finds(suite(json_schemas=json_schemas).test_it_tells_the_json_schema, "has the schema .*, defined as {}")


def test_an_adapter_that_tells_faults_without_their_places() -> None:
    from velocipy.pydantic_models import PydanticAdapter

    def decoder(self: Any, annotation: Any, codec: JSONCodec) -> Decoder:
        told = PydanticAdapter.decoder(self, annotation, codec)

        def explain(data: Any, loc: tuple[str | int, ...], faults: list[Fault]) -> Any:
            found: list[Fault] = []
            value = told.explain(data, loc, found)
            faults += [Fault(loc=list(loc), msg=fault["msg"], type=fault["type"]) for fault in found]
            return value

        return told._replace(explain=explain)

    made = suite(decoder=decoder)
    finds(made.test_what_does_not_fit_gives_faults_at_the_same_places, "a dataclass gives .*, and this model gives")
    finds(made.test_models_within_models, "and this model gives")


def test_an_adapter_that_lets_all_fields_leave() -> None:
    from velocipy.pydantic_models import PydanticAdapter

    def encoder(self: Any, annotation: Any, selection: Selection, *, check: bool = False) -> Callable[[Any], bytes]:
        return PydanticAdapter.encoder(self, annotation, Selection(), check=check)

    finds(suite(encoder=encoder).test_only_chosen_fields_leave, "for /included a dataclass gives .*secret")


def test_an_adapter_that_changes_values() -> None:
    from velocipy.pydantic_models import PydanticAdapter

    def encoder(self: Any, annotation: Any, selection: Selection, *, check: bool = False) -> Callable[[Any], bytes]:
        encode = PydanticAdapter.encoder(self, annotation, selection, check=check)
        return lambda value: encode(value).replace(b"true", b"1")

    finds(suite(encoder=encoder).test_what_fits_gives_the_same_values, "and this model gives")
