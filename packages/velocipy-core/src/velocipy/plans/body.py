"""Whether a body may be read as JSON."""

from __future__ import annotations

from velocipy.errors import HTTPException
from velocipy.http.request import Request


def require_json(content_type: str) -> None:
    """Refuse a body that is declared as something else than JSON.

    Raises:
        HTTPException: 415.
    """
    kind, _, subtype = content_type.partition(";")[0].strip().lower().partition("/")
    if kind != "application" or not (subtype == "json" or subtype.endswith("+json")):
        raise HTTPException(415, "The body must be JSON, declared as application/json")


def require_no_browser(request: Request) -> None:
    """Refuse a body without a content type that a browser has sent; programs that leave the type out are let in.

    A browser sends text, forms and bodies of no type at all across sites without asking; were they read as JSON, any
    page could act for its visitor (CVE-2021-32677).

    Raises:
        HTTPException: 415.
    """
    if request._header("origin", b"origin") is not None:
        raise HTTPException(415, "The body must be declared as application/json")
