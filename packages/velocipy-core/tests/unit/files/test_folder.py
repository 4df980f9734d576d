"""A folder: which names are opened, and what the system cannot open."""

import os
import resource
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from velocipy.files.folder import Folder


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a file, beside a file that it does not have."""
    (tmp_path / "public" / "sub").mkdir(parents=True)
    (tmp_path / "public" / "sub" / "open.txt").write_bytes(b"open")
    (tmp_path / "secret.txt").write_bytes(b"secret")
    return tmp_path


def content(folder: Folder, *names: str) -> bytes | None:
    file = folder.open(names)
    if file is None:
        return None
    try:
        return file.read(0, file.count)
    finally:
        file.close()


def test_a_file_is_opened_by_its_names(place: Path) -> None:
    folder = Folder(place / "public")
    assert content(folder, "sub", "open.txt") == b"open"
    assert content(folder, "sub", "nothing.txt") is None
    assert content(folder, "nothing", "open.txt") is None
    assert content(folder, "sub", "open.txt", "more") is None


@pytest.mark.parametrize("names", [[], ["sub"], ["to-sub"], ["here"]])
def test_a_folder_is_told_from_what_is_not_there(place: Path, names: list[str]) -> None:
    (place / "public" / "to-sub").symlink_to("sub")
    (place / "public" / "here").symlink_to(".")
    with pytest.raises(IsADirectoryError):
        Folder(place / "public").open(names)


def test_a_folder_that_is_gone_has_no_files(place: Path) -> None:
    assert content(Folder(place / "nothing"), "open.txt") is None
    assert content(Folder(place / "secret.txt"), "open.txt") is None


def test_what_is_no_regular_file_is_not_there(place: Path) -> None:
    os.mkfifo(place / "public" / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        before = Path.cwd()
        os.chdir(place / "public")  # the path of a socket is short
        server.bind("socket")
        os.chdir(before)
        for name in ("pipe", "socket"):
            assert content(Folder(place / "public"), name) is None
    assert content(Folder("/dev"), "null") is None
    assert content(Folder("/dev"), "zero") is None


@pytest.mark.parametrize("name", ["\udcff", "x" * 256, "x" * 5000, "\U0001f996"])
def test_a_name_that_the_system_cannot_spell_is_not_there(place: Path, name: str) -> None:
    assert content(Folder(place / "public"), name) is None
    assert content(Folder(place / "public"), name, "open.txt") is None


def test_a_system_that_cannot_open_more_files_is_no_404(place: Path) -> None:
    folder = Folder(place / "public")
    assert content(folder, "sub", "open.txt") == b"open"
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        with pytest.raises(OSError, match="Too many open files"):
            folder.open(["sub", "open.txt"])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_nothing_stays_open(place: Path) -> None:
    (place / "public" / "out").symlink_to("../secret.txt")
    (place / "public" / "in").symlink_to("sub/open.txt")
    folder = Folder(place / "public")
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    for names in (["sub", "open.txt"], ["in"], ["out"], ["nothing"], ["sub", "nothing"], ["sub", "open.txt", "more"]):
        content(folder, *names)
    for _ in range(3):
        folder.open(["sub", "open.txt"])  # and nobody closes it
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


@given(st.text(max_size=12))
def test_a_name_that_is_allowed_is_one_name_on_every_system(name: str) -> None:
    if Folder("/", dotfiles=True).allows(name):
        assert name not in ("", ".", "..")
        assert not set(name) & set('/\\:*?"<>|\0')
        assert name == name.rstrip(". ")
        assert name.partition(".")[0].strip().lower() not in {"con", "prn", "aux", "nul", "com1", "lpt9"}
        assert all(ord(letter) > 31 for letter in name)


@pytest.mark.parametrize(
    "name", ["console.js", "nullable.txt", "com.js", "com10.txt", "auxiliary", "icon", "a.con", "-", "~"]
)
def test_a_name_that_only_looks_like_a_device_is_allowed(name: str) -> None:
    assert Folder("/").allows(name)


@pytest.mark.parametrize("name", [".env", ".git", "..."])
def test_names_that_start_with_a_dot_are_for_who_wants_them(name: str) -> None:
    assert not Folder("/").allows(name)
    assert Folder("/", dotfiles=True).allows(name) is (name != "...")


@pytest.fixture
def swapping(place: Path) -> Iterator[None]:
    """Swaps a file, and a folder on the way to another, for links that lead out, and back."""
    public, ended = place / "public", threading.Event()
    (place / "open.txt").write_bytes(b"secret")
    (public / "way").mkdir()
    (public / "way" / "open.txt").write_bytes(b"open")

    def swap() -> None:
        while not ended.is_set():
            (public / "new").symlink_to("../secret.txt")
            (public / "new").replace(public / "file")
            (public / "way").rename(public / "aside")
            (public / "way").symlink_to("..")
            (public / "new").write_bytes(b"open")
            (public / "new").replace(public / "file")
            (public / "way").unlink()
            (public / "aside").rename(public / "way")

    thread = threading.Thread(target=swap)
    thread.start()
    yield
    ended.set()
    thread.join()


def test_what_is_swapped_for_links_meanwhile_does_not_lead_out(place: Path, swapping: None) -> None:
    folder = Folder(place / "public")
    found = {content(folder, *names) for _ in range(5000) for names in (["file"], ["way", "open.txt"])}
    assert found == {b"open", None}
