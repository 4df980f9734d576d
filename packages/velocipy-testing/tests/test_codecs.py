"""The conformance kit for codecs finds what is wrong with one."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

from velocipy.serialization import JSONCodec, StdlibCodec
from velocipy.testing.codecs import JSONCodecConformance

STANDARD = StdlibCodec()
FAILURES = (AssertionError, pytest.fail.Exception)


class Codec:
    """The standard codec, but for what a test gives it."""

    def __init__(
        self, encode: Callable[[Any], Any] = STANDARD.encode, decode: Callable[[bytes], Any] = STANDARD.decode
    ) -> None:
        self.encode, self.decode = encode, decode


def suite(codec: JSONCodec) -> JSONCodecConformance:
    class Suite(JSONCodecConformance):
        def make_codec(self) -> JSONCodec:
            return codec

    return Suite()


def test_a_codec_that_returns_text() -> None:
    with pytest.raises(FAILURES, match="encode returned a str; bytes are due"):
        suite(Codec(encode=json.dumps)).test_what_it_encodes_it_decodes_to_the_same()


def test_a_codec_that_makes_floats_of_large_numbers() -> None:
    def parse_int(text: str) -> float:
        return float(text) if len(text) > 18 else int(text)

    codec = Codec(decode=lambda data: json.loads(data, parse_int=parse_int))
    with pytest.raises(FAILURES, match="came back as another"):
        suite(codec).test_what_it_encodes_it_decodes_to_the_same()
    with pytest.raises(FAILURES, match="was decoded to something else"):
        suite(codec).test_it_reads_every_way_to_write_a_value()


def test_a_codec_with_a_format_of_its_own() -> None:
    codec = Codec(lambda value: STANDARD.encode(value)[::-1], lambda data: STANDARD.decode(data[::-1]))
    suite(codec).test_what_it_encodes_it_decodes_to_the_same()
    with pytest.raises((ValueError, *FAILURES)):
        suite(codec).test_the_standard_codec_and_it_read_each_other()


@pytest.mark.parametrize("data", [b"NaN", b"-Infinity", b'"\\ud800"'])
def test_a_codec_that_reads_more_than_json(data: bytes) -> None:
    with pytest.raises(FAILURES, match="was decoded to .*: ValueError is due"):
        suite(Codec(decode=json.loads)).test_what_is_no_json_is_a_value_error(data)


def test_a_codec_that_reads_what_is_cut_off() -> None:
    def lax(data: bytes) -> Any:
        try:
            return STANDARD.decode(data)
        except ValueError:
            return None

    with pytest.raises(FAILURES, match="ValueError is due"):
        suite(Codec(decode=lax)).test_of_broken_json_it_refuses_what_the_standard_codec_refuses()


def test_a_codec_with_errors_of_its_own() -> None:
    def decode(data: bytes) -> Any:
        try:
            return STANDARD.decode(data)
        except ValueError as error:
            raise LookupError("bad JSON") from error

    with pytest.raises(FAILURES, match="ValueError is due, not LookupError"):
        suite(Codec(decode=decode)).test_what_is_no_json_is_a_value_error(b"{")


def test_a_codec_that_writes_what_has_no_json() -> None:
    codec = Codec(encode=lambda value: json.dumps(value, default=str).encode())
    with pytest.raises(FAILURES, match="TypeError is due"):
        suite(codec).test_what_has_no_json_is_a_type_error(object())
    with pytest.raises(FAILURES, match="have velocipy.serialization.to_builtins make something plainer"):
        suite(codec).test_what_python_has_besides_is_the_same_json_as_of_the_standard_codec()


def test_a_codec_that_fails_in_its_own_way() -> None:
    def encode(value: Any) -> bytes:
        raise LookupError(value)

    with pytest.raises(FAILURES, match="TypeError is due, not LookupError"):
        suite(Codec(encode=encode)).test_what_has_no_json_is_a_type_error(object())


def test_a_codec_that_changes_what_it_is_given() -> None:
    with pytest.raises(AssertionError):
        suite(Codec(encode=lambda value: STANDARD.encode(value.clear()))).test_it_leaves_the_value_as_it_is()


def test_a_codec_that_keeps_what_it_writes_in_one_place() -> None:
    last: list[Any] = [None]
    second = threading.Event()

    def encode(value: Any) -> bytes:
        last[0] = value
        second.wait(0.001 if value["number"] else None) if value["turn"] == 0 else second.set()
        return STANDARD.encode(last[0])

    with pytest.raises(AssertionError, match="a thread got what another encoded"):
        suite(Codec(encode=encode)).test_threads_may_share_it()


@pytest.mark.parametrize("needed", ["hypothesis", "pytest"])
@pytest.mark.parametrize("module", ["velocipy.testing.codecs", "velocipy.testing.models"])
def test_without_what_it_needs_it_says_what_to_install(module: str, needed: str) -> None:
    script = f"import sys; sys.modules['{needed}'] = None; import {module}"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert 'need pytest and hypothesis: pip install "velocipy-testing[conformance]"' in done.stderr
