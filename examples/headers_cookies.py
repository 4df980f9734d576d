"""
Headers and cookies: read by their names, and set.

Serve it with `granian --interface rsgi headers_cookies:app`.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

from velocipy import Cookie, Header, Response, VelociPy

app = VelociPy()


@app.get("/headers")
async def read_headers(
    user_agent: Annotated[str, Header()] = "",  # "_" stands for "-"
    x_ages: Annotated[list[int] | None, Header()] = None,  # sent several times
    key: Annotated[str | None, Header(alias="X-API-Key", min_length=4)] = None,
) -> dict[str, object]:
    return {"agent": user_agent, "ages": x_ages, "key": key}


@dataclass
class Trace:
    x_trace_id: str
    x_trace_depth: int = 0


@app.get("/trace")
async def read_trace(trace: Annotated[Trace, Header()]) -> Trace:
    return trace


@app.get("/theme")
async def read_theme(theme: Annotated[Literal["light", "dark"], Cookie()] = "light") -> dict[str, str]:
    return {"theme": theme}


@app.put("/theme/{theme}")
async def change_theme(theme: Literal["light", "dark"], response: Response) -> dict[str, str]:
    response.set_cookie("theme", theme, max_age=365 * 24 * 3600, httponly=True, secure=False)
    response.headers["Cache-Control"] = "no-store"
    return {"theme": theme}


@app.delete("/theme")
async def forget_theme(response: Response) -> None:
    response.delete_cookie("theme")
