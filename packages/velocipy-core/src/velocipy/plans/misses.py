"""What answers where no route does: 404, 405 with `Allow`, OPTIONS, and the way to the other spelling of a path."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal
from urllib.parse import quote

from velocipy.errors import HTTPException
from velocipy.http.connection import PATH_CHARACTERS
from velocipy.http.request import Request
from velocipy.http.response import RedirectResponse, Response
from velocipy.plans.choices import Choice
from velocipy.plans.plan import Plan
from velocipy.plans.results import Results
from velocipy.routing.options import Limits
from velocipy.routing.path import split_path
from velocipy.routing.tree import Tree

Slashes = Literal["merge", "strict", "redirect"]


class Misses:
    """Answers what the routes of one application do not (RFC 9110 sections 9.3.7, 15.5.5 and 15.5.6).

    Args:
        encode: Makes JSON.
        decode: Reads it.
        is_handled: Whether the application has a handler of its own for 404.
        limits: What a request may cost.
        slashes: Whether a path with other slashes is another path, and if so, whether it leads to the right one.
    """

    def __init__(
        self,
        encode: Callable[[Any], bytes],
        decode: Callable[[bytes], Any],
        *,
        is_handled: bool,
        limits: Limits,
        slashes: Slashes,
    ) -> None:
        self._results = results = Results(encode, status=404)
        run = self._raise_not_found if is_handled else self._answer_not_found
        self.not_found = Plan(
            self._redirect if slashes == "redirect" else run,
            results,
            takes_request=slashes == "redirect",
            status=404,
            limits=limits,
            decode=decode,
        )
        self.refused = Plan(self._refuse, results, limits=limits, decode=decode)
        self._otherwise = run
        self.tree: Tree[Plan] = Tree(self.not_found, lambda method: self.refused, exact=slashes != "merge")

    async def _answer_not_found(self, request: Request | None, values: Sequence[str]) -> dict[str, str]:
        # PERF: what raising would come to, while nobody has registered a handler for it.
        return {"detail": "Not Found"}

    async def _raise_not_found(self, request: Request | None, values: Sequence[str]) -> Response:
        raise HTTPException(404)

    async def _refuse(self, request: Request, values: Sequence[str]) -> Response:
        """Answer a method that no route has at this path, or a host for which there is nothing here."""
        methods = self._methods(request, request.path)
        if not methods:
            request._plan = self.not_found
            return self._results.response(await self.not_found.run(request, ()))
        allow = {"allow": ", ".join(sorted({*methods, "OPTIONS"}))}
        if request.method == "OPTIONS":
            return Response(None, 200, allow)
        raise HTTPException(405, headers=allow)

    async def _redirect(self, request: Request, values: Sequence[str]) -> dict[str, str] | Response:
        """Send the client to the path with as many slashes as the routes have, if there is one.

        The location is a path of this host (RFC 9110 section 10.2.2): it begins with one slash, so that no request can
        make it lead to another host.
        """
        merged = "/" + "/".join(split_path(request.path))
        for path in (merged, merged.rstrip("/") + "/"):
            if path != request.path and self._methods(request, path):
                location = request.root_path + quote(path, safe=PATH_CHARACTERS)
                query = request.query_string
                return RedirectResponse(f"{location}?{query}" if query else location)
        return await self._otherwise(request, values)

    def _methods(self, request: Request, path: str) -> set[str]:
        """Return the methods that there are at *path* for the host that *request* asks for."""
        return {
            method
            for targets, _ in self.tree.matches(path)
            for method, plan in targets.items()
            if not isinstance(plan, Choice) or plan.fits(request)
        }
