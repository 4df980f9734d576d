"""Passwords as they are kept, and how long it takes to know a wrong one."""

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from velocipy import HTTPException
from velocipy.security import Argon2, BadPassword, PasswordAlgorithm, PasswordHasher, Scrypt

CHEAP = Scrypt(log_n=10)


def cheap_argon2() -> PasswordAlgorithm:
    pytest.importorskip("argon2", reason="the extra argon2")
    return Argon2(time_cost=1, memory_cost=64, parallelism=1)


@pytest.fixture(params=[lambda: CHEAP, cheap_argon2], ids=["scrypt", "argon2"])
def hasher(request: pytest.FixtureRequest) -> PasswordHasher:
    return PasswordHasher(request.param())


class Counting:
    """An algorithm that tells how often it worked, and waits if it is told to."""

    def __init__(self) -> None:
        self.verified = 0
        self.running = self.most = 0
        self.go_on = threading.Event()
        self.go_on.set()
        self._lock = threading.Lock()

    def hash(self, password: bytes) -> str:
        return f"$counting${password.hex()}"

    def knows(self, hashed: str) -> bool:
        return hashed.startswith("$counting$")

    def verify(self, password: bytes, hashed: str) -> bool:
        with self._lock:
            self.verified += 1
            self.running += 1
            self.most = max(self.most, self.running)
        self.go_on.wait(10)
        with self._lock:
            self.running -= 1
        return hashed == self.hash(password)

    def is_current(self, hashed: str) -> bool:
        return True


def run(make: Callable[[], Any]) -> Any:
    return asyncio.run(make())


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not is_so():  # noqa: ASYNC110 - what happens in threads sets no event
            await asyncio.sleep(0.001)


def test_a_password_is_known_again(hasher: PasswordHasher) -> None:
    kept = run(lambda: hasher.hash("clever girl"))
    assert "clever" not in kept
    check = run(lambda: hasher.verify("clever girl", kept))
    assert check
    assert (check.is_valid, check.new_hash) == (True, None)


@pytest.mark.parametrize("wrong", ["", "Clever girl", "clever girl ", "clever", "\udc80", "x" * 5000, "clever girl\0"])
def test_a_wrong_one_is_not(hasher: PasswordHasher, wrong: str) -> None:
    kept = run(lambda: hasher.hash("clever girl"))
    check = run(lambda: hasher.verify(wrong, kept))
    assert not check
    assert check.new_hash is None


def test_equal_passwords_have_different_hashes(hasher: PasswordHasher) -> None:
    assert run(lambda: hasher.hash("a")) != run(lambda: hasher.hash("a"))


def test_text_beyond_ascii(hasher: PasswordHasher) -> None:
    kept = run(lambda: hasher.hash("pä$$wörd"))
    assert run(lambda: hasher.verify("pä$$wörd", kept))


def test_nobody_has_no_password(hasher: PasswordHasher) -> None:
    assert not run(lambda: hasher.verify("clever girl", None))
    assert not run(lambda: hasher.verify("", None))


def test_for_unknown_users_the_same_is_done_as_for_wrong_passwords() -> None:
    """What takes another time tells who has an account."""
    algorithm = Counting()
    hasher = PasswordHasher(algorithm)
    kept = run(lambda: hasher.hash("right"))

    def work_for(password: str, hashed: str | None) -> int:
        before = algorithm.verified
        run(lambda: hasher.verify(password, hashed))
        return algorithm.verified - before

    asked = (("wrong", kept), ("wrong", None), ("x" * 5000, kept), ("", kept), ("right", kept))
    assert [work_for(password, hashed) for password, hashed in asked] == [1, 1, 1, 1, 1]


def test_what_was_made_with_other_settings_is_made_anew() -> None:
    old = run(lambda: PasswordHasher(CHEAP).hash("a"))
    hasher = PasswordHasher(Scrypt(log_n=11))
    check = run(lambda: hasher.verify("a", old))
    assert check.new_hash.startswith("$scrypt$ln=11,")
    assert run(lambda: hasher.verify("a", check.new_hash)).new_hash is None
    assert run(lambda: hasher.verify("b", old)).new_hash is None


def test_from_scrypt_to_argon2_and_back() -> None:
    argon2 = PasswordHasher(cheap_argon2())
    scrypt = PasswordHasher(CHEAP)
    kept = run(lambda: scrypt.hash("a"))
    check = run(lambda: argon2.verify("a", kept))
    assert check.new_hash.startswith("$argon2id$")
    assert run(lambda: scrypt.verify("a", check.new_hash)).new_hash.startswith("$scrypt$")


def test_argon2_is_the_default_where_it_is_installed() -> None:
    pytest.importorskip("argon2", reason="the extra argon2")
    assert run(lambda: PasswordHasher().hash("a")).startswith("$argon2id$v=19$m=65536,t=3,p=4$")


@pytest.mark.parametrize(
    "kept",
    [
        "",
        "plain text",
        "$scrypt$",
        "$scrypt$ln=10,r=8,p=1$AAAA",
        "$scrypt$ln=31,r=8,p=1$AAAA$AAAA",
        "$scrypt$ln=99,r=99,p=99$AAAA$AAAA",
        "$scrypt$ln=10,r=8,p=1$A$A",
        "$argon2id$v=19$m=1",
        "$2b$12$abcdefghijklmnopqrstuv",
    ],
)
def test_what_is_kept_and_no_hash_is_a_mistake_of_the_program(kept: str) -> None:
    with pytest.raises(ValueError, match="password|cannot be read") as raised:
        run(lambda: PasswordHasher(CHEAP).verify("a", kept))
    assert kept == "" or kept not in str(raised.value)


@pytest.mark.parametrize("password", ["", "x" * 4097, "a\0"])
def test_what_is_no_password_is_not_kept(password: str) -> None:
    with pytest.raises(ValueError, match="1 to 4096 bytes") as raised:
        run(lambda: PasswordHasher(CHEAP).hash(password))
    assert isinstance(raised.value, BadPassword)
    assert raised.value.status_code == 422


def test_a_few_run_at_once_a_few_wait_and_more_are_refused_while_the_loop_goes_on() -> None:
    algorithm = Counting()
    hasher = PasswordHasher(algorithm, max_concurrency=2, max_waiting=3)
    kept = run(lambda: hasher.hash("a"))

    async def flood() -> list[Any]:
        algorithm.go_on.clear()
        tasks = [asyncio.create_task(hasher.verify("a", kept)) for _ in range(20)]
        await until(lambda: sum(task.done() for task in tasks) == 15 and algorithm.running == 2)  # the loop is free
        algorithm.go_on.set()
        return await asyncio.gather(*tasks, return_exceptions=True)

    results = run(flood)
    refused = [result for result in results if isinstance(result, HTTPException)]
    assert (len(refused), refused[0].status_code, refused[0].headers) == (15, 503, {"Retry-After": "5"})
    assert all(result for result in results if not isinstance(result, HTTPException))
    assert algorithm.most == 2
    assert run(lambda: hasher.verify("a", kept))  # there is room again


def test_who_leaves_gives_the_room_back_when_the_thread_is_done() -> None:
    algorithm = Counting()
    hasher = PasswordHasher(algorithm, max_concurrency=1, max_waiting=0)

    async def leave() -> bool:
        algorithm.go_on.clear()
        task = asyncio.create_task(hasher.verify("a", None))
        await until(lambda: algorithm.running == 1)
        task.cancel()
        await asyncio.wait({task})
        with pytest.raises(HTTPException):
            await hasher.verify("a", None)
        algorithm.go_on.set()
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            try:
                return not await hasher.verify("a", None)
            except HTTPException:
                await asyncio.sleep(0.01)
        return False

    assert run(leave)


@pytest.mark.parametrize(
    "make",
    [
        lambda: PasswordHasher(max_concurrency=0),
        lambda: PasswordHasher(max_waiting=-1),
        lambda: Scrypt(log_n=5),
        lambda: Scrypt(log_n=25),
        lambda: Scrypt(r=0),
        lambda: Scrypt(p=99),
    ],
)
def test_mistakes_are_told(make: Any) -> None:
    with pytest.raises(ValueError, match="give a number|too cheap or too dear"):
        make()
