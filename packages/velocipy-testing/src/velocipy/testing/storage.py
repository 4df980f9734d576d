"""The tests that a storage must pass, for pytest. Those of lost connections are in `velocipy.testing.storage_losses`.

    class TestMyStorage(StorageConformance):
        def make_storage(self, prefix: str) -> Storage:
            return MyStorage(table="test", prefix=prefix)

They need no plugin for asynchronous tests, and no empty storage: each test has prefixes of its own. None depends on how
fast the storage is, so long as a call takes less than some seconds.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar
from uuid import uuid4

from velocipy.storage import Storage
from velocipy.testing._pytest import pytest

PATIENCE = 20.0  # seconds for what must happen some time; who takes longer hangs
PAUSE = 0.02  # seconds until the next look
KEYS = (
    *("", " ", "a", "A", "a ", " a", "a\n", "a\r\n", "a\0", "a\0b", "\t", "0", "None", "*", "?", "[a]", "%", "%41"),
    *("../a", "a:b", "a|b", "|", ":", "{a}b", "{a}c", "{}", "}{", "a'b", 'a"b', "a\\b", "é", "É"),
    *("e\N{COMBINING ACUTE ACCENT}", "ключ", "\N{T-REX}", "\ud800", "\udfff", "\ufeff", "ß", "ss"),
    *("x" * 10_000, "x" * 10_000 + "y"),
)
VALUES = (b"", b"\0", b"a", b"a\r\n", b"None", b"0", b"\xff\xfe", bytes(range(256)) * 400)
THREADS, TASKS, STEPS = 4, 5, 10  # of those who count together
LONG = 600.0  # a time to live that no test waits for

T = TypeVar("T")
Test = Callable[[Storage], Awaitable[None]]


class StorageTests:
    """What the classes of tests have in common."""

    def make_storage(self, prefix: str) -> Storage:
        """Return a new object. Those of other prefixes are apart; *prefix* has letters, digits, "-", ":" and "."."""
        raise NotImplementedError("define make_storage(self, prefix), which returns a storage")

    def run(self, test: Test) -> None:
        """Run *test* with a storage that is empty, and closed after it."""

        async def main() -> None:
            async with self.make_storage(new_prefix()) as storage:
                await test(storage)

        asyncio.run(in_time(main()))


class StorageConformance(StorageTests):
    """What `velocipy.storage.Storage` promises, test by test.

    A subclass, whose name begins with "Test" so that pytest finds it, defines `make_storage`.

    Attributes:
        is_shared: Whether two objects with the same prefix are the same storage, as those of two workers.
    """

    is_shared = True

    # What is stored

    def test_every_key_has_its_own_value(self) -> None:
        async def test(storage: Storage) -> None:
            for key in KEYS:
                assert await storage.get(key) is None, f"nothing was stored under {key!r:.40}"
            for number, key in enumerate(KEYS):
                await storage.set(key, str(number).encode())
            for number, key in enumerate(KEYS):
                assert await storage.get(key) == str(number).encode(), f"{key!r:.40} has the value of another key"
            for key in KEYS:
                assert await storage.delete(key), f"{key!r:.40} was there"
                assert await storage.get(key) is None, f"{key!r:.40} was deleted"

        self.run(test)

    def test_values_come_back_byte_for_byte(self) -> None:
        async def test(storage: Storage) -> None:
            for value in VALUES:
                await storage.set("set", value)
                for key, stored in (("set", True), ("add", await storage.add("add", value))):
                    assert stored, "add stores where nothing is"
                    found = await storage.get(key)
                    assert type(found) is bytes, f"a value is bytes, not {type(found).__name__}"
                    assert found == value, f"{value!r:.40} was stored, {found!r:.40} came back"
                    assert await storage.delete(key), "an empty value is something as well"

        self.run(test)

    def test_set_takes_the_place_of_what_is_there(self) -> None:
        async def test(storage: Storage) -> None:
            await storage.set("key", b"one")
            await storage.set("key", b"two")
            assert await storage.get("key") == b"two"

        self.run(test)

    def test_delete_tells_whether_something_was_there(self) -> None:
        async def test(storage: Storage) -> None:
            assert await storage.delete("key") is False
            await storage.set("key", b"")
            await storage.set("other", b"other")
            assert await storage.delete("key") is True
            assert await storage.delete("key") is False
            assert await storage.get("other") == b"other", "the other key was not to be deleted"

        self.run(test)

    def test_what_cannot_be_stored_is_refused_and_changes_nothing(self) -> None:
        async def test(storage: Storage) -> None:
            await storage.set("key", b"value")
            wrong: Any
            for wrong in ("text", 1, None, bytearray(b"changes")):
                await refused(TypeError, f"the value {wrong!r}", storage.set, "key", wrong)
                await refused(TypeError, f"the value {wrong!r}", storage.add, "new", wrong)
            for wrong in (b"key", 1, None):
                await refused(TypeError, f"the key {wrong!r}", storage.get, wrong)
                await refused(TypeError, f"the key {wrong!r}", storage.set, wrong, b"")
            for ttl in (0, -1, -0.001, float("nan"), float("inf"), 1e300):
                await refused(ValueError, f"ttl={ttl}", storage.set, "key", b"other", ttl=ttl)
                await refused(ValueError, f"ttl={ttl}", storage.add, "new", b"", ttl=ttl)
                await refused(ValueError, f"ttl={ttl}", storage.replace, "key", b"value", b"other", ttl=ttl)
                await refused(ValueError, f"ttl={ttl}", storage.touch, "key", ttl)
            assert await storage.get("key") == b"value", "a call that is refused changes nothing"
            assert await storage.get("new") is None, "a call that is refused stores nothing"

        self.run(test)

    # Expiry

    def test_what_has_expired_is_not_there_for_any_call(self) -> None:
        async def test(storage: Storage) -> None:
            for key in ("get", "add", "replace", "touch", "delete"):
                await storage.set(key, b"old", ttl=0.1)
            await storage.add("added", b"old", ttl=0.1)
            await storage.set("stays", b"old", ttl=LONG)
            await storage.set("replaced", b"old")
            assert await storage.replace("replaced", b"old", b"new", ttl=0.1)
            for key in ("get", "added", "replaced"):
                await _until_gone(storage, key)
            assert await storage.replace("replace", b"old", b"new") is False, "it has expired"
            assert await storage.touch("touch", LONG) is False, "it has expired"
            assert await storage.get("touch") is None, "it has expired, and touch does not bring it back"
            assert await storage.delete("delete") is False, "it has expired"
            assert await storage.add("add", b"new") is True, "the old one has expired"
            assert await storage.get("add") == b"new"
            assert await storage.get("stays") == b"old", f"it was to live for {LONG} seconds"

        self.run(test)

    def test_nothing_expires_before_its_time(self) -> None:
        """A look may come late, but one that ends before the time must find the value: fractions count."""
        times = {"short": 0.7, "long": 1.7}

        async def test(storage: Storage) -> None:
            begun = time.monotonic()
            for key, ttl in times.items():
                await storage.set(key, b"value", ttl=ttl)
            left = set(times)
            while left:
                for key in sorted(left):
                    value = await storage.get(key)
                    age = time.monotonic() - begun
                    if value is None:
                        assert age >= times[key], f"ttl={times[key]}, and it was gone after {age:.3f} seconds"
                        left.discard(key)
                    assert age < PATIENCE, f"ttl={times[key]}, and it was there after {age:.0f} seconds"
                await asyncio.sleep(PAUSE)

        self.run(test)

    def test_a_value_without_a_time_stays_also_where_another_had_one(self) -> None:
        async def test(storage: Storage) -> None:
            for key in ("set", "replace"):
                await storage.set(key, b"old", ttl=2.5)
            await storage.set("set", b"new")
            assert await storage.replace("replace", b"old", b"new")
            await storage.set("clock", b"", ttl=2.6)
            await _until_gone(storage, "clock")
            for key in ("set", "replace"):
                assert await storage.get(key) == b"new", f"{key} without ttl stores for ever"

        self.run(test)

    def test_touch_gives_what_is_there_another_time(self) -> None:
        async def test(storage: Storage) -> None:
            assert await storage.touch("nothing", LONG) is False
            assert await storage.get("nothing") is None, "touch stores nothing"
            await storage.set("longer", b"value", ttl=2.5)
            await storage.set("shorter", b"value", ttl=LONG)
            await storage.set("from ever", b"value")
            assert await storage.touch("longer", LONG) is True
            assert await storage.touch("shorter", 0.1) is True
            assert await storage.touch("from ever", 0.1) is True
            await storage.set("clock", b"", ttl=2.6)
            for key in ("shorter", "from ever", "clock"):
                await _until_gone(storage, key)
            assert await storage.get("longer") == b"value", "touch gave it more time, and the same value"

        self.run(test)

    # One step each

    def test_add_stores_only_where_nothing_is(self) -> None:
        async def test(storage: Storage) -> None:
            assert await storage.add("key", b"one", ttl=LONG) is True
            assert await storage.add("key", b"two", ttl=0.1) is False
            await storage.set("clock", b"", ttl=0.2)
            await _until_gone(storage, "clock")
            assert await storage.get("key") == b"one", "an add that stores nothing changes neither value nor time"
            await storage.delete("key")
            assert await storage.add("key", b"") is True
            assert await storage.add("key", b"three") is False, "an empty value is something as well"

        self.run(test)

    def test_replace_stores_only_where_the_expected_value_is(self) -> None:
        async def test(storage: Storage) -> None:
            assert await storage.replace("key", b"", b"new") is False
            assert await storage.get("key") is None, "nothing was there, and nothing is nothing but itself"
            await storage.set("key", b"one\0")
            for other in (b"", b"one", b"ONE\0", b"one\0\0", b"two"):
                assert await storage.replace("key", other, b"new") is False, f"{other!r} was not there"
                assert await storage.replace("key", other, None) is False, f"{other!r} was not there"
            assert await storage.get("key") == b"one\0"
            assert await storage.replace("key", b"one\0", b"") is True
            assert await storage.get("key") == b""
            assert await storage.replace("key", b"", None) is True
            assert await storage.get("key") is None, "replace by None deletes"
            assert await storage.delete("key") is False

        self.run(test)

    def test_of_many_who_add_at_once_one_does(self) -> None:
        async def test(storage: Storage) -> None:
            for turn in range(10):
                key = f"lock {turn}"
                names = [str(number).encode() for number in range(30)]
                added = await asyncio.gather(*(storage.add(key, name, ttl=LONG) for name in names))
                winners = [name for name, was_added in zip(names, added, strict=True) if was_added]
                assert len(winners) == 1, f"{len(winners)} of {len(names)} have the lock"
                assert await storage.get(key) == winners[0], "the value is of another than the one who was told so"

        self.run(test)

    def test_tasks_that_count_together_lose_nothing(self) -> None:
        async def test(storage: Storage) -> None:
            await asyncio.gather(*(_count(storage, STEPS) for _ in range(THREADS * TASKS)))
            assert await storage.get("count") == str(THREADS * TASKS * STEPS).encode(), "an update was lost"

        self.run(test)

    def test_threads_with_loops_of_their_own_count_together_and_lose_nothing(self) -> None:
        prefix = new_prefix()
        storage = self.make_storage(prefix)
        self._count_in_threads([storage] * THREADS)

    def test_objects_of_one_prefix_are_one_storage(self) -> None:
        """As those of several workers."""
        if not self.is_shared:
            pytest.skip("is_shared is False: each object is a storage of its own")
        prefix = new_prefix()
        self._count_in_threads([self.make_storage(prefix) for _ in range(THREADS)])

    # Several of them, one after another, at once

    def test_prefixes_are_apart(self) -> None:
        start = new_prefix()
        places = [
            ("", "a"),
            ("a", ""),
            ("", "a:b"),
            ("a", "b"),
            ("a:", "b"),
            (":a", "b"),
            ("a:b", ""),
            ("ab", ""),
            ("", "ab"),
        ]

        async def main() -> None:
            storages = {prefix: self.make_storage(start + prefix) for prefix, _ in places}
            for number, (prefix, key) in enumerate(places):
                await storages[prefix].set(key, str(number).encode())
            for number, (prefix, key) in enumerate(places):
                found = await storages[prefix].get(key)
                assert found == str(number).encode(), f"prefix {prefix!r}, key {key!r}: it has the value of another"
            for storage in storages.values():
                await storage.close()

        asyncio.run(in_time(main()))

    def test_one_loop_after_another_may_use_it(self) -> None:
        storage = self.make_storage(new_prefix())

        async def main(turn: int) -> None:
            async with storage:
                assert await storage.get("key") == (str(turn - 1).encode() if turn else None)
                await storage.set("key", str(turn).encode())

        for turn in range(3):
            asyncio.run(in_time(main(turn)))

    def test_closing_twice_is_closing_once_and_what_is_stored_stays(self) -> None:
        async def main() -> None:
            storage = self.make_storage(new_prefix())
            await storage.close()  # before the first use
            async with storage as entered:
                assert entered is storage
                await storage.set("key", b"value")
            await storage.close()
            await storage.close()
            async with storage:
                assert await storage.get("key") == b"value", "close only closes connections"

        asyncio.run(in_time(main()))

    def test_an_error_in_the_block_closes_it_and_goes_on(self) -> None:
        async def main() -> bool:
            with suppress(LookupError):
                async with self.make_storage(new_prefix()) as storage:
                    await storage.get("key")
                    raise LookupError
                return False
            return True

        assert asyncio.run(in_time(main())), "the end of the block has swallowed the error"

    def test_who_is_cancelled_ends_and_nobody_gets_the_value_of_another(self) -> None:
        async def test(storage: Storage) -> None:
            chance = random.Random(0)
            names = [str(number) for number in range(30)]
            for name in names:
                await storage.set(name, name.encode())

            async def read(name: str) -> None:
                while not is_over:
                    assert await storage.get(name) == name.encode(), "the value of another key"
                    await asyncio.sleep(0)

            for _ in range(10):
                is_over = False
                tasks = [asyncio.create_task(read(name)) for name in names]
                for task in chance.sample(tasks, len(tasks)):
                    await asyncio.sleep(chance.random() / 500)
                    task.cancel()
                await asyncio.sleep(PAUSE)
                is_over = True  # for those whose cancellation was lost
                done = await asyncio.gather(*tasks, return_exceptions=True)
                raise_assertions(done)
                assert all(isinstance(result, asyncio.CancelledError) for result in done), "a cancellation was lost"
            for name in names:
                assert await storage.get(name) == name.encode(), "after cancellations, the value of another key"

        self.run(test)

    def _count_in_threads(self, storages: Sequence[Storage]) -> None:
        async def count(storage: Storage) -> None:
            async with storage:
                await asyncio.gather(*(_count(storage, STEPS) for _ in range(TASKS)))

        async def look(storage: Storage) -> bytes | None:
            async with storage:
                return await storage.get("count")

        with ThreadPoolExecutor(len(storages)) as pool:
            list(pool.map(lambda storage: asyncio.run(in_time(count(storage))), storages))
        found = asyncio.run(in_time(look(storages[0])))
        assert found == str(len(storages) * TASKS * STEPS).encode(), "an update was lost"


def new_prefix() -> str:
    """Return a prefix that no test had."""
    return f"test-{uuid4().hex}:"


async def in_time(test: Awaitable[T]) -> T:
    """Wait for *test*, but not for ever."""
    try:
        async with asyncio.timeout(3 * PATIENCE):
            return await test
    except TimeoutError:
        raise AssertionError("a call hangs") from None


async def refused(
    error: type[Exception], reason: str, call: Callable[..., Awaitable[object]], *arguments: Any, **options: Any
) -> None:
    """Check that *call* raises *error*, for the *reason*."""
    try:
        async with asyncio.timeout(PATIENCE):
            result = await call(*arguments, **options)
    except error:
        return
    except TimeoutError:
        raise AssertionError(f"{reason}: the call hangs; {error.__name__} is due") from None
    except Exception as other:
        raise AssertionError(f"{reason}: {error.__name__} is due, not {type(other).__name__}") from other
    raise AssertionError(f"{reason}: {error.__name__} is due, and the call returned {result!r:.40}")


async def _until_gone(storage: Storage, key: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while await storage.get(key) is not None:
        assert time.monotonic() < deadline, f"{key!r} does not expire"
        await asyncio.sleep(PAUSE)


async def _count(storage: Storage, steps: int) -> None:
    """Add 1 to the number under "count", *steps* times, beside others who do so too."""
    done = 0
    while done < steps:
        found = await storage.get("count")
        if found is None:
            done += await storage.add("count", b"1")
        else:
            done += await storage.replace("count", found, str(int(found) + 1).encode())


def raise_assertions(results: Iterable[object]) -> None:
    """Raise the first exception of `gather(..., return_exceptions=True)` that is no cancellation."""
    for result in results:
        if isinstance(result, Exception):
            raise result
