"""
Routes: methods, values in paths, routers within routers, what catches all, URLs by name.

Serve it with `granian --interface rsgi routing:app`.
"""

from datetime import date

from velocipy import APIRouter, Request, VelociPy

app = VelociPy()


@app.get("/nests")
async def list_nests() -> list[str]:
    return ["north", "south"]


@app.post("/nests", status_code=201)
async def build_nest(name: str) -> dict[str, str]:
    return {"built": name}


@app.route("/nests/{name}", methods=["PUT", "PATCH"])
async def change_nest(name: str) -> dict[str, str]:
    return {"changed": name}


@app.get("/nests/{name}/eggs/{number}", name="egg")
async def read_egg(name: str, number: int) -> dict[str, str | int]:  # "three" is no number: 422
    return {"nest": name, "egg": number}


@app.get("/nests/newest")  # counts before "/nests/{name}", wherever it stands
async def newest_nest(request: Request) -> dict[str, str]:
    return {"eggs": request.url_for("egg", name="south", number=1).path}


@app.get("/days/{day:date}")  # the path says what it is, for documents and `url_for`
async def read_day(day: date) -> str:
    return day.strftime("%d.%m.%Y")


@app.get("/files/{path*}")  # with its slashes
async def read_file(path: str) -> dict[str, str]:
    return {"path": path}


keepers = APIRouter(prefix="/keepers", tags=["keepers"])
shifts = APIRouter(prefix="/{keeper}/shifts")


@keepers.get("/")
async def list_keepers() -> list[str]:
    return ["Muldoon"]


@shifts.get("/{day:date}")
async def read_shift(keeper: str, day: date) -> dict[str, str | date]:
    return {"keeper": keeper, "day": day}


keepers.include_router(shifts)
app.include_router(keepers)
app.include_router(keepers, prefix="/v2")
