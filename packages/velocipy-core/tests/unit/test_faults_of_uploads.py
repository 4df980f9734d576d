"""Files that no form could bring, and multipart forms where nothing is installed to read them."""

import logging
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import pytest

from velocipy import Body, Depends, File, Form, Header, Query, Request, StartupError, UploadFile, UploadStream, VelociPy
from velocipy.errors import ParameterError
from velocipy.testing import TestClient


def mistake_of(annotation: Any, default: Any = ...) -> StartupError:
    app = VelociPy()

    async def handler(value: Any) -> None: ...

    handler.__annotations__["value"] = annotation
    if default is not ...:
        handler.__defaults__ = (default,)
    app.add_route("/", handler, ["POST"])
    with pytest.raises(StartupError) as caught:
        app.freeze()
    assert isinstance(caught.value, ParameterError)
    assert (caught.value.handler, caught.value.parameter) == ("handler", "value")
    return caught.value


@pytest.fixture
def _installed() -> None:
    pytest.importorskip("python_multipart")


@pytest.mark.usefixtures("_installed")
@pytest.mark.parametrize(
    "annotation",
    [
        Annotated[str, File()],
        Annotated[int, File()],
        Annotated[None, File()],
        Annotated[dict[str, UploadFile], File()],
        Annotated[list[str], File()],
        Annotated[list[UploadFile | bytes], File()],
        Annotated[UploadFile | bytes, File()],
        Annotated[UploadFile | str | None, File()],
        Annotated[tuple[UploadFile, bytes], File()],
        Annotated[list[UploadStream], File()],
        Annotated[list, File()],
        list[UploadStream],
        list[UploadFile | None],
        UploadFile | str,
        UploadFile | dict[str, int],
    ],
    ids=str,
)
def test_a_type_that_no_file_becomes(annotation: Any) -> None:
    assert any(
        words in str(mistake_of(annotation)) for words in ("a file becomes", "no request can bring", "UploadFile")
    )


@pytest.mark.usefixtures("_installed")
@pytest.mark.parametrize("marker", [Form(), Query(), Header(), Body()])
@pytest.mark.parametrize("annotation", [UploadFile, UploadFile | None, list[UploadFile], UploadStream])
def test_a_file_comes_from_nowhere_else(annotation: Any, marker: Any) -> None:
    assert "File()" in mistake_of(Annotated[annotation, marker]).remedy


@pytest.mark.usefixtures("_installed")
@pytest.mark.parametrize(
    "annotation",
    [
        Annotated[UploadFile, File(max_length=5)],
        Annotated[UploadStream, File(max_length=5)],
        Annotated[bytes, File(ge=5)],
        Annotated[bytes, File(pattern="a")],
        Annotated[list[UploadFile], File(ge=5)],
    ],
)
def test_a_constraint_that_is_not_for_files(annotation: Any) -> None:
    assert "cannot be asked of" in str(mistake_of(annotation))


@pytest.mark.usefixtures("_installed")
def test_a_file_and_a_json_body_in_one_request() -> None:
    app = VelociPy()

    @app.post("/")
    async def handler(file: UploadFile, data: dict[str, int]) -> None: ...

    with pytest.raises(ParameterError, match="one body"):
        app.freeze()


@pytest.mark.usefixtures("_installed")
def test_two_streams_in_one_request() -> None:
    async def takes(first: UploadStream) -> None: ...

    app = VelociPy()

    @app.post("/")
    async def handler(second: UploadStream, taken: Annotated[None, Depends(takes)]) -> None: ...

    with pytest.raises(ParameterError, match="last part") as caught:
        app.freeze()
    assert (caught.value.handler, caught.value.parameter) == ("handler", "second")


@pytest.mark.usefixtures("_installed")
def test_a_file_outside_a_request() -> None:
    import asyncio

    async def takes(file: UploadFile) -> None: ...

    async def run() -> None:
        async with VelociPy().scope() as scope:
            await scope.call(takes)

    with pytest.raises(ParameterError, match="'file' of a request"):
        asyncio.run(run())


# -- without python-multipart -----------------------------------------------------------------------------------------

COMMAND = 'pip install "velocipy-core[multipart]"'


@pytest.fixture
def _not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "velocipy.http.multipart", raising=False)
    for name in [name for name in sys.modules if name.partition(".")[0] == "python_multipart"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "python_multipart", None)


@pytest.mark.usefixtures("_not_installed")
@pytest.mark.parametrize(
    "annotation", [UploadFile, UploadFile | None, list[UploadFile], UploadStream, Annotated[bytes, File()]]
)
def test_a_handler_that_takes_files_does_not_start_and_the_command_is_told(annotation: Any) -> None:
    mistake = mistake_of(annotation)
    assert "python-multipart" in mistake.problem
    assert COMMAND in mistake.remedy


@pytest.fixture(params=["asgi", "rsgi"])
def client(request: pytest.FixtureRequest, _not_installed: None) -> Iterator[TestClient]:
    app = VelociPy()

    @app.post("/form")
    async def form(request: Request) -> Any:
        return (await request.form()).multi_items()

    @app.post("/field")
    async def field(a: Annotated[str, Form()]) -> str:
        return a

    with TestClient(app, interface=request.param) as client:
        yield client


@pytest.mark.parametrize("path", ["/form", "/field"])
def test_a_multipart_form_is_an_error_of_the_server_and_the_command_is_logged(
    client: TestClient, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "velocipy"):
        response = client.post(path, files={"a": b"x"})
    assert (response.status_code, response.json()) == (500, {"detail": "Internal Server Error"})
    assert COMMAND in caplog.text


def test_an_urlencoded_form_needs_nothing(client: TestClient) -> None:
    assert client.post("/form", data={"a": "1"}).json() == [["a", "1"]]
    assert client.post("/field", data={"a": "1"}).text == "1"


@dataclass
class WithFile:
    file: UploadFile


@dataclass
class WithStream:
    file: UploadStream


@dataclass
class WithWrongFile:
    file: Annotated[str, File()]


@dataclass
class WithWrongList:
    file: list[UploadFile | str]


@pytest.mark.usefixtures("_installed")
@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        (Annotated[WithStream, Form()], "file: an UploadStream comes after its form"),
        (Annotated[WithWrongFile, Form()], "file: a file becomes UploadFile"),
        (Annotated[WithWrongList, Form()], "file: UploadFile cannot be made of text"),
        (Annotated[WithFile, Query()], "UploadFile cannot be made of text"),
        (Annotated[WithFile, Body()], "UploadFile cannot be made of JSON"),
    ],
    ids=str,
)
def test_a_model_with_a_file_that_nothing_brings(annotation: Any, words: str) -> None:
    assert words in str(mistake_of(annotation))


def test_a_model_with_files_needs_the_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "velocipy.http.multipart", raising=False)
    monkeypatch.setitem(sys.modules, "python_multipart", None)
    assert 'pip install "velocipy-core[multipart]"' in str(mistake_of(Annotated[WithFile, Form()]))


@pytest.mark.usefixtures("_installed")
def test_a_model_of_pydantic_with_a_file_is_of_forms_alone() -> None:
    pydantic = pytest.importorskip("pydantic", reason="its model is tested")
    model = pydantic.create_model("Model", file=(UploadFile | None, None))
    for annotation in (model, list[model], Annotated[model, Body()], Annotated[model, Query()]):  # type: ignore[valid-type]
        assert "UploadFile cannot be made of" in str(mistake_of(annotation))
