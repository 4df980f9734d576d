"""An application whose users log in by a provider, which the tests start before it."""

import os
from typing import Any

from velocipy import RedirectResponse, Request, VelociPy
from velocipy.security import BoundClient, OpenIDLogin

from .sessions import TinySessions, session_of

HOSTILE, REAL = "VELOCIPY_TEST_OIDC_HOSTILE", "VELOCIPY_TEST_OIDC_REAL"  # where the providers are, for servers too
CLIENT_ID, CLIENT_SECRET = "park app", "gate:s%c"


def login_at(issuer: str, **options: Any) -> OpenIDLogin:
    said: dict[str, Any] = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "scopes": ["email", "profile"]}
    said |= {"redirect_uri": "http://app.example/callback", "client": BoundClient(allow_http=True), **options}
    return OpenIDLogin(issuer, **said)


def create_app() -> VelociPy:
    app = VelociPy()
    app.add_middleware(TinySessions)
    logins = {
        "hostile": login_at(os.environ[HOSTILE], allowed_hosts=["shop.example"]),
        "real": login_at(os.environ[REAL], client_id="park-app", client_secret="gate"),
    }

    @app.get("/login/{name}")
    async def login(request: Request, name: str, next: str | None = None) -> RedirectResponse:
        return await logins[name].start(request, next, session=session_of(request), prompt="login")

    @app.get("/callback/{name}")
    async def callback(request: Request, name: str) -> dict[str, Any]:
        session = session_of(request)
        user = await logins[name].finish(request, session=session)
        session["user"] = user.subject
        more = await logins[name].userinfo(user)
        said = {"subject": user.subject, "email": user.claims.get("email"), "next": user.next_url}
        return {**said, "name": more.get("name"), "expires_in": user.expires_in, "repr": repr(user)}

    @app.get("/session")
    async def session(request: Request) -> dict[str, Any]:
        return session_of(request)

    @app.get("/logout/{name}")
    async def logout(name: str) -> str | None:
        return await logins[name].logout_url(id_token="token", next_url="https://app.example/")

    return app
