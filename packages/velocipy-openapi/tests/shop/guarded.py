"""Operations that ask who is asking, and others that end in errors."""

from typing import Annotated

from velocipy import APIRouter, Depends, HTTPConnection, HTTPException, Query, Security, SecurityScopes, raises
from velocipy.security_scheme import APIKeyScheme, HTTPScheme, OAuth2Flow, OAuth2Scheme, SchemeChoice

from .models import Product

TOKEN = "secret"

BEARER = HTTPScheme(scheme_name="Bearer", scheme="bearer", bearer_format="opaque", description="The token is 'secret'.")
KEY = APIKeyScheme(scheme_name="Key", place="header", name="X-Key")
OAUTH = OAuth2Scheme(
    scheme_name="OAuth", password=OAuth2Flow(token_url="/token", scopes={"read": "To read", "write": "To write"})
)


@raises(401, "There is no token, or a wrong one", headers={"WWW-Authenticate": "How to send one"})
async def bearer(connection: HTTPConnection) -> str:
    """Return the token of the header."""
    if connection.header("authorization") != f"Bearer {TOKEN}":
        raise HTTPException(401, headers={"WWW-Authenticate": "Bearer"})
    return TOKEN


@raises(401, "There is no key", headers={"WWW-Authenticate": "How to send one"})
async def key(connection: HTTPConnection) -> str:
    """Return the key of the header."""
    if connection.header("x-key") != TOKEN:
        raise HTTPException(401, headers={"WWW-Authenticate": "Key"})
    return TOKEN


@raises(401, "Neither is there", headers={"WWW-Authenticate": "How to send one"})
async def either(connection: HTTPConnection) -> str:
    """Return what is there of token and key."""
    if connection.header("x-key") == TOKEN:
        return TOKEN
    return await bearer(connection)


async def perhaps(connection: HTTPConnection) -> str | None:
    """Return the key, if there is one."""
    return connection.header("x-key")


@raises(401, "There is no token", headers={"WWW-Authenticate": "How to send one"})
@raises(403, "The token is not for that")
async def oauth(connection: HTTPConnection, wanted: SecurityScopes) -> list[str]:
    """Return the scopes that were asked for."""
    await bearer(connection)
    if "write" in wanted.scopes:
        raise HTTPException(403)
    return list(wanted.scopes)


for _function, _scheme in (
    (bearer, BEARER),
    (key, KEY),
    (either, SchemeChoice(((KEY,), (BEARER,)))),
    (perhaps, SchemeChoice(((KEY,), ()))),
    (oauth, OAUTH),
):
    setattr(_function, "security_scheme", _scheme)  # noqa: B010

router = APIRouter(prefix="/guarded", tags=["guarded"])


@router.get("/bearer")
async def with_bearer(token: Annotated[str, Depends(bearer)], size: Annotated[int, Query(ge=1, le=5)] = 1) -> int:
    return size


@router.get("/key", dependencies=[Depends(key)])
async def with_key() -> int:
    return 1


@router.get("/both", dependencies=[Depends(key), Depends(bearer)])
async def with_both() -> int:
    return 1


@router.get("/either")
async def with_either(token: Annotated[str, Depends(either)]) -> int:
    return 1


@router.get("/perhaps")
async def with_perhaps(token: Annotated[str | None, Depends(perhaps)]) -> bool:
    return token is not None


@router.get("/scopes")
async def with_scopes(scopes: Annotated[list[str], Security(oauth, scopes=["read"])]) -> list[str]:
    return scopes


@router.put("/scopes")
async def with_more_scopes(
    scopes: Annotated[list[str], Security(oauth, scopes=["write"])], product: Product
) -> None: ...


@router.post("/small", max_content_length=64)
async def small(product: Product) -> Product:
    return product


@router.get("/slow", timeout=10)
async def slow() -> int:
    return 1


@raises(429, "There were too many", headers={"Retry-After": "Seconds to wait"})
async def limited(often: Annotated[bool, Query(description="Whether there were too many")] = False) -> None:
    """Refuse what comes too often."""
    if often:
        raise HTTPException(429, headers={"Retry-After": "1"})


@router.get("/limited", dependencies=[Depends(limited)])
async def within_limit() -> int:
    return 1


@router.get("/missing/{number}")
@raises(404, "There is no such number")
async def missing(number: int) -> int:
    if number > 10:
        raise HTTPException(404)
    return number
