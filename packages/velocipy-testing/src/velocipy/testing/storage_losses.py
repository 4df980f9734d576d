"""The tests that a storage must pass which can lose its connection, for pytest.

class TestMyStorage(StorageConformance, StorageLossConformance):
    def make_storage(self, prefix: str) -> Storage:
        return MyStorage(server.url, prefix=prefix)

    def break_connection(self) -> None:
        server.stop()

    def mend_connection(self) -> None:
        server.start()
"""

import asyncio
import time
from contextlib import suppress

from velocipy.storage import Storage, StorageError
from velocipy.testing.storage import LONG, PATIENCE, PAUSE, StorageTests, in_time, new_prefix, raise_assertions, refused


class StorageLossConformance(StorageTests):
    """What `velocipy.storage.Storage` promises for the time without a connection, and after that."""

    def break_connection(self) -> None:
        """Make the storage unreachable, such as by ending its server."""
        raise NotImplementedError("define break_connection(self), which makes the storage unreachable")

    def mend_connection(self) -> None:
        """Make it reachable again; it may have forgotten everything."""
        raise NotImplementedError("define mend_connection(self), which makes the storage reachable again")

    def test_without_a_connection_every_call_fails_and_with_one_it_works_again(self) -> None:
        async def test(storage: Storage) -> None:
            await storage.set("key", b"value")
            await asyncio.to_thread(self.break_connection)
            try:
                reason = "there is no connection"
                await refused(StorageError, reason, storage.get, "key")
                await refused(StorageError, reason, storage.get, "nothing")
                await refused(StorageError, reason, storage.set, "key", b"other")
                await refused(StorageError, reason, storage.add, "new", b"")
                await refused(StorageError, reason, storage.replace, "key", b"value", b"other")
                await refused(StorageError, reason, storage.touch, "key", LONG)
                await refused(StorageError, reason, storage.delete, "key")
            finally:
                await asyncio.to_thread(self.mend_connection)
            await _until_it_works(storage)
            await storage.set("key", b"again")
            assert await storage.get("key") == b"again"

        self.run(test)

    def test_a_connection_that_is_lost_amid_calls_mixes_nothing_up(self) -> None:
        async def test(storage: Storage) -> None:
            names = [str(number) for number in range(20)]
            failed: set[str] = set()
            is_over = False

            async def use(name: str) -> None:
                while not is_over:
                    try:
                        await storage.set(name, name.encode())
                        assert await storage.get(name) in (name.encode(), None), "the value of another key"
                    except StorageError:
                        failed.add(name)
                    await asyncio.sleep(PAUSE / 4)

            async def lose() -> None:
                nonlocal is_over
                try:
                    await asyncio.to_thread(self.break_connection)
                    try:
                        deadline = time.monotonic() + PATIENCE / 2
                        while len(failed) < len(names):
                            assert time.monotonic() < deadline, "a call hangs, or works without a connection"
                            await asyncio.sleep(PAUSE)
                    finally:
                        await asyncio.to_thread(self.mend_connection)
                    await _until_it_works(storage)
                finally:
                    is_over = True

            raise_assertions(await asyncio.gather(lose(), *map(use, names), return_exceptions=True))
            for name in names:
                await storage.set(name, name.encode())
            for name in names:
                assert await storage.get(name) == name.encode(), "after the outage, the value of another key"

        self.run(test)

    def test_it_can_be_closed_and_made_without_a_connection(self) -> None:
        async def main() -> None:
            async with self.make_storage(new_prefix()) as storage:
                await storage.set("key", b"value")
                await asyncio.to_thread(self.break_connection)
                try:
                    async with self.make_storage(new_prefix()) as other:
                        await refused(StorageError, "there is no connection", other.get, "key")
                    await storage.close()
                finally:
                    await asyncio.to_thread(self.mend_connection)
                await _until_it_works(storage)

        asyncio.run(in_time(main()))


async def _until_it_works(storage: Storage) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        with suppress(StorageError):
            await storage.get("key")
            return
        assert time.monotonic() < deadline, "the connection is back, and it does not work"
        await asyncio.sleep(PAUSE)
