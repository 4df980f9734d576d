"""The register of classes of Config: both spellings, and one instance in each process."""

import threading
import uuid

import pytest

from velocipy import Config, ConfigError
from velocipy.config import Config as FromModule


@pytest.fixture
def key() -> str:
    return uuid.uuid4().hex  # the register is one for the whole process


def test_the_program_of_the_page_works() -> None:
    @FromModule.register
    class AppConfig(FromModule):
        host: str = "0.0.0.0"
        port: int = 8000
        workers: int = 4
        interface: str = "rsgi"

    config = FromModule.get(AppConfig)
    assert isinstance(config, AppConfig)
    assert (config.host, config.port, config.workers, config.interface) == ("0.0.0.0", 8000, 4, "rsgi")
    assert FromModule.get(AppConfig) is config


def test_a_key_gives_the_class(key: str) -> None:
    @Config.register(key)
    class Keyed(Config):
        size: int = 5

    assert Config.get(key) is Keyed
    assert Config.get(Keyed).size == 5


def test_what_is_not_registered_is_a_key_error(key: str) -> None:
    class Unknown(Config):
        pass

    with pytest.raises(KeyError, match=key):
        Config.get(key)
    with pytest.raises(KeyError, match=r"@Config\.register"):
        Config.get(Unknown)
    assert Config.get(key, None) is None
    assert Config.get(key, default=Unknown) is Unknown
    assert Config.get(Unknown, default=5) == 5


def test_a_base_that_is_registered_registers_no_subclass() -> None:
    @Config.register
    class Base(Config):
        pass

    class Below(Base):
        pass

    with pytest.raises(KeyError):
        Config.get(Below)


def test_a_key_has_one_class_which_may_be_loaded_again(key: str) -> None:
    def define() -> type[Config]:
        @Config.register(key)
        class Again(Config):
            pass

        return Again

    define()
    again = define()
    assert Config.get(key) is again
    with pytest.raises(ValueError, match="another key"):

        @Config.register(key)
        class Other(Config):
            pass


def test_what_is_no_class_of_config_is_refused(key: str) -> None:
    with pytest.raises(TypeError, match="no class of Config"):
        Config.register(5)  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="no class of Config"):
        Config.register(key)(int)  # type: ignore[type-var]


def test_an_instance_that_cannot_be_made_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    @Config.register
    class Late(Config, env_prefix="VELOCIPY_TEST_"):
        size: int

    with pytest.raises(ConfigError):
        Config.get(Late)
    monkeypatch.setenv("VELOCIPY_TEST_SIZE", "5")
    assert Config.get(Late).size == 5


def test_threads_get_one_instance() -> None:
    made = []

    @Config.register
    class Counted(Config):
        def __init__(self) -> None:
            made.append(self)
            super().__init__()

    barrier = threading.Barrier(8)
    found = []

    def ask() -> None:
        barrier.wait()
        found.append(Config.get(Counted))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == len({id(config) for config in found}) == 1
    assert len(found) == 8


def test_the_making_of_one_may_ask_for_another() -> None:
    @Config.register
    class First(Config):
        size: int = 5

    @Config.register
    class Second(Config):
        size: int

        def __init__(self) -> None:
            super().__init__(size=Config.get(First).size * 2)

    assert Config.get(Second).size == 10
