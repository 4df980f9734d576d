"""Several routes of one path and method, of which the host and the version that a request asks for choose one."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from velocipy.http.connection import HTTPConnection
from velocipy.http.response import DataResponse, Response
from velocipy.plans.plan import Plan
from velocipy.plans.results import Answers
from velocipy.routing.path import Segment
from velocipy.routing.tree import ANY, Tree
from velocipy.routing.versions import APIVersion, no_such_version

if TYPE_CHECKING:
    from velocipy.routing.hosts import HostPattern


class Candidate(NamedTuple):
    """A plan, and the host and version for which it answers; None for any."""

    plan: Plan
    host: HostPattern | None
    version: str | None


class Chosen(NamedTuple):
    """The plan that answers a request, the values of its path and host, and the media type that was asked for."""

    plan: Plan
    values: Sequence[str]
    media_type: str | None = None


class Choice(Plan):
    """Stands in the tree for its candidates.

    Where none of them fits, what else the path leads to is tried, as if this one were not there.

    Args:
        candidates: All that answer at one place.
        versioning: Tells the version that a request asks for.
        tree: Where this stands.
        miss: Answers when nothing fits.
    """

    __slots__ = ("_candidates", "_miss", "_tree", "_versioning")

    def __init__(
        self,
        candidates: Sequence[Candidate],
        versioning: APIVersion | None,
        tree: Tree[Plan],
        miss: Plan,
    ) -> None:
        super().__init__(self._answer, Answers(miss.results), limits=miss.limits, decode=miss.decode)
        self._candidates = candidates
        self._versioning = versioning
        self._tree = tree
        self._miss = miss
        if versioning is not None and any(item.version for item in candidates):
            vary = tuple(("vary", name) for name in versioning.vary)
            for plan in (self, *(item.plan for item in candidates)):
                plan.add_headers(vary)

    async def _answer(self, request: HTTPConnection, values: Sequence[str]) -> Response:
        chosen = self.choose(request, values) or self._elsewhere(request)
        if chosen is None:
            versions = {item.version for item in self._of_the_host(request) if item.version}
            if versions:
                raise no_such_version(versions)
            request._plan = self._miss
            return self._miss.results.response(await self._miss.run(request, ()))
        plan, values, media_type = chosen
        request._plan, request._path_values = plan, values
        answer = plan.results.finish(await plan.run(request, values))
        if isinstance(answer, bytes):
            return Response(answer, plan.status, media_type=media_type or "application/json")
        if isinstance(answer, DataResponse) and media_type and answer.headers.get("content-type") == "application/json":
            answer.headers["content-type"] = media_type
        return answer

    def choose(self, request: HTTPConnection, values: Sequence[str]) -> Chosen | None:
        """Return what fits *request*, whose path has *values*: the most exact host first, then the version."""
        wanted = {item.version: item for item in reversed(self._versioning.asked(request) if self._versioning else [])}
        order = [*reversed(wanted), None]  # the most wanted version first, and then who has none
        fitting = []
        for plan, host, version in self._candidates:
            of_host = () if host is None else host.match(request.host)
            if of_host is not None and version in order:
                media_type = wanted[version].media_type if version else None
                rank = _generality(host), order.index(version)
                fitting.append((rank, Chosen(plan, (*values, *of_host), media_type)))
        return min(fitting, key=lambda item: item[0])[1] if fitting else None

    def fits(self, request: HTTPConnection) -> bool:
        """Tell whether the host of *request* is one of those answered here."""
        return bool(self._of_the_host(request))

    def _of_the_host(self, request: HTTPConnection) -> list[Candidate]:
        return [item for item in self._candidates if item.host is None or item.host.match(request.host) is not None]

    def _elsewhere(self, request: HTTPConnection) -> Chosen | None:
        for targets, values in self._tree.matches(request.path):
            plan = targets.get(request.method) or targets.get(ANY)
            if isinstance(plan, Choice):
                chosen = plan.choose(request, values)
                if chosen is not None:
                    return chosen
            elif plan is not None:
                return Chosen(plan, values)
        return None


class Places:
    """Gathers who answers at each path and method, before the tree is planted."""

    def __init__(self) -> None:
        self._places: dict[tuple[Hashable, str], tuple[Sequence[Segment], list[Candidate]]] = {}

    def add(self, segments: Sequence[Segment], method: str, candidate: Candidate) -> Plan | None:
        """Add *candidate*; if the same requests are answered already, change nothing and return by what."""
        key = _shape(segments), method
        _, candidates = self._places.setdefault(key, (segments, []))
        for taken in candidates:
            if taken.version == candidate.version and _host_shape(taken) == _host_shape(candidate):
                return taken.plan
        candidates.append(candidate)
        return None

    def add_heads(self) -> None:
        """Answer HEAD wherever GET is answered and nobody else does; adapters send the head of the answer alone."""
        for (_, method), (segments, candidates) in list(self._places.items()):
            if method == "GET":
                for candidate in candidates:
                    self.add(segments, "HEAD", candidate)

    def plant(self, tree: Tree[Plan], versioning: APIVersion | None, miss: Plan) -> None:
        """Put everything into *tree*."""
        for (_, method), (segments, candidates) in self._places.items():
            plan, host, version = candidates[0]
            if len(candidates) > 1 or host is not None or version is not None:
                plan = Choice(candidates, versioning, tree, miss)
            tree.add(segments, method, plan)


def _generality(host: HostPattern | None) -> float:
    """Return the smaller a number, the fewer hosts *host* stands for."""
    return float("inf") if host is None else sum(len(label.values) for label in host.labels)


def _shape(segments: Sequence[Segment]) -> Hashable:
    return tuple(segment.shape for segment in segments)


def _host_shape(candidate: Candidate) -> Hashable:
    return None if candidate.host is None else _shape(candidate.host.labels)
