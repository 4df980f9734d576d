"""Who is asking, and may they: schemes as dependencies, tokens, passwords, logins, forged requests."""

from velocipy.security._version import __version__
from velocipy.security.api_keys import (
    APIKeyCookie,
    APIKeyHeader,
    APIKeyQuery,
    APIKeys,
    hash_api_key,
    make_api_key,
    same_secret,
)
from velocipy.security.authorization import HTTPBasic, HTTPBasicCredentials, HTTPBearer
from velocipy.security.csrf import CSRFMiddleware, csrf_field, csrf_token
from velocipy.security.digest import HTTPDigest, HTTPDigestCredentials, digest_hash
from velocipy.security.fetching import BoundClient, ProviderUnavailable
from velocipy.security.introspection import TokenIntrospection
from velocipy.security.jwks import JWKS
from velocipy.security.oauth2 import (
    OAuth2AuthorizationCodeBearer,
    OAuth2ClientCredentials,
    OAuth2PasswordBearer,
    OAuth2PasswordRequestForm,
    OpenIdConnect,
)
from velocipy.security.oidc import LoginError, OpenIDLogin, OpenIDUser
from velocipy.security.passwords import (
    Argon2,
    BadPassword,
    PasswordAlgorithm,
    PasswordCheck,
    PasswordHasher,
    Scrypt,
)
from velocipy.security.redirects import is_safe_url
from velocipy.security.refusals import AuthenticationError, InsufficientScope, InvalidCredentials, check_scopes
from velocipy.security.schemes import MutualTLS, SecurityBase
from velocipy.security.tokens import JWTIssuer, JWTVerifier, KeySource
from velocipy.security.verifying import Verified, all_of, any_of

__all__ = [
    "JWKS",
    "APIKeyCookie",
    "APIKeyHeader",
    "APIKeyQuery",
    "APIKeys",
    "Argon2",
    "AuthenticationError",
    "BadPassword",
    "BoundClient",
    "CSRFMiddleware",
    "HTTPBasic",
    "HTTPBasicCredentials",
    "HTTPBearer",
    "HTTPDigest",
    "HTTPDigestCredentials",
    "InsufficientScope",
    "InvalidCredentials",
    "JWTIssuer",
    "JWTVerifier",
    "KeySource",
    "LoginError",
    "MutualTLS",
    "OAuth2AuthorizationCodeBearer",
    "OAuth2ClientCredentials",
    "OAuth2PasswordBearer",
    "OAuth2PasswordRequestForm",
    "OpenIDLogin",
    "OpenIDUser",
    "OpenIdConnect",
    "PasswordAlgorithm",
    "PasswordCheck",
    "PasswordHasher",
    "ProviderUnavailable",
    "Scrypt",
    "SecurityBase",
    "TokenIntrospection",
    "Verified",
    "__version__",
    "all_of",
    "any_of",
    "check_scopes",
    "csrf_field",
    "csrf_token",
    "digest_hash",
    "hash_api_key",
    "is_safe_url",
    "make_api_key",
    "same_secret",
]
