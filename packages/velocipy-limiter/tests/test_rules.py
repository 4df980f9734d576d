"""Rules: what is one, how text is read, and which count the same."""

from __future__ import annotations

from typing import Any

import pytest

from velocipy.limiter import Limiter, RateLimitAlgorithm, RateLimitRule, StorageErrorAction
from velocipy.limiter.storage import MemoryStorage

RULE: dict[str, Any] = {"name": "rule", "limit": 5, "window": 60}


async def windows(text: str) -> list[tuple[str, int, float]]:
    result = await Limiter(MemoryStorage()).peek("who", text)
    return [(rule.name, rule.limit, rule.window) for rule in result.rules]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("100/minute", [("100/60s", 100, 60)]),
        ("5 per 10 seconds", [("5/10s", 5, 10)]),
        ("5/10s", [("5/10s", 5, 10)]),
        (" 10 / Second ; 100/hour", [("10/1s", 10, 1), ("100/3600s", 100, 3600)]),
        ("login: 5 per 1.5 minutes", [("login", 5, 90)]),
        ("1/0.5s", [("1/0.5s", 1, 0.5)]),
        ("7/2 days;8/week", [("7/172800s", 7, 172800), ("8/604800s", 8, 604800)]),
    ],
)
async def test_text_is_read(text: str, expected: list[Any]) -> None:
    assert await windows(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", ";", "100", "a/minute", "100/fortnight", "-1/minute", "1/minute;", "x y: 1/s", "\N{ARABIC-INDIC DIGIT ONE}/s"],
)
async def test_text_that_is_no_rule_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="cannot be read; write .*, whose name has no blanks"):
        await windows(text)


@pytest.mark.parametrize(
    "options",
    [
        {"name": ""},
        {"name": "a\nb"},
        {"name": 'a"b'},
        {"name": "a{b}"},
        {"name": "é"},
        {"name": "x" * 65},
        {"name": 5},
        {"limit": 0},
        {"limit": -1},
        {"window": 0},
        {"window": -1},
        {"window": float("nan")},
        {"window": float("inf")},
        {"window": 0.0001},
        {"cost": 0},
        {"cost": 6},
        {"burst": 0},
        {"burst": 2, "cost": 3},
        {"burst": 2, "algorithm": "fixed-window"},
        {"algorithm": "leaky"},
        {"on_storage_error": "maybe"},
        {"limit": 2**50, "window": 86400},
    ],
)
def test_what_cannot_be_a_rule_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"rule|name"):
        RateLimitRule(**(RULE | options))


@pytest.mark.parametrize("options", [{"limit": "5"}, {"limit": True}, {"limit": 1.5}, {"window": "60"}, {"cost": 1.0}])
def test_what_is_no_number_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="rule"):
        RateLimitRule(**(RULE | options))


def test_algorithms_and_actions_may_be_named() -> None:
    rule = RateLimitRule("rule", 1, 1, algorithm="gcra", on_storage_error="deny")  # type: ignore[arg-type]
    assert (rule.algorithm, rule.on_storage_error) == (RateLimitAlgorithm.GCRA, StorageErrorAction.DENY)
    assert [str(item) for item in RateLimitAlgorithm] == [
        "token-bucket",
        "fixed-window",
        "sliding-window",
        "sliding-window-counter",
        "gcra",
    ]


async def test_rules_that_are_the_same_share_their_counts_and_others_do_not() -> None:
    limiter = Limiter(MemoryStorage())
    await limiter.check("who", RateLimitRule("api", 1, 60))
    assert not (await limiter.check("who", RateLimitRule("api", 1, 60, block=True))).allowed
    assert (await limiter.check("who", RateLimitRule("api", 2, 60))).allowed  # as when a plan changes
    assert (await limiter.check("who", RateLimitRule("other", 1, 60))).allowed
    assert (await limiter.check("other", RateLimitRule("api", 1, 60))).allowed


def test_a_rule_is_frozen_and_keeps_a_large_limit_exact() -> None:
    rule = RateLimitRule("rule", 10**9, 86400)
    with pytest.raises(AttributeError):
        rule.limit = 5  # type: ignore[misc]
    assert hash(rule) == hash(RateLimitRule("rule", 10**9, 86400))
