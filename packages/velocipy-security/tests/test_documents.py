"""What documents are told of schemes, and the mistakes of 0.3.0 about that."""

from importlib import import_module
from typing import Annotated, Any

import pytest

from velocipy import Depends, Security, SecurityScopes, VelociPy, raises
from velocipy.description import describe
from velocipy.security import (
    JWKS,
    APIKeyHeader,
    HTTPBearer,
    HTTPDigest,
    JWTVerifier,
    MutualTLS,
    OAuth2PasswordBearer,
    SecurityBase,
    TokenIntrospection,
    Verified,
    all_of,
    any_of,
)
from velocipy.security_scheme import SchemeChoice, SecurityScheme

from . import schemes_app

openapi = pytest.importorskip("velocipy.openapi", reason="it makes documents")


def document_of(app: VelociPy) -> dict[str, Any]:
    from velocipy.openapi.document import Content

    made: dict[str, Any] = openapi.build_document(describe(app), Content())
    return made


def asking(*dependencies: Any) -> VelociPy:
    app = VelociPy()

    @app.get("/", dependencies=dependencies)
    async def index() -> None: ...

    return app


def told_of(*dependencies: Any) -> tuple[Any, dict[str, Any]]:
    document = document_of(asking(*dependencies))
    schemes = document.get("components", {}).get("securitySchemes", {})
    return document["paths"]["/"]["get"].get("security"), schemes


def test_each_scheme_is_told() -> None:
    document = document_of(schemes_app.app)
    schemes = document["components"]["securitySchemes"]
    assert schemes == {
        "APIKeyHeader": {"type": "apiKey", "in": "header", "name": "X-Key"},
        "APIKeyQuery": {"type": "apiKey", "in": "query", "name": "key"},
        "APIKeyCookie": {"type": "apiKey", "in": "cookie", "name": "key"},
        "HTTPBasic": {"type": "http", "scheme": "basic"},
        "HTTPBearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
        "HTTPBearer_2": {"type": "http", "scheme": "bearer"},
        "MutualTLS": {"type": "mutualTLS"},
        "Negotiated": {"type": "http", "scheme": "negotiate"},
        "OAuth2AuthorizationCodeBearer": {
            "type": "oauth2",
            "flows": {
                "authorizationCode": {
                    "authorizationUrl": "https://id.example/a",
                    "tokenUrl": "https://id.example/t",
                    "scopes": {},
                }
            },
        },
        "OAuth2PasswordBearer": {
            "type": "oauth2",
            "flows": {"password": {"tokenUrl": "/token", "scopes": {"me": "Read me"}}},
        },
        "OpenIdConnect": {
            "type": "openIdConnect",
            "openIdConnectUrl": "https://id.example/.well-known/openid-configuration",
        },
        "Programs": {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "/token", "scopes": {}}}},
    }
    operations = document["paths"]
    assert operations["/header"]["get"]["security"] == [{"APIKeyHeader": []}]
    assert operations["/optional/header"]["get"]["security"] == [{"APIKeyHeader": []}, {}]
    assert "401" in operations["/header"]["get"]["responses"]
    assert "WWW-Authenticate" in operations["/header"]["get"]["responses"]["401"]["headers"]
    assert "401" not in operations["/optional/header"]["get"]["responses"]
    assert operations["/both"]["get"]["security"] == [{"APIKeyHeader": [], "HTTPBearer": []}]


def test_two_schemes_of_one_class_do_not_collide() -> None:
    """Section 13: in 0.3.0 the second took the place of the first."""
    security, schemes = told_of(Depends(APIKeyHeader("X-One")), Depends(APIKeyHeader("X-Two")))
    assert security == [{"APIKeyHeader": [], "APIKeyHeader_2": []}]
    assert [schemes[name]["name"] for name in ("APIKeyHeader", "APIKeyHeader_2")] == ["X-One", "X-Two"]


def test_schemes_of_dependencies_of_dependencies_are_told() -> None:
    """Section 26, 10: in 0.3.0 they were absent."""

    async def user(key: Annotated[str, Depends(APIKeyHeader("X-Key"))]) -> str:
        return key

    async def admin(user: Annotated[str, Depends(user)]) -> str:
        return user

    assert told_of(Depends(admin))[0] == [{"APIKeyHeader": []}]


def test_names_and_descriptions_are_those_that_were_given() -> None:
    security, schemes = told_of(Depends(APIKeyHeader("X-Key", scheme_name="Claw", description="Sharp")))
    assert security == [{"Claw": []}]
    assert schemes["Claw"]["description"] == "Sharp"


KEY, TLS = APIKeyHeader("X-Key", scheme_name="Key"), MutualTLS(scheme_name="TLS")
BEARER = OAuth2PasswordBearer("/token", scheme_name="Bearer")
DIGEST = HTTPDigest(secret_key=b"k" * 32, scheme_name="Digest")


async def verify(credentials: Any) -> Any:
    return {"scope": "read"}


@pytest.mark.parametrize(
    ("scheme", "security"),
    [
        (any_of(KEY, BEARER), [{"Key": []}, {"Bearer": []}]),
        (any_of(KEY, BEARER, auto_error=False), [{"Key": []}, {"Bearer": []}, {}]),
        (all_of(KEY, BEARER), [{"Key": [], "Bearer": []}]),
        (any_of(DIGEST, all_of(KEY, BEARER)), [{"Digest": []}, {"Key": [], "Bearer": []}]),
        (all_of(DIGEST, any_of(KEY, BEARER)), [{"Digest": [], "Key": []}, {"Digest": [], "Bearer": []}]),
        (Verified(KEY, verify), [{"Key": []}]),
        (Verified(any_of(KEY, BEARER), verify), [{"Key": []}, {"Bearer": []}]),
        (any_of(Verified(KEY, verify), Verified(BEARER, verify)), [{"Key": []}, {"Bearer": []}]),
    ],
)
def test_ways_to_pass_are_told(scheme: SecurityBase[Any], security: Any) -> None:
    assert told_of(Depends(scheme))[0] == security
    described = scheme.security_scheme
    assert isinstance(described, SecurityScheme | SchemeChoice)


def test_scopes_are_told_with_the_403() -> None:
    app = asking(Security(Verified(BEARER, verify), scopes=["read"]))
    operation = document_of(app)["paths"]["/"]["get"]
    assert operation["security"] == [{"Bearer": ["read"]}]
    assert {"401", "403"} <= operation["responses"].keys()


def test_a_scheme_that_verifies_refuses_what_is_wrong_even_if_it_is_optional() -> None:
    optional = Verified(HTTPBearer(auto_error=False), verify)
    operation = document_of(asking(Depends(optional)))["paths"]["/"]["get"]
    assert operation["security"] == [{"HTTPBearer": []}, {}]
    assert "401" in operation["responses"]


def test_no_403_is_told_where_no_scope_is_asked_for() -> None:
    user = Verified(BEARER, verify)
    for asked in (Depends(user), Depends(any_of(user, Verified(APIKeyHeader("X-Key"), verify)))):
        assert document_of(asking(asked))["paths"]["/"]["get"]["responses"].keys() == {"204", "401"}


def test_the_403_is_told_where_scopes_are_asked_of_what_depends_on_it() -> None:
    async def user(found: Annotated[Any, Depends(Verified(BEARER, verify))]) -> Any:
        return found

    operation = document_of(asking(Security(user, scopes=["read"])))["paths"]["/"]["get"]
    assert operation["responses"].keys() == {"204", "401", "403"}


def test_what_the_function_that_verifies_declares_is_told() -> None:
    @raises(503, "The directory is away")
    async def find(token: str) -> str:
        return token

    class Finder:
        @raises(402, "Unpaid")
        async def __call__(self, key: str) -> str:
            return key

    user = any_of(Verified(BEARER, find), Verified(APIKeyHeader("X-Key"), Finder()))
    responses = document_of(asking(Depends(user)))["paths"]["/"]["get"]["responses"]
    assert responses.keys() == {"204", "401", "402", "503"}
    assert responses["503"]["description"] == "The directory is away"


@pytest.mark.parametrize("name", ["JWKS", "TokenIntrospection"])
def test_that_a_provider_may_be_away_is_told(name: str) -> None:
    pytest.importorskip("jwt", reason="the extra oidc")
    pytest.importorskip("httpx2", reason="the extra oidc")
    made: Any = JWTVerifier(JWKS("https://id.example/jwks"), algorithms=["RS256"])
    if name == "TokenIntrospection":
        made = TokenIntrospection("https://id.example/introspect", client_id="park", client_secret="gate")
    responses = document_of(asking(Depends(Verified(BEARER, made))))["paths"]["/"]["get"]["responses"]
    assert responses["503"]["description"] == "The identity provider cannot be reached"
    assert "Retry-After" in responses["503"]["headers"]


def test_the_front_door_has_the_documented_names() -> None:
    import velocipy

    names = ("APIKeyHeader", "APIKeyQuery", "APIKeyCookie", "OAuth2PasswordBearer", "HTTPBasic", "SecurityBase")
    for name in (*names, "HTTPBasicCredentials"):
        assert getattr(velocipy, name) is getattr(import_module("velocipy.security"), name)


def test_scopes_of_an_own_dependency_are_told() -> None:
    async def user(wanted: SecurityScopes, token: Annotated[str, Depends(BEARER)]) -> str:
        return token

    assert told_of(Security(user, scopes=["read"]))[0] == [{"Bearer": ["read"]}]
