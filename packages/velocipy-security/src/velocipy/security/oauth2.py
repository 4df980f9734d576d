"""OAuth 2.0 (RFC 6749) and OpenID Connect as documents tell of them, and the form of the password flow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from velocipy import Form
from velocipy.security.authorization import BearerBase
from velocipy.security.refusals import check_scope_names
from velocipy.security_scheme import OAuth2Flow, OAuth2Scheme, OpenIDConnectScheme


class OAuth2PasswordBearer(BearerBase):
    """A token that clients get for a name and a password (RFC 6749 section 4.3); the token is the value.

    Args:
        tokenUrl: Where it is had, for documents; relative to the document's server.
        scopes: What each scope allows, by its name.
        refreshUrl: Where it is made anew.
        scheme_name: In documents; the name of the class by default.
        description: For people.
        auto_error: Whether who sends none, or what is none, is refused; else the value is None.
    """

    def __init__(
        self,
        tokenUrl: str,  # noqa: N803 - the word of OpenAPI
        *,
        scheme_name: str | None = None,
        scopes: Mapping[str, str] | None = None,
        description: str | None = None,
        refreshUrl: str | None = None,  # noqa: N803
        auto_error: bool = True,
    ) -> None:
        flow = OAuth2Flow(token_url=tokenUrl, refresh_url=refreshUrl, scopes=check_scope_names(scopes))
        name = scheme_name or type(self).__name__
        scheme = OAuth2Scheme(scheme_name=name, description=description, password=flow)
        super().__init__(scheme, auto_error=auto_error)


class OAuth2AuthorizationCodeBearer(BearerBase):
    """A token that clients get when their user has agreed elsewhere (RFC 6749 section 4.1); the token is the value.

    Args:
        authorizationUrl: Where users agree, for documents.
        tokenUrl, scopes, refreshUrl, scheme_name, description, auto_error: As in `OAuth2PasswordBearer`.
    """

    def __init__(
        self,
        authorizationUrl: str,  # noqa: N803
        tokenUrl: str,  # noqa: N803
        *,
        scheme_name: str | None = None,
        scopes: Mapping[str, str] | None = None,
        description: str | None = None,
        refreshUrl: str | None = None,  # noqa: N803
        auto_error: bool = True,
    ) -> None:
        flow = OAuth2Flow(
            authorization_url=authorizationUrl,
            token_url=tokenUrl,
            refresh_url=refreshUrl,
            scopes=check_scope_names(scopes),
        )
        name = scheme_name or type(self).__name__
        scheme = OAuth2Scheme(scheme_name=name, description=description, authorization_code=flow)
        super().__init__(scheme, auto_error=auto_error)


class OAuth2ClientCredentials(BearerBase):
    """A token that programs get for themselves (RFC 6749 section 4.4); the token is the value.

    Args: as those of `OAuth2PasswordBearer`.
    """

    def __init__(
        self,
        tokenUrl: str,  # noqa: N803
        *,
        scheme_name: str | None = None,
        scopes: Mapping[str, str] | None = None,
        description: str | None = None,
        refreshUrl: str | None = None,  # noqa: N803
        auto_error: bool = True,
    ) -> None:
        flow = OAuth2Flow(token_url=tokenUrl, refresh_url=refreshUrl, scopes=check_scope_names(scopes))
        name = scheme_name or type(self).__name__
        scheme = OAuth2Scheme(scheme_name=name, description=description, client_credentials=flow)
        super().__init__(scheme, auto_error=auto_error)


class OpenIdConnect(BearerBase):
    """A token of an OpenID provider; the token is the value. To verify it, see `JWTVerifier`; to log in, `OpenIDLogin`.

    Args:
        openIdConnectUrl: Of the discovery document, for documents.
        scheme_name, description, auto_error: As in `OAuth2PasswordBearer`.
    """

    def __init__(
        self,
        openIdConnectUrl: str,  # noqa: N803
        *,
        scheme_name: str | None = None,
        description: str | None = None,
        auto_error: bool = True,
    ) -> None:
        if not openIdConnectUrl:
            raise ValueError(
                "OpenIdConnect needs the URL of the discovery document: https://.../.well-known/openid-configuration"
            )
        name = scheme_name or type(self).__name__
        scheme = OpenIDConnectScheme(scheme_name=name, description=description, url=openIdConnectUrl)
        super().__init__(scheme, auto_error=auto_error)


class OAuth2PasswordRequestForm:
    """The form of the password flow (RFC 6749 section 4.3.2), as a dependency: `Annotated[..., Depends()]`.

    Attributes:
        username, password: Of the user.
        grant_type: "password", or None if the client does not say it.
        scopes: What the client asks for.
        client_id, client_secret: Of the client, if it sends them here.
    """

    def __init__(
        self,
        *,
        username: Annotated[str, Form()],
        password: Annotated[str, Form()],
        grant_type: Annotated[str | None, Form(pattern="^password$")] = None,
        scope: Annotated[str, Form()] = "",
        client_id: Annotated[str | None, Form()] = None,
        client_secret: Annotated[str | None, Form()] = None,
    ) -> None:
        self.username = username
        self.password = password
        self.grant_type = grant_type
        self.scopes = scope.split()
        self.client_id = client_id
        self.client_secret = client_secret

    def __repr__(self) -> str:
        return f"OAuth2PasswordRequestForm(username={self.username!r}, scopes={self.scopes})"
