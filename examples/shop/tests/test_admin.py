"""The admin area: who may enter, and what may be uploaded there."""

import re

import pytest
from httpx2 import Response

from velocipy import VelociPy
from velocipy.testing import TestClient

from .visits import log_in, make_shop, number_of, register, submit, token_of

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


@pytest.fixture
def app() -> VelociPy:
    return make_shop()


def upload(client: TestClient, product: int, name: str, content: bytes) -> Response:
    token = token_of(client.get("/admin"))  # a form of files is judged by the header, as scripts send it
    files = {"picture": (name, content, "image/png")}
    return client.post(f"/admin/products/{product}/picture", files=files, headers={"X-CSRF-Token": token})


def test_strangers_log_in_and_customers_stay_outside(client: TestClient) -> None:
    assert client.get("/admin").status_code == 303
    register(client)
    refused = client.get("/admin")
    assert (refused.status_code, "This is not for you" in refused.text) == (403, True)
    assert submit(client, "/account", "/admin/products/1/stock", stock=99).status_code == 403
    assert 'href="/admin"' not in client.get("/").text


def test_a_product_is_added_and_shown(client: TestClient) -> None:
    assert 'href="/admin"' in log_in(client).text
    fields = {"name": "Fern <rare>", "category": "Plants", "cents": 1234, "stock": 5}
    page = submit(client, "/admin", "/admin/products", **fields)
    assert "Fern &lt;rare&gt;" in page.text
    assert "$12.34" in page.text
    assert "Only 5 left" in page.text


def test_a_picture_is_shown_under_a_name_of_ours(client: TestClient) -> None:
    log_in(client)
    hat = number_of(client, "hat")
    assert upload(client, hat, "../../app.py", PNG).status_code == 303
    found = re.search(r"/pictures/[0-9a-f]{32}\.png", client.get(f"/products/{hat}").text)
    assert found
    picture = client.get(found[0])
    assert (picture.content, picture.headers["content-type"]) == (PNG, "image/png")
    assert picture.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("content", [b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\x89PNG", b"GIF89a" + bytes(99)])
def test_what_is_no_picture_is_not_kept_whatever_it_is_called(client: TestClient, content: bytes) -> None:
    log_in(client)
    answer = upload(client, number_of(client, "map"), "map.png", content)
    assert (answer.status_code, "We cannot read that" in answer.text) == (415, True)
    assert "/pictures/map.svg" in client.get("/?q=map").text


def test_a_picture_that_is_too_large_is_not_read(client: TestClient) -> None:
    log_in(client)
    answer = upload(client, number_of(client, "map"), "map.png", PNG + bytes(2_000_000))
    assert (answer.status_code, "That is too much" in answer.text) == (413, True)


def test_without_a_file_it_says_which_field_is_missing(client: TestClient) -> None:
    log_in(client)
    answer = upload(client, number_of(client, "map"), "", b"")
    assert (answer.status_code, "<strong>picture</strong>" in answer.text) == (422, True)
