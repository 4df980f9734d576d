"""The checks between the head and the body of a request that brings JSON."""

from __future__ import annotations

from velocipy.errors import HTTPException
from velocipy.http.request import Request


def require_json(request: Request, content_type: str | None) -> None:
    """Refuse a body that is declared as something else than JSON.

    A browser sends text, forms and bodies of no type at all across sites without asking; were they read as JSON, any
    page could act for its visitor (CVE-2021-32677). Programs that leave the type out are let in, browsers are not.

    Raises:
        HTTPException: 415.
    """
    if content_type is None:
        if request._header("origin", b"origin") is None:
            return
    else:
        media_type = content_type.partition(";")[0].strip().lower()
        if media_type == "application/json" or (media_type.startswith("application/") and media_type.endswith("+json")):
            return
    raise HTTPException(415, "The body must be JSON, declared as application/json")
