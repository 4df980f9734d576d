"""Signatures: keys of one purpose each, and rotation."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from velocipy import Secret
from velocipy.security.signing import Signer

OLD, NEW = b"o" * 32, "n" * 40


def test_cve_2025_47278_the_newest_key_signs_and_all_verify() -> None:
    before, now = Signer(OLD, "p"), Signer([NEW, OLD], "p")
    assert now.unsign(before.sign("text")) == "text"
    assert now.sign("text") == Signer(NEW, "p").sign("text")
    assert before.unsign(now.sign("text")) is None


def test_cve_2026_6873_what_is_signed_for_one_purpose_is_nothing_for_another() -> None:
    assert Signer(OLD, "csrf").unsign(Signer(OLD, "csrf2").sign("text")) is None
    assert Signer(OLD, "csrf").unsign(Signer(OLD, "cs").sign("rftext")) is None


def test_a_secret_is_a_key() -> None:
    assert Signer(Secret(NEW), "p").sign("a") == Signer(NEW, "p").sign("a")


@pytest.mark.parametrize("key", ["", b"", "short", [OLD, "short"], []])
def test_a_key_that_is_too_short_is_refused_without_telling_it(key: str) -> None:
    with pytest.raises(ValueError, match="key") as raised:
        Signer(key, "p")
    assert "short" not in str(raised.value)


def test_another_type_is_refused() -> None:
    with pytest.raises(TypeError, match="str or bytes"):
        Signer([5], "p")  # type: ignore[list-item]


def test_nothing_else_is_a_signature(tampering: settings) -> None:
    signer = Signer(OLD, "p")
    good = signer.sign("some.text")

    def changed(at: int, new: str) -> str:
        return good[:at] + new + good[at + 1 :]

    @settings(tampering)
    @given(st.text() | st.builds(changed, st.integers(0, len(good) - 1), st.characters()))
    def forge(text: str) -> None:
        assert text == good or signer.unsign(text) is None

    forge()
