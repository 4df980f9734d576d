"""Addresses as servers write them."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from velocipy.http.address import Address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:80", ("127.0.0.1", 80)),
        ("[::1]:8000", ("::1", 8000)),
        ("[::1]", ("::1", 0)),
        ("[fe80::1%eth0]:1", ("fe80::1%eth0", 1)),
        ("example.com", ("example.com", 0)),
        ("example.com:443", ("example.com", 443)),
        ("::1", ("::1", 0)),
        ("2001:db8::80", ("2001:db8::80", 0)),
        ("a:", ("a", 0)),
        ("", None),
        ("/run/app.sock", None),
    ],
)
def test_an_address_is_read(text: str, address: tuple[str, int] | None) -> None:
    assert Address.parse(text) == address


@given(st.text())
@example(":")
@example("[]:1")
@example("[]")
def test_no_text_is_an_error(text: str) -> None:
    address = Address.parse(text)
    assert address is None or (address.host != "" and address.port >= 0)


@given(st.ip_addresses(), st.integers(0, 65535))
def test_every_address_survives_the_way(ip: object, port: int) -> None:
    text = f"[{ip}]:{port}" if ":" in str(ip) else f"{ip}:{port}"
    assert Address.parse(text) == (str(ip), port)
