"""The page that shows an unhandled exception; with debug=True alone."""

from __future__ import annotations

import traceback
from html import escape

from velocipy.http.connection import HTTPConnection
from velocipy.http.response import HTMLResponse, PlainTextResponse, Response

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; }}
h1 {{ font-size: 1.3rem; overflow-wrap: anywhere; }}
pre {{ background: color-mix(in srgb, currentColor 7%, transparent); border-radius: .5rem; padding: 1rem; }}
pre {{ overflow-x: auto; }}
</style>
<h1>{title}</h1><p>{request}</p><pre>{trace}</pre>
<p>This page is shown because the application has debug=True. Never do that in production.</p></html>
"""


def debug_response(request: HTTPConnection, error: BaseException) -> Response:
    """Return the traceback of *error* as a page for who accepts one, else as text."""
    trace = "".join(traceback.format_exception(error))
    if "text/html" not in (request.header("accept") or ""):
        return PlainTextResponse(trace, 500)
    title = escape(f"{type(error).__name__}: {error}")
    asked = escape(f"{request.method} {request.path}")
    return HTMLResponse(_PAGE.format(title=title, request=asked, trace=escape(trace)), 500)
