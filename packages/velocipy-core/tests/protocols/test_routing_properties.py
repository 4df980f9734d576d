"""Whatever path is asked for: the route that answers is the one that regular expressions find, tried one by one."""

import re
from typing import Any
from urllib.parse import quote, unquote

from httpx2 import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from velocipy import Request, VelociPy

app = VelociPy()

# The most literal first: text, several parts, a value, the rest; the first difference decides.
ROUTES: list[tuple[str, str, list[str]]] = [
    ("/", r"/*", ["GET"]),
    ("/items", r"/+items/*", ["GET", "POST"]),
    ("/items/new", r"/+items/+new/*", ["GET"]),
    ("/items/new/{a}-{b}/x", r"/+items/+new/+([^/]+)-([^/-]+)/+x/*", ["GET"]),
    ("/items/new/{a}", r"/+items/+new/+([^/]+)/*", ["PUT"]),
    ("/items/{a}.json", r"/+items/+([^/]+)\.json/*", ["GET"]),
    ("/items/{a}", r"/+items/+([^/]+)/*", ["GET", "DELETE"]),
    ("/items/{a}/parts", r"/+items/+([^/]+)/+parts/*", ["GET"]),
    ("/items/{a}/{b}", r"/+items/+([^/]+)/+([^/]+)/*", ["PUT"]),
    ("/items/{a}/{b}/{rest*}", r"/+items/+([^/]+)/+([^/]+)(?:/(.*))?", ["GET"]),
    ("/items/{rest*}", r"/+items(?:/(.*))?", ["PATCH"]),
    ("/é/💚", r"/+é/+💚/*", ["GET"]),
    ("/v{a}-{b}", r"/+v([^/]+)-([^/-]+)/*", ["GET"]),
    ("/{a}", r"/+([^/]+)/*", ["GET"]),
    ("/{a}/{b}", r"/+([^/]+)/+([^/]+)/*", ["GET", "DELETE"]),
    ("/{a}/{b}/end", r"/+([^/]+)/+([^/]+)/+end/*", ["GET"]),
]


def declare(template: str, methods: list[str]) -> None:
    async def answer(request: Request) -> list[Any]:
        return [template, *request.path_params.values()]

    app.add_route(template, answer, methods)


for _template, _, _methods in reversed(ROUTES):
    declare(_template, _methods)


def expected_answer(method: str, path: str) -> tuple[int, Any]:
    """The status, and what answers, or the methods that would be answered."""
    found = [
        (template, methods, [value or "" for value in match.groups()])
        for template, pattern, methods in ROUTES
        if (match := re.fullmatch(pattern, path, re.DOTALL)) is not None
    ]
    for template, methods, values in found:
        if ("GET" if method == "HEAD" else method) in methods:
            return 200, [template, *values]
    if not found:
        return 404, None
    allowed = {method for _, methods, _ in found for method in methods} | {"OPTIONS"}
    return 200 if method == "OPTIONS" else 405, ", ".join(sorted(allowed | ({"HEAD"} if "GET" in allowed else set())))


parts = st.one_of(
    st.sampled_from(["items", "new", "parts", "end", "x", "é", "💚", "a.json", "v1-2", "v1-2-3", "1-2", ".json", "v-"]),
    st.text(st.sampled_from("aé💚. -%?#+;:@&=~_\\{}*1"), max_size=5).filter(lambda text: text not in (".", "..")),
)


@st.composite
def written_paths(draw: st.DrawFn) -> str:
    """Paths as they are sent: slashes in a row and at the end, slashes encoded as well, any text escaped or not."""
    path = ""
    for part in draw(st.lists(parts, max_size=5)):
        path += draw(st.sampled_from(["/", "/", "/", "//", "%2F", "%2f/"]))
        path += quote(part, safe=draw(st.sampled_from(["", "~:@&=+;"])))
    return "/" + path.removeprefix("/") + draw(st.sampled_from(["", "", "/", "//", "%2F"]))


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    method=st.sampled_from(["GET", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]), written=written_paths()
)
def test_the_route_that_answers_is_the_most_literal(client: Client, method: str, written: str) -> None:
    status, expected = expected_answer(method, unquote(written))
    response = client.request(method, str(client.base_url).rstrip("/") + written)
    assert response.status_code == status
    if isinstance(expected, str):
        assert response.headers["allow"] == expected
    elif status == 200 and method != "HEAD":
        assert response.json() == expected
