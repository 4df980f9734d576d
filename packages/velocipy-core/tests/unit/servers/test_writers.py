"""The three lists of shapes agree: what a body can be, and what each adapter can send."""

from velocipy.http.response import SHAPES
from velocipy.servers import asgi, rsgi


def test_each_adapter_has_a_writer_for_every_shape_and_for_nothing_else() -> None:
    assert set(asgi.WRITERS) == set(rsgi.WRITERS) == set(SHAPES)
    assert len(SHAPES) == len(set(SHAPES))


def test_every_writer_of_one_adapter_is_its_own() -> None:
    for table in (asgi.WRITERS, rsgi.WRITERS):
        assert len(set(table.values())) == len(table)
