"""
Whether the others do without one package: `nox -s without`.

    python scripts/without.py velocipy-testing velocipy.openapi velocipy.limiter

The first is what was taken away, the others are what is still there. It runs with the wheels of these alone.
"""

from __future__ import annotations

import asyncio
import sys
from importlib import import_module
from typing import Any

import velocipy
from velocipy import VelociPy
from velocipy._elsewhere import ELSEWHERE


async def ask(app: VelociPy, path: str) -> tuple[int, bytes]:
    """Return status and body of the answer to a GET request."""
    answer: dict[str, Any] = {}

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        answer.update(message)

    scope: dict[str, Any] = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http"}
    scope |= {"method": "GET", "root_path": "", "path": path, "raw_path": path.encode(), "query_string": b""}
    scope |= {"headers": [], "server": None, "client": None}
    await app(scope, receive, send)
    return answer["status"], answer["body"]


def check_names(missing: str, rest: tuple[str, ...]) -> None:
    """Check that the front door says of each name of *missing* how to install it, and has those of *rest*."""
    for name, piece in ELSEWHERE.items():
        if piece in rest:
            getattr(velocipy, name)
        elif piece == missing.replace("-", "."):
            check_says(missing, f"from velocipy import {name}")


def check_says(missing: str, statement: str) -> None:
    """Check that *statement* fails with the command that installs *missing*."""
    says = "it works"
    try:
        exec(statement)
    except ImportError as error:
        says = str(error)
    assert f"pip install {missing}" in says, f"{statement}: {says}"


def main(missing: str, *rest: str) -> None:
    check_says(missing, f"import {missing.replace('-', '.')}")
    check_says(missing, f"from {missing.replace('-', '.')}.anything import name")
    for name in rest:
        import_module(name)

    app = VelociPy()

    @app.get("/items/{number}")
    async def read(number: int) -> dict[str, int]:
        return {"number": number}

    assert asyncio.run(ask(app, "/items/3")) == (200, b'{"number":3}')
    assert asyncio.run(ask(app, "/items/x"))[0] == 422
    check_names(missing, rest)
    print(f"without {missing}: an application works, and so do {', '.join(rest) or 'no others, as there are none'}")


if __name__ == "__main__":
    main(*sys.argv[1:])
