"""How other servers are asked: within a time, up to a size, by https, and nowhere but where they were said to be."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from velocipy import HTTPException


class ProviderUnavailable(HTTPException):
    """A server that is needed to know who is asking cannot be asked: 503. The log has the reason."""

    def __init__(self) -> None:
        super().__init__(503, "The identity provider cannot be reached", {"Retry-After": "5"})


class FetchError(Exception):
    """Another server did not answer as it should; the text says how, without what it sent."""


def bound(client: BoundClient | None) -> BoundClient:
    """Return *client*, or one that is made.

    Raises:
        TypeError: If it is another, which would follow redirects, and read without a bound.
    """
    if client is not None and not isinstance(client, BoundClient):
        raise TypeError(f"client is a {type(client).__name__}; give a BoundClient")
    return client or BoundClient()


class BoundClient:
    """Asks other servers for JSON. It follows no redirects, reads no proxies from the environment, and keeps nothing.

    Args:
        timeout: Seconds for a request, from the connection to the last byte.
        max_bytes: How long an answer may be.
        max_requests: How many run at once in an event loop; more wait, within *timeout*.
        allow_http: Whether URLs may be http, where everybody on the way can read and change all; for tests.
        ssl_context: What is trusted; the system's and certifi's authorities by default.
        proxy: The URL of a proxy.

    Raises:
        ModuleNotFoundError: If httpx2 is not installed; the message tells the command.
        ValueError: If a number is none.
    """

    def __init__(
        self,
        *,
        timeout: float = 5,
        max_bytes: int = 256 * 1024,
        max_requests: int = 20,
        allow_http: bool = False,
        ssl_context: ssl.SSLContext | None = None,
        proxy: str | None = None,
    ) -> None:
        try:
            import httpx2
        except ImportError:
            raise ModuleNotFoundError(
                'to ask other servers needs httpx2: pip install "velocipy-security[oidc]"', name="httpx2"
            ) from None
        if not timeout > 0:
            raise ValueError(f"timeout is {timeout!r}; give seconds over 0")
        for name, value in (("max_bytes", max_bytes), ("max_requests", max_requests)):
            if not isinstance(value, int) or value < 1:
                raise ValueError(f"{name} is {value!r}; give a number from 1")
        self._httpx: Any = httpx2
        self._timeout = timeout
        self._max_bytes = max_bytes
        self._max_requests = max_requests
        self._places: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()
        self._allow_http = allow_http
        self._ssl_context = ssl_context
        self._proxy = proxy

    def check_url(self, option: str, url: Any) -> str:
        """Return *url*.

        Raises:
            ValueError: If it is none that may be asked: https, with a host, without a password and a fragment.
        """
        if not isinstance(url, str) or not url.isascii() or not url.isprintable() or " " in url:
            raise ValueError(f"{option} is {url!r}, which is no URL")
        try:
            parts = urlsplit(url)
            is_url = bool(parts.hostname) and (parts.port is None or parts.port > 0)
        except ValueError:
            parts, is_url = urlsplit(""), False
        if not is_url or parts.username is not None or parts.fragment or parts.scheme not in ("https", "http"):
            raise ValueError(f"{option} is {url!r}, which is no URL of a server; write https://example.com/path")
        if parts.scheme == "http" and not self._allow_http:
            raise ValueError(
                f"{option} is {url!r}: by http everybody on the way could change the answer. Take https, or, in tests, "
                "client=BoundClient(allow_http=True)"
            )
        return url

    async def get(self, url: str, *, token: str | None = None) -> dict[str, Any]:
        """Return the JSON object at *url*; *token* goes along as a Bearer token.

        Raises:
            FetchError: If there is none.
        """
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        status, answer = await self._send("GET", url, headers=headers)
        if status != 200:
            raise FetchError(f"the answer has the status {status}")
        return answer

    async def post(
        self, url: str, form: Mapping[str, str], *, basic: tuple[str, str] | None = None
    ) -> tuple[int, dict[str, Any]]:
        """Send *form* to *url*, and return the status, 200 or 400 to 499, and the JSON object of the answer.

        Raises:
            FetchError: If the answer is another.
        """
        auth = None if basic is None else self._httpx.BasicAuth(*basic)
        status, answer = await self._send("POST", url, data=dict(form), auth=auth)
        if status != 200 and not 400 <= status < 500:
            raise FetchError(f"the answer has the status {status}")
        return status, answer

    async def _send(self, method: str, url: str, **options: Any) -> tuple[int, dict[str, Any]]:
        headers = {"accept": "application/json", "accept-encoding": "identity", **options.pop("headers", {})}
        if self._ssl_context is None:  # PERF: a new one for each request takes 20 ms
            self._ssl_context = await asyncio.to_thread(self._httpx.create_ssl_context)
        try:
            # A client for each request: it may be another event loop, and what is asked here is kept by who asks.
            async with (
                asyncio.timeout(self._timeout),
                self._places.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(self._max_requests)),
                self._httpx.AsyncClient(
                    verify=self._ssl_context, trust_env=False, proxy=self._proxy, timeout=self._timeout
                ) as client,
                client.stream(method, url, headers=headers, follow_redirects=False, **options) as response,
            ):
                if response.is_redirect:
                    raise FetchError("the answer is a redirect, which is not followed")
                if response.headers.get("content-encoding", "identity") != "identity":
                    raise FetchError("the answer is compressed, which was not asked for")
                data = bytearray()
                async for chunk in response.aiter_raw():
                    data += chunk
                    if len(data) > self._max_bytes:
                        raise FetchError(f"the answer has more than {self._max_bytes} bytes")
                status: int = response.status_code
        except TimeoutError:
            raise FetchError(f"there was no answer within {self._timeout} s") from None
        except (self._httpx.HTTPError, self._httpx.InvalidURL, OSError) as error:
            raise FetchError(f"{type(error).__name__}: the server cannot be asked") from None
        try:
            answer = json.loads(data)
        except (ValueError, RecursionError):
            raise FetchError(f"the answer, of the status {status}, is no JSON") from None
        if not isinstance(answer, dict):
            raise FetchError(f"the answer, of the status {status}, is no JSON object")
        return status, answer
