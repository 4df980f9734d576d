"""How far the tests look."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what says how many requests schemathesis makes."""
    text = "how many requests schemathesis makes up for each operation, besides those that the document leads to"
    parser.addoption("--schemathesis-examples", type=int, default=8, help=text)
