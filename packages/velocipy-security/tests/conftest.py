"""How far the tests look."""

import pytest
from hypothesis import Phase, settings

PHASES = [phase for phase in Phase if phase is not Phase.explain]  # which traces every line, for minutes
settings.register_profile("velocipy", derandomize=True, deadline=None, phases=PHASES)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what says how many forgeries are made."""
    text = "how many tampered tokens and cookies each test of them makes; tens of thousands before a release"
    parser.addoption("--tampering", type=int, default=200, help=text)


def pytest_configure(config: pytest.Config) -> None:
    """Have the same examples each time, however busy the machine is."""
    if not config.getoption("--hypothesis-profile", None):
        settings.load_profile("velocipy")
    count = config.getoption("--tampering", 200)
    settings.register_profile("tampering", max_examples=count, deadline=None, phases=PHASES, derandomize=count == 200)


@pytest.fixture(scope="session")
def tampering() -> settings:
    """How many forgeries are made."""
    return settings.get_profile("tampering")
