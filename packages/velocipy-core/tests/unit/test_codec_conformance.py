"""Our own codecs pass the kit's tests."""

import pytest

from velocipy.serialization import JSONCodec, MsgspecCodec, OrjsonCodec, StdlibCodec
from velocipy.testing.codecs import JSONCodecConformance


class TestStdlibCodec(JSONCodecConformance):
    def make_codec(self) -> JSONCodec:
        return StdlibCodec()


class TestMsgspecCodec(JSONCodecConformance):
    def make_codec(self) -> JSONCodec:
        pytest.importorskip("msgspec", reason="its codec is tested here")
        return MsgspecCodec()


class TestOrjsonCodec(JSONCodecConformance):
    def make_codec(self) -> JSONCodec:
        pytest.importorskip("orjson", reason="its codec is tested here")
        return OrjsonCodec()
