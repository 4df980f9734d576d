"""What is retired says so: in whose line, what does it now, and when it will be gone."""

import warnings
from pathlib import Path

import pytest

from velocipy import VelociPyDeprecationWarning
from velocipy.deprecation import warn_deprecated

LINES = Path(__file__).read_text("utf-8").splitlines()


def old() -> str:
    warn_deprecated("old()", instead="new()", gone_in="velocipy-anything 1.4")
    return "done"


def test_the_warning_names_the_replacement_and_the_release_at_the_line_of_the_caller() -> None:
    with pytest.warns(VelociPyDeprecationWarning) as caught:
        assert old() == "done"
    assert str(caught[0].message) == (
        "old() is deprecated and will be gone in velocipy-anything 1.4; use new() instead"
    )
    assert caught[0].filename == __file__
    assert "assert old()" in LINES[caught[0].lineno - 1]


def test_who_wraps_the_call_says_whose_line_it_is() -> None:
    def retire() -> None:
        warn_deprecated("x", instead="y", gone_in="velocipy-core 1.4", stacklevel=3)

    def wrapped() -> None:
        retire()

    with pytest.warns(VelociPyDeprecationWarning) as caught:
        wrapped()
    assert "wrapped()" in LINES[caught[0].lineno - 1]


def test_it_is_chosen_apart_from_the_deprecations_of_others() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("error", VelociPyDeprecationWarning)
        warnings.warn("of somebody else", DeprecationWarning, stacklevel=1)
        with pytest.raises(VelociPyDeprecationWarning):
            old()
