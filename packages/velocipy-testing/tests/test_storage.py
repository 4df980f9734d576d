"""The tests of storages find what is wrong with one: each mistake here fails the test that is named beside it."""

import asyncio
import unicodedata
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from velocipy.storage import MemoryStorage, Storage, StorageError
from velocipy.testing.storage import StorageConformance
from velocipy.testing.storage_losses import StorageLossConformance


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("storage", "storage_losses"):
        monkeypatch.setattr(f"velocipy.testing.{module}.PATIENCE", 3.0)


class Altered(Storage):
    """Calls *key* for each key, and *ttl* for each time to live, of another storage."""

    def __init__(
        self,
        key: Callable[[str], str] = str,
        ttl: Callable[[Any], Any] = lambda ttl: ttl,
        storage: Storage | None = None,
    ) -> None:
        self._storage = storage or MemoryStorage()
        self._key, self._ttl = key, ttl

    def _altered(self, key: Any) -> Any:
        return self._key(key) if isinstance(key, str) else key

    async def get(self, key: str) -> bytes | None:
        return await self._storage.get(self._altered(key))

    async def set(self, key: str, value: bytes, *, ttl: float | None = None) -> None:
        await self._storage.set(self._altered(key), value, ttl=self._ttl(ttl))

    async def add(self, key: str, value: bytes, *, ttl: float | None = None) -> bool:
        return await self._storage.add(self._altered(key), value, ttl=self._ttl(ttl))

    async def replace(self, key: str, expected: bytes, value: bytes | None, *, ttl: float | None = None) -> bool:
        return await self._storage.replace(self._altered(key), expected, value, ttl=self._ttl(ttl))

    async def touch(self, key: str, ttl: float) -> bool:
        return await self._storage.touch(self._altered(key), self._ttl(ttl))

    async def delete(self, key: str) -> bool:
        return await self._storage.delete(self._altered(key))

    async def close(self) -> None:
        await self._storage.close()


class KeepsItsTime(MemoryStorage):
    async def set(self, key: str, value: bytes, *, ttl: float | None = None) -> None:
        found = await self.get(key)
        if found is None or ttl is not None or not await self.replace(key, found, value, ttl=2.5):
            await super().set(key, value, ttl=ttl)


class AddsByMistake(MemoryStorage):
    async def add(self, key: str, value: bytes, *, ttl: float | None = None) -> bool:
        if ttl is not None and await self.touch(key, ttl):
            return False
        return await super().add(key, value, ttl=ttl)


class TakesEmptyForNothing(MemoryStorage):
    async def get(self, key: str) -> bytes | None:
        return await super().get(key) or None


class ReturnsWhatItLikes(MemoryStorage):
    async def get(self, key: str) -> Any:
        value = await super().get(key)
        return None if value is None else memoryview(value)


class TakesText(MemoryStorage):
    async def set(self, key: str, value: Any, *, ttl: float | None = None) -> None:
        await super().set(key, value.encode() if isinstance(value, str) else value, ttl=ttl)


class TouchStores(MemoryStorage):
    async def touch(self, key: str, ttl: float) -> bool:
        return await super().touch(key, ttl) or await self.add(key, b"", ttl=ttl) is None


class TouchOnlyLengthens(MemoryStorage):
    async def touch(self, key: str, ttl: float) -> bool:
        return await super().touch(key, max(ttl, 60))


class DeletesByPrefix(MemoryStorage):
    async def delete(self, key: str) -> bool:
        await super().delete("other")
        return await super().delete(key)


class ComparesStarts(MemoryStorage):
    async def replace(self, key: str, expected: bytes, value: bytes | None, *, ttl: float | None = None) -> bool:
        found = await self.get(key)
        starts = found is not None and found.startswith(expected)
        return starts and await super().replace(key, found or b"", value, ttl=ttl)


class AsksFirst(MemoryStorage):
    """It looks, and then does, with others in between."""

    async def add(self, key: str, value: bytes, *, ttl: float | None = None) -> bool:
        if await self.get(key) is not None:
            return False
        await asyncio.sleep(0)
        await self.set(key, value, ttl=ttl)
        return True

    async def replace(self, key: str, expected: bytes, value: bytes | None, *, ttl: float | None = None) -> bool:
        if value is None or await self.get(key) != expected:
            return False
        await asyncio.sleep(0)
        await self.set(key, value, ttl=ttl)
        return True


class LocksOneLoop(AsksFirst):
    def __init__(self) -> None:
        super().__init__()
        self._asyncio_lock = asyncio.Lock()

    async def add(self, key: str, value: bytes, *, ttl: float | None = None) -> bool:
        async with self._asyncio_lock:
            return await super().add(key, value, ttl=ttl)

    async def replace(self, key: str, expected: bytes, value: bytes | None, *, ttl: float | None = None) -> bool:
        async with self._asyncio_lock:
            return await super().replace(key, expected, value, ttl=ttl)


class BoundToItsFirstLoop(MemoryStorage):
    _loop: asyncio.AbstractEventLoop | None = None

    async def get(self, key: str) -> bytes | None:
        self._loop = self._loop or asyncio.get_running_loop()
        if self._loop is not asyncio.get_running_loop():
            raise RuntimeError("it is bound to a different event loop")
        return await super().get(key)


class ForgetsWhenClosed(MemoryStorage):
    async def close(self) -> None:
        self.__init__()  # type: ignore[misc]


class ClosesOnce(MemoryStorage):
    is_closed = False

    async def close(self) -> None:
        if self.is_closed:
            raise StorageError("it is closed")
        self.is_closed = True


class NeverCloses(MemoryStorage):
    async def __aexit__(self, *error: object) -> bool:  # type: ignore[override]
        return True


class OneConnectionForAll(MemoryStorage):
    """Whose answers come in order, also when who asked has gone: CVE-2023-28858 of redis-py."""

    def __init__(self) -> None:
        super().__init__()
        self._answers: deque[bytes | None] = deque()

    async def get(self, key: str) -> bytes | None:
        self._answers.append(await super().get(key))
        await asyncio.sleep(0)
        return self._answers.popleft()


class KeepsCancellations(MemoryStorage):
    async def get(self, key: str) -> bytes | None:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(0)
        return await super().get(key)


def of(storage: Callable[[], Storage]) -> type[StorageConformance]:
    class Conformance(StorageConformance):
        is_shared = False

        def make_storage(self, prefix: str) -> Storage:
            return storage()

    return Conformance


REFUSED = "test_what_cannot_be_stored_is_refused_and_changes_nothing"


@pytest.mark.parametrize(
    ("make", "test"),
    [
        (lambda: Altered(key=str.lower), "test_every_key_has_its_own_value"),
        (lambda: Altered(key=str.strip), "test_every_key_has_its_own_value"),
        (lambda: Altered(key=lambda key: key[:250]), "test_every_key_has_its_own_value"),
        (lambda: Altered(key=lambda key: unicodedata.normalize("NFC", key)), "test_every_key_has_its_own_value"),
        (lambda: Altered(key=lambda key: key.encode("utf-8", "replace").decode()), "test_every_key_has_its_own_value"),
        (lambda: Altered(key=lambda key: key.partition("\0")[0]), "test_every_key_has_its_own_value"),
        (lambda: Altered(ttl=lambda ttl: ttl and int(ttl) + 0.1), "test_nothing_expires_before_its_time"),
        (lambda: Altered(ttl=lambda ttl: ttl and ttl / 1000), "test_nothing_expires_before_its_time"),
        (lambda: Altered(ttl=lambda ttl: ttl and ttl * 1000), "test_nothing_expires_before_its_time"),
        (lambda: Altered(ttl=lambda ttl: None), "test_what_has_expired_is_not_there_for_any_call"),
        (lambda: Altered(ttl=lambda ttl: ttl if ttl and ttl > 0 else None), REFUSED),
        (KeepsItsTime, "test_a_value_without_a_time_stays_also_where_another_had_one"),
        (AddsByMistake, "test_add_stores_only_where_nothing_is"),
        (TakesEmptyForNothing, "test_values_come_back_byte_for_byte"),
        (ReturnsWhatItLikes, "test_values_come_back_byte_for_byte"),
        (TakesText, REFUSED),
        (TouchStores, "test_touch_gives_what_is_there_another_time"),
        (TouchOnlyLengthens, "test_touch_gives_what_is_there_another_time"),
        (DeletesByPrefix, "test_delete_tells_whether_something_was_there"),
        (ComparesStarts, "test_replace_stores_only_where_the_expected_value_is"),
        (AsksFirst, "test_of_many_who_add_at_once_one_does"),
        (AsksFirst, "test_tasks_that_count_together_lose_nothing"),
        (ForgetsWhenClosed, "test_closing_twice_is_closing_once_and_what_is_stored_stays"),
        (NeverCloses, "test_an_error_in_the_block_closes_it_and_goes_on"),
        (OneConnectionForAll, "test_who_is_cancelled_ends_and_nobody_gets_the_value_of_another"),
        (KeepsCancellations, "test_who_is_cancelled_ends_and_nobody_gets_the_value_of_another"),
    ],
)
def test_a_mistake_fails_the_test_of_it(make: Callable[[], Storage], test: str) -> None:
    with pytest.raises(AssertionError):
        getattr(of(make)(), test)()


@pytest.mark.parametrize(
    ("make", "test"),
    [
        (LocksOneLoop, "test_threads_with_loops_of_their_own_count_together_and_lose_nothing"),
        (BoundToItsFirstLoop, "test_one_loop_after_another_may_use_it"),
        (ClosesOnce, "test_closing_twice_is_closing_once_and_what_is_stored_stays"),
    ],
)
def test_a_mistake_that_raises_fails_the_test_of_it(make: Callable[[], Storage], test: str) -> None:
    with pytest.raises((RuntimeError, StorageError)):
        getattr(of(make)(), test)()


def test_prefixes_that_run_into_keys_are_found() -> None:
    everything = MemoryStorage()

    class Conformance(StorageConformance):
        def make_storage(self, prefix: str) -> Storage:
            return Altered(key=lambda key: prefix + key, storage=everything)

    with pytest.raises(AssertionError, match="value of another"):
        Conformance().test_prefixes_are_apart()
    Conformance().test_every_key_has_its_own_value()


def test_objects_that_share_nothing_are_found() -> None:
    class Conformance(StorageConformance):
        def make_storage(self, prefix: str) -> Storage:
            return MemoryStorage()

    with pytest.raises(AssertionError, match="an update was lost"):
        Conformance().test_objects_of_one_prefix_are_one_storage()


# Lost connections


class Line:
    """A connection that can be lost."""

    def __init__(self) -> None:
        self.is_up = True
        self.losses = 0


class OverALine(MemoryStorage):
    """Which is right; those below do one thing otherwise."""

    def __init__(self, line: Line) -> None:
        super().__init__()
        self._line = line

    async def check(self) -> None:
        if not self._line.is_up:
            raise StorageError("the line is down")

    async def get(self, key: str) -> bytes | None:
        await self.check()
        return await super().get(key)

    async def set(self, key: str, value: bytes, *, ttl: float | None = None) -> None:
        await self.check()
        await super().set(key, value, ttl=ttl)

    async def add(self, key: str, value: bytes, *, ttl: float | None = None) -> bool:
        await self.check()
        return await super().add(key, value, ttl=ttl)

    async def replace(self, key: str, expected: bytes, value: bytes | None, *, ttl: float | None = None) -> bool:
        await self.check()
        return await super().replace(key, expected, value, ttl=ttl)

    async def touch(self, key: str, ttl: float) -> bool:
        await self.check()
        return await super().touch(key, ttl)

    async def delete(self, key: str) -> bool:
        await self.check()
        return await super().delete(key)


class Hangs(OverALine):
    async def check(self) -> None:
        if not self._line.is_up:
            await asyncio.sleep(3600)


class RaisesItsOwn(OverALine):
    async def check(self) -> None:
        if not self._line.is_up:
            raise ConnectionError("the line is down")


class FindsNothing(OverALine):
    async def get(self, key: str) -> bytes | None:
        return await super().get(key) if self._line.is_up else None


class SaysThatItIsDone(OverALine):
    async def set(self, key: str, value: bytes, *, ttl: float | None = None) -> None:
        if self._line.is_up:
            await super().set(key, value, ttl=ttl)


class StaysAway(OverALine):
    async def check(self) -> None:
        if self._line.losses:
            raise StorageError("the line was down")


class MixesUp(OverALine):
    async def get(self, key: str) -> bytes | None:
        value = await super().get(key)
        return await super().get("1") if self._line.losses and key.isdigit() else value


class CannotCloseAlone(OverALine):
    async def close(self) -> None:
        await self.check()


def over(storage: Callable[[Line], Storage]) -> StorageLossConformance:
    line = Line()

    class Conformance(StorageLossConformance):
        def make_storage(self, prefix: str) -> Storage:
            return storage(line)

        def break_connection(self) -> None:
            line.is_up = False
            line.losses += 1

        def mend_connection(self) -> None:
            line.is_up = True

    return Conformance()


WITHOUT = "test_without_a_connection_every_call_fails_and_with_one_it_works_again"
AMID = "test_a_connection_that_is_lost_amid_calls_mixes_nothing_up"
CLOSED = "test_it_can_be_closed_and_made_without_a_connection"


@pytest.mark.parametrize("test", [WITHOUT, AMID, CLOSED])
def test_a_storage_that_does_right_passes(test: str) -> None:
    getattr(over(OverALine), test)()


@pytest.mark.parametrize(
    ("make", "test", "message"),
    [
        (Hangs, WITHOUT, "hangs; StorageError is due"),
        (Hangs, AMID, "a call hangs"),
        (RaisesItsOwn, WITHOUT, "StorageError is due, not ConnectionError"),
        (FindsNothing, WITHOUT, "StorageError is due, and the call returned None"),
        (SaysThatItIsDone, WITHOUT, "StorageError is due, and the call returned None"),
        (StaysAway, WITHOUT, "the connection is back, and it does not work"),
        (MixesUp, AMID, "the value of another key"),
    ],
)
def test_a_mistake_without_a_connection_is_told(make: Callable[[Line], Storage], test: str, message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        getattr(over(make), test)()


def test_a_storage_that_cannot_be_closed_without_a_connection_is_found() -> None:
    with pytest.raises(StorageError):
        getattr(over(CannotCloseAlone), CLOSED)()


@pytest.mark.parametrize("test", [StorageConformance().make_storage, StorageLossConformance().make_storage])
def test_what_is_not_defined_is_named(test: Callable[[str], Storage]) -> None:
    with pytest.raises(NotImplementedError, match="make_storage"):
        test("")
