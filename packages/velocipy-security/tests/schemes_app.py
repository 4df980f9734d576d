"""An application with every scheme, each on a request and on a WebSocket."""

from typing import Annotated, Any

from velocipy import Depends, HTTPConnection, VelociPy, WebSocket
from velocipy.security import (
    APIKeyCookie,
    APIKeyHeader,
    APIKeyQuery,
    HTTPBasic,
    HTTPBearer,
    InvalidCredentials,
    MutualTLS,
    OAuth2AuthorizationCodeBearer,
    OAuth2ClientCredentials,
    OAuth2PasswordBearer,
    OpenIdConnect,
    SecurityBase,
)
from velocipy.security_scheme import HTTPScheme


class Negotiated(SecurityBase[str]):
    """A scheme as a user would write it."""

    def __init__(self, *, auto_error: bool = True) -> None:
        scheme = HTTPScheme(scheme_name="Negotiated", scheme="negotiate")
        super().__init__(scheme, challenge="Negotiate", auto_error=auto_error)

    def read(self, connection: HTTPConnection) -> str | None:
        value = connection.header("authorization")
        if value is not None and not value.startswith("Negotiate "):
            raise InvalidCredentials("Another scheme is needed")
        return value


def make_schemes(*, auto_error: bool) -> dict[str, SecurityBase[Any]]:
    """Return each scheme by the path under which it guards something."""
    return {
        "header": APIKeyHeader("X-Key", auto_error=auto_error),
        "query": APIKeyQuery("key", auto_error=auto_error),
        "cookie": APIKeyCookie("key", auto_error=auto_error),
        "basic": HTTPBasic(realm='the "park"', auto_error=auto_error),
        "bearer": HTTPBearer(bearer_format="JWT", auto_error=auto_error),
        "realm": HTTPBearer(realm="park", auto_error=auto_error),
        "password": OAuth2PasswordBearer("/token", scopes={"me": "Read me"}, auto_error=auto_error),
        "code": OAuth2AuthorizationCodeBearer("https://id.example/a", "https://id.example/t", auto_error=auto_error),
        "client": OAuth2ClientCredentials("/token", scheme_name="Programs", auto_error=auto_error),
        "openid": OpenIdConnect("https://id.example/.well-known/openid-configuration", auto_error=auto_error),
        "own": Negotiated(auto_error=auto_error),
    }


SCHEMES = make_schemes(auto_error=True)
app = VelociPy()
bodies: list[bytes] = []


def add(path: str, scheme: SecurityBase[Any]) -> None:
    @app.get(f"/{path}")
    async def read(found: Annotated[Any, Depends(scheme)]) -> dict[str, str | None]:
        return {"found": None if found is None else str(getattr(found, "username", found))}

    @app.post(f"/{path}")
    async def write(found: Annotated[Any, Depends(scheme)], data: dict[str, int]) -> dict[str, int]:
        return data

    @app.websocket(f"/ws/{path}")
    async def talk(websocket: WebSocket, found: Annotated[Any, Depends(scheme)]) -> None:
        await websocket.accept()
        await websocket.send_text(str(getattr(found, "username", found)))


for name, item in SCHEMES.items():
    add(name, item)
for name, item in make_schemes(auto_error=False).items():
    add(f"optional/{name}", item)


@app.get("/certificate", dependencies=[Depends(MutualTLS())])
async def with_certificate() -> bool:
    return True


@app.get("/both")
async def both(
    key: Annotated[str, Depends(SCHEMES["header"])], token: Annotated[str, Depends(SCHEMES["bearer"])]
) -> list[str]:
    return [key, token]


@app.get("/secret")
async def secret(who: Annotated[Any, Depends(SCHEMES["basic"])]) -> list[str]:
    return [who.username, who.password, repr(who)]
