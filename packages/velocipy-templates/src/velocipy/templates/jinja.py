"""The engine: templates of Jinja, rendered in worker threads.

PERF: a change of threads takes 50 us. An asynchronous environment renders a small page in 19 us instead of 11, and
holds up the loop all the while: by 2.5 ms where a page has 1000 lines, by 77 ms where it has 20,000. Beside a thread
the loop is late by 0.4 ms and 5 ms.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import jinja2
from jinja2 import nodes

from velocipy import HTTPException
from velocipy.template_engine import TemplateError
from velocipy.templates.helpers import HELPERS, current
from velocipy.templates.names import is_escaped

AHEAD = 64 * 1024  # characters that are made before the client has taken those before
DELAY = 0.05  # seconds, after which what is made of a stream leaves while more is being made

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class _Environment(jinja2.Environment):
    """Keeps text out of pages: Jinja escapes by the name of each template, wherever what it makes is put in."""

    def join_path(self, template: str, parent: str) -> str:
        """Return the name of *template*, which *parent* includes, imports or extends."""
        of_page, of_part = map(self.autoescape, (parent, template)) if callable(self.autoescape) else (False, False)
        if of_page and not of_part:
            raise jinja2.TemplateRuntimeError(
                f"what is put into {template!r} is not escaped, and so it can be no part of {parent!r}; name it .html"
            )
        return super().join_path(template, parent)


class JinjaEngine:
    """Renders templates of Jinja, each in a worker thread.

    Args:
        loaders: What finds templates, the first that has one counts.

    Attributes:
        env: The environment, to which globals, filters, tests and extensions are added before the first page.
    """

    def __init__(self, loaders: Iterable[jinja2.BaseLoader]) -> None:
        self._loader = jinja2.ChoiceLoader([*loaders])
        self.env = _Environment(
            loader=self._loader, autoescape=is_escaped, auto_reload=False, finalize=_refuse_awaitable
        )
        self.env.globals.update(HELPERS)  # macros that are imported without context have them too

    def escapes(self, name: str) -> bool:
        """Tell whether what is put into the template *name* is escaped."""
        autoescape = self.env.autoescape
        return bool(autoescape(name) if callable(autoescape) else autoescape)

    def add_loader(self, loader: jinja2.BaseLoader) -> None:
        """Have *loader* asked for what those before it do not have."""
        self._loader.loaders = [*self._loader.loaders, loader]

    async def render(self, name: str, context: Mapping[str, Any], *, block: str | None = None) -> str:
        """Return the template *name* rendered with *context*, or of it the *block* of that name alone.

        The block has what the template imports and sets above its first text, and may be one that it inherits.

        Raises:
            TemplateError: If there is no such template or block, or it fails.
            HTTPException: If what a template calls raises that.
        """
        return await _in_thread(self._render, name, context, block)

    async def stream(self, name: str, context: Mapping[str, Any]) -> AsyncGenerator[str]:
        """Yield the same in pieces. It is made in batches, so that a slow client holds no thread.

        Raises: as `render` does, perhaps after the first piece.
        """
        making = _Making(self._pieces(name, context))
        step: asyncio.Future[None] | None = None
        try:
            while not making.is_over:
                step = asyncio.ensure_future(_in_thread(making.go_on))
                while not step.done():
                    await asyncio.wait({step}, timeout=DELAY)
                    if text := making.take():
                        yield text
                await step
        finally:
            making.is_stopped = True
            if step is not None and not step.done():
                await asyncio.wait({step})
            making.close()

    def check(self, name: str, block: str | None = None) -> None:
        """See that there is the template *name* with that *block*, and all that it names, and that each can be read.

        Raises:
            TemplateError: If not.
        """
        with self._told(name):
            blocks = self._check(name, set())
        if block is not None and block not in blocks:
            raise _no_block(name, block, blocks)

    def searched(self) -> str:
        """Return where templates are looked for, in words."""
        return ", ".join(map(_place_of, self._loader.loaders)) or "nothing"

    def _render(self, name: str, context: Mapping[str, Any], block: str | None) -> str:
        with self._told(name):
            template = self.env.get_template(name)
            made = template.new_context(dict(context))
            if block is None:
                return "".join(template.root_render_func(made))
            _begin(template, made)
            if block in made.blocks:
                return "".join(made.blocks[block][0](made))
        raise _no_block(name, block, made.blocks)

    def _pieces(self, name: str, context: Mapping[str, Any]) -> Generator[str]:
        with self._told(name):
            template = self.env.get_template(name)
            yield from template.root_render_func(template.new_context(dict(context)))

    def _check(self, name: str, seen: set[str]) -> set[str]:
        """Compile *name* and what it names, and return its blocks, with those that it inherits."""
        seen.add(name)
        assert self.env.loader is not None
        source, _, _ = self.env.loader.get_source(self.env, name)
        self.env.get_template(name)
        tree = self.env.parse(source, name)
        blocks = {block.name for block in tree.find_all(nodes.Block)}
        for node in tree.find_all((nodes.Extends, nodes.Include, nodes.Import, nodes.FromImport)):
            named: nodes.Expr = node.template  # type: ignore[attr-defined]  # which all of these have
            if not isinstance(named, nodes.Const) or not isinstance(named.value, str):
                continue  # only a request will tell
            if named.value in seen or (isinstance(node, nodes.Include) and node.ignore_missing):
                continue
            try:
                inner = self._check(self.env.join_path(named.value, name), seen)
            except jinja2.TemplateNotFound as error:
                if error.name != named.value:
                    raise
                raise TemplateError(self._not_found(error), name, node.lineno) from error
            if isinstance(node, nodes.Extends):
                blocks |= inner
        return blocks

    @contextmanager
    def _told(self, name: str) -> Iterator[None]:
        """Raise what fails as a TemplateError, with the place in the template."""
        try:
            yield
        except (TemplateError, HTTPException):
            raise
        except Exception as error:
            template, line = _where(error, name)
            problem = self._problem(error)
            try:
                self.env.handle_exception()  # raises it again, with lines of templates in its traceback
            except Exception as shown:
                raise TemplateError(problem, template, line) from shown

    def _problem(self, error: Exception) -> str:
        if isinstance(error, jinja2.TemplateNotFound):
            return self._not_found(error)
        if isinstance(error, jinja2.TemplateSyntaxError):
            return error.message or "it cannot be read"
        return f"{type(error).__name__}: {error}"

    def _not_found(self, error: jinja2.TemplateNotFound) -> str:
        names = error.templates if isinstance(error, jinja2.TemplatesNotFound) else [error.name]
        return f"there is no template {' or '.join(map(repr, names))}; looked in {self.searched()}"


class _Making:
    """A template while it is rendered, batch by batch; one side makes in threads, the other takes in the loop."""

    def __init__(self, pieces: Generator[str]) -> None:
        self.is_over = False
        self.is_stopped = False
        self._pieces = pieces
        self._made: deque[str] = deque()

    def go_on(self) -> None:
        size = 0
        for piece in self._pieces:
            self._made.append(piece)
            size += len(piece)
            if size >= AHEAD or self.is_stopped:
                return
        self.is_over = True

    def take(self) -> str:
        return "".join([self._made.popleft() for _ in range(len(self._made))])

    def close(self) -> None:
        self._pieces.close()


async def _in_thread(
    function: Callable[Parameters, Result], /, *args: Parameters.args, **kwargs: Parameters.kwargs
) -> Result:
    """Call *function* where the plain functions of the application run, in a copy of this context."""
    request = current.get()
    if request is None:
        return await asyncio.to_thread(function, *args, **kwargs)
    return await request.app.worker_pools["default"].run(function, *args, **kwargs)


def _begin(template: jinja2.Template, context: jinja2.runtime.Context) -> None:
    """Have *template* do to *context* what it does above its first text: import, set, and inherit blocks."""
    blocks = _Beginning({name: [_stop, *found] for name, found in context.blocks.items()})
    context.blocks = blocks
    text = template.root_render_func(context)
    for piece in text:
        if piece.strip():
            break
    text.close()  # type: ignore[attr-defined]  # a generator, which Jinja declares as an iterator
    context.blocks = {name: found[1:] for name, found in blocks.items()}


class _Beginning(dict[str, list[Any]]):
    """The blocks of a template that is only begun: none is rendered, since it could use up what it is given."""

    def setdefault(self, name: str, default: Any = None) -> list[Any]:
        return super().setdefault(name, [_stop])


def _stop(context: jinja2.runtime.Context) -> Iterator[str]:
    yield "here is text"


def _where(error: Exception, name: str) -> tuple[str, int | None]:
    """Return the template in which *error* was raised, and the line; *name* alone if it was raised in none."""
    if isinstance(error, jinja2.TemplateSyntaxError):
        return error.name or name, error.lineno
    found: tuple[str, int | None] = name, None
    step = error.__traceback__
    while step is not None:
        template = step.tb_frame.f_globals.get("__jinja_template__")
        if isinstance(template, jinja2.Template):
            found = template.name or name, template.get_corresponding_lineno(step.tb_lineno)
        step = step.tb_next
    return found


def _no_block(name: str, block: str, blocks: Iterable[str]) -> TemplateError:
    return TemplateError(f"there is no block {block!r}; there are {', '.join(sorted(blocks)) or 'none'}", name)


def _place_of(loader: jinja2.BaseLoader) -> str:
    if isinstance(loader, jinja2.FileSystemLoader):
        return ", ".join(str(Path(path).absolute()) for path in loader.searchpath)
    if isinstance(loader, jinja2.PackageLoader):
        return f"{loader.package_path!r} of the package {loader.package_name}"
    if isinstance(loader, jinja2.ChoiceLoader):
        return ", ".join(map(_place_of, loader.loaders))
    return f"a {type(loader).__name__}"


def _refuse_awaitable(value: Any) -> Any:
    if hasattr(value, "__await__"):
        if hasattr(value, "close"):
            value.close()
        raise TypeError(
            "templates run in threads, where nothing can be awaited; await it in the handler, "
            "or in a context processor, and give its result"
        )
    return value
