"""Each algorithm, in memory and in a real Redis, beside an exact model: over random times, costs and rules."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from fractions import Fraction
from importlib.util import find_spec
from typing import Any, ClassVar
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings, stateful
from hypothesis import strategies as st

from velocipy.limiter import RateLimitAlgorithm, RateLimitRule
from velocipy.limiter.storage import MemoryStorage, RateLimitStorage, RedisStorage
from velocipy.testing.redis_servers import RedisServer

from .model import Model

needs_redis = pytest.mark.skipif(
    find_spec("redis") is None or not RedisServer.is_installed(), reason="there is no redis-server, or no redis-py"
)
START = 1_790_000_000_000_000  # microseconds of Unix time


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


class RedisWithClock(RedisStorage):
    """One that says the time itself, as the script lets it."""

    machine: Machine

    def _now(self) -> int:
        now: int = self.machine.now
        return now


@st.composite
def rules(draw: st.DrawFn, name: str) -> RateLimitRule:
    algorithm = draw(st.sampled_from(RateLimitAlgorithm))
    limit = draw(st.integers(1, 12) | st.sampled_from([1000, 10**6, 10**8]))
    bursts = algorithm in (RateLimitAlgorithm.TOKEN_BUCKET, RateLimitAlgorithm.GCRA)
    burst = draw(st.none() | st.integers(1, 2 * limit)) if bursts else None
    return RateLimitRule(
        name,
        limit,
        draw(st.sampled_from([60, 61.7, 100.000007, 3600, 86400, 864000])),
        algorithm=algorithm,
        block=draw(st.booleans() | st.just(True)),
        burst=burst,
    )


class Machine(stateful.RuleBasedStateMachine):
    """Does the same to storages and to models."""

    runner: ClassVar[asyncio.Runner]
    now: int
    asked: list[RateLimitRule]
    models: list[Model]
    goes_back: ClassVar[bool] = True

    def make(self) -> RateLimitStorage:
        raise NotImplementedError

    @stateful.initialize(data=st.data(), number=st.integers(1, 3))
    def begin(self, data: Any, number: int) -> None:
        self.now = START + data.draw(st.integers(0, 10**12))
        self.asked = [data.draw(rules(f"rule{number}")) for number in range(number)]
        self.models = [Model(item) for item in self.asked]
        self.storage = self.make()
        self.key = uuid4().hex

    def times(self) -> list[int]:
        """Return what time each rule has: that of its newest entry, where the clock went back."""
        now = self.now
        return [
            max(now // item.scale, model.passed[-1][0] if model.passed else 0)
            for item, model in zip(self.asked, self.models, strict=True)
        ]

    @stateful.rule(data=st.data())
    def wait(self, data: Any) -> None:
        longest = max(round(item.window * 1_000_000) for item in self.asked)
        self.now += data.draw(st.integers(0, 1000) | st.integers(0, 3 * longest) | st.just(longest))

    @stateful.rule(microseconds=st.integers(1, 100_000_000))
    def go_back(self, microseconds: int) -> None:
        if self.goes_back:
            self.now -= microseconds

    @stateful.rule(data=st.data(), takes=st.booleans() | st.just(True))
    def ask(self, data: Any, takes: bool) -> None:
        costs = [data.draw(st.integers(1, min(item.most + 1, 4)) | st.integers(1, item.most)) for item in self.asked]
        ask = self.storage.acquire if takes else self.storage.peek
        decision = self.runner.run(ask(self.key, self.asked, costs))
        times = self.times()
        fit = [
            model.fits(Fraction(now), cost) if cost <= item.most else False
            for model, item, now, cost in zip(self.models, self.asked, times, costs, strict=True)
        ]
        allowed = all(is_fit or not item.block for is_fit, item in zip(fit, self.asked, strict=True))
        assert decision.allowed == allowed
        for number, (item, model, now, cost) in enumerate(zip(self.asked, self.models, times, costs, strict=True)):
            state = decision.states[number]
            lag = now - self.now // item.scale
            if fit[number]:
                assert state.retry_after == 0
            elif cost > item.most:
                assert state.retry_after == -1
            else:
                assert state.retry_after % item.scale == 0
                assert model.is_first_fit(now, cost, state.retry_after // item.scale - lag)
            if takes and allowed and fit[number]:
                model.take(now, cost)
            assert state.remaining == model.remaining(now)
            reset = state.reset_after // item.scale - (lag if state.reset_after else 0)
            assert model.is_full(now + reset)
            assert not reset or not model.is_full(now + reset - 1)

    @stateful.rule()
    def forget(self) -> None:
        self.runner.run(self.storage.reset(self.key, self.asked))
        for model in self.models:
            model.passed.clear()


OPTIONS = settings(deadline=None, stateful_step_count=25, suppress_health_check=[HealthCheck.too_slow])


def test_memory_does_what_the_model_does(request: pytest.FixtureRequest) -> None:
    number = int(request.config.getoption("--limiter-examples") or 0)
    with asyncio.Runner() as runner:

        class InMemory(Machine):
            goes_back = False

            def make(self) -> RateLimitStorage:
                return MemoryStorage(clock=lambda: self.now)

        InMemory.runner = runner
        stateful.run_state_machine_as_test(InMemory, settings=settings(OPTIONS, max_examples=number))


@needs_redis
def test_redis_does_what_the_model_does(redis: RedisServer, request: pytest.FixtureRequest) -> None:
    number = int(request.config.getoption("--limiter-examples") or 0)
    with asyncio.Runner() as runner:
        storage = RedisWithClock(redis.url, timeout=15)

        class InRedis(Machine):
            def make(self) -> RateLimitStorage:
                storage.machine = self
                return storage

        InRedis.runner = runner
        stateful.run_state_machine_as_test(InRedis, settings=settings(OPTIONS, max_examples=number))
        runner.run(storage.close())
