"""Mistakes that checkers find: each on the marked line, and on no other."""

from velocipy.security import (
    APIKeyHeader,
    CSRFMiddleware,
    HTTPBearer,
    JWTVerifier,
    PasswordHasher,
    SecurityBase,
    Verified,
    any_of,
)


async def of_length(length: int) -> str:
    return str(length)


APIKeyHeader()  # error
APIKeyHeader("X-Key", "Key")  # error
JWTVerifier("secret")  # error
Verified(HTTPBearer, len)  # error
Verified(HTTPBearer())  # error
Verified(HTTPBearer(), of_length)  # error
any_of(HTTPBearer)  # error
CSRFMiddleware()  # error
CSRFMiddleware(secret_key=5)  # error
SecurityBase({"type": "http"}, challenge="")  # error


async def check(hasher: PasswordHasher) -> None:
    await hasher.verify(b"", None)  # error
