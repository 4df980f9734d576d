"""`Templates`: where templates are, what they are given, and the responses that are made of them."""

from __future__ import annotations

import inspect
import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, overload

from velocipy import HTTPConnection
from velocipy.template_engine import TemplateError
from velocipy.templates import responses
from velocipy.templates.helpers import HELPERS, current
from velocipy.templates.names import media_type_of

if TYPE_CHECKING:
    import jinja2

    from velocipy.http.headers import HeadersInput
    from velocipy.template_engine import TemplateEngine

Directory = str | os.PathLike[str]
ContextProcessor = Callable[[HTTPConnection], Mapping[str, Any] | Awaitable[Mapping[str, Any]]]


class Templates:
    """Makes pages of templates: `templates = Templates("templates")`.

    What is put into a template is escaped, unless its name ends in .txt, .text, .csv or .md. Pages are rendered in
    worker threads.

    Args:
        directory: A folder with templates, or several, of which the first that has one counts.
        packages: Packages of Python whose folder `templates` has templates, after those of the folders.
        loaders: Other loaders of Jinja, after these.
        context_processors: Functions of the request, plain or async, that return what every template is given.
            Those that come later count more, and what a handler gives counts most.
        engine: What renders, in place of Jinja; it has no folders, packages and loaders then. If it has a method
            `check(name, block)`, that sees at the start whether a template can be had, and raises TemplateError.
        auto_reload: Whether a template that has changed is read again; by default where the application has
            debug=True.

    Attributes:
        engine: What renders.
        context_processors: A list, to which more may be added.

    Raises:
        ValueError: If a folder does not exist, or a package has no templates.
        TypeError: If there is neither a folder nor anything else, or an engine besides.
    """

    def __init__(
        self,
        directory: Directory | Iterable[Directory] | None = None,
        *,
        packages: Iterable[str] = (),
        loaders: Iterable[jinja2.BaseLoader] = (),
        context_processors: Iterable[ContextProcessor] = (),
        engine: TemplateEngine | None = None,
        auto_reload: bool | None = None,
    ) -> None:
        found = _loaders(directory, packages, loaders)
        if engine is None:
            if not found:
                raise TypeError("Templates needs a place where templates are, such as Templates('templates')")
            from velocipy.templates.jinja import JinjaEngine  # dear to import

            engine = JinjaEngine(found)
            engine.env.auto_reload = bool(auto_reload)
        elif found or auto_reload is not None:
            raise TypeError("an engine finds its templates itself; leave out what else says where they are")
        self.engine: TemplateEngine = engine
        self.context_processors: list[ContextProcessor] = []
        for processor in [*context_processors]:
            self.add_context_processor(processor)
        self._auto_reload = auto_reload

    @property
    def env(self) -> jinja2.Environment:
        """The environment of Jinja, for extensions and its other options.

        Raises:
            TypeError: If another engine renders.
        """
        env: jinja2.Environment | None = getattr(self.engine, "env", None)
        if env is None:
            raise TypeError(f"{type(self.engine).__name__} renders these templates, and has no environment of Jinja")
        return env

    # Jinja declares these three by the types of what it has in them itself.

    @property
    def globals(self) -> dict[str, Any]:
        """What every template of Jinja is given, macros that are imported without context too."""
        return cast("dict[str, Any]", self.env.globals)

    @property
    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters of Jinja: `{{ name|shout }}`."""
        return cast("dict[str, Callable[..., Any]]", self.env.filters)

    @property
    def tests(self) -> dict[str, Callable[..., Any]]:
        """The tests of Jinja: `{% if number is prime %}`."""
        return cast("dict[str, Callable[..., Any]]", self.env.tests)

    def add_context_processor(self, processor: ContextProcessor) -> ContextProcessor:
        """Have *processor* give something to every template; usable as a decorator.

        Raises:
            TypeError: If it cannot be called with the request.
        """
        try:
            inspect.signature(processor).bind("request")
        except (TypeError, ValueError) as error:
            raise TypeError(f"the context processor {processor!r} is called with the request: {error}") from None
        self.context_processors.append(processor)
        return processor

    def add_loader(self, loader: jinja2.BaseLoader) -> None:
        """Have templates found by *loader* too, after all others: for plugins that bring some.

        Raises:
            TypeError: If another engine than Jinja renders.
        """
        from velocipy.templates.jinja import JinjaEngine

        if not isinstance(self.engine, JinjaEngine):
            raise TypeError(f"{type(self.engine).__name__} renders these templates, and takes no loader of Jinja")
        self.engine.add_loader(loader)

    # -- responses ---------------------------------------------------------------------------------------------------

    @overload
    def TemplateResponse(
        self,
        name: str,
        context: Mapping[str, Any] | None = None,
        *,
        status_code: int = 200,
        headers: HeadersInput | None = None,
        media_type: str | None = None,
        block: str | None = None,
        htmx_block: str | None = None,
        stream: bool = False,
    ) -> responses.TemplateResponse: ...

    @overload
    def TemplateResponse(
        self,
        request: HTTPConnection,
        name: str,
        context: Mapping[str, Any] | None = None,
        *,
        status_code: int = 200,
        headers: HeadersInput | None = None,
        media_type: str | None = None,
        block: str | None = None,
        htmx_block: str | None = None,
        stream: bool = False,
    ) -> responses.TemplateResponse: ...

    def TemplateResponse(self, *args: Any, **options: Any) -> responses.TemplateResponse:  # noqa: N802 - the documented name
        """Return the page that the template *name* makes of *context*, as (name, context) or (request, name, context).

        It is rendered when the handler has returned, and what that depends on is still open. The template is given
        what context processors return, and `request`, `url_for`, `static_url` and `csp_nonce`; nobody has to name the
        request.

        Args:
            request: Taken since other frameworks want it; the one that is answered counts.
            name: Of the template, such as "page.html". Never make it of what a client sent.
            context: What the template is given.
            status_code: 200 to 599.
            headers: Further headers.
            media_type: The content type; by default what the name tells ("feed.xml", "robots.txt"), else text/html.
            block: The block of the template that is sent alone.
            htmx_block: The block that is sent alone where HTMX asks for a part of the page (`HX-Request: true`, but not
                boosted, and not to restore history). `Vary` tells.
            stream: Whether the page is sent while it is made: its head leaves before what is slow. What fails after
                the first piece breaks the answer off.

        Raises:
            TypeError: If an argument is of another type.
            ValueError: If options exclude each other, or a header cannot be sent.
        """
        if args and isinstance(args[0], HTTPConnection):
            args = args[1:]
        elif "request" in options and not isinstance(options.pop("request"), HTTPConnection):
            raise TypeError("request= is no request; leave it out, the one that is answered is known")
        return _made(self, *args, **options)

    def page(
        self,
        name: str,
        *,
        headers: HeadersInput | None = None,
        block: str | None = None,
        htmx_block: str | None = None,
        stream: bool = False,
    ) -> type[responses.TemplateResponse]:
        """Return a response class, for handlers that return the context: `response_class=templates.page("page.html")`.

        The start fails where the template, the block, or what the template names is missing or cannot be read.

        Raises:
            ValueError: If options exclude each other.
        """
        responses.check_blocks(block, htmx_block, stream=stream)
        options: dict[str, Any] = {"block": block, "htmx_block": htmx_block, "stream": stream}
        return type(
            "Page",
            (Page,),
            {"made_by": self, "name": name, "more": {**options, "headers": headers}, "media_type": media_type_of(name)},
        )

    # -- text --------------------------------------------------------------------------------------------------------

    async def render(
        self,
        name: str,
        context: Mapping[str, Any] | None = None,
        *,
        block: str | None = None,
        request: HTTPConnection | None = None,
    ) -> str:
        """Return the text that the template *name*, or a *block* of it, makes of *context*: for mails and the like.

        Args:
            name: Of the template.
            context: What it is given.
            block: The block that is rendered alone.
            request: For which it is; without one there are no URLs, and nothing of context processors.

        Raises:
            TemplateError: If there is no such template or block, or it fails.
        """
        given = await self._given(request, context)
        token = current.set(request)
        try:
            return await self.engine.render(name, given, block=block)
        finally:
            current.reset(token)

    async def stream(
        self, name: str, context: Mapping[str, Any] | None = None, *, request: HTTPConnection | None = None
    ) -> AsyncGenerator[str]:
        """Yield the same in pieces, as they are made.

        Raises: as `render` does, perhaps after the first piece.
        """
        given = await self._given(request, context)
        async for piece in responses.with_request(request, self.engine.stream(name, given)):
            yield piece

    async def _given(self, request: HTTPConnection | None, context: Mapping[str, Any] | None) -> dict[str, Any]:
        """Return all that a template is given."""
        given: dict[str, Any] = dict(HELPERS)
        if request is not None:
            env: jinja2.Environment | None = getattr(self.engine, "env", None)
            if self._auto_reload is None and env is not None:
                env.auto_reload = request.app.debug
            given["request"] = request
            for processor in self.context_processors:
                given.update(await _asked(processor, request))
        given.update(context or {})
        return given


class Page(responses.TemplateResponse):
    """The page of one template, made of what a handler returns; `Templates.page` makes subclasses."""

    made_by: Templates
    name: str
    more: Mapping[str, Any]

    def __init__(self, context: Mapping[str, Any] | None = None, status_code: int = 200) -> None:
        super().__init__(self.made_by, self.name, context, status_code, **self.more)

    @classmethod
    def faults(cls) -> Iterable[tuple[str, str]]:
        """Return what is wrong with the template, as far as the engine can tell."""
        check = getattr(cls.made_by.engine, "check", None)
        if check is not None:
            try:
                check(cls.name, cls.more["block"] or cls.more["htmx_block"])
            except TemplateError as error:
                yield f"its page cannot be made: {error}.", "Correct the template, or its name."


def _made(
    templates: Templates, name: str, context: Mapping[str, Any] | None = None, **options: Any
) -> responses.TemplateResponse:
    return responses.TemplateResponse(templates, name, context, **options)


async def _asked(processor: ContextProcessor, request: HTTPConnection) -> Mapping[str, Any]:
    more: Any
    if inspect.iscoroutinefunction(processor) or inspect.iscoroutinefunction(type(processor).__call__):
        more = await cast("Awaitable[Any]", processor(request))
    else:  # as the plain functions of the application do
        more = await request.app.worker_pools["default"].run(processor, request)
    if not isinstance(more, Mapping):
        name = getattr(processor, "__qualname__", repr(processor))
        raise TypeError(f"the context processor {name} returned a {type(more).__name__}; return a dict")
    return more


def _loaders(
    directory: Directory | Iterable[Directory] | None, packages: Iterable[str], loaders: Iterable[jinja2.BaseLoader]
) -> list[jinja2.BaseLoader]:
    if isinstance(packages, str):
        raise TypeError(f"packages takes several names; say packages=[{packages!r}]")
    found: list[jinja2.BaseLoader] = []
    folders = [directory] if isinstance(directory, (str, os.PathLike)) else [*(directory or ())]
    if folders or packages:
        from jinja2 import FileSystemLoader, PackageLoader

        for folder in folders:
            path = Path(folder)
            if not path.is_dir():
                problem = "is no directory" if path.exists() else "does not exist"
                raise ValueError(f"the folder {path.absolute()} of Templates {problem}; create it, or correct the path")
        found += [FileSystemLoader([Path(folder).absolute() for folder in folders])] if folders else []
        for name in packages:
            try:
                found.append(PackageLoader(name))
            except (ImportError, ValueError) as error:
                problem = f"the package {name!r} has no templates for Templates: {error}"
                raise ValueError(f"{problem}; install it, or give jinja2.PackageLoader another folder of it") from None
    return [*found, *loaders]
