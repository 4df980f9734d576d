"""
Pages of templates: escaped, with URLs, in part for HTMX, as a response class.

Serve it with `granian --interface rsgi templates:app`. It needs `velocipy-templates`.
"""

from pathlib import Path
from typing import Any

from velocipy import HTTPConnection, HTTPException, StaticFiles, Templates, VelociPy
from velocipy.templates import TemplateResponse, TemplatesPlugin

HERE = Path(__file__).parent
RAPTORS = ["Blue", "Charlie", "Delta", "<Echo>"]

templates = Templates(HERE / "pages")
app = VelociPy(plugins=[TemplatesPlugin(templates)])
app.mount("/static", StaticFiles(HERE / "assets", cache_control=StaticFiles.IMMUTABLE), name="static")


@templates.add_context_processor
async def name_the_park(request: HTTPConnection) -> dict[str, Any]:
    return {"park": "Isla Nublar"}


@app.get("/raptors", name="raptors", response_class=templates.page("raptors.html", htmx_block="names"))
async def list_raptors(like: str = "") -> dict[str, Any]:
    return {"like": like, "names": [name for name in RAPTORS if like.lower() in name.lower()]}


@app.get("/raptors/{name}", name="raptor")
async def read_raptor(name: str) -> TemplateResponse:
    if name not in RAPTORS:
        raise HTTPException(404, f"there is no raptor {name!r}")
    return templates.TemplateResponse("raptor.html", {"name": name})


@app.get("/all")
async def stream_raptors() -> TemplateResponse:
    return templates.TemplateResponse("raptors.html", {"names": RAPTORS * 1000}, stream=True)
