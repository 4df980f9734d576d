"""The session by itself: all that a dict does, and what it refuses."""

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from velocipy.sessions import Flash, Session
from velocipy.sessions.content import Content, decode, merge

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
DATA = {"a": 1, "b": [1, 2], "c": None}
WHEN = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    "change",
    [
        lambda it: it.update(a=2, d=4),
        lambda it: it.update([("d", 1)]),
        lambda it: it.setdefault("a", 9),
        lambda it: it.setdefault("d", []).append(1),
        lambda it: it.pop("a"),
        lambda it: it.pop("none", "default"),
        lambda it: it.popitem(),
        lambda it: it.clear(),
        lambda it: it.__delitem__("b"),
        lambda it: it.__ior__({"d": 1}),
        lambda it: it["b"].append(3),
        lambda it: it.get("none"),
        lambda it: it.get("a", 3),
        lambda it: it | {"d": 1},
        lambda it: {"d": 1, "a": 0} | it,
        lambda it: ("a" in it, "z" in it, 1 in it),
        lambda it: [*it, *reversed(it), *it.keys(), *it.values(), *it.items()],
        lambda it: (len(it), bool(it), it == DATA, it != DATA),
        lambda it: it.copy(),
        lambda it: {**it},
    ],
)
def test_it_is_a_dict(change: Callable[[Any], Any]) -> None:
    plain = {**DATA, "b": [1, 2]}
    session = Session(plain | {"b": [1, 2]})
    expected, result = change(plain), change(session)
    assert (list(result) if expected is plain else result) == (list(plain) if expected is plain else expected)
    assert [*session.items()] == [*plain.items()]


@pytest.mark.parametrize("call", [lambda it: it["z"], lambda it: it.pop("z"), lambda it: it.__delitem__("z")])
def test_what_is_not_there_is_a_key_error(call: Callable[[Session], Any]) -> None:
    with pytest.raises(KeyError, match="z"):
        call(Session())
    with pytest.raises(KeyError, match="empty"):
        Session().popitem()


@pytest.mark.parametrize("value", [WHEN, {1}, b"a", Decimal(1), UUID(int=1), object(), Session])
def test_what_has_no_json_is_refused_where_it_is_set(value: Any) -> None:
    session = Session({"a": 1})
    with pytest.raises(TypeError, match=r"session\['when'\] cannot be kept: a \w+ has no JSON. Keep text"):
        session["when"] = value
    with pytest.raises(TypeError, match="a key of a session is a str, not int"):
        session[1] = 1  # type: ignore[index]
    assert dict(session) == {"a": 1}


@pytest.mark.parametrize("value", [[WHEN], {"a": {1}}, float("nan"), [float("inf")], {(): 1}])
def test_what_has_no_json_within_is_told_with_its_key(value: Any) -> None:
    with pytest.raises(TypeError, match=r"session\['when'\] cannot be kept.*str\(value\)"):
        Content(0, 0, {"ok": 1, "when": value}).encode(0)


def test_a_value_without_an_end_is_told_with_its_key() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(TypeError, match=r"session\['endless'\]"):
        Content(0, 0, {"endless": endless}).encode(0)


@given(data=st.dictionaries(st.text(), values), user=st.none() | st.text())
def test_what_is_kept_comes_back(data: dict[str, Any], user: str | None) -> None:
    content = Content(5, 7, data, {"1": ["info", "a"]}, user)
    assert decode(content.encode(7)) == content


dicts = st.dictionaries(st.sampled_from("abcdef"), values, max_size=6)


@given(base=dicts, ours=dicts, theirs=dicts)
def test_a_merge_loses_no_change(base: dict[str, Any], ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    merged, conflicts = merge(Content(0, 0, base), Content(0, 0, ours), Content(0, 0, theirs))
    for key in {*base, *ours, *theirs}:
        told = [json.dumps(data[key]) if key in data else None for data in (base, ours, theirs, merged.data)]
        before, mine, other, now = told
        assert now == (other if mine == before else mine)
        assert (key in conflicts) == (mine != before and other != before and mine != other)


def test_a_lone_surrogate_comes_back() -> None:
    kept = decode(Content(0, 0, {"\ud800": "\udfff"}).encode(0))
    assert kept is not None
    assert kept.data == {"\ud800": "\udfff"}


def test_its_text_has_no_values() -> None:
    assert repr(Session({"token": "hush"})) == "<Session with 'token'>"
    assert repr(Session()) == "<Session, not read>"


def test_flash_messages_come_in_order_and_once() -> None:
    session = Session()
    session.flash("one")
    session.flash("two", "error")
    assert session.pop_flashes() == [Flash("info", "one"), Flash("error", "two")]
    assert session.pop_flashes() == []
    with pytest.raises(TypeError, match="are str"):
        session.flash(1)  # type: ignore[arg-type]


def test_a_session_of_a_test_stands_for_one_of_a_request() -> None:
    """Handlers are tested with it as functions."""
    session = Session({"name": "Blue"})
    session.rotate("ada")
    assert (session.user, session.is_new, session.key, session.is_read_only) == ("ada", True, None, False)
    with pytest.raises(TypeError, match="give str"):
        session.rotate(1)  # type: ignore[arg-type]


def test_what_was_never_stored_is_not_told_of(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        session = Session({"a": []})
        session["a"].append(1)
        del session
    assert caplog.records == []
