"""
What a route says of itself: for documents, for its answers, and of its end.

Serve it with `granian --interface rsgi route_extras:app`, and look at `/docs`. It needs `velocipy-openapi`.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from velocipy import HTTPException, OpenAPI, VelociPy, raises
from velocipy.status import HTTP_201_CREATED

app = VelociPy(title="Nests", version="2.0.0")


@dataclass
class Nest:
    name: str
    eggs: int = 0


@dataclass
class NestWithKey(Nest):
    key: str = "4711"


@app.post(
    "/nests",
    status_code=HTTP_201_CREATED,
    response_model=Nest,  # what is not in it does not leave
    tags=["nests"],
    summary="Build a nest",
    operation_id="buildNest",
    response_description="The nest, as it was built",
    openapi=OpenAPI(request_example={"name": "north", "eggs": 3}),
)
async def build_nest(nest: Nest) -> NestWithKey:
    return NestWithKey(nest.name, nest.eggs)


@app.get("/nests/{name}", tags=["nests"], response_model_exclude={"eggs"})
@raises(404, "There is no such nest")
async def read_nest(name: str) -> Nest:
    """Read a nest.

    This text is its description in the document.
    """
    if name != "north":
        raise HTTPException(404)
    return Nest(name)


@app.get("/eggs", deprecated=datetime(2026, 5, 1, tzinfo=UTC), sunset=date(2027, 5, 1))
async def count_eggs() -> int:
    return 3


@app.get("/internal", include_in_schema=False)
async def internal() -> str:
    return "nobody reads of it"
