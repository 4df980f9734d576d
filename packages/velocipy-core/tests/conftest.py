"""The core as it is alone, and property tests with the same examples each time, however busy the machine is."""

import sys

import pytest
from hypothesis import Phase, settings

PHASES = [phase for phase in Phase if phase is not Phase.explain]  # which traces every line, for minutes
settings.register_profile("velocipy", derandomize=True, deadline=None, phases=PHASES)
settings.register_profile("thorough", max_examples=5000, deadline=None, phases=PHASES)


def pytest_configure(config: pytest.Config) -> None:
    """Choose the profile, unless `--hypothesis-profile` does: "thorough" looks further than any test run should."""
    if not config.getoption("--hypothesis-profile", None):
        settings.load_profile("velocipy")


@pytest.fixture(autouse=True)
def _without_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have no plugin there without a word, whatever is installed beside the core."""
    monkeypatch.setitem(sys.modules, "velocipy.openapi", None)
