"""What a security scheme tells plans and documents: the types of OpenAPI 3.1, section 4.8.27, as frozen data.

A scheme is a dependency: anything that can be called, with an attribute `security_scheme`, which is a `SecurityScheme`
or, where there are several ways to pass, a `SchemeChoice`. What it raises is declared as by any other; see `raises`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, Protocol, runtime_checkable

_is_component = re.compile(r"[a-zA-Z0-9._-]+").fullmatch

_FLOWS: Mapping[str, tuple[str, ...]] = {  # the addresses that each flow has (RFC 6749 section 4)
    "implicit": ("authorization_url",),
    "password": ("token_url",),
    "client_credentials": ("token_url",),
    "authorization_code": ("authorization_url", "token_url"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityScheme:
    """How callers tell who they are; one of the classes below.

    Attributes:
        scheme_name: The name in documents: letters, digits, dots, hyphens and underscores. Schemes that are equal may
            share one.
        description: For people.

    Raises:
        ValueError: If the name is none.
    """

    scheme_name: str
    description: str | None = None

    def __post_init__(self) -> None:
        if _is_component(self.scheme_name) is None:
            raise ValueError(f"{self.scheme_name!r} names no scheme: give letters, digits, dots, hyphens, underscores")


@dataclass(frozen=True, slots=True, kw_only=True)
class APIKeyScheme(SecurityScheme):
    """A key in the request.

    Attributes:
        place: Where.
        name: Of the header, the query parameter or the cookie.
    """

    place: Literal["header", "query", "cookie"]
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HTTPScheme(SecurityScheme):
    """The header `Authorization` (RFC 9110 section 11).

    Attributes:
        scheme: As IANA registers it, such as "basic", "bearer" or "digest".
        bearer_format: Of what kind the tokens are, such as "JWT".
    """

    scheme: str
    bearer_format: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuth2Flow:
    """How a client gets a token.

    Attributes:
        authorization_url: Where users agree; of the flows "implicit" and "authorization_code".
        token_url: Where the token is; of all but "implicit".
        refresh_url: Where it is made anew.
        scopes: What each scope allows, by its name.
    """

    authorization_url: str | None = None
    token_url: str | None = None
    refresh_url: str | None = None
    scopes: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "scopes", MappingProxyType(dict(self.scopes)))


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuth2Scheme(SecurityScheme):
    """OAuth 2.0 (RFC 6749), with at least one flow.

    Raises:
        ValueError: If there is no flow, or one lacks an address.
    """

    implicit: OAuth2Flow | None = None
    password: OAuth2Flow | None = None
    client_credentials: OAuth2Flow | None = None
    authorization_code: OAuth2Flow | None = None

    def __post_init__(self) -> None:
        SecurityScheme.__post_init__(self)
        if not self.flows:
            raise ValueError(f"the scheme {self.scheme_name!r} has no flow; give one of {', '.join(_FLOWS)}")
        for name, flow in self.flows.items():
            for address in _FLOWS[name]:
                if not getattr(flow, address):
                    raise ValueError(f"the flow {name} of the scheme {self.scheme_name!r} needs its {address}")

    @property
    def flows(self) -> Mapping[str, OAuth2Flow]:
        """The flows that there are, by their names."""
        every = {name: getattr(self, name) for name in _FLOWS}
        return MappingProxyType({name: flow for name, flow in every.items() if flow is not None})


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenIDConnectScheme(SecurityScheme):
    """OpenID Connect.

    Attributes:
        url: Of the discovery document.
    """

    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MutualTLSScheme(SecurityScheme):
    """A certificate of the client, which the server, or the proxy before it, asks for."""


@dataclass(frozen=True, slots=True)
class SchemeChoice:
    """Several ways to pass, of which one is enough.

    Attributes:
        alternatives: What each takes: schemes that have to hold together. An empty one lets everybody pass, as where
            to tell who one is, is optional: `SchemeChoice(((bearer,), ()))`.
    """

    alternatives: tuple[tuple[SecurityScheme, ...], ...]


@runtime_checkable
class DescribesSecurity(Protocol):
    """What a dependency is that stands for a security scheme, besides that it can be called."""

    @property
    def security_scheme(self) -> SecurityScheme | SchemeChoice:
        """What it tells documents."""
        ...
