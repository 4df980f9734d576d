"""No secret is in a text that is made by accident."""

import json
import logging
import pickle
import traceback
from dataclasses import asdict, dataclass
from typing import Annotated, Any

import pytest

from velocipy import Config, ConfigError, Query, Secret
from velocipy.encoders import jsonable_encoder
from velocipy.serialization import StdlibCodec

HIDDEN = "tyrannosaurus"


class Strict(Config):
    pin: Secret[int]
    code: Annotated[Secret[str], Query(min_length=20)]
    inner: Secret[Annotated[str, Query(pattern="^a")]]


@dataclass
class Refusing:
    word: str

    def __post_init__(self) -> None:
        raise ValueError(f"{self.word} is no good")


class Login(Config):
    user: str = "rex"
    password: Secret[str] = Secret(HIDDEN)
    api_key: str = HIDDEN
    url: str = f"postgres://rex:{HIDDEN}@db/park"
    replicas: list[str] = [f"redis://:{HIDDEN}@cache"]  # noqa: RUF012
    signing: Secret[bytes] | None = None


class Outer(Config):
    login: Login = Login()


def test_faults_of_secrets_do_not_have_them() -> None:
    with pytest.raises(ConfigError) as raised:
        Strict(pin=HIDDEN, code=HIDDEN, inner=HIDDEN)
    told = "".join(traceback.format_exception(raised.value))
    assert HIDDEN not in told + repr(raised.value)
    assert [problem.name for problem in raised.value.problems] == ["pin", "code", "inner"]
    assert "at least 20 characters" in raised.value.problems[1].problem


def test_faults_that_other_code_words_are_not_told_of_secrets() -> None:
    class Custom(Config):
        token: Refusing
        wrapped: Secret[Refusing]
        plain: Refusing

    with pytest.raises(ConfigError) as raised:
        Custom(token={"word": HIDDEN}, wrapped={"word": HIDDEN}, plain={"word": "b"})
    assert HIDDEN not in str(raised.value)
    assert "b is no good" in str(raised.value)


def test_a_repr_has_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    config = Outer()
    with caplog.at_level(logging.INFO):
        logging.getLogger("test").info("%s %r %s", config, config, vars(config.login)["password"])
    texts = [repr(config), str(config), f"{config}", caplog.text]
    assert not any(HIDDEN in text for text in texts)
    assert "user='rex'" in repr(config)
    assert "postgres://rex:**********@db/park" in repr(config)


def test_json_has_no_secret() -> None:
    values = Login().as_dict()
    assert values["password"].get_secret_value() == HIDDEN
    assert json.loads(StdlibCodec().encode(values["password"])) == "**********"
    assert jsonable_encoder({"a": Secret(HIDDEN)}) == {"a": "**********"}
    with pytest.raises(TypeError):
        json.dumps(values["password"])


@pytest.mark.parametrize("codec", ["MsgspecCodec", "OrjsonCodec"])
def test_json_of_other_codecs_has_no_secret(codec: str) -> None:
    pytest.importorskip(codec.removesuffix("Codec").lower(), reason="its codec needs it")
    from velocipy import serialization

    assert getattr(serialization, codec)().encode([Secret(HIDDEN)]) == b'["**********"]'


def test_secrets_are_read_as_what_is_in_them(monkeypatch: pytest.MonkeyPatch) -> None:
    class Read(Config, env_prefix="VELOCIPY_TEST_"):
        pin: Secret[int]
        words: Secret[list[str]] | None = None
        fallback: Secret[str] = "plain"  # type: ignore[assignment]

    monkeypatch.setenv("VELOCIPY_TEST_PIN", "5")
    read = Read(words="a,b")
    assert read.pin.get_secret_value() == 5
    assert read.words == Secret(["a", "b"])
    assert read.fallback == Secret("plain")
    assert Read(pin=Secret(7)).pin.get_secret_value() == 7
    assert Read().words is None


def test_a_secret_cannot_be_changed_and_compares_by_its_value() -> None:
    secret: Any = Secret("a")
    with pytest.raises(AttributeError):
        secret._value = "b"
    with pytest.raises(AttributeError):
        del secret._value
    assert secret == Secret("a") != Secret("b")
    assert secret != "a"
    assert hash(secret) == hash(Secret("a"))
    assert pickle.loads(pickle.dumps(secret)) == secret


def test_the_length_of_a_secret_is_not_seen() -> None:
    assert repr(Secret("")) == repr(Secret("a" * 50)) == "Secret('**********')"
    assert str(Secret("a")) == f"{Secret('b')}" == "**********"


def test_a_dataclass_with_a_secret_hides_it() -> None:
    @dataclass
    class Holder:
        secret: Secret[str]

    assert HIDDEN not in repr(Holder(Secret(HIDDEN))) + repr(asdict(Holder(Secret(HIDDEN))))
