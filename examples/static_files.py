"""
A folder as routes: content types, conditional requests, ranges, index pages.

Serve it with `granian --interface rsgi static_files:app`.
"""

from pathlib import Path

from velocipy import StaticFiles, VelociPy

ASSETS = Path(__file__).parent / "assets"

app = VelociPy()
app.mount("/static", StaticFiles(ASSETS, cache_control={"*.css": "max-age=3600"}), name="static")


@app.get("/where")
async def where() -> dict[str, str]:
    return {"css": app.url_for("static", path="app.css")}


app.mount("/", StaticFiles(ASSETS, html=True))  # index.html for "/"; routes count before it
