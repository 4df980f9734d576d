"""
Sessions: in a signed cookie, where nothing is kept on the server; and in a store, where logins can be ended.

Serve it with `granian --interface rsgi sessions:app`, and the other with `sessions:stored`. They need
`velocipy-sessions`. In memory, a store is of one process; `RedisStorage("redis://localhost")` is for several.
"""

import os
import secrets

from velocipy import HTTPException, MemoryStorage, VelociPy
from velocipy.sessions import Session, SessionMiddleware, SessionStore

SECRET_KEY = os.environ.get("SECRET_KEY") or secrets.token_urlsafe(48)  # one for all workers, and for all restarts

app = VelociPy()
app.add_middleware(SessionMiddleware, secret_key=SECRET_KEY, max_age=1800)


@app.put("/cart/{thing}")
async def put_into_cart(thing: str, session: Session, number: int = 1) -> dict[str, int]:
    cart: dict[str, int] = session.setdefault("cart", {})
    cart[thing] = cart.get(thing, 0) + number  # what changes within a value is kept too
    session.flash(f"{number} more of {thing}")
    return cart


@app.get("/cart")
async def show_cart(session: Session) -> dict[str, object]:
    return {"cart": session.get("cart", {}), "messages": [flash.message for flash in session.pop_flashes()]}


@app.delete("/cart")
async def forget(session: Session) -> None:
    session.clear()  # the cookie is deleted


sessions = SessionStore(MemoryStorage())
stored = VelociPy()
stored.add_middleware(SessionMiddleware, store=sessions, max_age=1800, lifetime=86_400)


@stored.post("/login/{name}")
async def log_in(name: str, session: Session) -> None:  # once the password was right
    session.rotate(user=name)  # who knew the cookie of before has nothing


@stored.get("/me")
async def me(session: Session) -> str:
    if session.user is None:
        raise HTTPException(403, "Log in first")
    return session.user


@stored.post("/logout")
async def log_out(session: Session) -> None:
    session.clear()


@stored.post("/logout/elsewhere")
async def log_out_elsewhere(session: Session) -> dict[str, int]:
    if session.user is None:
        raise HTTPException(403, "Log in first")
    return {"ended": await sessions.invalidate_user(session.user, keep=session.key)}
