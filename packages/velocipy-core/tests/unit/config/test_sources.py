"""Where values come from: the environment, `.env` files, folders of secrets, files of TOML and JSON."""

import json
import os
import sys
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from velocipy import Config, ConfigError, Secret

Write = Callable[[str, str | bytes], str]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes a file into the folder in which the test runs, and returns its path."""
    monkeypatch.chdir(tmp_path)

    def write_file(name: str, content: str | bytes) -> str:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return name

    return write_file


class Database(Config):
    host: str = "localhost"
    port: int = 5432


class Settings(
    Config,
    env_prefix="VT_",
    env_file=(".env", ".env.local"),
    secrets_dir="secrets",
    config_file="settings.toml",
):
    name: str = "default"
    size: int = 0
    database: Database


def problems(error: ConfigError) -> list[tuple[str, str]]:
    return [(problem.name, problem.place) for problem in error.problems]


# -- what is wrong ----------------------------------------------------------------------------------------------------


def test_everything_wrong_in_every_source_is_told_at_once(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    class Wrong(Config, env_prefix="VT_", env_file="a.env", secrets_dir="s", config_file=("c.toml", "d.json")):
        one: int
        two: int
        three: int
        four: int
        five: Secret[int]
        six: bool

    monkeypatch.setenv("VT_ONE", "x")
    write("a.env", "# comment\nVT_TWO=x\n")
    write("s/vt_three", "x\n")
    write("c.toml", 'four = "4"\nseven = 7')
    write("d.json", '{"six": "yes"}')
    with pytest.raises(ConfigError) as raised:
        Wrong()
    assert problems(raised.value) == [
        ("seven", "seven in c.toml"),
        ("one", "VT_ONE in the environment"),
        ("two", "VT_TWO in a.env, line 2"),
        ("three", f"the file {Path('s', 'vt_three')}"),
        ("four", "four in c.toml"),
        ("five", ""),
        ("six", "six in d.json"),
    ]
    assert raised.value.problems[-2].remedy == (
        f"Set VT_FIVE in the environment, or in a.env, or write it into the file {Path('s', 'vt_five')}, "
        "or write five into d.json, or write five into c.toml."
    )


def test_what_is_missing_names_every_place_and_those_that_are_not_there(write: Write) -> None:
    class Empty(Settings):
        token: Secret[str]

    with pytest.raises(ConfigError) as raised:
        Empty()
    assert str(raised.value) == (
        "Empty cannot be made: token: it is missing. Set VT_TOKEN in the environment, or in .env.local (which is "
        f"not there), or in .env (which is not there), or write it into the file {Path('secrets', 'vt_token')} "
        "(whose folder is not there), or write token into settings.toml (which is not there)."
    )


def test_a_malformed_env_file_is_wrong_whatever_is_in_it(write: Write) -> None:
    write(".env", "VT_NAME=a\nVT_SIZE 5 hush\n")
    with pytest.raises(ConfigError) as raised:
        Settings()
    assert problems(raised.value) == [("", ".env, line 2")]
    assert "hush" not in str(raised.value)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.toml", "name = "),
        ("a.toml", b"name = '\xff'"),
        ("a.json", "{"),
        ("a.json", "[]"),
        ("a.json", "[" * 100_000),
        ("a.json", b"\xff"),
    ],
)
def test_a_file_that_cannot_be_read_is_wrong(write: Write, name: str, content: str | bytes) -> None:
    class Read(Config, config_file=write(name, content)):
        size: int = 0

    with pytest.raises(ConfigError) as raised:
        Read()
    assert problems(raised.value) == [("", name)]


@pytest.mark.parametrize("option", ["env_file", "config_file"])
def test_a_folder_in_the_place_of_a_file_is_wrong(tmp_path: Path, option: str) -> None:
    cls: Any = type("Read", (Config,), {"__annotations__": {"size": int}, "size": 0}, **{option: tmp_path})
    with pytest.raises(ConfigError) as raised:
        cls()
    assert problems(raised.value) == [("", str(tmp_path))]


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="who may read everything sees no such error")
def test_a_secret_that_may_not_be_read_is_wrong(write: Write) -> None:
    Path(write("secrets/vt_name", "a")).chmod(0)
    with pytest.raises(ConfigError, match="Permission denied"):
        Settings()


def test_a_file_in_the_place_of_a_folder_is_wrong(write: Write) -> None:
    write("secrets", "a")
    with pytest.raises(ConfigError, match="secrets: it cannot be read: Not a directory"):
        Settings()


def test_what_is_no_field_in_a_file_of_the_class_is_wrong(write: Write) -> None:
    write("settings.toml", 'nmae = "a"\n[database]\nhots = "b"\n[other]\nx = 1')
    with pytest.raises(ConfigError) as raised:
        Settings()
    assert problems(raised.value) == [
        ("nmae", "nmae in settings.toml"),
        ("other", "other in settings.toml"),
        ("database.hots", "database.hots in settings.toml"),
    ]
    assert "did you mean 'name'?" in str(raised.value)


def test_text_that_is_no_utf_8_is_wrong_unless_it_is_to_be_bytes(write: Write) -> None:
    class Raw(Settings):
        key: Secret[bytes]

    write("secrets/vt_key", b"\xff\x00\n")
    assert Raw().key.get_secret_value() == b"\xff\x00"
    write("secrets/vt_name", b"\xff")
    with pytest.raises(ConfigError, match="name: the file .*: Input should be UTF-8"):
        Raw()


# -- which source counts ----------------------------------------------------------------------------------------------


def test_the_first_source_that_has_a_value_counts(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings().name == "default"
    write("settings.toml", 'name = "toml"')
    assert Settings().name == "toml"
    write("secrets/vt_name", "secret")
    assert Settings().name == "secret"
    write(".env", "VT_NAME=env")
    assert Settings().name == "env"
    write(".env.local", "VT_NAME=local")
    assert Settings().name == "local"
    monkeypatch.setenv("VT_NAME", "environment")
    assert Settings().name == "environment"
    assert Settings(name="given").name == "given"


def test_sections_are_put_together_of_all_sources(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    class Whole(Settings):
        replica: Database | None = None
        cache: Database = Database(host="cache", port=1)

    assert Whole().database == Database(host="localhost", port=5432)
    assert Whole().replica is None
    write("settings.toml", '[database]\nhost = "a"\nport = 1\n[cache]\nport = 2')
    monkeypatch.setenv("VT_DATABASE__PORT", "2")
    monkeypatch.setenv("VT_REPLICA__HOST", "b")
    whole = Whole()
    assert whole.database == Database(host="a", port=2)
    assert whole.replica == Database(host="b", port=5432)
    assert whole.cache == Database(host="cache", port=2)
    assert Whole(database={"port": 3}).database == Database(host="a", port=3)
    assert Whole(database=Database(port=4)).database == Database(host="localhost", port=4)
    monkeypatch.setenv("VT_DATABASE", '{"host": "json", "port": 9}')
    assert Whole().database == Database(host="json", port=2)
    monkeypatch.setenv("VT_DATABASE", "{")
    with pytest.raises(ConfigError, match="VT_DATABASE in the environment: Input should be a section"):
        Whole()


def test_sections_within_sections_have_longer_names(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    class Middle(Config):
        database: Database = Database(host="inner")

    class Deep(Config, env_prefix="VT_", config_file="settings.toml"):
        middle: Middle = Middle()

    write("settings.toml", '[middle.database]\nhost = "deep"')
    monkeypatch.setenv("VT_MIDDLE__DATABASE__PORT", "7")
    assert Deep().middle.database == Database(host="deep", port=7)


def test_a_class_without_sources_reads_nothing(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    class Silent(Config):
        name: str = "default"

    write(".env", "NAME=env")
    monkeypatch.setenv("NAME", "environment")
    assert Silent().name == "default"


def test_sources_are_inherited_and_can_be_others(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    class Testing(Settings, env_prefix="VTT_", env_file=()):
        pass

    write(".env", "VTT_NAME=env")
    write("settings.toml", "size = 3")
    monkeypatch.setenv("VTT_NAME", "testing")
    monkeypatch.setenv("VT_SIZE", "4")
    assert (Testing().name, Testing().size) == ("testing", 3)
    assert (Settings().name, Settings().size) == ("default", 4)


def test_an_env_file_alone_has_the_environment_before_it(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    class Plain(Config, env_file=".env"):
        vt_name: str
        vt_size: int

    write(".env", "VT_NAME=a\nvt_size=1")
    assert (Plain().vt_name, Plain().vt_size) == ("a", 1)
    monkeypatch.setenv("VT_SIZE", "2")
    assert Plain().vt_size == 2


def test_the_case_of_names_does_not_matter_but_capitals_count_first(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(".env", "vt_name=small\n")
    assert Settings().name == "small"
    write(".env", "VT_NAME=capital\nvt_name=small\n")
    assert Settings().name == "capital"
    write("secrets/VT_SIZE", "6")
    assert Settings().size == 6


def test_an_empty_text_is_none_where_it_means_nothing(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    class Blank(Settings):
        tags: list[str] = ["a"]  # noqa: RUF012
        more: dict[str, int] = {"a": 1}  # noqa: RUF012

    for name in ("NAME", "SIZE", "TAGS", "MORE", "DATABASE", "DATABASE__PORT"):
        monkeypatch.setenv(f"VT_{name}", "")
    blank = Blank()
    assert (blank.name, blank.size, blank.tags, blank.more) == ("", 0, [], {"a": 1})
    assert blank.database == Database()


# -- what files may have ----------------------------------------------------------------------------------------------


def test_toml_and_json_have_types_of_their_own(write: Write) -> None:
    class Typed(Config):
        day: date
        when: datetime
        wait: timedelta
        sizes: list[int]
        share: float
        path: Path
        days: list[date]

    text = (
        'day = 2024-02-29\nwhen = 2024-02-29T10:00:00Z\nwait = "PT5S"\nsizes = [1, 2]\nshare = 1\npath = "/a"\n'
        "days = [2024-02-29]\n"
    )
    values = {"day": "2024-02-29", "when": "2024-02-29T10:00:00Z", "wait": "PT5S", "sizes": [1, 2], "share": 1}
    values |= {"path": "/a", "days": ["2024-02-29"]}

    class OfTOML(Typed, config_file=write("a.toml", b"\xef\xbb\xbf" + text.encode())):
        pass

    class OfJSON(Typed, config_file=write("a.json", json.dumps(values))):
        pass

    assert OfTOML().as_dict() == OfJSON().as_dict()
    assert (OfTOML().share, OfTOML().days) == (1.0, [date(2024, 2, 29)])


def test_secrets_are_the_files_of_a_folder_without_the_end_of_their_last_line(write: Write) -> None:
    class Docker(Config, secrets_dir="secrets"):
        database_password: Secret[str]
        database: Database = Database()

    write("secrets/..data/database_password", "older")
    write("secrets/database_password", " a b \r\n\n")
    write("secrets/database__host", "db\n")
    docker = Docker()
    assert docker.database_password.get_secret_value() == " a b "
    assert docker.database.host == "db"


def test_secrets_may_be_links_as_kubernetes_mounts_them(write: Write, tmp_path: Path) -> None:
    write("secrets/..2024/vt_name", "a")
    (tmp_path / "secrets" / "..data").symlink_to("..2024", target_is_directory=True)
    (tmp_path / "secrets" / "vt_name").symlink_to("..data/vt_name")
    assert Settings().name == "a"


def test_pydantic_reads_its_own_types(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    pydantic = pytest.importorskip("pydantic", reason="its types need it")

    class Limits(pydantic.BaseModel):  # type: ignore[misc, name-defined]
        most: int

    class Read(Config, env_prefix="VT_"):
        url: pydantic.HttpUrl  # type: ignore[name-defined]
        limits: Limits
        token: pydantic.SecretStr  # type: ignore[name-defined]

    monkeypatch.setenv("VT_URL", "https://example.com")
    monkeypatch.setenv("VT_LIMITS", '{"most": 5}')
    monkeypatch.setenv("VT_TOKEN", "hush")
    read = Read()
    assert (str(read.url), read.limits.most, read.token.get_secret_value()) == ("https://example.com/", 5, "hush")
    assert "hush" not in repr(read)
    monkeypatch.setenv("VT_LIMITS", '{"most": "x"}')
    monkeypatch.setenv("VT_URL", "no")
    with pytest.raises(ConfigError) as raised:
        Read()
    assert problems(raised.value) == [("url", "VT_URL in the environment"), ("limits", "VT_LIMITS in the environment")]
