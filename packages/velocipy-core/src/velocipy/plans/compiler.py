"""From the data of a plan to one Python function. Generating code is done here and nowhere else.

The function reads top to bottom as the request is answered. Head phase: path, query, headers, cookies, and every
dependency that needs no more; faults are collected, and what depends on a faulty value does not run. Body phase: the
body's type and length are checked, then it is read and decoded, then what depends on it runs. One 422 tells all faults.
Last, the handler.
"""

from __future__ import annotations

import linecache
import re
from collections.abc import Awaitable, Callable
from functools import cache, partial
from itertools import count
from types import CodeType
from typing import Any, NamedTuple

from velocipy.concurrency import WorkerPool, call_generator, call_plain
from velocipy.conversion.constraints import refuses_blank
from velocipy.conversion.faults import INVALID, refusal, refuse
from velocipy.conversion.scalars import anything
from velocipy.http.cookies import find_cookie
from velocipy.http.exits import open_exits
from velocipy.http.forms import read_form, read_form_until
from velocipy.http.response import DeferredResponse
from velocipy.http.uploads import UploadStream
from velocipy.models import Models
from velocipy.plans.body import require_json, require_no_browser
from velocipy.plans.bundles import BLANK, NO_FILE, NO_TEXT, SEVERAL, Bundle
from velocipy.plans.dependencies import SecurityScopes
from velocipy.plans.exits import PLAIN, context_factory, enter, is_context, open_background, open_early
from velocipy.plans.failures import Failures
from velocipy.plans.inlining import int_bounds, text_lengths
from velocipy.plans.plan import Argument, Call, Given, Input, Run
from velocipy.plans.results import Answers, Results, given_response, join, meet
from velocipy.plans.sources import OF_BODY, Place
from velocipy.types import UNSET

_LITERALS = (int, str, bool, float, type(None))


class Compiled(NamedTuple):
    """What `Plan` tells of the same names, and the source."""

    run: Run
    results: Results
    takes_request: bool
    source: str


def compile_plan(
    call: Call,
    path_names: tuple[str, ...],
    status: int | None,
    models: Models,
    pool: WorkerPool,
    results: Results,
    failures: Failures | None = None,
) -> Compiled:
    """Return the function that runs *call* for a request, and *results*, or who stands in where it uses them itself.

    Plain functions run in *pool*.

    With *failures*, which answer what goes wrong, it returns a `Response` in any case.
    """
    writer = _Writer(path_names, models, pool)
    results = writer.handler(call, status, results)
    if failures is not None:
        results = writer.guard(results, failures)
    takes_request = any(re.search(r"\brequest\b", line) for line in writer.lines)
    source = "\n".join([writer.first_line, *writer.lines, ""])
    namespace = writer.names
    exec(_code(source), namespace)
    return Compiled(namespace["plan"], results, takes_request, source)


def compile_call(call: Call, models: Models, pool: WorkerPool) -> Callable[[Any], Awaitable[Any]]:
    """Return the function that calls *call*, which needs no request, and returns what it returns.

    It takes what has a place for the stack of exits, as a request has.
    """
    writer = _Writer((), models, pool)
    writer.plain_call(call)
    exec(_code("\n".join(["async def plan(request):", *writer.lines, ""])), writer.names)
    plan: Callable[[Any], Awaitable[Any]] = writer.names["plan"]
    return plan


@cache
def _code(source: str) -> CodeType:
    """Compile once what many routes have alike, and let tracebacks show its lines."""
    filename = f"<velocipy plan {abs(hash(source)):x}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    return compile(source, filename, "exec")


class _Writer:
    """Writes the lines of one plan, and gathers the objects that they name.

    What a user named has a prefix that no name of ours has: call_, context_, convert_, d_, decode_, default_ or p_.
    """

    def __init__(self, path_names: tuple[str, ...], models: Models, pool: WorkerPool) -> None:
        self.first_line = "async def plan(request, path):"
        self.lines: list[str] = []
        self.names: dict[str, Any] = {"INVALID": INVALID, "refuse": refuse}
        self._variables: set[str] = set()
        self._path_names = path_names
        self._models = models
        self._pool = pool
        self._values: dict[Call, str] = {}  # the variables that hold what a call returned
        self._doubts: dict[str, frozenset[str]] = {}  # which inputs have to be valid for a variable to be
        self._block: tuple[frozenset[str], int] | None = None  # the doubts of the block that is open, and its end
        self._body_keyed = False
        self._closes_early = False

    def handler(self, call: Call, status: int | None, results: Results) -> Results:
        """Write the whole plan, and return what its results need to become answers."""
        inputs = call.inputs()
        self._body_keyed = is_keyed(inputs)
        self._open_sources({item.place for item in inputs}, any(map(_can_fail, inputs)))
        if call.takes(Given.RESPONSE):
            self.names |= {"given_response": given_response, "join": join}
            self._line("response = given_response()")
        self._open_exits(call)
        for dependency in _in_order(call):
            if not dependency.needs_body:
                self._dependency(dependency)
        arguments = self._inputs(call, in_body=False)
        if call.needs_body:
            self._read_body(inputs)
            for dependency in _in_order(call):
                if dependency.needs_body:
                    self._dependency(dependency)
            arguments |= self._inputs(call, in_body=True)
        if any(map(_can_fail, inputs)):
            self.names["refusal"] = refusal
            self._line("if faults:")
            self._line("    raise refusal(faults)")
        called = self._called(call, "handler", arguments)
        if self._closes_early or call.takes(Given.RESPONSE):
            self._line(f"result = {called}")
            self._answer_in_steps(call, status, results)
            return Answers(results)
        if not any("await " in line for line in self.lines):
            # PERF: what waits for nothing before the handler does without a coroutine of its own.
            self.first_line = self.first_line.removeprefix("async ")
            called = called.removeprefix("await ")
        self._line(f"return {called}")
        return results

    def guard(self, results: Results, failures: Failures) -> Results:
        """Have the plan return a response in any case."""
        self.first_line = "async def plan(request, path):"
        self.names |= {"as_response": results.own_response, "answer_failure": failures.answer}
        self.names |= {"DeferredResponse": DeferredResponse, "meet": meet}
        *lines, last = self.lines
        returned = last.strip().removeprefix("return ")
        if not isinstance(results, Answers) and not returned.startswith("await "):
            returned = f"await {returned}"
        self.lines = [
            "    try:",
            *(f"    {line}" for line in lines),
            f"        answer = as_response({returned})",
            "        return await meet(request, answer) if isinstance(answer, DeferredResponse) else answer",
            "    except BaseException as error:",
            "        return await answer_failure(request, error)",
        ]
        return Answers(results)

    def plain_call(self, call: Call) -> None:
        self._open_exits(call)
        for dependency in _in_order(call):
            self._dependency(dependency)
        self._line(f"result = {self._called(call, 'handler', {})}")
        if self._closes_early:
            self._line("await early.aclose()")
        self._line("return result")

    def _open_exits(self, call: Call) -> None:
        if call.takes(Given.BACKGROUND):
            self.names["open_background"] = open_background
            self._line("background = open_background(request)")
        if any(dependency.early for dependency in _in_order(call)):
            self.names["open_early"] = open_early
            self._line("early = open_early(request)")
            self._closes_early = True

    def _answer_in_steps(self, call: Call, status: int | None, results: Results) -> None:
        self.names["finish"] = results.response if call.takes(Given.RESPONSE) else results.finish
        self._line("answer = finish(result)")
        if self._closes_early:
            self.names |= {"DeferredResponse": DeferredResponse, "meet": meet}
            self._line("if isinstance(answer, DeferredResponse):")  # it may need what is about to be closed
            self._line("    answer = await meet(request, answer)")
            self._line("await early.aclose()")
        if call.takes(Given.RESPONSE):
            self._line(f"answer = join(answer, response, {status})")
        self._line("return answer")

    def _line(self, text: str, depth: int = 1) -> None:
        self.lines.append("    " * depth + text)

    def _name(self, hint: str, value: Any) -> str:
        """Return a name for *value*, an object that the plan uses."""
        for number in count(1):
            name = hint if number == 1 else f"{hint}_{number}"
            if name not in self._variables and self.names.setdefault(name, value) is value:
                return name
        raise AssertionError

    def _variable(self, hint: str) -> str:
        """Return a name for one of the plan's own variables."""
        for number in count(1):
            name = hint if number == 1 else f"{hint}_{number}"
            if name not in self._variables and name not in self.names:
                self._variables.add(name)
                return name
        raise AssertionError

    # -- the head ----------------------------------------------------------------------------------------------------

    def _open_sources(self, places: set[str], can_fail: bool) -> None:
        if can_fail:
            self._line("faults = []")
        if "query" in places:
            self._line("query = request._query()")
        if "cookie" in places:
            self.names["find_cookie"] = find_cookie
            self._line("cookies = request._cookie_header()")

    def _inputs(self, call: Call, *, in_body: bool) -> dict[str, str]:
        """Write the inputs of *call* from the head or the body; return the variable for each parameter."""
        variables = {}
        for parameter, filled_by, _ in call.arguments:
            if isinstance(filled_by, Input) and (filled_by.place in OF_BODY) is in_body:
                variables[parameter] = variable = self._variable(f"p_{parameter}")
                self._input(variable, filled_by)
                if _can_fail(filled_by):
                    self._doubts[variable] = frozenset({variable})
        return variables

    def _input(self, variable: str, item: Input) -> None:
        if isinstance(item.convert, Bundle):
            self._bundle(variable, item.place, item.convert)
        elif item.place == "path":
            self._convert(variable, item, f"path[{self._path_names.index(item.name)}]", 1)
        elif item.place == "body":
            self._body_input(variable, item)
        elif item.place == "file":
            self._file(variable, item)
        else:
            self._line(f"raw = {self._raw(item)}")
            test = "if"
            if item.place == "form":
                self._line(f"if {item.name!r} in files:")
                self._refuse(variable, item, *NO_TEXT)
                test = "elif"
            absent = "not raw" if item.many else "raw is None"
            if item.place == "form" and not item.many and refuses_blank(item.convert):
                self.names["BLANK"] = BLANK
                absent += " or raw == BLANK"
            self._line(f"{test} {absent}:")
            self._absent(variable, item)
            if item.place in ("query", "form") and not item.many:
                self._line("elif len(raw) == 1:")
                self._convert(variable, item, "raw[0]", 2)
                self._several(variable, item)
            else:
                self._line("else:")
                self._convert(variable, item, "raw", 2)

    def _several(self, variable: str, item: Input) -> None:
        self._line("else:")
        self._refuse(variable, item, *SEVERAL)

    def _refuse(self, variable: str, item: Input, word: str, sentence: str) -> None:
        self._line(f"{variable} = refuse(faults, {self._loc(item)}, {word!r}, {sentence!r})", 2)

    def _bundle(self, variable: str, place: Place, bundle: Bundle) -> None:
        reads: dict[Place, tuple[Callable[..., Any], str]] = {
            "query": (bundle.from_query, "query"),
            "header": (bundle.from_headers, "request"),
            "cookie": (bundle.from_cookies, "request"),
            "form": (bundle.from_form, "form, files"),
        }
        read, source = reads[place]
        if bundle.takes_files:
            read = bundle.from_form_with_files
        name = self._name(f"convert_{variable.removeprefix('p_')}", read)
        self._line(f"{variable} = {'await ' * bundle.takes_files}{name}({source}, faults)")

    def _raw(self, item: Input) -> str:
        if item.place == "header":
            name = item.name.lower()
            return f"request._header_list({name!r})" if item.many else f"request._header({name!r}, {name.encode()!r})"
        if item.place == "cookie":
            return f"find_cookie(cookies, {item.name!r}, {f'; {item.name}='!r})"
        return f"{item.place}.get({item.name!r})"

    def _convert(self, variable: str, item: Input, raw: str, depth: int) -> None:
        if item.convert is anything:
            self._line(f"{variable} = {raw}", depth)
            return
        convert = self._name(f"convert_{variable.removeprefix('p_')}", item.convert)
        lengths = text_lengths(item.convert)
        if lengths is not None:  # PERF: likewise
            self._line(f"raw = {raw}", depth)
            self._line(f"if {lengths}:", depth)
            self._line(f"{variable} = raw", depth + 1)
            self._line("else:", depth)
            self._line(f"{variable} = {convert}(raw, {self._loc(item)}, faults)", depth + 1)
            return
        bounds = int_bounds(item.convert)
        if bounds is None:
            self._line(f"{variable} = {convert}({raw}, {self._loc(item)}, faults)", depth)
            return
        # PERF: a plain int within its bounds is taken at once, anything else is judged by the table.
        self._line(f"raw = {raw}", depth)
        fits = f" and {bounds.format(f'({variable} := int(raw))')}" if bounds else ""
        self._line(f"if len(raw) < 19 and raw.isascii() and raw.isdigit(){fits}:", depth)
        self._line("pass" if bounds else f"{variable} = int(raw)", depth + 1)
        self._line("else:", depth)
        self._line(f"{variable} = {convert}(raw, {self._loc(item)}, faults)", depth + 1)

    def _loc(self, item: Input) -> str:
        alone = item.place == "body" and not self._body_keyed
        place = "body" if item.place == "file" else item.place
        return repr(("body",) if alone else (place, item.name))

    def _absent(self, variable: str, item: Input, depth: int = 2) -> None:
        """Write what the value is when the request has none."""
        if item.default is UNSET and item.source.default_factory is not None:
            factory = self._name(f"default_{variable.removeprefix('p_')}", item.source.default_factory)
            self._line(f"{variable} = {factory}()", depth)
        elif item.default is UNSET:
            self._line(f"{variable} = refuse(faults, {self._loc(item)}, 'missing', 'Field required')", depth)
        elif type(item.default) in _LITERALS and repr(item.default) not in ("nan", "inf", "-inf"):
            self._line(f"{variable} = {item.default!r}", depth)
        else:
            default = self._name(f"default_{variable.removeprefix('p_')}", item.default)
            copied = ".copy()" if isinstance(item.default, (list, dict, set)) else ""
            self._line(f"{variable} = {default}{copied}", depth)

    # -- the body ----------------------------------------------------------------------------------------------------

    def _read_body(self, inputs: list[Input]) -> None:
        streamed = next((item.name for item in inputs if item.annotation is UploadStream), None)
        if streamed is not None:
            self.names["read_form_until"] = read_form_until
            self._line(f"(form, files), stream = await read_form_until(request, {streamed!r})")
            return
        if any(item.place in ("form", "file") for item in inputs):
            self.names["read_form"] = read_form
            self._line("form, files = await read_form(request)")
            return
        self.names |= {"require_json": require_json, "require_no_browser": require_no_browser}
        self._line("content_type = request._header('content-type', b'content-type')")
        self._line("if content_type != 'application/json' and content_type is not None:")
        self._line("    require_json(content_type)")
        self._line("body = await request.body()")
        self._line("if content_type is None and body:")
        self._line("    require_no_browser(request)")
        if self._body_keyed:
            decode, errors, explain = self._models.decoder(dict[str, Any])
            self._decode("fields", "decode_fields", decode, errors, explain, ("body",))
            self._line("else:")
            self._line("fields = {}", 2)

    def _decode(self, variable: str, hint: str, decode: Any, errors: Any, explain: Any, loc: tuple[str, ...]) -> None:
        names = (
            self._name(hint, decode),
            self._name(f"{hint}_errors", errors),
            self._name(f"{hint}_explain", explain),
        )
        self._line("if body:")
        self._line("try:", 2)
        self._line(f"{variable} = {names[0]}(body)", 3)
        self._line(f"except {names[1]}:", 2)
        self._line(f"{variable} = {names[2]}(body, {loc!r}, faults)", 3)

    def _body_input(self, variable: str, item: Input) -> None:
        if not self._body_keyed:
            decode, errors, explain = self._models.decoder(item.annotation, item.source)
            self._decode(variable, f"decode_{variable.removeprefix('p_')}", decode, errors, explain, ("body",))
            self._line("else:")
            self._absent(variable, item)
            return
        convert = self._name(f"convert_{variable.removeprefix('p_')}", item.convert)
        self._line("if fields is INVALID:")
        self._line(f"{variable} = INVALID", 2)
        self._line(f"elif {item.name!r} in fields:")
        self._line(f"{variable} = {convert}(fields[{item.name!r}], {self._loc(item)}, faults)", 2)
        self._line("else:")
        self._absent(variable, item)

    def _file(self, variable: str, item: Input) -> None:
        self._line(f"if {item.name!r} in form:")
        self._refuse(variable, item, *NO_FILE)
        if item.annotation is UploadStream:
            self._line("elif stream is None:")
            self._absent(variable, item)
            self._line("else:")
            self._line(f"{variable} = stream", 2)
            return
        self._line(f"elif not (raw := files.get({item.name!r})):")
        self._absent(variable, item)
        self._line("else:" if item.many else "elif len(raw) == 1:")
        found = "raw" if item.many else "raw[0]"
        if item.convert is not anything:
            convert = self._name(f"convert_{variable.removeprefix('p_')}", item.convert)
            found = f"await {convert}({found}, {self._loc(item)}, faults)"
        self._line(f"{variable} = {found}", 2)
        if not item.many:
            self._several(variable, item)

    # -- calls -------------------------------------------------------------------------------------------------------

    def _dependency(self, call: Call) -> None:
        arguments = self._inputs(call, in_body=False) | (self._inputs(call, in_body=True) if call.needs_body else {})
        hint = getattr(call.call, "__name__", "dependency")
        hint = hint if hint.isidentifier() else "dependency"
        self._values[call] = value = self._variable(f"d_{hint}")
        used = {self._argument(argument._replace(positional=True), arguments) for argument in call.arguments}
        doubts: frozenset[str] = frozenset().union(*(self._doubts.get(name, ()) for name in used))
        depth = 1
        if doubts:
            self._doubts[value] = doubts
            depth = 2
            if self._block != (doubts, len(self.lines)):
                self._line(f"if {' and '.join(f'{name} is not INVALID' for name in sorted(doubts))}:")
        self._line(f"{value} = {self._called(call, hint, arguments)}", depth)
        if call.may_open:
            self.names |= {"PLAIN": PLAIN, "is_context": is_context, "enter": partial(enter, self._pool)}
            self._line(f"if type({value}) not in PLAIN and is_context({value}):", depth)
            self._line(f"{value} = await enter({self._stack(call)}, {value})", depth + 1)
        self._block = doubts, len(self.lines)

    def _called(self, call: Call, hint: str, inputs: dict[str, str]) -> str:
        """Return the expression that calls *call* with its arguments."""
        arguments = ", ".join(self._argument(argument, inputs) for argument in call.arguments)
        if call.kind == "made":
            return f"{self._name(f'call_{hint}', call.call)}()"
        if call.kind == "async":
            return f"await {self._name(f'call_{hint}', call.call)}({arguments})"
        if call.kind in ("plain", "items"):
            in_thread = "in_thread" if call.kind == "plain" else "items_in_thread"
            self.names[in_thread] = partial(call_plain if call.kind == "plain" else call_generator, self._pool)
            separator = ", " if arguments else ""
            return f"await {in_thread}({self._name(f'call_{hint}', call.call)}{separator}{arguments})"
        factory = self._name(f"context_{hint}", context_factory(call.call, self._pool))
        return f"await {self._stack(call)}.enter_async_context({factory}({arguments}))"

    def _stack(self, call: Call) -> str:
        self.names["open_exits"] = open_exits
        return "early" if call.early else "open_exits(request)"

    def _argument(self, argument: Argument, inputs: dict[str, str]) -> str:
        parameter, filled_by, positional = argument
        if isinstance(filled_by, Given):
            value = filled_by.value
        elif isinstance(filled_by, Input):
            value = inputs[parameter]
        elif isinstance(filled_by, SecurityScopes):
            value = self._name("scopes", filled_by)
        else:
            value = self._values[filled_by]
        return value if positional else f"{parameter}={value}"


def _in_order(call: Call) -> list[Call]:
    """Return what *call* depends on, each after what it depends on itself, and each once."""
    ordered: dict[Call, None] = {}
    for dependency in call.calls():
        ordered |= dict.fromkeys((*_in_order(dependency), dependency))
    return list(ordered)


def _can_fail(item: Input) -> bool:
    return item.place != "path" or item.convert is not anything


def is_keyed(inputs: list[Input]) -> bool:
    """Tell whether the body is an object of values by name: when there are several, or one that asks for it."""
    bodies = [item for item in inputs if item.place == "body"]
    return len({item.name for item in bodies}) > 1 or any(item.source.embed for item in bodies)
