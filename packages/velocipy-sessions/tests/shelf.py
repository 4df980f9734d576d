"""An application that keeps things in sessions, for any place to keep them, and what its clients have in common."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

from velocipy import (
    HTTPException,
    MemoryStorage,
    Middleware,
    PlainTextResponse,
    Request,
    Response,
    StreamingResponse,
    VelociPy,
)
from velocipy.middleware import ForwardedMiddleware, HTTPApp
from velocipy.sessions import Session, SessionMiddleware, SessionStore
from velocipy.types import Lifespan

KEY = "kept by the tests alone, and long enough: 0123456789"
PATIENCE = 20.0  # seconds
HTTPS = {"x-forwarded-proto": "https"}


async def mark_misses(request: Request, call_next: HTTPApp) -> Response:
    """Change the headers of answers to misses, as middleware does that must not touch those of others."""
    response = await call_next(request)
    if response.status_code == 404:
        response.headers["x-missed"] = request.header("x-user", "nobody") or ""
        response.headers.append("set-cookie", f"missed={request.header('x-user', 'nobody')}; Path=/")
    return response


def make(lifespan: Lifespan | None = None, **options: Any) -> VelociPy:
    """Return an application whose sessions are kept as *options* say."""
    app = VelociPy(
        middleware=[
            Middleware(ForwardedMiddleware, trusted=["127.0.0.1", "::1"]),
            mark_misses,
            Middleware(SessionMiddleware, **options),
        ],
        lifespan=lifespan,
    )

    @app.get("/all")
    async def read(session: Session) -> dict[str, Any]:
        return dict(session)

    @app.get("/as-request")
    async def read_of_request(request: Request) -> dict[str, Any]:
        return dict(request.session)

    @app.post("/set")
    async def write(session: Session, data: dict[str, Any]) -> None:
        session.update(data)

    @app.post("/within/{value}")
    async def write_within(request: Request, value: str) -> list[str]:
        cart: dict[str, list[str]] = request.session["cart"]
        cart["eggs"].append(value)
        return cart["eggs"]

    @app.post("/pop/{key}")
    def pop(session: Session, key: str, rotate: bool = False) -> Any:  # in a worker thread
        if rotate:
            session.rotate()
        return session.pop(key, None)

    @app.post("/clear")
    async def clear(session: Session) -> None:
        session.clear()

    @app.post("/begin-anew")
    async def begin_anew(session: Session) -> None:
        session.clear()
        session["fresh"] = True

    @app.post("/rotate")
    async def rotate(session: Session, user: str | None = None) -> None:
        session.rotate(user)

    @app.get("/facts")
    async def facts(session: Session) -> list[Any]:
        return [session.user, session.is_new, session.key, session.is_read_only]

    @app.post("/flash")
    async def flash(session: Session, message: str, category: str = "info") -> None:
        session.flash(message, category)

    @app.get("/flashes")
    async def flashes(session: Session) -> list[Any]:
        return session.pop_flashes()

    shop = VelociPy()

    @shop.post("/cart/{egg}")
    async def add(request: Request, egg: str) -> list[str]:
        request.session["cart"] = [*request.session.get("cart", ()), egg]
        cart: list[str] = request.session["cart"]
        return cart

    app.mount("/shop", shop)

    @app.get("/untouched")
    async def untouched(request: Request) -> str:
        return "untouched"

    @app.post("/fail/{status}")
    async def fail(session: Session, status: int) -> None:
        session["failed"] = status
        raise HTTPException(status, "as asked") if status < 500 else ZeroDivisionError

    @app.post("/nonsense")
    async def nonsense(request: Request) -> None:
        request.session["cart"] = {"when": {1, 2}}

    @app.get("/public")
    async def public(session: Session) -> Response:
        return PlainTextResponse("for all", headers={"cache-control": "public, max-age=60"})

    @app.post("/public")
    async def public_with_cookie(session: Session) -> Response:
        session["seen"] = True
        return PlainTextResponse("for all", headers={"cache-control": "public, max-age=60", "vary": "Accept"})

    @app.post("/own-cookies")
    async def own_cookies(session: Session) -> Response:
        session["own"] = True
        response = PlainTextResponse("two cookies")
        response.set_cookie("own", "one")
        return response

    async def chunks(session: Session, late: str) -> AsyncIterator[str]:
        yield f"{session['name']},"
        if late == "set":
            session["late"] = True
        elif late == "within":
            session["cart"]["eggs"].append("late")
        elif late == "flash":
            session.flash("late")
        yield "end"

    @app.get("/stream")
    async def stream(session: Session, late: str = "") -> StreamingResponse:
        return StreamingResponse(chunks(session, late))

    @app.get("/stream-of-request")
    async def stream_of_request(request: Request) -> StreamingResponse:
        return StreamingResponse(chunks(request.session, ""))

    @app.post("/slow/{key}")
    async def slow(session: Session, key: str, value: str, meet: str) -> dict[str, Any]:
        """Change a key after as many requests as *meet* says have read the session."""
        reached = app.state.setdefault("reached", {})
        name, _, number = meet.partition("-")
        arrived, is_there = reached.setdefault(name, ([], asyncio.Event()))
        arrived.append(key)
        if len(arrived) == int(number):
            is_there.set()
        await is_there.wait()
        session[key] = value
        return dict(session)

    @app.post("/wait/{name}")
    async def wait(session: Session, name: str, rotate: bool = False) -> dict[str, Any]:
        """Change the session, and store that after a request to /release."""
        session["waited"] = name
        session.flash(name)
        if rotate:
            session.rotate()
        waiting: dict[str, asyncio.Event] = app.state.setdefault("waiting", {})
        waiting[name] = asyncio.Event()
        await waiting[name].wait()
        return dict(session)

    @app.post("/release/{name}")
    async def release(name: str) -> bool:
        waiting: dict[str, asyncio.Event] = app.state.setdefault("waiting", {})
        if name in waiting:
            waiting.pop(name).set()
            return True
        return False

    @app.get("/is-waiting/{name}")
    async def is_waiting(name: str) -> bool:
        return name in app.state.get("waiting", {})

    return app


def in_memory(**options: Any) -> VelociPy:
    """Return an application whose sessions are in a store of its own, with routes that end them."""
    store = SessionStore(MemoryStorage())
    app = make(store=store, **options)
    add_endings(app, store)
    return app


def add_endings(app: VelociPy, store: SessionStore) -> None:
    """Add what ends sessions from outside."""

    @app.post("/end/{key}")
    async def end(key: str) -> bool:
        return await store.invalidate(key)

    @app.post("/end-all/{user}")
    async def end_all(user: str, keep: str | None = None) -> int:
        return await store.invalidate_user(user, keep=keep)

    @app.get("/keys-of/{user}")
    async def keys_of(user: str) -> list[str]:
        return await store.keys_of(user)


def set_cookies(response: Any) -> dict[str, str]:
    """Return the cookies that *response* sets, with their attributes, by name."""
    pairs = [value.partition("=") for value in response.headers.get_list("set-cookie")]
    return {name: rest for name, _, rest in pairs}


def cookie_of(response: Any, name: str = "session") -> str:
    """Return the value of the cookie that *response* sets."""
    return set_cookies(response)[name].partition(";")[0]


def all_of(client: Any, cookie: str, **headers: str) -> Any:
    """Return what the session of *cookie* has, asked by a client without any other."""
    client.cookies.clear()
    answer = client.get("/all", headers={"cookie": f"session={cookie}", **headers}).json()
    client.cookies.clear()
    return answer


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait until *condition* holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.02)
