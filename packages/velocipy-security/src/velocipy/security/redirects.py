"""Where one may be sent after a login: nowhere but here, whatever the address of the page says."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

_HAS_ODD = re.compile(r"[\x00-\x20\x7f-\x9f\\\s]").search
_IS_HOST = re.compile(r"(?:[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?").fullmatch
_IS_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:").match


def is_safe_url(url: str | None, allowed_hosts: Iterable[str] = (), *, require_https: bool = False) -> bool:
    """Tell whether a browser that is redirected to *url* stays here, or comes to an allowed host.

    A path is safe ("/account?tab=1"). So is a full URL of http or https whose host is allowed. All is refused that
    browsers read in another way than it looks: "//evil.com", "/\\\\evil.com", "https:evil.com", controls and white
    space, names and passwords before the host, other schemes.

    Args:
        url: What a request says; None and "" are not safe.
        allowed_hosts: Such as "example.com", which is for the default ports, or "localhost:8000".
        require_https: Whether full URLs have to be https.

    Raises:
        TypeError: If *allowed_hosts* is one text.
    """
    if isinstance(allowed_hosts, str):
        raise TypeError(f"allowed_hosts takes several: [{allowed_hosts!r}]")
    if not isinstance(url, str) or not url or len(url) > 2048 or _HAS_ODD(url):
        return False
    if url.startswith("/"):
        return not url.startswith("//")
    if _IS_SCHEME(url) is None:
        return False  # relative to a page that is not known here
    scheme, separator, rest = url.partition("://")
    scheme = scheme.lower()
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if not separator or scheme not in (("https",) if require_https else ("https", "http")):
        return False
    if _IS_HOST(authority) is None:
        return False
    try:
        host, port = urlsplit(url).hostname, urlsplit(url).port
    except ValueError:
        return False
    default = 443 if scheme == "https" else 80
    named = f"[{host}]" if host and ":" in host else str(host)
    full = named if port in (None, default) else f"{named}:{port}"
    return full in {allowed.lower() for allowed in allowed_hosts}
