"""`TemplateResponse`: a page that is rendered when its handler has returned."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any

from velocipy import HTMLResponse, Response
from velocipy.http.headers import HeadersInput
from velocipy.http.response import DeferredResponse, Stream
from velocipy.templates.helpers import current
from velocipy.templates.names import is_markup, media_type_of

if TYPE_CHECKING:
    from velocipy import HTTPConnection
    from velocipy.templates.templates import Templates

_ASKED_BY_HTMX = ("hx-request", "hx-boosted", "hx-history-restore-request")


class TemplateResponse(DeferredResponse, HTMLResponse):
    """A page made of a template; `Templates.TemplateResponse` makes it, and says what its arguments mean.

    Attributes:
        templates: What renders it.
        template: The name of the template.
        context: What the handler gave.
        block: The block that is sent alone.
        htmx_block: The same where HTMX asks for a part of the page.
        is_streamed: Whether it is sent while it is made.
    """

    def __init__(
        self,
        templates: Templates,
        template: str,
        context: Mapping[str, Any] | None = None,
        status_code: int = 200,
        headers: HeadersInput | None = None,
        media_type: str | None = None,
        *,
        block: str | None = None,
        htmx_block: str | None = None,
        stream: bool = False,
    ) -> None:
        if not isinstance(template, str) or not template:
            raise TypeError(f"{template!r} is no name of a template; give one such as 'page.html'")
        if not isinstance(context, Mapping | None):
            raise TypeError(f"the context of {template!r} is a {type(context).__name__}; give a dict")
        check_blocks(block, htmx_block, stream=stream)
        super().__init__(None, status_code, headers, media_type or media_type_of(template))
        escapes = getattr(templates.engine, "escapes", None)  # other engines than Jinja see to that themselves
        if escapes is not None and not escapes(template) and is_markup(sent := self.headers["content-type"]):
            raise ValueError(f"what is put into {template!r} is not escaped: it is not sent as {sent}; name it .html")
        self.templates = templates
        self.template = template
        self.context = dict(context or {})
        self.block = block
        self.htmx_block = htmx_block
        self.is_streamed = stream

    async def meet(self, request: HTTPConnection) -> Response:
        """Return the page for *request*.

        Raises:
            TemplateError: If there is no such template or block, or it fails. Of a stream that is so for what stands
                before the first piece; what fails later breaks the answer off.
        """
        block, headers = self.block, self.headers.copy()
        if self.htmx_block is not None:
            for name in _ASKED_BY_HTMX:
                headers.add_vary(name)
            if is_part_wanted(request):
                block = self.htmx_block
        if self.is_streamed and block is None:
            text = self.templates.stream(self.template, self.context, request=request)
            first = await anext(text, "")
            if request.method == "HEAD":  # of which nobody will ask for the rest
                await text.aclose()
                return Response(Stream(()), self.status_code, headers)
            return Response(Stream(_rest(first, text)), self.status_code, headers)
        made = await self.templates.render(self.template, self.context, block=block, request=request)
        return Response(made, self.status_code, headers)


def check_blocks(block: str | None, htmx_block: str | None, *, stream: bool) -> None:
    """Refuse what cannot go together.

    Raises:
        ValueError: If it cannot.
    """
    if block is not None and htmx_block is not None:
        raise ValueError("block= is sent in any case, htmx_block= where HTMX asks for it; say one of them")
    if block is not None and stream:
        raise ValueError("a block is sent whole; leave out stream=True, or block=")


def is_part_wanted(request: HTTPConnection) -> bool:
    """Tell whether HTMX asks for a part of a page: not where a whole page comes in place of another."""
    asked, boosted, restored = (request.header(name) == "true" for name in _ASKED_BY_HTMX)
    return asked and not boosted and not restored


async def with_request(request: HTTPConnection | None, text: AsyncIterator[str]) -> AsyncGenerator[str]:
    """Yield *text*, of which each piece is made with *request* as the current one."""
    try:
        while True:
            token = current.set(request)
            try:
                piece = await anext(text)
            except StopAsyncIteration:
                return
            finally:
                current.reset(token)
            yield piece
    finally:
        await _close(text)


async def _rest(first: str, text: AsyncIterator[str]) -> AsyncGenerator[str]:
    try:
        yield first
        async for piece in text:
            yield piece
    finally:
        await _close(text)


async def _close(text: AsyncIterator[str]) -> None:
    close = getattr(text, "aclose", None)
    if close is not None:
        await close()
