"""What a user's program may look like: no checker finds a fault."""

from dataclasses import dataclass
from typing import Annotated, Any, assert_type

from velocipy import Depends, HTTPBasicCredentials, HTTPConnection, Middleware, Request, Security, VelociPy
from velocipy.security import (
    JWKS,
    APIKeyHeader,
    APIKeys,
    CSRFMiddleware,
    HTTPBasic,
    HTTPBearer,
    JWTVerifier,
    OpenIDLogin,
    OpenIDUser,
    PasswordHasher,
    SecurityBase,
    TokenIntrospection,
    Verified,
    any_of,
    csrf_token,
)
from velocipy.security_scheme import HTTPScheme


@dataclass
class User:
    sub: str


class Own(SecurityBase[int]):
    def __init__(self) -> None:
        super().__init__(HTTPScheme(scheme_name="Own", scheme="own"), challenge="Own")

    def read(self, connection: HTTPConnection) -> int | None:
        return len(connection.headers.get("authorization", ""))


async def user_of(key: str) -> User | None:
    return User(key)


def is_good(credentials: HTTPBasicCredentials) -> bool:
    return credentials.password == ""


async def verify(hasher: PasswordHasher, login: OpenIDLogin, request: Request) -> None:
    jwks = JWKS("https://id.example/jwks")
    assert_type(await JWTVerifier(jwks, algorithms=["RS256"]).verify(""), dict[str, Any])
    assert_type(await JWTVerifier(jwks, algorithms=["RS256"], claims=User).verify(""), User)
    assert_type(await TokenIntrospection("", client_id="", client_secret="", claims=User).verify(""), User)
    assert_type((await hasher.verify("", None)).new_hash, str | None)
    assert_type(await login.finish(request), OpenIDUser)
    assert_type(await APIKeys({"": User("")})(""), User)
    assert_type(csrf_token(request), str)


by_key = Verified(APIKeyHeader("X-Key"), user_of)
assert_type(by_key, Verified[User])
assert_type(Verified(HTTPBasic(), is_good), Verified[bool])
assert_type(Verified(APIKeyHeader("X-Key"), APIKeys({"": 1})), Verified[int])
assert_type(Verified(HTTPBearer(), JWTVerifier("", algorithms=["HS256"], claims=User)), Verified[User])


async def user_of_length(length: int) -> User:
    return User(str(length))


assert_type(Verified(Own(), user_of_length, scopes=lambda user: [user.sub]), Verified[User])

app = VelociPy(middleware=[Middleware(CSRFMiddleware, secret_key="")])


@app.get("/")
async def index(
    user: Annotated[User, Security(by_key, scopes=["read"])],
    either: Annotated[Any, Depends(any_of(by_key, Verified(HTTPBearer(), user_of)))],
) -> str:
    return user.sub
