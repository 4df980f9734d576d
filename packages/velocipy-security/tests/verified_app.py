"""An application that verifies: one way, several ways, and with scopes."""

import asyncio
import time
from typing import Annotated, Any

from velocipy import Depends, HTTPException, Security, SecurityScopes, VelociPy, WebSocket
from velocipy.security import (
    APIKeyHeader,
    APIKeys,
    HTTPBasic,
    HTTPBasicCredentials,
    HTTPBearer,
    InvalidCredentials,
    OAuth2PasswordBearer,
    Verified,
    all_of,
    any_of,
    check_scopes,
    hash_api_key,
    same_secret,
)

USERS = {
    "ellie": {"name": "Ellie", "scope": "plants:read plants:write"},
    "tim": {"name": "Tim", "scope": "plants:read"},
}


async def user_of_token(token: str) -> dict[str, str] | None:
    await asyncio.sleep(0)
    if token == "expired":
        raise InvalidCredentials("The token has expired")
    if token == "abgelaufen":
        raise InvalidCredentials("Ungültig")
    return USERS.get(token)


def user_of_password(credentials: HTTPBasicCredentials) -> dict[str, str] | None:
    """A plain function: it runs in a thread, and may block."""
    time.sleep(0.001)
    return USERS["tim"] if same_secret(credentials.password, "lex") else None


class Owner:
    def __init__(self, name: str, scopes: list[str]) -> None:
        self.name = name
        self.scopes = scopes


OWNERS = APIKeys({hash_api_key("claw"): Owner("Muldoon", ["plants:read"]), hash_api_key("tooth"): Owner("Ray", [])})
bearer = Verified(HTTPBearer(), user_of_token)
optional = Verified(HTTPBearer(auto_error=False), user_of_token)
basic = Verified(HTTPBasic(realm="park"), user_of_password)
key = Verified(APIKeyHeader("X-Key"), OWNERS)
ways = any_of(bearer, key, basic)
pair = any_of(bearer, all_of(key, APIKeyHeader("X-Client")))
plain = any_of(HTTPBearer(scheme_name="Plain"), APIKeyHeader("X-Key", scheme_name="PlainKey"), auto_error=False)
scheme = OAuth2PasswordBearer("/token", scopes={"plants:read": "", "plants:write": ""})
app = VelociPy()


def name_of(found: Any) -> str:
    if isinstance(found, tuple):
        return "+".join(map(name_of, found))
    return str(found["name"] if isinstance(found, dict) else getattr(found, "name", found))


async def user(wanted: SecurityScopes, token: Annotated[str, Depends(scheme)]) -> dict[str, str]:
    """What a program writes without `Verified`."""
    found = USERS.get(token)
    if found is None:
        raise HTTPException(401, headers={"WWW-Authenticate": "Bearer"})
    check_scopes(wanted, found["scope"])
    return found


for path, item in {
    "bearer": bearer,
    "optional": optional,
    "basic": basic,
    "key": key,
    "any": ways,
    "pair": pair,
}.items():

    @app.get(f"/{path}", name=path)
    async def read(found: Annotated[Any, Depends(item)]) -> str:
        return name_of(found)

    @app.post(f"/{path}/plants", name=f"{path} writes")
    async def write(
        found: Annotated[Any, Security(item, scopes=["plants:read", "plants:write"])], data: list[int]
    ) -> str:
        return name_of(found)


@app.get("/plain")
async def with_plain(found: Annotated[Any, Depends(plain)]) -> str:
    return str(found)


@app.get("/own")
async def own(user: Annotated[dict[str, str], Security(user, scopes=["plants:write"])]) -> str:
    return user["name"]


@app.get("/yes-or-no")
async def yes_or_no(found: Annotated[bool, Depends(Verified(HTTPBearer(), lambda token: token == "claw"))]) -> str:
    return str(found)


@app.websocket("/ws")
async def talk(websocket: WebSocket, found: Annotated[Any, Security(ways, scopes=["plants:read"])]) -> None:
    await websocket.accept()
    await websocket.send_text(name_of(found))
