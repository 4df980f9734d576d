"""Security schemes and requirements in the words of OpenAPI 3.1 (sections 4.8.27 and 4.8.30)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from itertools import product
from typing import Any

from velocipy.description import SecurityRequirement
from velocipy.security_scheme import (
    APIKeyScheme,
    HTTPScheme,
    MutualTLSScheme,
    OAuth2Flow,
    OAuth2Scheme,
    OpenIDConnectScheme,
    SecurityScheme,
)

Object = dict[str, Any]

_FLOWS = {
    "implicit": "implicit",
    "password": "password",
    "client_credentials": "clientCredentials",
    "authorization_code": "authorizationCode",
}
_WITH_SCOPES = (OAuth2Scheme, OpenIDConnectScheme)


class Security:
    """The security schemes of one document, named when they are first needed."""

    def __init__(self) -> None:
        self._names: dict[str, SecurityScheme] = {}

    def requirements(self, required: Iterable[SecurityRequirement]) -> list[Object]:
        """Return the alternatives of a route; in each, all that is named has to hold."""
        ways = [
            [{self._name(scheme): _scopes(scheme, item) for scheme in schemes} for schemes in item.alternatives]
            for item in required
        ]
        if not ways:
            return []
        together = [reduce(_joined, combination) for combination in product(*ways)]
        return [way for number, way in enumerate(together) if way not in together[:number]]

    def components(self) -> Object:
        """Return the Security Scheme Objects by their names."""
        return {name: _scheme(scheme) for name, scheme in sorted(self._names.items())}

    def _name(self, scheme: SecurityScheme) -> str:
        name, number = scheme.scheme_name, 2
        while self._names.setdefault(name, scheme) != scheme:
            name, number = f"{scheme.scheme_name}_{number}", number + 1
        return name


def _scopes(scheme: SecurityScheme, requirement: SecurityRequirement) -> list[str]:
    return list(requirement.scopes) if isinstance(scheme, _WITH_SCOPES) else []


def _joined(one: Object, other: Object) -> Object:
    return {name: sorted({*one.get(name, ()), *other.get(name, ())}) for name in {**one, **other}}


def _scheme(scheme: SecurityScheme) -> Object:
    made: Object
    match scheme:
        case APIKeyScheme():
            made = {"type": "apiKey", "in": scheme.place, "name": scheme.name}
        case HTTPScheme():
            made = {"type": "http", "scheme": scheme.scheme}
            if scheme.bearer_format:
                made["bearerFormat"] = scheme.bearer_format
        case OAuth2Scheme():
            made = {"type": "oauth2", "flows": {_FLOWS[name]: _flow(flow) for name, flow in scheme.flows.items()}}
        case OpenIDConnectScheme():
            made = {"type": "openIdConnect", "openIdConnectUrl": scheme.url}
        case MutualTLSScheme():
            made = {"type": "mutualTLS"}
        case _:
            raise TypeError(f"{scheme!r} is none of the schemes that OpenAPI knows")
    return {**made, "description": scheme.description} if scheme.description else made


def _flow(flow: OAuth2Flow) -> Object:
    urls = {
        "authorizationUrl": flow.authorization_url,
        "tokenUrl": flow.token_url,
        "refreshUrl": flow.refresh_url,
    }
    return {**{name: url for name, url in urls.items() if url}, "scopes": dict(flow.scopes)}
