"""How property tests run: the same examples each time, however busy the machine is."""

import pytest
from hypothesis import Phase, settings

PHASES = [phase for phase in Phase if phase is not Phase.explain]  # which traces every line, for minutes
settings.register_profile("velocipy", derandomize=True, deadline=None, phases=PHASES)
settings.register_profile("thorough", max_examples=5000, deadline=None, phases=PHASES)


def pytest_configure(config: pytest.Config) -> None:
    """Choose the profile, unless `--hypothesis-profile` does: "thorough" looks further than any test run should."""
    if not config.getoption("--hypothesis-profile", None):
        settings.load_profile("velocipy")
