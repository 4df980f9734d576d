"""Files among the fields of a form model: of every kind of model, with the faults of files that are parameters."""

from dataclasses import dataclass, field
from typing import Annotated, Any

import pytest
from httpx2 import Client

from velocipy import File, Form, UploadFile, VelociPy

pytest.importorskip("python_multipart", reason="files need it")

app = VelociPy(multipart_max_memory_size=1000)  # so that larger files are on disk


@dataclass
class Report:
    animal: str
    photo: UploadFile
    more: list[UploadFile] = field(default_factory=list)
    map: UploadFile | None = None
    note: Annotated[bytes, File(alias="the-note", max_length=2000)] = b""
    notes: Annotated[list[bytes] | None, File()] = None
    number: int = 1


async def told(report: Any) -> dict[str, Any]:
    return {
        "animal": report.animal,
        "photo": [report.photo.filename, (await report.photo.read()).decode()],
        "more": [item.filename for item in report.more],
        "map": report.map and report.map.filename,
        "note": len(report.note),
        "notes": report.notes and [item.decode() for item in report.notes],
        "number": report.number,
    }


@app.post("/report")
async def take(report: Annotated[Report, Form()]) -> Any:
    return await told(report)


@app.post("/optional")
async def take_optional(report: Annotated[Report | None, Form()] = None) -> Any:
    return "nothing" if report is None else await told(report)


@app.post("/beside")
async def take_beside(report: Annotated[Report, Form()], file: UploadFile, word: Annotated[str, Form()]) -> Any:
    return [(await told(report))["photo"], file.filename, word]


try:
    import msgspec
except ImportError:
    pass
else:

    class Struct(msgspec.Struct, forbid_unknown_fields=True):
        animal: str
        photo: UploadFile
        more: list[UploadFile] = []
        map: UploadFile | None = None
        note: Annotated[bytes, File(alias="the-note", max_length=2000)] = b""
        notes: Annotated[list[bytes] | None, File()] = None
        number: int = 1

    @app.post("/struct")
    async def take_struct(report: Annotated[Struct, Form()]) -> Any:
        return await told(report)


try:
    import pydantic
except ImportError:
    pass
else:

    class Model(pydantic.BaseModel):
        model_config = pydantic.ConfigDict(extra="forbid")

        animal: str
        photo: UploadFile
        more: list[UploadFile] = []
        map: UploadFile | None = None
        note: Annotated[bytes, File(alias="the-note", max_length=2000)] = b""
        notes: Annotated[list[bytes] | None, File()] = None
        number: int = 1

        @pydantic.field_validator("photo")
        @classmethod
        def has_a_name(cls, photo: UploadFile) -> UploadFile:
            if photo.filename == "bad":
                raise ValueError("what a name")
            return photo

    @app.post("/model")
    async def take_model(report: Annotated[Model, Form()]) -> Any:
        return await told(report)


PATHS = ["/report", "/struct", "/model"]
PHOTO = ("photo", ("blue.png", b"a photo"))
ANIMAL = ("animal", (None, b"Blue"))


@pytest.fixture(params=PATHS)
def path(request: pytest.FixtureRequest) -> str:
    library = {"/struct": "msgspec", "/model": "pydantic"}.get(request.param)
    if library is not None:
        pytest.importorskip(library, reason="its models need it")
    return str(request.param)


def faults(client: Client, path: str, files: Any) -> set[tuple[str, str, str]]:
    response = client.post(path, files=files)
    assert response.status_code == 422, response.text
    return {(*fault["loc"], fault["type"]) for fault in response.json()["detail"]}


def test_files_that_are_missing_are_told_with_all_other_faults(client: Client, path: str) -> None:
    assert faults(client, path, [("number", (None, b"x"))]) == {
        ("form", "animal", "missing"),
        ("body", "photo", "missing"),
        ("form", "number", "int_parsing"),
    }


def test_text_is_no_file_and_a_file_is_no_text(client: Client, path: str) -> None:
    files = [("photo", (None, b"text")), ("animal", ("a.txt", b"Blue")), ("map", (None, b"text"))]
    assert faults(client, path, files) == {
        ("body", "photo", "file_type"),
        ("form", "animal", "string_type"),
        ("body", "map", "file_type"),
    }


def test_two_files_where_one_is_wanted_and_one_that_is_too_long_are_faults(client: Client, path: str) -> None:
    assert faults(client, path, [ANIMAL, PHOTO, PHOTO, ("the-note", ("n", b"x" * 2001))]) == {
        ("body", "photo", "multiple_values"),
        ("body", "the-note", "bytes_too_long"),
    }


def test_the_file_that_a_browser_sends_where_none_was_chosen_is_missing(client: Client, path: str) -> None:
    body = (
        b'--b\r\nContent-Disposition: form-data; name="animal"\r\n\r\nBlue\r\n'
        b'--b\r\nContent-Disposition: form-data; name="photo"; filename=""\r\n\r\n\r\n--b--\r\n'
    )
    response = client.post(path, content=body, headers={"content-type": "multipart/form-data; boundary=b"})
    assert [(fault["loc"], fault["type"]) for fault in response.json()["detail"]] == [(["body", "photo"], "missing")]


def test_a_validator_of_the_model_looks_at_files(client: Client) -> None:
    pytest.importorskip("pydantic", reason="its validators are tested")
    assert faults(client, "/model", [ANIMAL, ("photo", ("bad", b""))]) == {("body", "photo", "value_error")}


@pytest.mark.parametrize("path", ["/struct", "/model"], indirect=True)
def test_a_file_that_is_no_field_is_a_fault_where_the_model_says_so(client: Client, path: str) -> None:
    assert faults(client, path, [ANIMAL, PHOTO, ("other", ("o", b""))]) == {("form", "other", "extra_forbidden")}


def test_a_form_without_files_is_a_form(client: Client, path: str) -> None:
    response = client.post(path, data={"animal": "Blue"})
    assert response.status_code == 422
    assert [fault["loc"] for fault in response.json()["detail"]] == [["body", "photo"]]


def test_a_model_has_its_files(client: Client, path: str) -> None:
    files = [
        ANIMAL,
        PHOTO,
        ("more", ("1", b"")),
        ("more", ("2", b"x")),
        ("map", ("map.svg", b"<svg>")),
        ("the-note", ("n", b"x" * 1500)),
        ("notes", ("a", b"one")),
        ("notes", ("b", b"two")),
        ("number", (None, b"7")),
    ]
    response = client.post(path, files=files)
    assert response.json() == {
        "animal": "Blue",
        "photo": ["blue.png", "a photo"],
        "more": ["1", "2"],
        "map": "map.svg",
        "note": 1500,
        "notes": ["one", "two"],
        "number": 7,
    }


def test_files_that_have_defaults_may_be_left_out(client: Client, path: str) -> None:
    answer = client.post(path, files=[ANIMAL, PHOTO]).json()
    assert (answer["more"], answer["map"], answer["note"], answer["notes"]) == ([], None, 0, None)


def test_a_model_that_may_be_missing_is_there_when_a_file_of_it_is(client: Client) -> None:
    assert client.post("/optional", files=[("other", ("o", b""))]).text == "nothing"
    assert faults(client, "/optional", [PHOTO]) == {("form", "animal", "missing")}
    assert faults(client, "/optional", [("map", (None, b"text"))]) >= {("body", "map", "file_type")}
    assert client.post("/optional", files=[ANIMAL, PHOTO]).json()["photo"] == ["blue.png", "a photo"]


def test_a_model_stands_beside_other_fields_and_files(client: Client) -> None:
    files = [ANIMAL, PHOTO, ("file", ("f", b"")), ("word", (None, b"w"))]
    assert client.post("/beside", files=files).json() == [["blue.png", "a photo"], "f", "w"]
