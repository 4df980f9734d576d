"""A fresh process: the OpenAPI document of an application with 500 typed routes. Prints one JSON object.

The application is that of `starting.py`, and has started; the time is that of the processor for the first request.
"""

import asyncio
import json
from collections.abc import Callable
from time import process_time

from benchmarks.scenarios import LARGE
from benchmarks.starting import declare_five
from velocipy import VelociPy
from velocipy.description import describe
from velocipy.openapi.document import build_document


def main() -> None:
    loop = asyncio.new_event_loop()
    app = VelociPy()
    for number in range(LARGE // 5):
        declare_five(app, number)
    start: Callable[[asyncio.AbstractEventLoop], None] = app.__rsgi_init__
    start(loop)
    begin = process_time()
    document = build_document(describe(app))
    body = json.dumps(document).encode()
    end = process_time()
    app.__rsgi_del__(loop)
    loop.close()
    assert len(document["paths"]) >= LARGE
    print(json.dumps({"routes": LARGE, "ms": (end - begin) * 1000, "bytes": len(body)}))


if __name__ == "__main__":
    main()
