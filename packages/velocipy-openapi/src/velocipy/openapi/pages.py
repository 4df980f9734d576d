"""The pages: HTML that loads one of the three libraries, and the headers that keep it to that.

All URLs in a page are relative to it, so that it works under any prefix, told or not. What the scripts need stands in
a block of JSON, which is no script, and all scripts and style sheets are files: no code stands in a page.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from os import urandom
from posixpath import dirname, relpath
from typing import Any
from urllib.parse import quote

from velocipy import HTMLResponse
from velocipy.openapi.assets import Asset, read_assets

_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta property="csp-nonce" nonce="{nonce}" content="{nonce}">
<link rel="icon" href="data:,">
{styles}
</head>
<body>
<div id="page"></div>
<noscript>This page needs JavaScript. Without it there is <a href="{document}">the document</a>.</noscript>
<script id="options" type="application/json">{options}</script>
{scripts}
</body>
</html>
"""
_REDIRECT = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Authorization</title>
<link rel="icon" href="data:,">
</head>
<body>
<script src="{script}" nonce="{nonce}"></script>
</body>
</html>
"""
REDIRECT = "oauth2-redirect.html"
"""Where authorization servers send back to, below the URL of Swagger UI."""


@dataclass(frozen=True)
class Page:
    """A page.

    Attributes:
        url: Its path in the scope of the plugin.
        document_url: That of the document.
        name: Of the library.
        scripts: The assets that it runs, in order, by their names in `read_assets`.
        styles: Its style sheets, likewise.
        data: What its script is told, as JSON.
        policy: Directives of its Content-Security-Policy beyond those of all pages.
        is_module: Whether the scripts are modules.
        extra: Assets that it has besides.
    """

    url: str
    document_url: str
    name: str
    scripts: Sequence[str]
    styles: Sequence[str]
    data: Mapping[str, Any]
    policy: Mapping[str, str] = field(default_factory=dict[str, str])
    is_module: bool = False
    extra: Sequence[str] = ()

    @property
    def base(self) -> str:
        """What leads from the page to what is below its URL."""
        return quote(self.url.rpartition("/")[2]) + "/" if not self.url.endswith("/") else ""

    def assets(self) -> dict[tuple[str, str], Asset]:
        """Return what it serves, by digest and name."""
        everything = read_assets()
        used = [everything[name] for name in (*self.scripts, *self.styles, *self.extra)]
        return {(asset.digest, asset.name): asset for asset in used}

    def render(self, title: str, origins: Iterable[str]) -> HTMLResponse:
        """Return the page, which may ask its own origin and *origins*."""
        nonce = make_nonce()
        everything = read_assets()
        kind = ' type="module"' if self.is_module else ""
        styles = (
            f'<link rel="stylesheet" href="{self.base}{everything[name].url}" nonce="{nonce}">' for name in self.styles
        )
        scripts = (
            f'<script id="{name.partition("/")[0]}"{kind} src="{self.base}{everything[name].url}" nonce="{nonce}">'
            "</script>"
            for name in self.scripts
        )
        html = _PAGE.format(
            title=escape(f"{title} - {self.name}"),
            nonce=nonce,
            styles="\n".join(styles),
            document=escape(relative(self.url, self.document_url)),
            options=for_script(self.data),
            scripts="\n".join(scripts),
        )
        directives = {
            "script-src": f"'nonce-{nonce}'",
            "style-src": f"'nonce-{nonce}'",
            "img-src": "'self' data: blob:",
            "connect-src": " ".join(["'self'", *origins]),
            **self.policy,
        }
        return HTMLResponse(html, headers=headers_of(directives))


def swagger_page(
    url: str, document_url: str, options: Mapping[str, Any], oauth: Mapping[str, Any] | None = None
) -> Page:
    """Return that of Swagger UI."""
    page = Page(url, document_url, "Swagger UI", (), (), {})
    data = {
        "options": {
            "url": relative(url, document_url),
            "validatorUrl": None,  # or it would ask a host of its own
            "deepLinking": True,
            **options,
        },
        "oauth": oauth,
        "redirect": f"{page.base}{REDIRECT}",
    }
    return Page(
        url,
        document_url,
        "Swagger UI",
        ("pages/guard.js", "swagger-ui/swagger-ui-bundle.js", "pages/swagger-ui.js"),
        ("swagger-ui/swagger-ui.css", "pages/page.css"),
        data,
        extra=("swagger-ui/oauth2-redirect.js",),
    )


def redoc_page(url: str, document_url: str, options: Mapping[str, Any]) -> Page:
    """Return that of ReDoc."""
    return Page(
        url,
        document_url,
        "ReDoc",
        ("pages/guard.js", "redoc/redoc.standalone.js", "pages/redoc.js"),
        ("pages/page.css",),
        {"url": relative(url, document_url), "options": {"disableTelemetry": True, **options}},
        {"font-src": "data:"},
        is_module=True,
    )


def scalar_page(url: str, document_url: str, options: Mapping[str, Any]) -> Page:
    """Return that of Scalar."""
    quiet = {
        "url": relative(url, document_url),
        "withDefaultFonts": False,
        "telemetry": False,
        "showDeveloperTools": "never",
        "hideClientButton": True,
        "agent": {"disabled": True},
        "mcp": {"disabled": True},
    }
    return Page(
        url,
        document_url,
        "Scalar",
        ("pages/guard.js", "scalar/standalone.js", "pages/scalar.js"),
        ("pages/page.css",),
        {"options": {**quiet, **options}},
    )


def render_redirect() -> HTMLResponse:
    """Return the page to which authorization servers send back; its script tells the page that opened it."""
    nonce = make_nonce()
    script = read_assets()["swagger-ui/oauth2-redirect.js"].url
    html = _REDIRECT.format(script=script, nonce=nonce)
    return HTMLResponse(html, headers=headers_of({"script-src": f"'nonce-{nonce}'", "img-src": "data:"}))


def headers_of(directives: Mapping[str, str]) -> dict[str, str]:
    """Return the headers of a page that may do what *directives* say, and nothing else."""
    policy = {
        "default-src": "'none'",
        **directives,
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    return {
        "content-security-policy": "; ".join(f"{name} {sources}" for name, sources in policy.items()),
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
        "cache-control": "no-cache",
    }


def relative(url: str, target: str) -> str:
    """Return the way from the page at *url* to *target*, both paths; "./" keeps "a:b" from being a scheme."""
    return "./" + quote(relpath(target, dirname(url)), safe="/~!$&'()*+,;=:@")


def for_script(value: Any) -> str:
    """Return *value* as JSON that may stand in a script element, whatever is in it."""
    return json.dumps(value).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def make_nonce() -> str:
    """Return what nobody can guess, for one answer."""
    return b64encode(urandom(16)).decode("ascii")
