"""
Sessions: a cart for everybody, logins under a new id, messages for the next page, and an end to all of them.

Serve it with `granian --interface rsgi sessions:app`. It needs `velocipy-sessions`. In memory, sessions are of one
process; `RedisStorage("redis://localhost")` is for several. Without a store, `SessionMiddleware(secret_key=...)` keeps
them in signed cookies, which nobody can end.
"""

from velocipy import HTTPException, MemoryStorage, VelociPy
from velocipy.sessions import Session, SessionMiddleware, SessionStore

sessions = SessionStore(MemoryStorage())
app = VelociPy()
app.add_middleware(SessionMiddleware, store=sessions, max_age=1800, lifetime=86_400)


@app.put("/cart/{thing}")
async def put_into_cart(thing: str, session: Session, number: int = 1) -> dict[str, int]:
    cart: dict[str, int] = session.setdefault("cart", {})
    cart[thing] = cart.get(thing, 0) + number  # what changes within a value is stored too
    return cart


@app.post("/login/{name}")
async def log_in(name: str, session: Session) -> None:  # once the password was right
    session.rotate(user=name)  # the cart comes along; who knew the cookie of before has nothing
    session.flash(f"Hello, {name}")


@app.get("/me")
async def me(session: Session) -> dict[str, object]:
    if session.user is None:
        raise HTTPException(403, "Log in first")
    messages = [flash.message for flash in session.pop_flashes()]
    return {"user": session.user, "cart": session.get("cart", {}), "messages": messages}


@app.post("/logout")
async def log_out(session: Session) -> None:
    session.clear()


@app.post("/logout/elsewhere")
async def log_out_elsewhere(session: Session) -> dict[str, int]:
    if session.user is None:
        raise HTTPException(403, "Log in first")
    return {"ended": await sessions.invalidate_user(session.user, keep=session.key)}
