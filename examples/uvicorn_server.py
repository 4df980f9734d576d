"""
An application on Uvicorn, by ASGI: `python uvicorn_server.py 8000`, or `uvicorn uvicorn_server:app`.

It needs `velocipy-core[uvicorn]`. The same object is served by RSGI: `granian --interface rsgi uvicorn_server:app`.
"""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from velocipy import Request, VelociPy


@asynccontextmanager
async def lifespan(app: VelociPy) -> AsyncIterator[dict[str, str]]:
    print("the gates open", flush=True)
    yield {"park": "Isla Nublar"}
    print("the gates close", flush=True)


app = VelociPy(lifespan=lifespan)


@app.get("/")
async def index(request: Request) -> dict[str, str]:
    return {"park": request.state["park"], "http": request.http_version}


if __name__ == "__main__":
    import uvicorn

    uvicorn.run(app, port=int(sys.argv[1]) if len(sys.argv) > 1 else 8000)
