"""
Dependencies: what handlers need and do not make themselves, made once for each request, and closed behind it.

Serve it with `granian --interface rsgi dependencies:app`.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated

from velocipy import APIRouter, Depends, Header, HTTPException, Query, VelociPy

log: list[str] = []


@dataclass
class Page:  # a class is a dependency as well: its arguments are those of the request
    skip: Annotated[int, Query(ge=0)] = 0
    take: Annotated[int, Query(ge=1, le=100)] = 20


class Session:
    def __init__(self) -> None:
        self.nests: list[str] = []


async def open_session() -> AsyncIterator[Session]:
    session = Session()
    try:
        yield session
    except BaseException:
        log.append("rolled back")  # whatever the handler raised
        raise
    log.append(f"committed {len(session.nests)}")


TheSession = Annotated[Session, Depends(open_session)]


async def current_user(session: TheSession, x_user: Annotated[str | None, Header()] = None) -> str:
    if x_user is None:
        raise HTTPException(401, "who is it?", headers={"WWW-Authenticate": "X-User"})
    return x_user


app = VelociPy()
nests = APIRouter(prefix="/nests", dependencies=[Depends(current_user)])  # for all of its routes


@nests.get("/")
async def list_nests(page: Annotated[Page, Depends()]) -> list[str]:
    return ["north", "east", "south"][page.skip : page.skip + page.take]


@nests.post("/{name}", status_code=201)
async def build_nest(name: str, session: TheSession, user: Annotated[str, Depends(current_user)]) -> str:
    session.nests.append(name)  # the same session as that of `current_user`
    if name == "lagoon":
        raise HTTPException(409, "it is under water")
    return f"{user} has built {name}"


app.include_router(nests)


@app.get("/log")
async def read_log() -> list[str]:
    return log
