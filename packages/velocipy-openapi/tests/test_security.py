"""Security schemes and what operations ask for."""

from typing import Annotated, Any

from velocipy import Depends, HTTPConnection, Security, VelociPy
from velocipy.security_scheme import (
    APIKeyScheme,
    HTTPScheme,
    MutualTLSScheme,
    OAuth2Flow,
    OAuth2Scheme,
    OpenIDConnectScheme,
    SchemeChoice,
    SecurityScheme,
)

from .documents import document_of

KEY = APIKeyScheme(scheme_name="Key", place="header", name="X-Key", description="A key")
BEARER = HTTPScheme(scheme_name="Bearer", scheme="bearer", bearer_format="JWT")
OAUTH = OAuth2Scheme(
    scheme_name="OAuth",
    authorization_code=OAuth2Flow(authorization_url="/a", token_url="/t", refresh_url="/r", scopes={"read": "To read"}),
    client_credentials=OAuth2Flow(token_url="/t"),
)


class Scheme:
    """A dependency that asks for a scheme."""

    def __init__(self, scheme: SecurityScheme | SchemeChoice) -> None:
        self.security_scheme = scheme

    async def __call__(self, connection: HTTPConnection) -> None: ...


def asking(*dependencies: Any) -> VelociPy:
    app = VelociPy()

    @app.get("/", dependencies=dependencies)
    async def index() -> None: ...

    return app


def security_of(*dependencies: Any) -> Any:
    return document_of(asking(*dependencies))["paths"]["/"]["get"].get("security")


def test_schemes() -> None:
    schemes = (
        KEY,
        BEARER,
        OAUTH,
        OpenIDConnectScheme(scheme_name="OpenID", url="https://example.com/.well-known"),
        MutualTLSScheme(scheme_name="TLS"),
    )
    told = document_of(asking(*(Depends(Scheme(item)) for item in schemes)))["components"]["securitySchemes"]
    assert told == {
        "Bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
        "Key": {"type": "apiKey", "in": "header", "name": "X-Key", "description": "A key"},
        "OAuth": {
            "type": "oauth2",
            "flows": {
                "authorizationCode": {
                    "authorizationUrl": "/a",
                    "tokenUrl": "/t",
                    "refreshUrl": "/r",
                    "scopes": {"read": "To read"},
                },
                "clientCredentials": {"tokenUrl": "/t", "scopes": {}},
            },
        },
        "OpenID": {"type": "openIdConnect", "openIdConnectUrl": "https://example.com/.well-known"},
        "TLS": {"type": "mutualTLS"},
    }


def test_nothing_is_asked() -> None:
    assert security_of() is None


def test_all_have_to_hold() -> None:
    assert security_of(Depends(Scheme(KEY)), Depends(Scheme(BEARER))) == [{"Key": [], "Bearer": []}]


def test_one_is_enough_and_none_may_do() -> None:
    assert security_of(Depends(Scheme(SchemeChoice(((KEY,), (BEARER,)))))) == [{"Key": []}, {"Bearer": []}]
    assert security_of(Depends(Scheme(SchemeChoice(((KEY,), ()))))) == [{"Key": []}, {}]


def test_a_choice_beside_what_has_to_hold() -> None:
    choice = Depends(Scheme(SchemeChoice(((KEY,), ()))))
    assert security_of(choice, Depends(Scheme(BEARER))) == [{"Key": [], "Bearer": []}, {"Bearer": []}]


def test_scopes_are_gathered_on_the_way_and_keys_have_none() -> None:
    oauth, key = Scheme(OAUTH), Scheme(KEY)

    async def user(
        token: Annotated[None, Security(oauth, scopes=["me"])], key: Annotated[None, Depends(key)]
    ) -> None: ...

    assert security_of(Security(user, scopes=["read", "me"])) == [{"OAuth": ["me", "read"], "Key": []}]


def test_two_schemes_of_one_name() -> None:
    other = APIKeyScheme(scheme_name="Key", place="query", name="key")
    app = asking(Depends(Scheme(KEY)), Depends(Scheme(other)))
    assert {*document_of(app)["components"]["securitySchemes"]} == {"Key", "Key_2"}
