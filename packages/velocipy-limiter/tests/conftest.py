"""How far the tests look."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what says how long the long ones are."""
    parser.addoption(
        "--limiter-examples", type=int, default=40, help="how many histories the algorithms are tried with"
    )
    parser.addoption(
        "--limiter-long", action="store_true", help="hammer real servers with workers, and a Redis Cluster"
    )
